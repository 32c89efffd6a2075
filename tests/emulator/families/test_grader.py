"""Graders: every kind grades by what it says, and what cannot be graded is refused or said."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from antiphon.emulator.families.grader_formula import FormulaError, value
from antiphon.emulator.families.grader_similarity import similarity
from tests.emulator.asking import Asking

PATH = "/v1/fine_tuning/alpha/graders"
CHECK: dict[str, Any] = {
    "type": "string_check",
    "name": "exact match",
    "input": "{{sample.output_text}}",
    "reference": "{{item.answers[0].text}}",
    "operation": "eq",
}
LIKE: dict[str, Any] = {
    "type": "text_similarity",
    "name": "near",
    "input": "{{ sample.output_text }}",
    "reference": "the cat sat on the mat",
    "evaluation_metric": "fuzzy_match",
}
JUDGE: dict[str, Any] = {
    "type": "score_model",
    "name": "judge",
    "model": "gpt-4o",
    "range": [0, 10],
    "input": [{"role": "user", "content": "The score is {{item.score}}"}],
}
ITEM = {"answers": [{"text": "yes"}], "score": 7}


def run(ask: Asking, grader: dict[str, Any], sample: str, item: Any = ITEM) -> Any:
    answer = ask("POST", f"{PATH}/run", {"grader": grader, "model_sample": sample, "item": item})
    assert answer.status == 200, answer.json
    return answer.json


@pytest.mark.operation("fine_tuning.alpha.graders.run")
@pytest.mark.parametrize(
    ("operation", "sample", "reward"),
    [
        ("eq", "yes", 1),
        ("eq", "Yes", 0),
        ("ne", "no", 1),
        ("like", "oh yes!", 1),
        ("like", "YES", 0),
        ("ilike", "YES!", 1),
    ],
)
def test_string_check(ask: Asking, operation: str, sample: str, reward: float) -> None:
    found = run(ask, CHECK | {"operation": operation}, sample)
    assert found["reward"] == reward
    assert found["metadata"]["scores"] == {"exact match": reward}
    assert not any(found["metadata"]["errors"].values())


@pytest.mark.operation("fine_tuning.alpha.graders.run")
@pytest.mark.parametrize(
    "metric",
    [
        "cosine",
        "fuzzy_match",
        "bleu",
        "gleu",
        "meteor",
        "rouge_1",
        "rouge_2",
        "rouge_3",
        "rouge_4",
        "rouge_5",
        "rouge_l",
    ],
)
def test_text_similarity(ask: Asking, metric: str) -> None:
    same, near, far = (
        run(ask, LIKE | {"evaluation_metric": metric}, text)["reward"]
        for text in ("the cat sat on the mat", "the cat sat on the mat today", "quantum flux, 42 zebras jump")
    )
    assert same == 1
    assert 0 <= far < near < 1
    assert near > 0.5


def test_measures_are_the_known_ones() -> None:
    """Worked out by hand."""
    assert similarity("rouge_1", "the cat", "the cat sat") == pytest.approx(2 * 2 / 5)
    assert similarity("rouge_2", "a b c", "a b d") == pytest.approx(0.5)
    assert similarity("rouge_l", "a x b y", "a b") == pytest.approx(2 * 2 / 6)
    assert similarity("gleu", "a b", "a b c") == pytest.approx(3 / 6)
    assert similarity("bleu", "x y", "a b") == 0
    assert similarity("meteor", "a b c d", "c d a b") < similarity("meteor", "a b c e", "a b c d") + 0.25


@pytest.mark.operation("fine_tuning.alpha.graders.run")
def test_a_model_scores(ask: Asking) -> None:
    found = run(ask, JUDGE, "whatever")
    assert found["reward"] == 7
    assert found["metadata"]["sampled_model_name"] == "gpt-4o"
    assert found["metadata"]["token_usage"] == found["model_grader_token_usage_per_model"]["gpt-4o"] > 0
    assert 0 <= run(ask, JUDGE, "whatever", {"score": 99})["reward"] <= 10


@pytest.mark.operation("fine_tuning.alpha.graders.run")
@pytest.mark.parametrize("several", [True, False])
def test_a_formula_joins_graders(ask: Asking, several: bool) -> None:
    label = {
        "type": "label_model",
        "name": "mood",
        "model": "gpt-4o",
        "labels": ["positive", "negative"],
        "passing_labels": ["positive"],
        "input": [{"role": "user", "content": "This is positive."}],
    }
    parts: Any = [CHECK, label] if several else {"exact_match": CHECK, "mood": label}
    multi = {"type": "multi", "name": "both", "graders": parts, "calculate_output": "0.25 * exact_match + mood ^ 2 / 2"}
    found = run(ask, multi, "yes")
    assert found["sub_rewards"] == {"exact_match": 1, "mood": 1}
    assert found["reward"] == 0.75
    assert run(ask, multi, "no")["reward"] == 0.5


@pytest.mark.operation("fine_tuning.alpha.graders.run")
def test_one_grader_alone_in_a_formula(ask: Asking) -> None:
    multi = {"type": "multi", "name": "one", "graders": CHECK, "calculate_output": "max(string_check_score, 0.1)"}
    assert [run(ask, multi, text)["reward"] for text in ("yes", "no")] == [1, 0.1]


@pytest.mark.operation("fine_tuning.alpha.graders.run")
def test_json_of_the_sample_can_be_named(ask: Asking) -> None:
    grader = CHECK | {"input": "{{sample.output_json.choice}}"}
    assert run(ask, grader, '{"choice": "yes"}')["reward"] == 1
    missing = run(ask, grader, "yes")
    assert (missing["reward"], missing["metadata"]["errors"]["invalid_variable_error"]) == (0, True)


@pytest.mark.operation("fine_tuning.alpha.graders.run")
def test_code_is_not_run_and_the_answer_says_so(ask: Asking) -> None:
    source = "def grade(sample, item):\n    open('/tmp/antiphon-was-here', 'w')\n    return 1.0\n"
    errors = run(ask, {"type": "python", "name": "code", "source": source}, "x")["metadata"]["errors"]
    assert errors["python_grader_server_error"]
    assert "not_supported" in errors["python_grader_server_error_type"]


@pytest.mark.operation("fine_tuning.alpha.graders.validate", "fine_tuning.alpha.graders.run")
@pytest.mark.parametrize(
    ("grader", "status", "param"),
    [
        (CHECK | {"input": "{{foo.bar}}"}, 400, "grader.input"),
        (CHECK | {"operation": "same"}, 400, "grader.operation"),
        (JUDGE | {"range": [3, 1]}, 400, "grader.range"),
        (JUDGE | {"model": "none"}, 404, "model"),
        ({"type": "python", "name": "p", "source": "def grade("}, 400, "grader.source"),
        ({"type": "python", "name": "p", "source": "x = 1"}, 400, "grader.source"),
        ({"type": "multi", "name": "m", "graders": CHECK, "calculate_output": "1 +"}, 400, "grader.calculate_output"),
        ({"type": "multi", "name": "m", "graders": CHECK, "calculate_output": "near"}, 400, "grader.calculate_output"),
        ({"type": "multi", "name": "m", "graders": [], "calculate_output": "1"}, 400, "grader.graders"),
    ],
)
def test_what_cannot_be_used_is_refused(ask: Asking, grader: dict[str, Any], status: int, param: str) -> None:
    for path, more in (("validate", {}), ("run", {"model_sample": "x"})):
        answer = ask("POST", f"{PATH}/{path}", {"grader": grader, **more})
        assert (answer.status, answer.error["param"]) == (status, param)


@pytest.mark.operation("fine_tuning.alpha.graders.validate")
def test_what_can_be_used_comes_back(client: openai.OpenAI) -> None:
    answer = client.fine_tuning.alpha.graders.validate(grader=CHECK)  # type: ignore[arg-type]
    assert answer.grader is not None
    assert answer.grader.to_dict() == CHECK


@pytest.mark.parametrize(
    "formula",
    ["__import__('os')", "a.b", "[1][0]", "'x' * 3", "lambda: 1", "1/0", "a if a else 1", "9^9^9^9", "exp(x=1)"],
)
def test_a_formula_is_arithmetic_and_nothing_else(formula: str) -> None:
    with pytest.raises(FormulaError):
        value(formula, {"a": 1.0})
    assert value("-a + min(2, 3) * sqrt(4) % 3", {"a": 1.0}) == 0

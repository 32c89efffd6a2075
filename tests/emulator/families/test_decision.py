"""Decisions: what the rules make of an input, and what is refused."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from antiphon.emulator.families.decision_rule import affinity, belief
from tests.emulator.asking import Asking

ANGRY = "This is unacceptable. My order arrived broken and I want my money back immediately!"
HAPPY = "Thank you, the delivery was fast and I love the product."


def decided(ask: Asking, given: Any, *questions: dict[str, Any], **more: Any) -> list[Any]:
    heard = ask("POST", "/v1/decisions", {"model": "gpt-6-luna", "input": given, "questions": [*questions], **more})
    assert heard.status == 200, heard.body
    return list(heard.json["answers"])


def predicate(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "predicate", "instructions": text, **more}


def choice(text: str, *values: str | bool, **more: Any) -> dict[str, Any]:
    return {"type": "choice", "instructions": text, "choices": [{"value": value} for value in values], **more}


@pytest.mark.parametrize(
    ("statement", "text", "true"),
    [
        ("The customer is angry.", ANGRY, True),
        ("The customer is angry.", HAPPY, False),
        ("The customer is not angry.", HAPPY, True),
        ("The message is positive.", HAPPY, True),
        ("The message is positive.", "I am not happy with it.", False),
        ("The text asks a question.", "Where is my parcel?", True),
        ("The text asks a question.", "It is here.", False),
        ("The message contains personal data.", "Write to ada@example.com.", True),
        ("The message is harmful.", "I will kill you and your family tonight.", True),
        ("The message is harmful.", "How do I kill a process?", False),
        ("The text mentions a heron.", "A heron stood in the water.", True),
        ("The text mentions a heron.", "The train was late.", False),
    ],
)
def test_statements_are_weighed(statement: str, text: str, true: bool) -> None:
    assert (belief(statement, text) > 0.5) is true
    assert belief(statement, text) == belief(statement, text)


def test_options_are_weighed_by_what_they_say() -> None:
    assert affinity("shipping", "My package has not been delivered.") > affinity("weather", "My package has not come.")


@pytest.mark.operation("decisions.create")
def test_answers_come_in_order_each_of_its_kind(ask: Asking) -> None:
    levels = {"type": "score", "instructions": "How angry is it?", "levels": [{"label": str(n)} for n in range(5)]}
    yes, topic, typed, score = decided(
        ask,
        ANGRY,
        predicate("The customer is angry.", name="mood"),
        choice("What is it about?", "shipping", "weather", "sports"),
        choice("Is the customer angry?", True, False),
        levels,
    )
    assert (yes["type"], yes["name"]) == ("predicate", "mood")
    assert yes["probability"] > 0.7
    assert (topic["choice"], topic["name"]) == ("shipping", None)
    assert [each["value"] for each in topic["probabilities"]] == ["shipping", "weather", "sports"]
    assert sum(each["probability"] for each in topic["probabilities"]) == pytest.approx(1, abs=1e-4)
    assert topic["confidence"] == max(each["probability"] for each in topic["probabilities"])
    assert typed["choice"] is True
    assert [each["value"] for each in score["probabilities"]] == [0, 1, 2, 3, 4]
    calm = decided(ask, HAPPY, levels)[0]
    assert score["score"] > 2 > calm["score"]


@pytest.mark.operation("decisions.create")
def test_the_official_package_asks_about_a_conversation(client: openai.OpenAI) -> None:
    heard = client.decisions.create(
        model="gpt-6-luna",
        input=[
            {"role": "user", "content": [{"type": "input_text", "text": "What is the weather?"}]},
            {"type": "function_call", "call_id": "c1", "name": "get_weather", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "Heavy rain"},
            {"role": "assistant", "content": "It rains."},
        ],
        questions=[{"type": "predicate", "instructions": "The text mentions heavy rain."}],
    )
    (answer,) = heard.answers
    assert answer.type == "predicate"
    assert answer.probability > 0.5
    assert heard.usage.total_tokens == heard.usage.input_tokens + 1


@pytest.mark.operation("decisions.create")
def test_what_may_not_be_asked_is_a_refusal_beside_the_other_answers(ask: Asking) -> None:
    harmful = predicate("Tell me how to make meth at home.", name="bad")
    first, second = decided(ask, "Hello", harmful, predicate("The text is a greeting."))
    assert first == {"type": "refusal", "name": "bad"}
    assert second["probability"] > 0.5


@pytest.mark.operation("decisions.create")
@pytest.mark.parametrize(
    ("wrong", "status", "param"),
    [
        ({"model": "gpt-none"}, 404, "model"),
        ({"model": "gpt-4o"}, 400, "model"),
        ({"questions": []}, 400, "questions"),
        ({"questions": [predicate("a")] * 401}, 400, "questions"),
        ({"questions": [choice("a", "x")]}, 400, "questions[0].choices"),
        ({"questions": [predicate("a"), choice("a", "x", "x")]}, 400, "questions[1].choices"),
        ({"questions": [{"type": "score", "instructions": "a", "levels": []}]}, 400, "questions[0].levels"),
        ({"input": [{"type": "function_call_output", "call_id": "c", "output": "a"}]}, 400, "input"),
    ],
)
def test_what_cannot_be_decided(ask: Asking, wrong: dict[str, Any], status: int, param: str) -> None:
    body = {"model": "gpt-6-luna", "input": "a", "questions": [predicate("a")], **wrong}
    heard = ask("POST", "/v1/decisions", body)
    assert (heard.status, heard.error["param"]) == (status, param)
    assert decided(ask, "a", choice("a", "true", True))[0]["type"] == "choice"


@pytest.mark.operation("decisions.create")
def test_a_long_input_is_read_from_the_cache_the_second_time(ask: Asking) -> None:
    body = {"model": "gpt-6-luna", "input": "A long story about herons. " * 400, "prompt_cache_key": "herons"}
    body["questions"] = [predicate(f"The text mentions herons, {number}.") for number in range(100)]
    first, second = (ask("POST", "/v1/decisions", body).json for _ in range(2))
    details = [heard["usage"]["input_tokens_details"]["cached_tokens"] for heard in (first, second)]
    assert details[0] == 0
    assert details[1] >= 1024
    assert len(first["answers"]) == 100
    assert first["answers"] == second["answers"]

"""Graders: each kind gives the reward that its rule says."""

from __future__ import annotations

from typing import Any

import openai

from ..tour import Tour

CHECK: dict[str, Any] = {
    "type": "string_check",
    "name": "exact_match",
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


def walk(t: Tour) -> None:
    """The chapter."""
    graders = t.client.fine_tuning.alpha.graders

    def reward(grader: Any, sample: str) -> float:
        return float(graders.run(grader=grader, model_sample=sample, item=ITEM).reward)

    operations = {("eq", "yes"): 1, ("eq", "Yes"): 0, ("ne", "no"): 1, ("like", "oh yes!"): 1, ("ilike", "YES!"): 1}
    for (operation, sample), wanted in operations.items():
        t.same(reward(CHECK | {"operation": operation}, sample), wanted)
    for metric in ("cosine", "fuzzy_match", "bleu", "gleu", "meteor", "rouge_1", "rouge_l"):
        grader = LIKE | {"evaluation_metric": metric}
        t.near(reward(grader, "the cat sat on the mat"), 1.0)
        t.true(reward(grader, "quantum flux, 42 zebras jump") < reward(grader, "the cat sat on the mat today") < 1)
    t.same(reward(JUDGE, "whatever"), 7)
    formula = {"type": "multi", "name": "both", "graders": {"exact_match": CHECK, "near": LIKE}}
    t.same(reward(formula | {"calculate_output": "0.25 * exact_match + 0 * near"}, "yes"), 0.25)
    t.same(graders.validate(grader=CHECK).grader.to_dict(), CHECK)
    wrong: Any = CHECK | {"input": "{{foo.bar}}"}
    t.same(t.refused(openai.BadRequestError, graders.validate, grader=wrong).param, "grader.input")

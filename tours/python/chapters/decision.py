"""Decisions: statements, choices and scores about a text, each answered in its place."""

from __future__ import annotations

from typing import Any

import openai

from ..tour import Tour

ANGRY = "This is unacceptable. My order arrived broken and I want my money back immediately!"
HAPPY = "Thank you, the delivery was fast and I love the product."


def walk(t: Tour) -> None:
    """The chapter."""
    create = t.client.decisions.create
    topics = [{"value": value} for value in ("shipping", "weather", "sports")]
    questions: Any = [
        {"type": "predicate", "instructions": "The customer is angry.", "name": "mood"},
        {"type": "choice", "instructions": "What is it about?", "choices": topics},
        {"type": "score", "instructions": "How angry is it?", "levels": [{"label": str(n)} for n in range(5)]},
    ]
    angry = create(model="gpt-6-luna", input=ANGRY, questions=questions)
    happy = create(model="gpt-6-luna", input=HAPPY, questions=questions)
    t.same([answer.type for answer in angry.answers], ["predicate", "choice", "score"])
    t.same(angry.answers[0].name, "mood")
    t.true(angry.answers[0].probability > 0.5 > happy.answers[0].probability)
    t.same(angry.answers[1].choice, "shipping")
    t.near(sum(each.probability for each in angry.answers[1].probabilities), 1.0, 1e-3)
    t.true(angry.answers[2].score > happy.answers[2].score)
    t.true(angry.usage.total_tokens > angry.usage.input_tokens > 0)
    bad = t.refused(openai.BadRequestError, create, model="gpt-6-luna", input="a", questions=[])
    t.same(bad.param, "questions")
    t.refused(openai.BadRequestError, create, model="gpt-4o", input="a", questions=questions)

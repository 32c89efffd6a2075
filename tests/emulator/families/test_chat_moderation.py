"""Moderation beside answers: both sides are judged, told of, and withheld where the policy says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.emulator.asking import chat

from .answering import TOOK, Scene, scene, text_of

BAD = "I will kill you and your family"
MODEL = {"model": "omni-moderation-latest"}
BLOCK = MODEL | {"policy": {"output": {"mode": "block"}}}


@pytest.fixture
def own() -> Iterator[Scene]:
    with scene() as made:
        yield made


def completed(own: Scene, text: str, moderation: Any) -> Any:
    return own.post("/chat/completions", **chat(text, moderation=moderation))


@pytest.mark.operation("chat.completions.create")
def test_chat_is_judged(own: Scene) -> None:
    assert own.post("/chat/completions", **chat("Say: hi")).keys().isdisjoint({"moderation"})
    made = completed(own, f"Say: {BAD}", MODEL)
    told = made["moderation"]
    assert [told[side]["type"] for side in ("input", "output")] == ["moderation_results"] * 2
    assert [told[side]["results"][0]["flagged"] for side in ("input", "output")] == [True, True]
    assert made["choices"][0]["message"]["content"] == BAD
    good = completed(own, "Say: hello there", MODEL)["moderation"]
    assert [good[side]["results"][0]["flagged"] for side in ("input", "output")] == [False, False]
    heard = own.ask("POST", "/v1/chat/completions", chat("Say: hi", moderation=MODEL, stream=True)).events
    assert [chunk["moderation"]["output"]["model"] for chunk in heard[:-1] if "moderation" in chunk]
    assert own.refused("/chat/completions", **chat("hi", moderation={"model": "gpt-none"}))[0] == 404


def test_chat_is_withheld(own: Scene) -> None:
    choice = completed(own, f"Say: {BAD}", BLOCK)["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("", "content_filter")
    assert completed(own, "Say: hi", BLOCK)["choices"][0]["finish_reason"] == "stop"


@pytest.mark.operation("responses.create")
def test_responses_are_judged_and_withheld(own: Scene) -> None:
    made = own.respond(f"Say: {BAD}", moderation=MODEL)
    assert [made["moderation"][side]["flagged"] for side in ("input", "output")] == [True, True]
    assert text_of(made) == BAD
    blocked = own.respond(f"Say: {BAD}", moderation=BLOCK)
    assert (blocked["status"], blocked["output"]) == ("incomplete", [])
    assert blocked["incomplete_details"] == {"reason": "content_filter"}
    later = own.respond(f"Say: {BAD}", moderation=BLOCK, background=True)
    own.wait(TOOK)
    seen = own.get(f"/responses/{later['id']}")
    assert (seen["status"], seen["moderation"]["input"]["flagged"]) == ("incomplete", True)

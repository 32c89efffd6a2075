"""Compaction: asked for, triggered, or when the context grows; the summary is sealed, and understood when it comes back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from antiphon.emulator.families.response_seal import opened, sealed
from antiphon.emulator.problem import Problem

from .answering import Scene, kinds, scene, text_of

FILLER = "The sea was calm that day and nothing happened at all for hours. " * 40


@pytest.fixture
def own() -> Iterator[Scene]:
    with scene() as made:
        yield made


def test_only_what_was_sealed_opens() -> None:
    text = sealed("reasoning", {"a": [1, "ü"]})
    assert opened("reasoning", text) == {"a": [1, "ü"]}
    assert sealed("reasoning", {"a": [1, "ü"]}) == text
    assert "reasoning" not in text
    changed = ("B" if text[0] == "A" else "A") + text[1:]
    for wrong in (changed, text[:-4], "", "short", "ünknown", text + "AAAA"):
        with pytest.raises(Problem) as refusal:
            opened("reasoning", wrong)
        assert refusal.value.code == "invalid_encrypted_content"
    with pytest.raises(Problem):
        opened("compaction", text)


@pytest.mark.operation("responses.compact")
def test_a_compacted_talk_goes_on(own: Scene) -> None:
    talk = [
        {"role": "user", "content": "My name is Zoe."},
        {"role": "assistant", "content": FILLER},
        {"role": "developer", "content": "The ship's engine was built in Oslo."},
        {"role": "user", "content": "Go on."},
    ]
    made = own.post("/responses/compact", model="gpt-4o", input=talk)
    assert made["object"] == "response.compaction"
    assert kinds(made) == ["message", "message", "compaction"]
    assert [item["content"][0]["text"] for item in made["output"][:2]] == ["My name is Zoe.", "Go on."]
    assert "Oslo" not in made["output"][2]["encrypted_content"]
    assert made["usage"]["input_tokens"] > 500
    for question, answer in (("What is my name?", "Zoe"), ("Where was the ship's engine built?", "Oslo")):
        told = own.respond([*made["output"], {"role": "user", "content": question}])
        assert answer in text_of(told)
        assert told["usage"]["input_tokens"] < made["usage"]["input_tokens"] / 2


@pytest.mark.operation("responses.compact")
def test_a_kept_response_is_compacted_by_its_id(own: Scene) -> None:
    first = own.respond("My name is Zoe.")
    made = own.post("/responses/compact", model="gpt-4o", previous_response_id=first["id"])
    assert kinds(made) == ["message", "compaction"]
    assert own.refused("/responses/compact", model="gpt-4o") == (400, "input", "missing_required_parameter")
    assert own.refused("/responses/compact", model="gpt-none", input="x")[0] == 404
    assert own.refused("/responses/compact", model="gpt-4o", previous_response_id="resp_none")[0] == 400


def test_what_nobody_sealed_is_refused(own: Scene) -> None:
    for item in (
        {"type": "compaction", "encrypted_content": "gibberish"},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gibberish"},
    ):
        heard = own.refused("/responses", model="gpt-4o", input=[item, {"role": "user", "content": "hi"}])
        assert heard == (400, "input", "invalid_encrypted_content")


def managed(own: Scene, text: str, **more: Any) -> Any:
    return own.respond(text, context_management=[{"type": "compaction", "compact_threshold": 1000}], **more)


@pytest.mark.operation("responses.create")
def test_a_context_that_grows_too_long_is_compacted(own: Scene) -> None:
    first = managed(own, "My name is Zoe. " + FILLER)
    assert kinds(first) == ["message"]
    second = managed(own, FILLER, previous_response_id=first["id"])
    assert kinds(second) == ["compaction", "message"]
    third = managed(own, "What is my name?", previous_response_id=second["id"])
    assert (kinds(third), text_of(third)) == (["message"], "Your name is Zoe.")
    assert third["usage"]["input_tokens"] < second["usage"]["input_tokens"] / 3
    alone = own.respond([second["output"][0], {"role": "user", "content": "What is my name?"}])
    assert text_of(alone) == "Your name is Zoe."


def test_a_trigger_compacts_and_nothing_else(own: Scene) -> None:
    first = own.respond("My name is Zoe.")
    trigger = {"type": "compaction_trigger"}
    events = own.stream([trigger], previous_response_id=first["id"])
    assert [event["type"] for event in events[2:-1]] == [
        "response.output_item.added",
        "response.compaction.compacting",
        "response.output_item.done",
    ]
    made = events[-1]["response"]
    assert own.get(f"/responses/{made['id']}/input_items")["data"] == []
    assert text_of(own.respond("What is my name?", previous_response_id=made["id"])) == "Your name is Zoe."
    asked = [trigger, {"role": "user", "content": "hi"}]
    assert own.refused("/responses", model="gpt-4o", input=asked)[:2] == (400, "input")


def test_what_context_management_cannot_mean(own: Scene) -> None:
    asked = {"model": "gpt-4o", "input": "hi"}
    low = own.refused("/responses", **asked, context_management=[{"type": "compaction", "compact_threshold": 999}])
    assert low == (400, "context_management[0].compact_threshold", "integer_below_min_value")
    other = own.refused("/responses", **asked, context_management=[{"type": "forgetting"}])
    assert other[:2] == (400, "context_management[0].type")


def test_thoughts_go_round(own: Scene) -> None:
    asked = {"reasoning": {"effort": "low"}, "store": False, "include": ["reasoning.encrypted_content"]}
    thought, message = own.respond("What is 6*7?", **asked)["output"]
    assert (thought["type"], thought["summary"]) == ("reasoning", [])
    again = own.respond([thought, message, {"role": "user", "content": "Say: ok"}], **asked)
    assert text_of(again) == "ok"
    kept = own.respond("What is 6*7?", reasoning={"effort": "low"})
    assert "encrypted_content" not in kept["output"][0]
    shown = own.get(f"/responses/{kept['id']}?include[]=reasoning.encrypted_content")["output"][0]
    assert opened("reasoning", shown["encrypted_content"]).startswith("**")

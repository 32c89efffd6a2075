"""Response input as items and as turns."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.emulator.brain import Invocation, Tool, Turn
from antiphon.emulator.families.response_prompt import items_of, prompt_of, turns_of
from antiphon.emulator.identity import Identity


def turned(*items: Any) -> list[Turn]:
    return turns_of(items_of(list(items), Identity(0)))


def test_text_and_nothing() -> None:
    assert items_of(None, Identity(0)) == []
    made = items_of("hi", Identity(0))[0]
    assert made["id"].startswith("msg_")
    assert (made["role"], made["content"]) == ("user", [{"type": "input_text", "text": "hi"}])


def test_ids_stay_and_assistants_speak_output() -> None:
    made = items_of([{"role": "assistant", "content": "yes", "id": "msg_mine"}], Identity(0))[0]
    assert (made["id"], made["content"][0]["type"]) == ("msg_mine", "output_text")
    assert items_of([{"type": "reasoning", "summary": [], "status": None}], Identity(0))[0].keys() == {
        "id",
        "type",
        "summary",
    }


@pytest.mark.parametrize(
    ("parts", "turn"),
    [
        ([{"type": "input_text", "text": "a"}, {"type": "output_text", "text": "b"}], Turn("user", "a\nb")),
        ([{"type": "refusal", "refusal": "no"}], Turn("user", "no")),
        ([{"type": "input_image"}, {"type": "input_file"}, {"type": "input_audio"}], Turn("user", "", 1, 1, 1)),
    ],
)
def test_parts(parts: list[Any], turn: Turn) -> None:
    assert turned({"role": "user", "content": parts}) == [turn]


def test_calls_that_follow_one_another_are_one_turn() -> None:
    call = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
    custom = {"type": "custom_tool_call", "call_id": "c2", "name": "n", "input": "milk"}
    output = {"type": "custom_tool_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "done"}]}
    turns = turned(call, custom, {"type": "reasoning", "summary": []}, output)
    assert turns[0].calls == (Invocation("c1", "f", "{}"), Invocation("c2", "n", "milk", custom=True))
    assert turns[1] == Turn("tool", "done", answers="c2")
    assert len(turns) == 2


@pytest.mark.parametrize(
    ("choice", "read"),
    [
        (None, "auto"),
        ("none", "none"),
        ({"type": "function", "name": "f"}, "=f"),
        ({"type": "custom", "name": "n"}, "=n"),
        ({"type": "allowed_tools", "mode": "required", "tools": []}, "required"),
        ({"type": "web_search"}, "auto"),
    ],
)
def test_prompts(choice: Any, read: str) -> None:
    tools = [{"type": "function", "name": "f"}, {"type": "custom", "name": "n"}, {"type": "web_search"}]
    body = {"model": "m", "tools": tools, "tool_choice": choice, "instructions": "Be kind."}
    prompt = prompt_of(body | {"text": {"format": {"type": "json_object"}}}, [Turn("user", "x")])
    assert prompt.tool_choice == read
    assert prompt.tools == [Tool("f", "", {}), Tool("n", "", None)]
    assert prompt.turns == [Turn("system", "Be kind."), Turn("user", "x")]
    assert prompt.json

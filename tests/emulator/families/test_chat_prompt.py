"""Chat messages as turns, tools and choices in today's and yesterday's spelling."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.emulator.brain import Invocation, Tool, Turn
from antiphon.emulator.families.chat_prompt import prompt_of, tool_choice_of, tools_of, turns_of

CUSTOM = {"id": "c2", "type": "custom", "custom": {"name": "note", "input": "milk"}}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("message", "turn"),
    [
        ({"role": "developer", "content": "be kind"}, Turn("system", "be kind")),
        (
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            Turn("user", "a\nb"),
        ),
        ({"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]}, Turn("assistant", "no")),
        ({"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}}]}, Turn("user", "", files=1)),
        ({"role": "assistant", "content": None}, Turn("assistant", "")),
        ({"role": "function", "name": "f", "content": "3"}, Turn("tool", "3", answers="f")),
        (
            {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}},
            Turn("assistant", "", calls=(Invocation("f", "f", "{}"),)),
        ),
    ],
)
def test_turns(message: dict[str, Any], turn: Turn) -> None:
    assert turns_of([message]) == [turn]


def test_calls_and_their_answers() -> None:
    answers = [{"role": "tool", "tool_call_id": name, "content": "x"} for name in ("c2", "c1")]
    turns = turns_of([{"role": "assistant", "tool_calls": [CALL, CUSTOM]}, *answers])
    assert turns[0].calls == (Invocation("c1", "f", "{}"), Invocation("c2", "note", "milk", custom=True))
    assert [turn.answers for turn in turns[1:]] == ["c2", "c1"]


def test_tools() -> None:
    assert tools_of({"functions": [{"name": "f"}]}) == [Tool("f", "", {})]
    assert tools_of({"tools": [{"type": "custom", "custom": {"name": "n"}}]}) == [Tool("n", "", None)]
    assert tools_of({"tools": [{"type": "function", "function": {"name": "f", "description": "d"}}]}) == [
        Tool("f", "d", {})
    ]
    assert tools_of({}) == []


@pytest.mark.parametrize(
    ("body", "choice"),
    [
        ({}, "auto"),
        ({"tool_choice": "required"}, "required"),
        ({"tool_choice": {"type": "function", "function": {"name": "f"}}}, "=f"),
        ({"tool_choice": {"type": "custom", "custom": {"name": "n"}}}, "=n"),
        ({"tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": []}}}, "required"),
        ({"function_call": {"name": "f"}}, "=f"),
        ({"function_call": "none"}, "none"),
        ({"tool_choice": {"type": "other"}}, "auto"),
    ],
)
def test_choices(body: dict[str, Any], choice: str) -> None:
    assert tool_choice_of(body) == choice


def test_the_rest_of_a_prompt() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}], "seed": 3, "parallel_tool_calls": False}
    prompt = prompt_of(body | {"response_format": {"type": "json_schema", "json_schema": {"name": "n"}}}, choice=2)
    assert (prompt.seed, prompt.choice, prompt.parallel, prompt.schema, prompt.json) == (3, 2, False, {}, False)

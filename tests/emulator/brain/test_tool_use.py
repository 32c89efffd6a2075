"""Which tools are called, and with what."""

from __future__ import annotations

import json
from typing import Any

import pytest

from antiphon.emulator.brain import Invocation, Prompt, Tool, Turn
from antiphon.emulator.brain.tool_use import requests, told


def tool(name: str, description: str, **properties: Any) -> Tool:
    return Tool(name, description, {"type": "object", "properties": properties, "required": list(properties)})


WEATHER = tool("get_weather", "Get the current weather for a city", city={"type": "string"})
ADD = tool("add", "Add two numbers", a={"type": "number"}, b={"type": "number"})
MAIL = tool("send_email", "Send an email", to={"type": "string", "format": "email"}, body={"type": "string"})
NOTE = Tool("note", "Write down a note")
UNIT = {"type": "string", "enum": ["celsius", "fahrenheit"]}
OPTIONAL = Tool(
    "get_weather",
    "",
    {"type": "object", "properties": {"city": {"type": "string"}, "unit": UNIT}, "required": ["city"]},
)


def calls(text: str, tools: list[Tool], **more: Any) -> list[tuple[str, Any]]:
    made = requests(Prompt("m", [Turn("user", text)], tools=tools, **more), text)
    return [(r.tool.name, json.loads(r.arguments) if r.tool.parameters is not None else r.arguments) for r in made]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What's the weather in Paris?", [("get_weather", {"city": "Paris"})]),
        ("weather in Paris and London?", [("get_weather", {"city": "Paris"}), ("get_weather", {"city": "London"})]),
        ("Add 3 and 4", [("add", {"a": 3, "b": 4})]),
        ("Please email bob@x.org", [("send_email", {"to": "bob@x.org", "body": "Please email bob@x.org"})]),
        ("Tell me a joke", []),
        ("Hello!", []),
    ],
)
def test_auto(text: str, expected: list[Any]) -> None:
    assert calls(text, [WEATHER, ADD, MAIL]) == expected


def test_choices() -> None:
    assert calls("What's the weather in Paris?", [WEATHER], tool_choice="none") == []
    assert [name for name, _ in calls("hello", [WEATHER, ADD], tool_choice="required")] == ["get_weather"]
    assert [name for name, _ in calls("hello", [WEATHER, ADD], tool_choice="=add")] == ["add"]
    assert calls("hello", [WEATHER], tool_choice="=unknown") == []
    assert len(calls("weather in Paris and Rome?", [WEATHER], parallel=False)) == 1
    assert calls("anything", []) == []


def test_optional_fields_only_when_they_are_said() -> None:
    assert calls("weather in Paris", [OPTIONAL]) == [("get_weather", {"city": "Paris"})]
    assert calls("weather in Paris in fahrenheit", [OPTIONAL]) == [
        ("get_weather", {"city": "Paris", "unit": "fahrenheit"})
    ]


def test_custom_tools_take_text() -> None:
    assert calls("Make a note: buy milk", [NOTE]) == [("note", "Make a note: buy milk")]


def test_no_second_call_when_the_tool_has_answered() -> None:
    turns = [
        Turn("user", "Weather in Paris?"),
        Turn("assistant", "", calls=(Invocation("c1", "get_weather", '{"city":"Paris"}'),)),
        Turn("tool", '{"temp": 21, "sky": "clear"}', answers="c1"),
    ]
    assert requests(Prompt("m", turns, tools=[WEATHER]), "Weather in Paris?") == []
    assert told(turns) == "get_weather(Paris): temp 21, sky clear."


@pytest.mark.parametrize(
    ("arguments", "output", "answer"),
    [
        ("{}", "sunny", "t(): sunny"),
        ("[1]", "3", "t: 3"),
        ("broken", "", "t: (empty)"),
        ('{"n":2}', "[1,2]", "t(2): [1,2]"),
    ],
)
def test_outputs_are_told_as_they_are(arguments: str, output: str, answer: str) -> None:
    turns = [
        Turn("user", "q"),
        Turn("assistant", "", calls=(Invocation("c", "t", arguments),)),
        Turn("tool", output, answers="c"),
    ]
    assert told(turns) == answer


def test_nothing_to_tell() -> None:
    assert told([Turn("user", "q")]) is None
    assert told([Turn("user", "q"), Turn("tool", "lost", answers="nobody")]) == "The tool: lost"

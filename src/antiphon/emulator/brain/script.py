"""A brain that says what it was told to: fixtures, tried in order, each with what it answers and what it asks for first.

    {"fixtures": [
        {"match": {"message": "weather", "tool": "get_weather"}, "answer": {"calls": [{"name": "get_weather", "arguments": {"city": "Oslo"}}]}},
        {"match": {"message": "/^hello/i", "model": "gpt-5*", "turn": 1}, "answer": {"text": "Hi."}, "times": 1},
        {"match": {"message": "boom"}, "answer": {"error": {"status": 429, "message": "Slow down.", "code": "rate_limit_exceeded"}}}]}

`match` may say: `message`, in what the user said last, `system`, in the instructions (both a text that occurs, or
`/a pattern/`), `model` (with * and ?), `tool`, the name of one that is offered, `answers`, the id of the call whose result
comes last, `turn`, the number of the user's message, and `json`, whether JSON is wanted. What no fixture knows goes to the
next brain. Files of aimock (`userMessage`, `toolName`, `response`) are read as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final

import msgspec

from ..problem import Problem, invalid
from ..schema import kind
from ..shape import is_array, is_object, part
from . import Answer, Brain, Prompt, Tool, ToolRequest

_MATCHES: Final[dict[str, tuple[type, ...]]] = {
    "message": (str, list),
    "system": (str, list),
    "model": (str,),
    "tool": (str,),
    "answers": (str,),
    "turn": (int,),
    "json": (bool,),
    "index": (int,),
}
_ANSWERS: Final[dict[str, tuple[type, ...]]] = {"text": (str,), "calls": (list,), "thought": (str,), "error": (dict,)}
_CALL: Final[dict[str, tuple[type, ...]]] = {"name": (str,), "arguments": (str, dict)}
_ERROR: Final[dict[str, tuple[type, ...]]] = {
    "status": (int,),
    "message": (str,),
    "type": (str, type(None)),
    "code": (str, type(None)),
    "param": (str, type(None)),
}
_AIMOCK: Final = {
    "userMessage": "message",
    "systemMessage": "system",
    "model": "model",
    "toolName": "tool",
    "toolCallId": "answers",
    "sequenceIndex": "index",
}
_PATTERN: Final = re.compile(r"/(.*)/([ims]*)", re.DOTALL)
_FLAGS: Final = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}

Tells = Callable[[str], bool]


@dataclass(slots=True)
class Fixture:
    """One thing to say, and when."""

    match: dict[str, Any]
    answer: dict[str, Any]
    times: int | None = None
    fitted: int = 0
    tells: dict[str, Tells] = field(default_factory=dict[str, Tells])

    def fits(self, prompt: Prompt) -> bool:
        """Whether it is about this prompt; one with an index counts the prompts that it is about."""
        if self.times is not None and self.fitted >= self.times:
            return False
        if not all(_MATCHERS[name](self, wanted, prompt) for name, wanted in self.match.items() if name != "index"):
            return False
        self.fitted += 1
        return "index" not in self.match or self.fitted - 1 == self.match["index"]


class ScriptBrain:
    """Answers from fixtures, and what they do not know from another brain."""

    def __init__(self, fixtures: list[Fixture], other: Brain) -> None:
        self._fixtures = fixtures
        self._other = other

    def answer(self, prompt: Prompt) -> Answer:
        """What the first fixture that fits says; raises the error where that is its answer."""
        for fixture in self._fixtures:
            if fixture.fits(prompt):
                return _said(fixture.answer, prompt)
        return self._other.answer(prompt)


def read(spec: Any) -> list[Fixture]:
    """The fixtures a JSON value spells, ours or aimock's; raises 400 for what it cannot mean."""
    listed = spec.get("fixtures") if is_object(spec) else spec
    if not is_array(listed):
        raise _wrong("Give {'fixtures': [...]}.")
    return [_fixture(entry) for entry in listed]


def _fixture(entry: Any) -> Fixture:
    if is_object(entry) and is_object(entry.get("response")):
        entry = _translated(entry)
    if not is_object(entry) or entry.keys() - {"match", "answer", "times"}:
        raise _wrong("A fixture has 'match', 'answer' and may have 'times'.")
    match, answer, times = entry.get("match", {}), entry.get("answer"), entry.get("times")
    if not is_object(match) or match.keys() - _MATCHES.keys():
        raise _wrong(f"'match' may name {', '.join(sorted(_MATCHES))}.")
    if not is_object(answer) or not answer or answer.keys() - _ANSWERS.keys():
        raise _wrong(f"'answer' has one or more of {', '.join(sorted(_ANSWERS))}.")
    _judge("match", match, _MATCHES)
    _judge("answer", answer, _ANSWERS)
    for call in answer.get("calls", ()):
        _judge("calls", call, _CALL, needed="name")
    if (error := answer.get("error")) is not None:
        _judge("error", error, _ERROR)
        if not 400 <= error.get("status", 500) <= 599:
            raise _wrong("The 'status' of an error is from 400 to 599.")
    if times is not None and not (type(times) is int and times > 0):
        raise _wrong("'times' is a positive count.")
    tells: dict[str, Tells] = {name: _telling(match[name]) for name in ("message", "system") if name in match}
    return Fixture(match, answer, times, tells=tells)


def _judge(place: str, value: Any, types: Mapping[str, tuple[type, ...]], *, needed: str = "") -> None:
    """Raise 400 where a value of an object is of no type that it may have."""
    if not is_object(value) or (needed and needed not in value):
        raise _wrong(f"'{place}' has objects{f' with {needed!r}' if needed else ''}.")
    for name, found in value.items():
        if name in types and type(found) not in types[name]:
            raise _wrong(f"'{name}' in '{place}' is {' or '.join(kind(t()) for t in types[name])}.")


def _translated(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry of aimock's files as one of ours; how it streams is left to the emulator."""
    match, response = part(entry, "match"), entry["response"]
    if not is_object(match) or not is_object(response.get("error", {})) or not is_array(response.get("toolCalls", [])):
        raise _wrong("aimock's 'match' and 'error' are objects, and its 'toolCalls' a list.")
    made: dict[str, Any] = {_AIMOCK[name]: wanted for name, wanted in match.items() if name in _AIMOCK}
    if unknown := match.keys() - _AIMOCK.keys() - {"responseFormat", "endpoint"}:
        raise _wrong(f"aimock's {', '.join(sorted(unknown))} is not understood here.")
    if "responseFormat" in match:
        made["json"] = match["responseFormat"] != "text"
    if "error" in response:
        return {"match": made, "answer": {"error": {**response["error"], "status": response.get("status", 500)}}}
    content = response.get("content")
    said = {
        "text": msgspec.json.encode(content).decode() if is_object(content) or is_array(content) else content,
        "calls": [_picked(call, _CALL) for call in response.get("toolCalls", ())],
        "thought": response.get("reasoning"),
    }
    return {"match": made, "answer": {name: value for name, value in said.items() if value}}


def _picked(value: Any, names: Iterable[str]) -> Any:
    return {name: value[name] for name in names if name in value} if is_object(value) else value


def _telling(wanted: Any) -> Tells:
    """Whether a text is meant by a fixture's: it occurs, all of a list occur, or the pattern between slashes is found."""
    if is_array(wanted):
        every = [_telling(one) for one in wanted]
        return lambda text: all(one(text) for one in every)
    if not isinstance(wanted, str):
        raise _wrong("'message' and 'system' are texts, or lists of texts.")
    if (found := _PATTERN.fullmatch(wanted)) is None:
        return lambda text: wanted.lower() in text.lower()
    flags = re.RegexFlag(0)
    for letter in found[2]:
        flags |= _FLAGS[letter]
    try:
        pattern = re.compile(found[1], flags)
    except re.error as error:
        raise _wrong(f"The pattern {wanted!r} cannot be read: {error}.") from None
    return lambda text: pattern.search(text) is not None


def _said(answer: dict[str, Any], prompt: Prompt) -> Answer:
    if (error := answer.get("error")) is not None:
        raise Problem(
            error.get("status", 500),
            error.get("message", "An error, as the fixture says."),
            type=error.get("type", "server_error"),
            code=error.get("code"),
        )
    tools = {tool.name: tool for tool in prompt.tools}
    requests = [
        ToolRequest(tools.get(call["name"]) or Tool(call["name"], parameters={}), _arguments(call.get("arguments", {})))
        for call in answer.get("calls", ())
    ]
    return Answer(answer.get("text") or "", requests, answer.get("thought") or "")


def _arguments(given: Any) -> str:
    return given if isinstance(given, str) else msgspec.json.encode(given).decode()


def _spoken(prompt: Prompt, role: str) -> list[str]:
    return [turn.text for turn in prompt.turns if turn.role == role]


_MATCHERS: Final[dict[str, Callable[[Fixture, Any, Prompt], bool]]] = {
    "message": lambda f, _, p: f.tells["message"]((_spoken(p, "user") or [""])[-1]),
    "system": lambda f, _, p: f.tells["system"]("\n".join(_spoken(p, "system"))),
    "model": lambda _, wanted, p: fnmatchcase(p.model, wanted),
    "tool": lambda _, wanted, p: any(tool.name == wanted for tool in p.tools),
    "answers": lambda _, wanted, p: bool(p.turns) and p.turns[-1].answers == wanted,
    "turn": lambda _, wanted, p: len(_spoken(p, "user")) == wanted,
    "json": lambda _, wanted, p: (p.json or p.schema is not None) is wanted,
}


def _wrong(message: str) -> Problem:
    return invalid("fixtures", message, "invalid_fixture")

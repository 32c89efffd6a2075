"""Whether tools are to be called, which, and with what: by the words of the prompt and of the tools' own descriptions."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from ..shape import is_object
from . import Invocation, Prompt, Tool, ToolRequest, Turn
from .extraction import names, places
from .fact import PLACES, words_of
from .recall import stem
from .schema_fill import fill
from .summary import STOP_WORDS

_GENERIC: Final = frozenset(
    [
        "get",
        "set",
        "fetch",
        "list",
        "find",
        "search",
        "look",
        "lookup",
        "make",
        "create",
        "do",
        "run",
        "call",
        "tool",
        "function",
        "query",
        "current",
        "new",
        "data",
        "info",
        "information",
        "a",
        "the",
        "for",
        "of",
        "by",
        "from",
        "to",
        "in",
        "on",
        "with",
        "and",
        "or",
        "return",
        "returns",
        "given",
        "retrieve",
        "show",
        "tell",
        "use",
        "used",
        "using",
        "about",
        "this",
        "that",
        "it",
        "is",
        "api",
        "value",
        "string",
        "user",
    ]
)
_WORD: Final = re.compile(r"[^\W_]+")
ENOUGH: Final = 2.0
_encode = msgspec.json.Encoder().encode


def requests(prompt: Prompt, asked: str) -> list[ToolRequest]:
    """The calls to make now; empty when the answer is to be a text."""
    choice = prompt.tool_choice
    if not prompt.tools or choice == "none":
        return []
    if choice.startswith("="):
        return [_request(tool, asked) for tool in prompt.tools if tool.name == choice[1:]][:1]
    scored = sorted(((_score(tool, asked), -index) for index, tool in enumerate(prompt.tools)), reverse=True)
    if choice == "required":
        fitting = [prompt.tools[-index] for score, index in scored if score >= ENOUGH] or [prompt.tools[-scored[0][1]]]
    elif prompt.turns[-1].role == "tool":
        return []
    else:
        fitting = [prompt.tools[-index] for score, index in scored if score >= ENOUGH]
    made = [request for tool in fitting for request in _several(tool, asked)]
    return made if prompt.parallel else made[:1]


def _score(tool: Tool, asked: str) -> float:
    said = {stem(word) for word in _words(asked)}
    if re.search(rf"(?<![\w]){re.escape(tool.name)}(?!\w)", asked):
        return 10.0
    name = {stem(word) for word in words_of(tool.name) if word not in _GENERIC}
    described = {stem(word) for word in _words(tool.description) if word not in _GENERIC | STOP_WORDS}
    properties = (tool.parameters or {}).get("properties", {})
    fields = {stem(word) for key in properties for word in words_of(key) if word not in _GENERIC}
    score = (
        2.0 * len(name & said) + 1.0 * len((described - name) & said) + 0.5 * len((fields - name - described) & said)
    )
    if {"calculat", "calculator", "math", "arithmetic", "add", "sum"} & (name | described) and re.search(
        r"\d\s*[-+*/x×]\s*\d", asked
    ):
        score += ENOUGH
    return score


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _several(tool: Tool, asked: str) -> list[ToolRequest]:
    """One request, or one for each place or name when the tool asks for exactly one and the prompt names several."""
    properties: dict[str, Any] = (tool.parameters or {}).get("properties", {})
    wanted = [key for key in properties if set(words_of(key)) & PLACES and properties[key].get("type") == "string"]
    if len(wanted) == 1:
        found = _places(asked)
        if len(found) > 1:
            return [_request(tool, asked, {wanted[0]: place}) for place in found]
    return [_request(tool, asked)]


def _places(asked: str) -> list[str]:
    first = places(asked)
    if not first:
        return []
    behind = asked[asked.find(first[0]) :]
    joined = re.match(
        rf"{re.escape(first[0])}((?:\s*(?:,|and|or|,\s*and|&)\s*[A-Z][\w'’]+(?: [A-Z][\w'’]+)*)+)", behind
    )
    return list(dict.fromkeys([*first, *(names(joined[1]) if joined else ())]))


def _request(tool: Tool, asked: str, known: dict[str, Any] | None = None) -> ToolRequest:
    if tool.parameters is None:
        return ToolRequest(tool, asked.strip())
    schema = {"type": "object", **tool.parameters}
    made = fill(schema, asked)
    if is_object(made):
        made = {key: value for key, value in made.items() if _wanted(key, value, schema, asked)} | (known or {})
    return ToolRequest(tool, _encode(made).decode())


def _wanted(key: str, value: Any, schema: dict[str, Any], asked: str) -> bool:
    """Required fields stay; optional ones only when the prompt says them."""
    if key in schema.get("required", ()):
        return True
    return isinstance(value, str | int | float) and str(value).lower() in asked.lower()


def told(turns: list[Turn]) -> str | None:
    """The answer that uses the outputs of tools called since the user last spoke; None when there are none."""
    outputs: list[tuple[str, str]] = []
    calls: dict[str, Invocation] = {call.id: call for turn in turns for call in turn.calls}
    for turn in reversed(turns):
        if turn.role == "user":
            break
        if turn.role == "tool":
            call = calls.get(turn.answers or "")
            outputs.append((_named(call) if call else "The tool", turn.text))
    if not outputs:
        return None
    return "\n".join(f"{name}: {_spoken(text)}" for name, text in reversed(outputs))


def _named(call: Invocation) -> str:
    try:
        arguments = msgspec.json.decode(call.arguments)
    except msgspec.DecodeError:
        return call.name
    if not is_object(arguments):
        return call.name
    listed = ", ".join(f"{value}" for value in arguments.values() if isinstance(value, str | int | float))
    return f"{call.name}({listed})"


def _spoken(text: str) -> str:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return text.strip() or "(empty)"
    if is_object(value):
        return ", ".join(f"{key} {_plain(item)}" for key, item in value.items()) + "."
    return _plain(value)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else _encode(value).decode()

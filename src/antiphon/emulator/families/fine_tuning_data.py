"""Training data read and judged, each line by what the method wants of it: chats, preferences, prompts to be graded.

Gives how many examples there are, how many tokens, and what a model that has seen them would say again. Knows no jobs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from .. import token
from ..shape import is_array, is_object

LEAST: Final = 10
MOST_REMEMBERED: Final = 2_000
MOST_TEXT: Final = 8_192
ROLES: Final = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
COMPLETION_MODELS: Final = frozenset({"babbage-002", "davinci-002"})
_CHAT: Final = frozenset({"messages", "tools", "parallel_tool_calls", "functions"})
_MESSAGE: Final = frozenset(
    {"role", "content", "name", "weight", "tool_calls", "tool_call_id", "function_call", "refusal", "audio"}
)
_DECODER: Final = msgspec.json.Decoder()


class Unusable(Exception):
    """A file cannot be trained with; the code, the words and the parameter of the job's error."""

    def __init__(self, param: str, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code or f"invalid_{param}"
        self.message = message
        self.param = param


@dataclass(slots=True)
class Examples:
    """What a file holds."""

    count: int = 0
    tokens: int = 0
    remembered: dict[str, str] = field(default_factory=dict[str, str])
    """What was asked, to what was answered."""


def read(path: Path, kind: str, param: str) -> Examples:
    """The examples of a file for `supervised`, `completion`, `dpo` or `reinforcement`; raises `Unusable`."""
    if not path.is_file():
        raise Unusable(param, f"The file of '{param}' no longer exists.")
    found = Examples()
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                _add(found, _object(_decoded(line), "The line"), kind)
            except _Wrong as wrong:
                message = f"The job failed due to an invalid {param.replace('_', ' ')}. Line {number}: {wrong}"
                raise Unusable(param, message) from None
    if found.count < LEAST and param == "training_file":
        message = f"The training file has {found.count} example(s), but must have at least {LEAST} examples."
        raise Unusable(param, message, "invalid_n_examples")
    if found.count == 0:
        raise Unusable(param, f"The file of '{param}' has no examples.")
    return found


class _Wrong(Exception):
    """What is wrong with a line."""


def _decoded(line: bytes) -> Any:
    try:
        return _DECODER.decode(line)
    except (ValueError, RecursionError) as error:
        raise _Wrong(f"It is no JSON: {error}.") from None


def _object(value: Any, what: str) -> dict[str, Any]:
    if not is_object(value):
        raise _Wrong(f"{what} is not an object.")
    return value


def _add(found: Examples, line: dict[str, Any], kind: str) -> None:
    match kind:
        case "completion":
            asked, told = _text(line, "prompt"), _text(line, "completion")
            found.tokens += token.count(asked) + token.count(told)
        case "dpo":
            asked, told = _preference(found, line)
        case "reinforcement":
            messages = _messages(found, line.get("messages"))
            if messages[-1]["role"] not in ("user", "developer", "system"):
                raise _Wrong("The last message must come from the user: the answer is what will be graded.")
            asked = told = ""
        case _:
            if unknown := sorted(line.keys() - _CHAT):
                raise _Wrong(f"The key '{unknown[0]}' is unknown.")
            asked, told = _chat(_messages(found, line.get("messages")))
    found.count += 1
    if asked and told and len(found.remembered) < MOST_REMEMBERED and len(asked) + len(told) < MOST_TEXT:
        found.remembered[asked] = told


def _chat(messages: list[dict[str, Any]]) -> tuple[str, str]:
    last = messages[-1]
    if last["role"] != "assistant":
        raise _Wrong("The last message must be from the assistant.")
    asked = next((message["content"] for message in reversed(messages) if message["role"] == "user"), "")
    told = last.get("content")
    return (asked if isinstance(asked, str) else ""), (told if isinstance(told, str) else "")


def _preference(found: Examples, line: dict[str, Any]) -> tuple[str, str]:
    given = _object(line.get("input"), "'input'")
    asked = _messages(found, given.get("messages"))
    told = [_messages(found, line.get(name), name) for name in ("preferred_output", "non_preferred_output")]
    if any(message["role"] != "assistant" for each in told for message in each):
        raise _Wrong("The outputs that are compared must be messages of the assistant.")
    return _chat([*asked, *told[0]])


def _messages(found: Examples, given: Any, name: str = "messages") -> list[dict[str, Any]]:
    if not is_array(given) or not given:
        raise _Wrong(f"'{name}' must be a list with at least one message.")
    for index, value in enumerate(given):
        message = _object(value, f"Message {index} of '{name}'")
        if unknown := sorted(message.keys() - _MESSAGE):
            raise _Wrong(f"Message {index} has the unknown key '{unknown[0]}'.")
        if message.get("role") not in ROLES:
            raise _Wrong(f"Message {index} has the role {message.get('role')!r}, which is none.")
        if not any(message.get(key) for key in ("content", "tool_calls", "function_call", "refusal")):
            raise _Wrong(f"Message {index} has no content.")
        if message.get("weight", 1) not in (0, 1):
            raise _Wrong(f"Message {index} has a weight that is neither 0 nor 1.")
        found.tokens += token.PER_MESSAGE + _size(message.get("content"))
    return given


def _size(content: Any) -> int:
    if isinstance(content, str):
        return token.count(content)
    if content is None:
        return 0
    if not is_array(content) or not all(is_object(part) and isinstance(part.get("type"), str) for part in content):
        raise _Wrong("The content of a message is a text or a list of parts.")
    return sum(token.count(str(part["text"])) if "text" in part else token.PER_IMAGE for part in content)


def _text(line: dict[str, Any], name: str) -> str:
    value = line.get(name)
    if not isinstance(value, str) or not value:
        raise _Wrong(f"'{name}' must be a text that is not empty.")
    return value

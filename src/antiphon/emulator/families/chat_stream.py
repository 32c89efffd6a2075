"""A chat completion in pieces: role, content tokens, tool calls bit by bit, finish, usage, [DONE]."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from .. import event, token
from ..shape import part
from .chat_choice import Choice, logprob

_PADDING: Final = tuple(b',"obfuscation":"%b"' % (b"x" * (16 - size)) for size in range(16))


def events(
    head: dict[str, Any],
    choices: list[Choice],
    body: dict[str, Any],
    usage: dict[str, Any] | None,
    told: dict[str, Any],
) -> Iterator[bytes]:
    """The framed chunks; `usage`, when it is asked for, and what else is told come in chunks of their own at the end."""
    options = part(body, "stream_options")
    asked = bool(options.get("include_usage"))
    frame = _Frame(head, asked, options.get("include_obfuscation") is not False)
    for index, choice in enumerate(choices):
        yield frame.chunk(index, {"role": "assistant", "content": "" if choice.pieces else None, "refusal": None})
        yield from _content(frame, index, choice, body)
        for number, call in enumerate(choice.calls):
            yield from _call(frame, index, number, call, choice.legacy)
        yield frame.chunk(index, {}, choice.finish)
    if told:
        yield event.data({**head, "choices": [], **({"usage": None} if asked else {}), **told})
    if asked:
        yield event.data({**head, "choices": [], "usage": usage})
    yield event.DONE


def _content(frame: _Frame, index: int, choice: Choice, body: dict[str, Any]) -> Iterator[bytes]:
    if not body.get("logprobs"):
        before, afters = frame.around(index)
        encode = event.encode
        for piece in choice.pieces:
            yield before + encode(piece) + afters[len(piece) & 15]
        return
    alternatives = body.get("top_logprobs") or 0
    for piece in choice.pieces:
        found = {"content": [logprob(piece, alternatives)], "refusal": None}
        yield frame.chunk(index, {"content": piece}, logprobs=found)


def _call(frame: _Frame, index: int, number: int, call: dict[str, Any], legacy: bool) -> Iterator[bytes]:
    kind: str = call["type"]
    field = "input" if kind == "custom" else "arguments"
    inner = call[kind]
    if legacy:
        yield frame.chunk(index, {"function_call": {"name": inner["name"], "arguments": ""}})
        for piece in token.pieces(inner["arguments"]):
            yield frame.chunk(index, {"function_call": {"arguments": piece}})
        return
    opening = {"index": number, "id": call["id"], "type": kind, kind: {"name": inner["name"], field: ""}}
    yield frame.chunk(index, {"tool_calls": [opening]})
    for piece in token.pieces(inner[field]):
        yield frame.chunk(index, {"tool_calls": [{"index": number, kind: {field: piece}}]})


class _Frame:
    """What all chunks of one stream share, encoded once."""

    def __init__(self, head: dict[str, Any], with_usage: bool, obfuscated: bool) -> None:
        self._head = event.encode(head)[:-1]
        self._tail = b',"usage":null}\n\n' if with_usage else b"}\n\n"
        self._tails = [padding + self._tail for padding in _PADDING] if obfuscated else [self._tail] * 16

    def around(self, index: int) -> tuple[bytes, list[bytes]]:
        """The bytes before a piece of content, and those after one of each length."""
        before = b'data: %b,"choices":[{"index":%d,"delta":{"content":' % (self._head, index)
        return before, [b'},"logprobs":null,"finish_reason":null}]' + tail for tail in self._tails]

    def chunk(self, index: int, delta: dict[str, Any], finish: str | None = None, logprobs: Any = None) -> bytes:
        """One framed chunk."""
        choice = {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
        told = event.encode(choice)
        return b'data: %b,"choices":[%b]%b' % (self._head, told, self._tails[len(told) & 15])

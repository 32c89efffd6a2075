"""What a streamed run tells: whole objects by the name of what happened to them, texts and arguments bit by bit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from .. import event, token
from .crud import Object

DONE: Final = b"event: done\ndata: [DONE]\n\n"


def frame(name: str, thing: Object) -> bytes:
    """One event."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), event.encode(thing))


def message_deltas(message: Object) -> Iterator[bytes]:
    """A message's text in pieces; a mark comes whole, with its annotation."""
    text: dict[str, Any] = message["content"][0]["text"]
    value, at = text["value"], 0
    for index, annotation in enumerate(text["annotations"]):
        yield from (_said(message, {"value": piece}) for piece in token.pieces(value[at : annotation["start_index"]]))
        yield _said(message, {"value": annotation["text"], "annotations": [{"index": index, **annotation}]})
        at = annotation["end_index"]
    yield from (_said(message, {"value": piece}) for piece in token.pieces(value[at:]))


def _said(message: Object, text: Object) -> bytes:
    delta = {"content": [{"index": 0, "type": "text", "text": text}]}
    return frame("thread.message.delta", {"id": message["id"], "object": "thread.message.delta", "delta": delta})


def call_deltas(step: Object) -> Iterator[bytes]:
    """The tool calls of a step: each begins with its name, then come a function's arguments in pieces."""
    for index, call in enumerate(step["step_details"]["tool_calls"]):
        if call["type"] != "function":
            yield _called(step, {"index": index, **call})
            continue
        function = call["function"]
        begun = {"name": function["name"], "arguments": "", "output": None}
        yield _called(step, {"index": index, "id": call["id"], "type": "function", "function": begun})
        for piece in token.pieces(function["arguments"]):
            yield _called(step, {"index": index, "type": "function", "function": {"arguments": piece}})


def _called(step: Object, call: Object) -> bytes:
    delta = {"step_details": {"type": "tool_calls", "tool_calls": [call]}}
    return frame("thread.run.step.delta", {"id": step["id"], "object": "thread.run.step.delta", "delta": delta})

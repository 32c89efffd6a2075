"""The events of a response in their full order, with sequence numbers.

created, queued (background), in_progress; for each item: output_item.added, its parts and deltas, output_item.done;
completed or incomplete. The order depends on the finished record alone, so a stream can be taken up again anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, Final

from .. import event, token
from .chat_choice import logprob
from .response_prompt import CALLS, Item
from .response_record import unfinished

STEMS: Final = {
    "function_call": "response.function_call_arguments",
    "custom_tool_call": "response.custom_tool_call_input",
}


def events(view: dict[str, Any], obfuscated: bool = False) -> Iterator[bytes]:
    """All events of a response, framed."""
    numbers = count()

    def whole(name: str, shown: dict[str, Any]) -> bytes:
        return event.named({"type": name, "sequence_number": next(numbers), "response": shown})

    opening = view | unfinished("queued" if view["background"] else "in_progress")
    yield whole("response.created", opening)
    if view["background"]:
        yield whole("response.queued", opening)
        opening = opening | {"status": "in_progress"}
    yield whole("response.in_progress", opening)
    for index, item in enumerate(view["output"]):
        yield from _Telling(index, item, numbers, obfuscated).events()
    yield whole(f"response.{view['status']}", view)


class _Telling:
    """One output item told bit by bit."""

    def __init__(self, index: int, item: Item, numbers: Iterator[int], obfuscated: bool) -> None:
        self._index = index
        self._item = item
        self._numbers = numbers
        self._obfuscated = obfuscated

    def events(self) -> Iterator[bytes]:
        item = self._item
        kind: str = item["type"]
        yield self._told("response.output_item.added", item=_begun(item))
        if kind == "message":
            for number, part in enumerate(item["content"]):
                yield from self._part(number, part)
        elif kind == "reasoning":
            for number, part in enumerate(item["summary"]):
                yield from self._summary(number, part)
        elif kind in CALLS:
            yield from self._call(STEMS[kind], CALLS[kind])
        yield self._told("response.output_item.done", item=item)

    def _told(self, kind: str, /, **facts: Any) -> bytes:
        head = {"type": kind, "sequence_number": next(self._numbers), "output_index": self._index}
        return event.named({**head, **facts})

    def _part(self, number: int, part: Item) -> Iterator[bytes]:
        where = {"item_id": self._item["id"], "content_index": number}
        yield self._told("response.content_part.added", **where, part=part | {"text": "", "logprobs": []})
        yield from self._deltas(number, part)
        yield self._told("response.output_text.done", **where, text=part["text"], logprobs=part["logprobs"])
        yield self._told("response.content_part.done", **where, part=part)

    def _deltas(self, number: int, part: Item) -> Iterator[bytes]:
        """The text deltas; what they share is encoded once."""
        name = b"response.output_text.delta"
        head = b'event: %b\ndata: {"type":"%b","output_index":%d,"item_id":%b,"content_index":%d,"sequence_number":' % (
            name,
            name,
            self._index,
            event.encode(self._item["id"]),
            number,
        )
        encode, numbers = event.encode, self._numbers
        logprobs = part["logprobs"]
        alternatives = len(logprobs[0]["top_logprobs"]) if logprobs else 0
        for piece in token.pieces(part["text"]):
            found = encode([logprob(piece, alternatives)]) if logprobs else b"[]"
            tail = b',"obfuscation":"%b"}\n\n' % (b"x" * (16 - len(piece) % 16)) if self._obfuscated else b"}\n\n"
            yield b'%b%d,"delta":%b,"logprobs":%b%b' % (head, next(numbers), encode(piece), found, tail)

    def _summary(self, number: int, part: Item) -> Iterator[bytes]:
        stem = "response.reasoning_summary"
        where = {"item_id": self._item["id"], "summary_index": number}
        yield self._told(f"{stem}_part.added", **where, part=part | {"text": ""})
        for piece in token.pieces(part["text"]):
            yield self._told(f"{stem}_text.delta", **where, delta=piece)
        yield self._told(f"{stem}_text.done", **where, text=part["text"])
        yield self._told(f"{stem}_part.done", **where, part=part)

    def _call(self, stem: str, field: str) -> Iterator[bytes]:
        text = self._item[field]
        for piece in token.pieces(text):
            yield self._told(f"{stem}.delta", item_id=self._item["id"], delta=piece)
        facts = {field: text} | ({"name": self._item["name"]} if field == "arguments" else {})
        yield self._told(f"{stem}.done", item_id=self._item["id"], **facts)


def _begun(item: Item) -> Item:
    match item["type"]:
        case "message":
            return item | {"status": "in_progress", "content": []}
        case "reasoning":
            return item | {"summary": []}
        case kind:
            return item | {"status": "in_progress", CALLS[kind]: ""}

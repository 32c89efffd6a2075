"""The events of a response in their full order, with sequence numbers.

created, queued (background), in_progress; for each item: output_item.added, its parts and deltas, output_item.done;
completed or incomplete. The order depends on the finished record alone, so a stream can be taken up again anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from .. import event, token
from .chat_choice import logprob
from .response_prompt import CALLS, Item
from .response_record import unfinished

Event = dict[str, Any]


def events(view: dict[str, Any], obfuscated: bool = False) -> Iterator[bytes]:
    """All events of a response, framed."""
    numbers = count()
    opening = view | unfinished("queued" if view["background"] else "in_progress")
    yield _whole("response.created", numbers, opening)
    if view["background"]:
        yield _whole("response.queued", numbers, opening)
        opening = opening | {"status": "in_progress"}
    yield _whole("response.in_progress", numbers, opening)
    for index, item in enumerate(view["output"]):
        yield from _item(index, item, numbers, obfuscated)
    yield _whole(f"response.{view['status']}", numbers, view)


def _whole(name: str, numbers: Iterator[int], view: dict[str, Any]) -> bytes:
    return event.named({"type": name, "sequence_number": next(numbers), "response": view})


def _item(index: int, item: Item, numbers: Iterator[int], obfuscated: bool) -> Iterator[bytes]:
    kind = item["type"]

    def told(name: str, **facts: Any) -> bytes:
        return event.named({"type": name, "sequence_number": next(numbers), "output_index": index, **facts})

    yield told("response.output_item.added", item=_begun(item))
    if kind == "message":
        for number, part in enumerate(item["content"]):
            where: Event = {"item_id": item["id"], "content_index": number}
            empty = {**part, "text": "", "logprobs": []}
            yield told("response.content_part.added", **where, part=empty)
            yield from _text(index, number, item["id"], part, numbers, obfuscated)
            done: Event = {"text": part["text"], "logprobs": part["logprobs"]}
            yield told("response.output_text.done", **where, **done)
            yield told("response.content_part.done", **where, part=part)
    elif kind in CALLS:
        field = CALLS[kind]
        stem = "response.function_call_arguments" if field == "arguments" else "response.custom_tool_call_input"
        for piece in token.pieces(item[field]):
            yield told(f"{stem}.delta", item_id=item["id"], delta=piece)
        named: Event = {"name": item["name"]} if field == "arguments" else {}
        yield told(f"{stem}.done", item_id=item["id"], **{field: item[field]}, **named)
    elif kind == "reasoning":
        for number, part in enumerate(item["summary"]):
            where = {"item_id": item["id"], "summary_index": number}
            yield told("response.reasoning_summary_part.added", **where, part={**part, "text": ""})
            for piece in token.pieces(part["text"]):
                yield told("response.reasoning_summary_text.delta", **where, delta=piece)
            yield told("response.reasoning_summary_text.done", **where, text=part["text"])
            yield told("response.reasoning_summary_part.done", **where, part=part)
    yield told("response.output_item.done", item=item)


def _begun(item: Item) -> Item:
    match item["type"]:
        case "message":
            return item | {"status": "in_progress", "content": []}
        case "reasoning":
            return item | {"summary": []}
        case kind:
            return item | {"status": "in_progress", CALLS[kind]: ""}


def _text(
    index: int, number: int, id: str, part: Item, numbers: Iterator[int], obfuscated: bool
) -> Iterator[bytes]:
    """The text deltas; what they share is encoded once."""
    name = "response.output_text.delta"
    head = b'event: %b\ndata: {"type":"%b","output_index":%d,"item_id":"%b","content_index":%d,"sequence_number":' % (
        name.encode(),
        name.encode(),
        index,
        id.encode(),
        number,
    )
    tail = b',"obfuscation":"%b"}\n\n' if obfuscated else b"}\n\n"
    encode = event.encode
    alternatives = len(part["logprobs"][0]["top_logprobs"]) if part["logprobs"] else 0
    for piece in token.pieces(part["text"]):
        found = encode([logprob(piece, alternatives)]) if part["logprobs"] else b"[]"
        end = tail % (b"x" * (16 - len(piece) % 16)) if obfuscated else tail
        yield b'%b%d,"delta":%b,"logprobs":%b%b' % (head, next(numbers), encode(piece), found, end)

"""The events of a response in their full order, with sequence numbers.

created, queued (background), in_progress; for each item: output_item.added, its parts and deltas, output_item.done; then
how it ended. The order depends on the finished response alone, so a stream can be taken up again anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, Final

from .. import event, token
from .chat_choice import logprob
from .response_prompt import CALLS
from .response_record import Item
from .response_view import unfinished

STEMS: Final = {
    "function_call": "response.function_call_arguments",
    "custom_tool_call": "response.custom_tool_call_input",
}
_DELTA: Final = b"response.output_text.delta"
_BARE: Final = (b"}\n\n",) * 16
_PADDED: Final = tuple(b',"obfuscation":"%b"}\n\n' % (b"x" * (16 - size)) for size in range(16))
_BEGINNINGS: Final[dict[str, Item]] = {
    "message": {"content": []},
    "reasoning": {"summary": []},
    "function_call": {"arguments": ""},
    "custom_tool_call": {"input": ""},
    "file_search_call": {"queries": [], "results": None},
    "code_interpreter_call": {"code": "", "outputs": None},
    "image_generation_call": {"result": None},
}
Partials = Mapping[str, list[str]]


def events(view: dict[str, Any], obfuscated: bool = False, partials: Partials | None = None) -> Iterator[bytes]:
    """All events of a response, framed; `partials` are pictures on their way, by their item."""
    numbers = count()

    def whole(name: str, told: dict[str, Any]) -> bytes:
        return event.named({"type": name, "sequence_number": next(numbers), "response": told})

    opening = unfinished(view, "queued" if view["background"] else "in_progress")
    yield whole("response.created", opening)
    if view["background"]:
        yield whole("response.queued", opening)
        opening = opening | {"status": "in_progress"}
    yield whole("response.in_progress", opening)
    for index, item in enumerate(view["output"]):
        yield from _Telling(index, item, numbers, obfuscated, (partials or {}).get(item["id"]) or []).events()
    yield whole(f"response.{view['status']}", view)


class _Telling:
    """One output item told bit by bit."""

    def __init__(self, index: int, item: Item, numbers: Iterator[int], obfuscated: bool, pictures: list[str]) -> None:
        self._index = index
        self._item = item
        self._numbers = numbers
        self._tails = _PADDED if obfuscated else _BARE
        self._pictures = pictures

    def events(self) -> Iterator[bytes]:
        item = self._item
        yield self._told("response.output_item.added", item=_begun(item))
        match item["type"]:
            case "message":
                for number, part in enumerate(item["content"]):
                    yield from self._part(number, part)
            case "reasoning":
                for number, part in enumerate(item["summary"]):
                    yield from self._summary(number, part)
            case "function_call" | "custom_tool_call" as kind:
                yield from self._call(STEMS[kind], CALLS[kind])
            case "file_search_call":
                yield from self._steps("response.file_search_call", "in_progress", "searching", "completed")
            case "code_interpreter_call":
                yield from self._code()
            case "image_generation_call":
                yield from self._picture()
            case "compaction":
                yield self._told("response.compaction.compacting", item_id=item["id"])
            case _:
                pass
        yield self._told("response.output_item.done", item=item)

    def _told(self, kind: str, /, **facts: Any) -> bytes:
        head = {"type": kind, "sequence_number": next(self._numbers), "output_index": self._index}
        return event.named({**head, **facts})

    def _part(self, number: int, part: Item) -> Iterator[bytes]:
        where = {"item_id": self._item["id"], "content_index": number}
        empty: Item = part | {"text": "", "logprobs": [], "annotations": []}
        yield self._told("response.content_part.added", **where, part=empty)
        yield from self._text(number, part)
        for place, annotation in enumerate(part["annotations"]):
            facts = {"annotation_index": place, "annotation": annotation}
            yield self._told("response.output_text.annotation.added", **where, **facts)
        yield self._told("response.output_text.done", **where, text=part["text"], logprobs=part["logprobs"])
        yield self._told("response.content_part.done", **where, part=part)

    def _text(self, number: int, part: Item) -> Iterator[bytes]:
        """The text deltas; what they share is encoded once."""
        head = b'event: %b\ndata: {"type":"%b","output_index":%d,"item_id":%b,"content_index":%d,"sequence_number":' % (
            _DELTA,
            _DELTA,
            self._index,
            event.encode(self._item["id"]),
            number,
        )
        encode, numbers, tails = event.encode, self._numbers, self._tails
        logprobs = part["logprobs"]
        alternatives = len(logprobs[0]["top_logprobs"]) if logprobs else 0
        for piece in token.pieces(part["text"]):
            found = encode([logprob(piece, alternatives)]) if logprobs else b"[]"
            said = encode(piece)
            yield b'%b%d,"delta":%b,"logprobs":%b%b' % (head, next(numbers), said, found, tails[len(piece) & 15])

    def _summary(self, number: int, part: Item) -> Iterator[bytes]:
        stem = "response.reasoning_summary"
        where = {"item_id": self._item["id"], "summary_index": number}
        yield self._told(f"{stem}_part.added", **where, part=part | {"text": ""})
        yield from self._deltas(f"{stem}_text.delta", part["text"], **where)
        yield self._told(f"{stem}_text.done", **where, text=part["text"])
        yield self._told(f"{stem}_part.done", **where, part=part)

    def _call(self, stem: str, field: str) -> Iterator[bytes]:
        text = self._item[field]
        yield from self._deltas(f"{stem}.delta", text, item_id=self._item["id"])
        facts = {field: text} | ({"name": self._item["name"]} if field == "arguments" else {})
        yield self._told(f"{stem}.done", item_id=self._item["id"], **facts)

    def _deltas(self, kind: str, text: str, /, **where: Any) -> Iterator[bytes]:
        for piece in token.pieces(text):
            told = self._told(kind, **where, delta=piece)
            yield told[:-3] + self._tails[len(piece) & 15]

    def _steps(self, stem: str, *steps: str, **more: Any) -> Iterator[bytes]:
        for step in steps:
            yield self._told(f"{stem}.{step}", item_id=self._item["id"], **more)

    def _code(self) -> Iterator[bytes]:
        stem, code = "response.code_interpreter_call", self._item["code"]
        yield from self._steps(stem, "in_progress")
        yield from self._deltas(f"{stem}_code.delta", code, item_id=self._item["id"])
        yield from self._steps(f"{stem}_code", "done", code=code)
        yield from self._steps(stem, "interpreting", "completed")

    def _picture(self) -> Iterator[bytes]:
        stem = "response.image_generation_call"
        yield from self._steps(stem, "in_progress", "generating")
        looks = {name: self._item[name] for name in ("background", "output_format", "quality", "size")}
        for number, picture in enumerate(self._pictures):
            yield from self._steps(
                stem, "partial_image", partial_image_index=number, partial_image_b64=picture, **looks
            )
        yield from self._steps(stem, "completed")


def _begun(item: Item) -> Item:
    """The item before anything of it is known."""
    begun: Item = item | _BEGINNINGS.get(item["type"], {})
    return begun | {"status": "in_progress"} if "status" in item else begun

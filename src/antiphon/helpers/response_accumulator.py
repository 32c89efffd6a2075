"""What a response has become so far, from its events.

Theory of operation. A response begins with `response.created`. Items are announced by `response.output_item.added` at an
index that is theirs from then on; parts of messages by `response.content_part.added`; deltas grow the text of a part or the
arguments of a call; `…done` events carry the whole once more, and `response.completed` carries the whole response, which is
the result. So deltas matter for snapshots and for what is left when a stream breaks off; the result is the server's own.

The accumulator is pure: an event goes in, the event to show comes out (or none). It takes constant time per event, keeps each
delta once, and never changes data it was given. A stream whose order or identities make no sense is refused, since it cannot
be trusted to be one response; so is an event that is not what the API promises.
"""

# `_view` is how this package makes views; users do not.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from ..core.omit import omit
from .flaw import MISREAD, incoherent, refuse_event
from .growing import Growing
from .reading import copied, data_of, entries_of, object_of, text_of
from .response_event import (
    ResponseCompletedEvent,
    ResponseFunctionCallArgumentsDeltaEvent,
    ResponseTextDeltaEvent,
    ResponseTextDoneEvent,
)
from .response_parser import ResponseParser

if TYPE_CHECKING:
    from ..types.responses import ParsedResponse

_LIFECYCLE = frozenset(
    f"response.{state}"
    for state in ("created", "queued", "in_progress", "completed", "failed", "incomplete", "cancelled")
)
_ENDS = frozenset({"error", *(f"response.{end}" for end in ("completed", "failed", "incomplete", "cancelled"))})
_BY_CALL_ID = frozenset({"function_call", "custom_tool_call", "shell_call", "shell_call_output"})
_LATE_ID = frozenset({"function_call", "custom_tool_call"})

Identity = tuple[str | None, str | None, str | None]


def identity_of(item: dict[str, Any]) -> Identity:
    """What makes an item the same item from event to event: calls are known by their call id, others by their own."""
    kind = item.get("type")
    return kind, None if kind in _BY_CALL_ID else item.get("id"), item.get("call_id")


def is_later_form(earlier: dict[str, Any], later: dict[str, Any]) -> bool:
    """Whether ids agree; a call may get its id only when it is done."""
    known = earlier.get("id")
    return known == later.get("id") or (known is None and earlier.get("type") in _LATE_ID)


class _Item:
    """An item of the output and the texts in it that grow."""

    __slots__ = ("arguments", "data", "done", "texts")

    def __init__(self, data: dict[str, Any]) -> None:
        # Refused with its own event where it has no name, not when it is looked for.
        hash(identity_of(data))
        self.data: dict[str, Any] = data
        self.done: dict[str, Any] | None = None
        parts = entries_of(data.get("content")) if data.get("type") == "message" else []
        self.texts: list[Growing] = [_text_of(part) for part in parts]
        self.arguments: Growing = Growing(text_of(data.get("arguments")))

    def add_part(self, part: dict[str, Any]) -> None:
        self.texts.append(_text_of(part))
        self.data = {**self.data, "content": [*(self.data.get("content") or ()), part]}

    def text(self, position: int) -> Growing:
        try:
            if position >= 0:
                return self.texts[position]
        except (IndexError, TypeError):
            pass
        return self._later_text(position)

    def _later_text(self, position: int | None) -> Growing:
        """A text whose part was not announced, or whose place is not told, as some servers leave it."""
        known = len(self.texts)
        if position is None:
            position = max(known - 1, 0)
        if position == known:
            self.add_part({"type": "output_text", "text": "", "annotations": []})
        elif not 0 <= position < known:
            raise incoherent(f"a delta came for content index {position} before its part")
        return self.texts[position]

    def snapshot(self) -> dict[str, Any]:
        """A new dict of the item as it is now."""
        if self.done is not None:
            return cast("dict[str, Any]", copied(self.done))
        item: dict[str, Any] = copied(self.data)
        if item.get("type") == "message":
            for part, text in zip(item.get("content") or (), self.texts, strict=True):
                part["refusal" if part.get("type") == "refusal" else "text"] = text.text
        elif item.get("type") == "function_call":
            item["arguments"] = self.arguments.text
        return item


def _text_of(part: dict[str, Any]) -> Growing:
    return Growing(text_of(part.get("text")) or text_of(part.get("refusal")))


class ResponseAccumulator:
    """Takes the events of one response, in order.

    Args:
        text_format: the type that final text is read into, or a sentinel.
        input_tools: the request's tools.

    Attributes:
        completed: the parsed response, once it is completed.
        last: the last lifecycle event's data, or the error event's.
        sequence_number: the last one seen.
    """

    def __init__(self, *, text_format: Any = omit, input_tools: Any = omit) -> None:
        self._parser = ResponseParser(text_format, input_tools)
        self._response: dict[str, Any] | None = None
        self._items: dict[int, _Item] = {}
        self._positions: dict[Identity, int] = {}
        self.completed: ParsedResponse[Any] | None = None
        self.last: dict[str, Any] | None = None
        self.sequence_number: int | None = None
        self._hands: dict[str | None, Callable[[Any, dict[str, Any]], Any]] = {
            "response.output_text.delta": self._text_delta,
            "response.function_call_arguments.delta": self._arguments_delta,
            "response.output_text.done": self._text_done,
            "response.refusal.delta": self._refusal_delta,
            "response.content_part.added": self._part_added,
            "response.output_item.added": self._item_added,
            "response.output_item.done": self._item_done,
            "response.completed": self._completed,
        }

    def handle(self, event: Any) -> Any:
        """Take an event; the event to show, or `None` for one that says nothing.

        Raises:
            IncoherentStream: the events do not make one response.
            MalformedStream: an event is not what the API promises.
        """
        try:
            data: dict[str, Any] = event.__dict__
            kind = data.get("type")
            self.sequence_number = data.get("sequence_number", self.sequence_number)
            hand = self._hands.get(kind)
            if hand is not None and self._response is not None:
                return hand(event, data)
            if kind in _LIFECYCLE:
                self._lifecycle(kind, data)
            elif kind == "error":
                self.last = data
            elif self._response is None:
                raise incoherent(_begins(kind), event)
            return event
        except MISREAD as failure:
            refuse_event(event, failure)

    @property
    def response_id(self) -> str | None:
        """The response's id; `None` before its first event."""
        return None if self._response is None else self._response.get("id")

    @property
    def background(self) -> bool | None:
        """Whether the response runs in the background; `None` before its first event, or where the server does not say."""
        return None if self._response is None else self._response.get("background")

    @property
    def ended(self) -> bool:
        """Whether the terminal event came."""
        return self.last is not None and self.last.get("type") in _ENDS

    def snapshot(self) -> ParsedResponse[Any] | None:
        """A new response as it is now, not parsed; `None` before its first event."""
        from ..types.responses import ParsedResponse

        if self.completed is not None:
            return self.completed
        if self._response is None:
            return None
        output = [item.snapshot() for _, item in sorted(self._items.items())]
        return ParsedResponse[Any]._view({**copied(self._response), "output": output})

    # Lifecycle

    def _lifecycle(self, kind: str | None, data: dict[str, Any]) -> None:
        response = object_of(data.get("response"))
        self.last = data
        if self._response is None:
            if kind != "response.created":
                raise incoherent(_begins(kind), data)
            self._items = {index: _Item(item) for index, item in enumerate(entries_of(response.get("output")))}
        elif response.get("id") != self._response.get("id"):
            raise incoherent(
                f"the stream began with response {self._response.get('id')} and goes on with another", data
            )
        elif kind in {"response.queued", "response.in_progress", "response.created"}:
            self._replace(entries_of(response.get("output")))
            return
        self._response = response

    def _replace(self, output: list[dict[str, Any]]) -> None:
        """Items a lifecycle event tells anew take the place of their done forms."""
        for item in output:
            index = self._positions.get(identity_of(item))
            if index is not None:
                self._check(self._items[index].done or item, item)
                self._items[index].done = item

    @staticmethod
    def _check(earlier: dict[str, Any], later: dict[str, Any]) -> None:
        if identity_of(earlier) != identity_of(later) or not is_later_form(earlier, later):
            raise incoherent(f"item {earlier.get('id')} of the response turned into another, {later.get('id')}", later)

    def _completed(self, event: Any, data: dict[str, Any]) -> Any:
        self._lifecycle("response.completed", data)
        response = object_of(data.get("response"))
        final = {identity_of(item): item for item in entries_of(response.get("output"))}
        for item in self._items.values():
            last = final.get(identity_of(item.done or item.data))
            if last is not None:
                self._check(item.done or item.data, last)
            elif item.done is None:
                raise incoherent(f"the response was completed without its item {item.data.get('id')}", data)
        if response.get("output") is None:
            done = [item.done for _, item in sorted(self._items.items()) if item.done is not None]
            response = {**response, "output": [copied(item) for item in done]}
        self.completed = self._parser.parse(response)
        return ResponseCompletedEvent[Any]._view({**data, "response": self.completed})

    # Items and parts

    def _item(self, data: dict[str, Any]) -> _Item:
        try:
            return self._items[data["output_index"]]
        except KeyError:
            index = self._index_of(data.get("item_id")) if data.get("output_index") is None else None
        if index is None:
            raise incoherent(
                f"{data.get('type')} came for output index {data.get('output_index')} before its item", data
            )
        return self._items[index]

    def _index_of(self, name: str | None) -> int | None:
        """Where the item of this id is, for servers that tell no place."""
        for index, item in self._items.items():
            if name is not None and name in (item.data.get("id"), item.data.get("call_id")):
                return index
        return None

    def _place(self, data: dict[str, Any], item: dict[str, Any]) -> int:
        """The place of an item, told, or that of the same one, or the next."""
        index = data.get("output_index")
        if index is None:
            known = self._index_of(item.get("id") or item.get("call_id"))
            return max(self._items, default=-1) + 1 if known is None else known
        if not isinstance(index, int):
            raise TypeError(f"{type(index).__name__} is no index")
        return index

    def _item_added(self, event: Any, data: dict[str, Any]) -> Any:
        item = data_of(data.get("item"))
        if item is None:
            return None
        index = self._place(data, item)
        if index in self._items:
            raise incoherent(f"two items of the response came for output index {index}", data)
        self._items[index] = _Item(item)
        return event

    def _item_done(self, event: Any, data: dict[str, Any]) -> Any:
        item = data_of(data["item"])
        index = self._place(data, item)
        known = self._items.get(index)
        if known is None:
            known = self._items[index] = _Item(item)
        self._check(known.data, item)
        identity = identity_of(item)
        if self._positions.setdefault(identity, index) != index:
            raise incoherent(f"item {item.get('id')} of the response came at two output indexes", data)
        known.done = item
        return event

    def _part_added(self, event: Any, data: dict[str, Any]) -> Any:
        item = self._item(data)
        if item.data.get("type") == "message":
            item.add_part(data_of(data["part"]))
        return event

    # Deltas

    def _text_delta(self, event: Any, data: dict[str, Any]) -> Any:
        position: Any = data.get("content_index")
        text = self._item(data).text(position)
        delta = data["delta"]
        text.pieces.append(delta if delta.__class__ is str else text_of(delta))
        return ResponseTextDeltaEvent._later(data, text, len(text.pieces))

    def _refusal_delta(self, event: Any, data: dict[str, Any]) -> Any:
        texts, position = self._item(data).texts, cast("int", data["content_index"])
        if 0 <= position < len(texts):
            texts[position].pieces.append(text_of(data["delta"]))
        return event

    def _arguments_delta(self, event: Any, data: dict[str, Any]) -> Any:
        arguments = self._item(data).arguments
        delta = data["delta"]
        arguments.pieces.append(delta if delta.__class__ is str else text_of(delta))
        return ResponseFunctionCallArgumentsDeltaEvent._later(data, arguments, len(arguments.pieces))

    def _text_done(self, event: Any, data: dict[str, Any]) -> Any:
        phase = self._item(data).data.get("phase")
        return ResponseTextDoneEvent[Any]._view({**data, "parsed": self._parser.parse_text(data.get("text"), phase)})


def _begins(kind: object) -> str:
    return f"a stream of a response begins with response.created, not with {kind}"

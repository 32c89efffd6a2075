"""What an assistant's run looks like so far: events in, snapshots and notices out. Pure, one for both colours.

`Snapshots.accept(event)` brings the snapshots up to date and yields *notices*, the name of a handler's callback and its
arguments, each at the moment when the snapshots show what it speaks of. It must be read to its end.

A snapshot is a model over a dict of our own: the events stay as they were sent. Text grows in place, so that the cost of a
delta does not depend on how much came before it. Lists that a user has already read hold views instead of dicts; where an
entry is added to such a list its views are taken off again, and the next reader gets new ones over the same dicts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, cast

from ..core.mismatch import kind_of
from ..core.reference import caster_of
from ..core.shape import is_list
from ..core.view import View
from .flaw import MISREAD, incoherent, refuse_event

Notice = tuple[str, tuple[Any, ...]]

_STEP = "beta.threads.runs.run_step:RunStep"
_MESSAGE = "beta.threads.message:Message"

_RUN_SETTLED = frozenset(
    f"thread.run.{state}" for state in ("completed", "cancelled", "expired", "failed", "requires_action", "incomplete")
)
_RUN_MOVING = frozenset(f"thread.run.{state}" for state in ("created", "in_progress", "cancelling", "queued"))
_MESSAGE_DONE = frozenset(("thread.message.completed", "thread.message.incomplete"))
_STEP_DONE = frozenset(f"thread.run.step.{state}" for state in ("completed", "cancelled", "expired", "failed"))


def raw(value: Any) -> Any:
    """The dict under a view; anything else as it is."""
    return value.__dict__ if isinstance(value, View) else value


def plain(value: Any) -> Any:
    """A copy of JSON, views taken off."""
    value = raw(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return [plain(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def merge(whole: dict[str, Any], delta: dict[str, Any]) -> None:
    """Add a delta: text and numbers are added up, objects merged, list entries placed by their `index`."""
    for key, value in delta.items():
        new = raw(value)
        old = raw(whole.get(key))
        if old is None and _indexed(new):
            # One delta may hold several pieces of the same entry.
            entries: list[Any] = []
            whole[key] = entries
            merge_entries(entries, new)
        elif old is None or key in ("index", "type"):
            whole[key] = plain(new)
        elif isinstance(old, str) and isinstance(new, str):
            # With no other reference to it the text grows in place, which keeps long answers linear.
            whole[key] = None
            old += new
            whole[key] = old
        elif isinstance(old, dict) and isinstance(new, dict):
            merge(old, new)  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(old, list) and isinstance(new, list):
            merge_entries(old, new)  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(old, bool) and isinstance(new, bool):
            whole[key] = new
        elif isinstance(old, (int, float)) and isinstance(new, (int, float)):
            whole[key] = old + new
        elif new is not None:
            raise incoherent(f"{key} began as {kind_of(cast('object', old))} and goes on as {kind_of(new)}", whole)


def _indexed(value: Any) -> bool:
    return isinstance(value, list) and any("index" in raw(item) for item in value if isinstance(raw(item), dict))  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def merge_entries(entries: list[Any], delta: list[Any]) -> None:
    """Merge a list's delta: objects by their `index`, everything else at the end."""
    for item in map(raw, delta):
        if not isinstance(item, dict):
            entries.append(item)
            continue
        index = item.get("index")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        if isinstance(index, int) and 0 <= index < len(entries):
            known = raw(entries[index])
            if not isinstance(known, dict):
                raise incoherent(f"entry {index} began as {kind_of(known)} and goes on as dict", item)
            merge(known, item)  # pyright: ignore[reportUnknownArgumentType]
        else:
            entries[:] = [*map(raw, entries), plain(item)]


class Snapshots:
    """A run as its events have described it so far.

    Args:
        heard: the callbacks that somebody listens to; others are left out of the notices. `None` for all.
    """

    def __init__(self, heard: Collection[str] | None = None) -> None:
        self.heard = heard
        self.event: Any = None
        self.run: Any = None
        self.message: Any = None
        self.messages: dict[str, Any] = {}
        self.steps: dict[str, Any] = {}
        self._step_id: str | None = None
        self._content_index: int | None = None
        self._call_index: int | None = None
        self._call_step_id: str | None = None

    @property
    def step(self) -> Any:
        """The step that is being taken, or `None`."""
        return None if self._step_id is None else self.steps.get(self._step_id)

    def accept(self, event: Any) -> Iterator[Notice]:
        """Bring everything up to date; the notices in their order.

        Raises:
            MalformedStream: the event is not what the API promises, or, as `IncoherentStream`, contradicts the ones before.
        """
        try:
            yield from self._accept(event)
        except MISREAD as failure:
            refuse_event(event, failure)

    def _accept(self, event: Any) -> Iterator[Notice]:
        self.event = event
        if self._hears("on_event"):
            yield "on_event", (event,)
        name = event.event
        if name == "thread.message.delta":
            yield from self._message_delta(event)
        elif name == "thread.run.step.delta":
            yield from self._step_delta(event)
        elif name in _RUN_SETTLED:
            self.run = event.data
            yield from self._call_done()
        elif name in _RUN_MOVING:
            self.run = event.data
        elif name == "thread.message.created":
            _check_objects(raw(event.data).get("content"))
            self._keep_message(_own(event.data, _MESSAGE))
            self._content_index = None
            yield "on_message_created", (event.data,)
        elif name in _MESSAGE_DONE:
            yield from self._message_done(event.data)
        elif name == "thread.run.step.created":
            _check_objects(raw(raw(event.data).get("step_details") or {}).get("tool_calls"))
            self.steps[event.data.id] = _own(event.data, _STEP)
            self._step_id = event.data.id
            yield "on_run_step_created", (event.data,)
        elif name == "thread.run.step.in_progress":
            self._step_id = event.data.id
        elif name in _STEP_DONE:
            yield from self._step_done(event.data)
        self.event = None

    def _hears(self, name: str) -> bool:
        return self.heard is None or name in self.heard

    def _keep_message(self, message: Any) -> None:
        self.message = message
        self.messages[message.id] = message

    # Messages

    def _message_delta(self, event: Any) -> Iterator[Notice]:
        message = self.message
        if message is None:
            raise incoherent("a message's delta came before the message was created", event)
        delta = raw(raw(raw(event)["data"])["delta"])
        parts: list[Any] = delta.get("content") or []
        content: Any = raw(message).get("content")
        if content is None:
            content = raw(message)["content"] = []
        known = len(content)
        merge_entries(content, parts)
        for index in range(known, len(content)):
            if raw(content[index]).get("type") == "text":
                yield "on_text_created", (message.content[index].text,)
        for position, part in enumerate(parts):
            yield from self._part_delta(event, position, raw(part))
        if self._hears("on_message_delta"):
            yield "on_message_delta", (event.data.delta, message)

    def _part_delta(self, event: Any, position: int, part: dict[str, Any]) -> Iterator[Notice]:
        index = part["index"]
        _check_place(index, self.message.content, "content", event)
        if part.get("type") == "text" and part.get("text") and self._hears("on_text_delta"):
            yield "on_text_delta", (event.data.delta.content[position].text, self.message.content[index].text)
        if index != self._content_index:
            yield from self._content_done(self.message)
            self._content_index = index

    def _content_done(self, message: Any) -> Iterator[Notice]:
        content: list[Any] = message.content or []
        if self._content_index is None or self._content_index >= len(content):
            return
        block = content[self._content_index]
        if block.type == "text":
            yield "on_text_done", (block.text,)
        elif block.type == "image_file":
            yield "on_image_file_done", (block.image_file,)

    def _message_done(self, message: Any) -> Iterator[Notice]:
        self._keep_message(message)
        yield from self._content_done(message)
        yield "on_message_done", (message,)

    # Steps and their tool calls

    def _step_delta(self, event: Any) -> Iterator[Notice]:
        data = raw(raw(event)["data"])
        step = self.steps.get(data["id"])
        if step is None:
            raise incoherent("a run step's delta came before the step was created", event)
        delta = raw(data["delta"])
        merge(raw(step), delta)
        details: dict[str, Any] = raw(delta.get("step_details")) or {}
        if details.get("type") == "tool_calls":
            calls: list[Any] = details.get("tool_calls") or []
            for position, call in enumerate(calls):
                yield from self._call_delta(event, step, position, raw(call)["index"])
        if self._hears("on_run_step_delta"):
            yield "on_run_step_delta", (event.data.delta, step)

    def _call_delta(self, event: Any, step: Any, position: int, index: int) -> Iterator[Notice]:
        _check_place(index, step.step_details.tool_calls, "tool call", event)
        if index != self._call_index or step.id != self._call_step_id:
            yield from self._call_done()
            self._call_index, self._call_step_id = index, step.id
            yield "on_tool_call_created", (step.step_details.tool_calls[index],)
        elif self._hears("on_tool_call_delta"):
            calls = event.data.delta.step_details.tool_calls
            yield "on_tool_call_delta", (calls[position], step.step_details.tool_calls[index])

    def _call_done(self) -> Iterator[Notice]:
        index, step_id = self._call_index, self._call_step_id
        if index is None or step_id is None:
            return
        self._call_index = self._call_step_id = None
        yield "on_tool_call_done", (self.steps[step_id].step_details.tool_calls[index],)

    def _step_done(self, step: Any) -> Iterator[Notice]:
        yield from self._call_done()
        self.steps[step.id] = step
        yield "on_run_step_done", (step,)
        self._step_id = None


def _check_objects(entries: Any) -> None:
    """What deltas will be merged into must be a list of objects, or not be there."""
    if entries is not None and not is_list(entries):
        raise TypeError(f"{kind_of(entries)} is no list")
    for entry in entries or ():
        if not isinstance(raw(entry), dict):
            raise TypeError(f"{kind_of(entry)} is no object")


def _check_place(index: Any, entries: list[Any], what: str, event: Any) -> None:
    if index.__class__ is not int or not 0 <= index < len(entries):
        raise incoherent(f"a delta came for {what} {index!r}, where there are {len(entries)}", event)


def _own(model: Any, reference: str) -> Any:
    """A model of the same kind over a copy of the data."""
    return caster_of(reference)(plain(model))

"""Who wants to hear of which event: handlers by event type, in the order they came.

Two names are special: "event" hears every event, and an "error" that nobody hears is raised.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, NamedTuple, Self, overload

from ..errors import OpenAIError

Handler = Callable[..., Any]
Decorator = Callable[[Handler], Handler]


class _Entry(NamedTuple):
    handler: Handler
    once: bool


class Listeners:
    """Handlers by event type. Safe to change from any thread, also while events are dispatched."""

    __slots__ = ("_entries", "_lock")

    def __init__(self) -> None:
        self._entries: dict[str, list[_Entry]] = {}
        self._lock = Lock()

    def add(self, event_type: str, handler: Handler, *, once: bool = False) -> None:
        """Let the handler hear of events of this type; adding it twice calls it twice."""
        with self._lock:
            self._entries.setdefault(event_type, []).append(_Entry(handler, once))

    def remove(self, event_type: str, handler: Handler) -> None:
        """Take the handler's first entry away; nothing happens where there is none."""
        with self._lock:
            entries = self._entries.get(event_type, [])
            for position, entry in enumerate(entries):
                if entry.handler == handler:
                    del entries[position]
                    break

    def take(self, event_type: str) -> list[Handler]:
        """The handlers of a type as they stand now; those for one event only are gone afterwards."""
        with self._lock:
            entries = self._entries.get(event_type)
            if not entries:
                return []
            self._entries[event_type] = [entry for entry in entries if not entry.once]
            return [entry.handler for entry in entries]

    def move_to(self, other: Listeners) -> None:
        """Hand every handler over."""
        with self._lock:
            entries, self._entries = self._entries, {}
        for event_type, waiting in entries.items():
            for entry in waiting:
                other.add(event_type, entry.handler, once=entry.once)

    def for_event(self, event: Any) -> list[Handler]:
        """Who is to be called for an event, its own handlers before those of every event.

        Raises:
            OpenAIError: an "error" event that nobody listens to.
        """
        event_type = type_of(event)
        handlers = self.take(event_type) + self.take("event")
        if event_type == "error" and not handlers:
            raise OpenAIError(f"WebSocket error: {event}")
        return handlers


class Listening:
    """Something that handlers can be registered with."""

    _listeners: Listeners

    @overload
    def on(self, event_type: str, handler: Handler) -> Self: ...
    @overload
    def on(self, event_type: str, handler: None = None) -> Decorator: ...
    def on(self, event_type: str, handler: Handler | None = None) -> Self | Decorator:
        """Call the handler for each event of this type ("event": for every event); without one, a decorator."""
        return self._register(event_type, handler, once=False)

    @overload
    def once(self, event_type: str, handler: Handler) -> Self: ...
    @overload
    def once(self, event_type: str, handler: None = None) -> Decorator: ...
    def once(self, event_type: str, handler: Handler | None = None) -> Self | Decorator:
        """As `on`, for the next such event only."""
        return self._register(event_type, handler, once=True)

    def off(self, event_type: str, handler: Handler) -> Self:
        """Take a handler away again."""
        self._listeners.remove(event_type, handler)
        return self

    def _register(self, event_type: str, handler: Handler | None, *, once: bool) -> Self | Decorator:
        if handler is not None:
            self._listeners.add(event_type, handler, once=once)
            return self

        def decorator(function: Handler) -> Handler:
            self._listeners.add(event_type, function, once=once)
            return function

        return decorator


def type_of(event: Any) -> str:
    """The `type` of an event, be it a model or plain JSON; empty where it has none."""
    found: object = event.get("type") if isinstance(event, dict) else getattr(event, "type", None)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return found if isinstance(found, str) else ""

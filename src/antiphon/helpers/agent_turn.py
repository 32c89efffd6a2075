"""The turn an input starts: which events are new, which one ends it, and which tool calls have a handler. Pure.

An input gets no turn id back, so the turn is told by order: the first one created after the input that is not a subagent's.
It is over when the session fails, or is idle after that turn ended; an idle event before that belongs to the past.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from copy import deepcopy
from typing import Any, NamedTuple

_RECENT = 1024
"""How many event ids are remembered, to drop what is delivered twice."""

_TURN_ENDED = frozenset(f"agent.session.turn.{state}" for state in ("completed", "failed", "cancelled"))


def input_event(input: str | Iterable[Any]) -> dict[str, Any]:
    """The event that gives an agent its input.

    Raises:
        ValueError: it is empty.
    """
    messages = (
        [{"role": "user", "content": [{"type": "input_text", "text": input}]}]
        if isinstance(input, str)
        else list(input)
    )
    if not input or not messages:
        raise ValueError("input must not be empty; pass a text or messages")
    return {"type": "agent.session.input.message", "input": messages}


class PendingCall(NamedTuple):
    """A tool call that a handler will take, as it was when its event came."""

    session_id: str
    call: Any


class Calls:
    """Which function calls are to be handled: each once, by name."""

    def __init__(self, handled: Collection[str]) -> None:
        self._handled = handled
        self._seen: set[tuple[str, str]] = set()

    def pending(self, event: Any) -> PendingCall | None:
        """The call in an event, where there is one that has a handler and was not seen before."""
        if event.__dict__.get("type") != "agent.session.turn.item.added" or event.item.type != "function_call":
            return None
        call = event.item
        key = (call.turn_id, call.call_id)
        if call.name not in self._handled or key in self._seen:
            return None
        self._seen.add(key)
        # The user gets the event before the handler gets the call, and may change it.
        return PendingCall(event.session_id, deepcopy(call))


class Turn:
    """Follows one turn through the session's events."""

    def __init__(self) -> None:
        self.turn_id: str | None = None
        self._ended = False
        self._known: set[str] = set()
        self._order: deque[str] = deque()

    def is_new(self, event: Any) -> bool:
        """Take note of an event; `False` where it was delivered before."""
        facts: dict[str, Any] = event.__dict__
        name, kind = facts.get("event_id"), facts.get("type")
        if name is not None:
            # What has no id cannot be known again, and counts.
            if name in self._known:
                return False
            if len(self._order) == _RECENT:
                self._known.discard(self._order.popleft())
            self._order.append(name)
            self._known.add(name)
        if kind == "agent.session.turn.created":
            if self.turn_id is None and event.turn.subagent_id is None:
                self.turn_id = event.turn_id
        elif kind in _TURN_ENDED and self.turn_id is not None and event.turn_id == self.turn_id:
            self._ended = True
        return True

    def is_last(self, event: Any) -> bool:
        """Whether this event, already noted, is the turn's last."""
        kind = event.__dict__.get("type")
        return kind == "agent.session.failed" or (kind == "agent.session.idle" and self._ended)

"""A ticket: what goes with a request into a blocking transport, for whoever may lose interest in it or wants to be woken meanwhile.

Knows no clock: the time now is an argument.
"""

from __future__ import annotations

from collections.abc import Callable

TICK = 0.025
"""Seconds between two looks at a ticket, where nothing else would wake whoever waits."""


class Ticket:
    """Goes with a request; `withdrawn`, from whichever thread, once nobody wants the answer any more.

    It may carry an alarm, which the thread rings that waits for the answer, in the midst of its wait and once.

    >>> ticket = Ticket(due=5.0, ring=lambda: print("late"))
    >>> ticket.look(4.0)
    >>> ticket.look(5.0)
    late

    Args:
        due: the monotonic time at which to ring, or `None`.
        ring: what is called then.

    Attributes:
        due: as above; `None` once it has rung or was disarmed.
        withdrawn: whether the wait is to end.
    """

    __slots__ = ("_ring", "due", "withdrawn")

    def __init__(self, due: float | None = None, ring: Callable[[], None] | None = None) -> None:
        self.due = due
        self.withdrawn = False
        self._ring = ring

    def look(self, now: float) -> None:
        """Ring if the time has come."""
        if self.due is not None and now >= self.due:
            ring = self._ring
            self.disarm()
            if ring is not None:
                ring()

    def disarm(self) -> None:
        """Ring no more, and let go of what would have been called: a connection may keep the ticket for long."""
        self.due = self._ring = None

    def rest(self, now: float) -> float:
        """Seconds until it should be looked at again: when it rings, or else a tick later."""
        return TICK if self.due is None else max(self.due - now, 0.0)

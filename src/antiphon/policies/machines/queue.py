"""Requests that wait for room, first come, first served. Knows the order and the sums; no clock, and no limit's arithmetic."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TypeAlias

from ...core.signal import Signal

Units: TypeAlias = tuple[float, float, float, float]
"""What a request takes: requests, tokens, images, input tokens."""
WAITING, GRANTED, GONE = 0, 1, 2


class Ticket:
    """One request's place, and what it took.

    Attributes:
        units: what it needs.
        state: waiting, granted, or gone (as it is before it came).
        number: its place in the order of sending, once granted.
        mark: tokens of all granted up to this one.
        due: when the first in line means to look again; `inf` for those behind, who are woken.
        until: how long it can wait at most.
        signal: wakes whoever waits for it.
    """

    due: float
    signal: Signal | None
    __slots__ = ("due", "mark", "number", "signal", "state", "units", "until")

    def __init__(self, units: Units, until: float) -> None:
        self.units = units
        self.until = until
        self.state = GONE
        self.number = 0
        self.mark = 0.0

    def wake(self) -> None:
        """Have whoever waits look again."""
        if self.signal is not None:
            self.signal.set()


class Queue:
    """Tickets in order. Who leaves is skipped when its turn comes."""

    __slots__ = ("_tickets", "length", "units")

    def __init__(self) -> None:
        self._tickets: deque[Ticket] = deque()
        self.length = 0
        self.units = [0.0, 0.0, 0.0, 0.0]

    def add(self, ticket: Ticket) -> None:
        """Stand at the end."""
        ticket.state = WAITING
        ticket.due = float("inf")
        ticket.signal = None
        self._tickets.append(ticket)
        self._count(ticket, 1)

    @property
    def head(self) -> Ticket | None:
        """Whose turn is next."""
        tickets = self._tickets
        while tickets and tickets[0].state is not WAITING:
            tickets.popleft()
        return tickets[0] if tickets else None

    def first(self, many: int) -> Iterator[Ticket]:
        """The first few that wait."""
        for ticket in list(self._tickets)[:many]:
            if ticket.state is WAITING:
                yield ticket

    def leave(self, ticket: Ticket, state: int) -> None:
        """A ticket waits no more: it was granted, or is gone."""
        ticket.state = state
        self._count(ticket, -1)
        if not self.length:
            self._tickets.clear()
            self.units = [0.0, 0.0, 0.0, 0.0]  # no rounding errors are kept

    def _count(self, ticket: Ticket, sign: int) -> None:
        self.length += sign
        for kind, units in enumerate(ticket.units):
            self.units[kind] += sign * units

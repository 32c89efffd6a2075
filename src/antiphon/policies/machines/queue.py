"""Requests that wait for room, first come, first served. Knows the order and the sums; no clock, and no limit's arithmetic."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import TypeAlias

import msgspec

from ...core.signal import Signal

Units: TypeAlias = tuple[float, float, float, float]
"""What a request takes: requests, tokens, images, input tokens."""
WAITING, GRANTED, GONE = 0, 1, 2
_KEPT = 64
"""How many that are gone are kept besides those who wait, before they are cleared away."""


class Ticket(msgspec.Struct, eq=False):
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

    units: Units
    until: float
    state: int = GONE
    number: int = 0
    mark: float = 0.0
    due: float = float("inf")
    signal: Signal | None = None

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
        requests, tokens, images, given = ticket.units
        units, never = self.units, float("inf")
        self._tickets.append(ticket)
        # From here on nothing is called: a signal handler, which may raise after any call, finds it counted or gone.
        ticket.state, ticket.due, ticket.signal = WAITING, never, None
        self.length += 1
        units[0] += requests
        units[1] += tokens
        units[2] += images
        units[3] += given

    @property
    def head(self) -> Ticket | None:
        """Whose turn is next."""
        tickets = self._tickets
        while tickets and tickets[0].state is not WAITING:
            tickets.popleft()
        return tickets[0] if tickets else None

    def first(self, many: int) -> Iterator[Ticket]:
        """The first few that wait."""
        waiting = (ticket for ticket in self._tickets if ticket.state is WAITING)
        for ticket in list(islice(waiting, many)):
            if ticket.state is WAITING:
                yield ticket

    def leave(self, ticket: Ticket, state: int) -> None:
        """A ticket waits no more: it was granted, or is gone."""
        requests, tokens, images, given = ticket.units
        units = self.units
        ticket.state = state
        self.length -= 1
        units[0] -= requests
        units[1] -= tokens
        units[2] -= images
        units[3] -= given
        if not self.length:
            self._tickets.clear()
            self.units = [0.0, 0.0, 0.0, 0.0]  # no rounding errors are kept
        elif len(self._tickets) > 2 * self.length + _KEPT:
            self._tickets = deque(each for each in self._tickets if each.state is WAITING)

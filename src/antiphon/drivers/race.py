"""Two flows of which the first to return wins, for the blocking driver over a transport of ours: no thread before there are two.

The first flow runs in the caller's own thread, and so does the clock: the ticket that goes with its request carries an alarm,
which the transport rings in the midst of whatever it waits for. It starts the second flow, in a thread. Whichever returns first
has the other's exchange cut short, so that the caller's thread comes back from its wait, or the second one ends.

An alarm that comes due while the flow does anything else, such as asking a function for a key, rings when that is over. What
is raised there and is no error of a call, by a signal's handler above all, ends both at once; it is never taken for a lost race.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Any

from ..core.effects import Race
from ..core.ticket import Ticket
from ..steady import monotonic
from .runner import Cut, Run, Runner

_PATIENCE = 1.0
"""Seconds for which the wait is one system call: on Windows, Ctrl-C is heard between two of them only."""


def race(run: Run, effect: Race[Any], cut: Cut) -> Any:
    """What the first flow to return gives.

    Args:
        run: runs a flow to its end, with a ticket for what it sends.
        effect: the two.
        cut: ends what was sent with a ticket.
    """
    return _Heat(run, effect, cut).decide()


class _Heat:
    """One race."""

    def __init__(self, run: Run, effect: Race[Any], cut: Cut) -> None:
        self._run = run
        self._effect = effect
        self._cut = cut
        self._first = Runner(effect.first, Ticket(monotonic() + effect.delay, self._begin))
        self._second: Runner | None = None
        self._second_is_over = False
        self._winner: Runner | None = None
        self._lock = Lock()
        self._news: SimpleQueue[None] = SimpleQueue()

    def decide(self) -> Any:
        first, winner = self._first, None
        try:
            first.go(self._run)
            first.ticket.disarm()
            second = self._second
            winner = first if second is None else self._outcome(second)
            if winner is not None and winner.returned:
                return winner.result
            # Under no name: an exception that its own frame holds is left to the collector.
            raise first.failed(None if second is None else second.failure)
        finally:
            first.ticket.disarm()
            for each in (first, self._second):
                if each is not None and each is not winner:
                    each.withdraw(self._cut)

    def _outcome(self, second: Runner) -> Runner | None:
        """Who has won, once that is clear: whoever was the first to be fit, or else returned at all."""
        first = self._first
        if first.returned and self._effect.fit(first.result):
            with self._lock:
                self._winner = self._winner or first
        while self._winner is None and not self._second_is_over:
            with suppress(Empty):
                self._news.get(timeout=_PATIENCE)
        return self._winner or next((each for each in (first, second) if each.returned), None)

    def _begin(self) -> None:
        """The first is late. Called in its thread, by whatever it waits in."""
        self._second = second = Runner(self._effect.second(), Ticket())
        if not second.start(self._run, partial(self._overtake, second)):
            self._second = None
            second.unbegun()

    def _overtake(self, second: Runner) -> None:
        """The second has come to its end. Called in its own thread."""
        first = self._first
        fit = second.returned and self._effect.fit(second.result)
        with self._lock:
            self._second_is_over = True
            if fit and self._winner is None:
                self._winner = second
                first.ticket.withdrawn = True
        if self._winner is second:
            self._cut(first.ticket)
        self._news.put(None)

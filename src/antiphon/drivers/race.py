"""Two flows of which the first to return wins, for the blocking driver: each in a thread, for as long as the race lasts.

A call that hangs in a socket ends when its connection is cut, which a transport of ours can do from another thread. What cannot
be cut (a borrowed transport, a user's function) ends at its next effect, and nobody waits for it, not even the interpreter when
it exits. So the winner's answer is there at once, and so is Ctrl-C.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from contextvars import copy_context
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from time import monotonic
from typing import Any

from ..core.effects import Race
from ..core.reply import Reply
from ..core.ticket import Ticket
from .blocking import discard
from .crew import Halted

Flow = Coroutine[Any, Any, Any]
Run = Callable[[Any, Ticket], Any]
Cut = Callable[[Ticket], None]
_PATIENCE = 1.0
"""Seconds for which the wait is one system call: on Windows, Ctrl-C is heard between two of them only."""


class Runner:
    """A flow on a leash: once its ticket is withdrawn it ends at its next effect, and its result is let go.

    Args:
        flow: what runs.
    """

    def __init__(self, flow: Flow) -> None:
        self.ticket = Ticket()
        self.done = False
        self.result: Any = None
        self.failure: BaseException | None = None
        self._flow = flow
        self._lock = Lock()

    def send(self, value: Any) -> Any:
        """As a coroutine's."""
        return self._flow.throw(Halted()) if self.ticket.withdrawn else self._flow.send(value)

    def throw(self, failure: BaseException) -> Any:
        """As a coroutine's."""
        return self._flow.throw(Halted() if self.ticket.withdrawn else failure)

    def start(self, run: Run, ended: SimpleQueue[None]) -> bool:
        """Have it run in a thread; whether one was to be had."""
        thread = Thread(target=copy_context().run, args=(self._work, run, ended), daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no more threads, or the interpreter is about to exit
            return False
        return True

    def _work(self, run: Run, ended: SimpleQueue[None]) -> None:
        result = None
        try:
            result = run(self, self.ticket)
        except BaseException as flaw:
            self.failure = flaw
        with self._lock:
            wanted = not self.ticket.withdrawn
            if wanted:
                self.done, self.result = True, result
        if wanted:
            ended.put(None)
        else:
            drop(result)

    def withdraw(self, cut: Cut | None) -> None:
        """End it: nobody wants its result."""
        with self._lock:
            self.ticket.withdrawn = True
            result, self.result = self.result, None
        if cut is not None:
            cut(self.ticket)
        drop(result)

    def unbegun(self) -> None:
        """Close a flow that no thread was to be had for."""
        self._flow.close()

    @property
    def returned(self) -> bool:
        """Whether it came to a result."""
        return self.done and self.failure is None


def race(run: Run, effect: Race[Any], cut: Cut | None) -> Any:
    """What the first flow to return gives.

    Args:
        run: runs a flow to its end, with a ticket for what it sends.
        effect: the two.
        cut: ends what was sent with a ticket, if the transport can.
    """
    ended: SimpleQueue[None] = SimpleQueue()
    runners = [Runner(effect.first)]
    if not runners[0].start(run, ended):
        return run(runners[0], runners[0].ticket)
    winner: Runner | None = None
    until: float | None = monotonic() + effect.delay
    try:
        while winner is None and not all(each.done for each in runners):
            left = _PATIENCE if until is None else until - monotonic()
            if left <= 0:
                until = None
                if not runners[0].done:
                    runners.append(Runner(effect.second()))
                    if not runners[1].start(run, ended):
                        runners.pop().unbegun()
                continue
            with suppress(Empty):
                ended.get(timeout=min(left, _PATIENCE))
            winner = next((each for each in runners if each.returned and effect.fit(each.result)), None)
        winner = winner or next((each for each in runners if each.returned), None)
    finally:
        _withdraw((each for each in runners if each is not winner), cut)
    if winner is not None:
        return winner.result
    # Under no name: an exception that its own frame holds is left to the collector.
    raise _failure(runners.pop(0))


def _withdraw(losers: Iterable[Runner], cut: Cut | None) -> None:
    for each in losers:
        each.withdraw(cut)


def _failure(runner: Runner) -> BaseException:
    failure, runner.failure = runner.failure, None
    assert failure is not None
    return failure


def drop(result: Any) -> None:
    """Let go of what a flow answered: a reply, or a tuple that holds one."""
    for each in result if isinstance(result, tuple) else (result,):  # pyright: ignore[reportUnknownVariableType]
        if isinstance(each, Reply):
            discard(each)

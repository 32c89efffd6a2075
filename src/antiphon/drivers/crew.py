"""Several flows at once for the blocking driver, each in a thread.

A call that hangs cannot be interrupted from another thread. So when a signal's handler raises in the thread that waits, flows
that have not begun are closed, and those under way have half a second to come to their end, lest work that is all but done be
lost. What is not over then ends at its next effect, and nobody waits for it, not even the interpreter when it exits. An
ordinary failure waits for what is under way, as the asyncio driver does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any

from ..steady import monotonic

Flow = Coroutine[Any, Any, Any]
_GRACE = 0.5
"""Seconds that flows under way have, once the thread that waits was interrupted."""
_PATIENCE = 1.0
"""Seconds for which the wait is one system call: on Windows, Ctrl-C is heard between two of them only."""


class Halted(BaseException):
    """Thrown into a flow whose result nobody waits for any more."""


class _Leash:
    """A flow that ends at its next effect once its crew was called off."""

    def __init__(self, flow: Flow, off: Event) -> None:
        self._flow = flow
        self._off = off

    def send(self, value: Any) -> Any:
        return self._flow.throw(Halted()) if self._off.is_set() else self._flow.send(value)

    def throw(self, failure: BaseException) -> Any:
        return self._flow.throw(Halted() if self._off.is_set() else failure)


def gather(run: Callable[[Any], Any], flows: list[Flow], limit: int) -> list[Any]:
    """The results of all flows, in order.

    Args:
        run: runs one flow to its end.
        flows: what is to be run.
        limit: how many at a time.

    Raises:
        BaseException: what the first flow that failed raised; the ones that had not begun are closed.
    """
    waiting, results, failures = deque(enumerate(flows)), [None] * len(flows), dict[int, BaseException]()
    off, ended = Event(), SimpleQueue[None]()

    def begin() -> tuple[int, Flow] | None:
        with suppress(IndexError):
            return waiting.popleft()
        return None

    def work() -> None:
        while not failures and (next_one := begin()) is not None:
            number, flow = next_one
            try:
                results[number] = run(_Leash(flow, off))
            except BaseException as failure:
                failures[number] = failure
        ended.put(None)

    crew = [Thread(target=work, daemon=True) for _ in range(min(limit, len(flows)))]
    left = len(crew)
    try:
        for thread in crew:
            thread.start()
        while left:
            with suppress(Empty):
                ended.get(timeout=_PATIENCE)
                left -= 1
    except BaseException:
        _close(begin)
        until = monotonic() + _GRACE
        try:
            for thread in crew:
                if thread.ident is not None:
                    thread.join(max(until - monotonic(), 0))
        finally:
            off.set()
        raise
    finally:
        _close(begin)
    if failures:
        raise failures[min(failures)]
    return results


def _close(begin: Callable[[], tuple[int, Flow] | None]) -> None:
    """Close what has not begun."""
    while (unbegun := begin()) is not None:
        unbegun[1].close()

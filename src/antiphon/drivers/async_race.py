"""Two flows of which the first to return wins, for the asyncio driver: no task before there are two.

The first flow runs in the caller's own task; a timer of the loop starts the second, in a task. Where the second wins, the first
is ended as `asyncio.timeout` ends what takes too long: the caller's task is cancelled, and exactly that cancellation is taken
back. One from outside, at the same moment or any other, is never lost.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from ..core.effects import Race
from .runner import drop, is_no_answer, telling
from .waiting import running_trio

Flow = Coroutine[Any, Any, Any]
Run = Callable[[Flow], Flow]
_FIRST, _SECOND = 0, 1


async def race(run: Run, effect: Race[Any]) -> Any:
    """What the first flow to return gives; the other one is cancelled, and over when this returns.

    On trio there is no race: the first flow runs alone.

    Args:
        run: runs a flow to its end.
        effect: the two.
    """
    task = None if running_trio() is not None else asyncio.current_task()
    if task is None:
        return await run(effect.first)
    return await _Heat(run, effect, task).decide()


class _Heat:
    """One race."""

    def __init__(self, run: Run, effect: Race[Any], task: asyncio.Task[Any]) -> None:
        self._run = run
        self._effect = effect
        self._task = task
        self._cancelling = task.cancelling()
        self._cut = False
        self._running = True
        self._over = False
        self._flow: Flow | None = None
        self._second: asyncio.Task[None] | None = None
        self._answers: dict[int, Any] = {}
        self._failures: dict[int, BaseException] = {}
        self._winner: int | None = None

    async def decide(self) -> Any:
        timer = asyncio.get_running_loop().call_later(self._effect.delay, self._begin)
        try:
            await self._go_first()
            timer.cancel()
            if self._winner is None and self._second is not None:
                await asyncio.wait([self._second])
            if self._answers:
                await self._end()
                return self._answers.pop(min(self._answers) if self._winner is None else self._winner)
            # Under no name: an exception that its own frame holds is left to the collector.
            raise telling(self._failures.pop(_FIRST), self._failures.pop(_SECOND, None))
        except GeneratorExit:  # garbage of a loop that was closed: nothing can be waited for
            self._abandon()
            raise
        finally:
            timer.cancel()
            self._over = True
            for answer in self._answers.values():
                drop(answer)
            self._answers.clear()
            self._failures.clear()
            await self._end()

    async def _go_first(self) -> None:
        try:
            answer = await self._run(self._effect.first)
        except asyncio.CancelledError:
            if self._is_cancelled():
                raise
        except Exception as failure:
            self._is_cancelled()
            if not self._cut and is_no_answer(failure):
                raise
            self._failures[_FIRST] = failure
        else:
            self._is_cancelled()
            self._returned(_FIRST, answer)

    def _is_cancelled(self) -> bool:
        """Whether the task is cancelled by somebody else; a cancellation of ours is taken back."""
        self._running = False
        return not self._cut or self._task.uncancel() > self._cancelling

    def _begin(self) -> None:
        """The first is late."""
        if self._task.cancelling() == self._cancelling:
            self._flow = self._effect.second()
            self._second = self._task.get_loop().create_task(self._go_second(self._flow))

    async def _go_second(self, flow: Flow) -> None:
        try:
            answer = await self._run(flow)
        except BaseException as failure:
            if not self._over:
                self._failures[_SECOND] = failure
            if not isinstance(failure, Exception):
                raise
        else:
            self._returned(_SECOND, answer)

    def _returned(self, number: int, answer: Any) -> None:
        if self._over:
            drop(answer)
            return
        self._answers[number] = answer
        if self._winner is None and self._effect.fit(answer):
            self._winner = number
            if self._running and number == _SECOND and self._task.cancelling() == self._cancelling:
                self._cut = self._task.cancel()

    async def _end(self) -> None:
        """Have the second flow end: nothing runs on behind the caller's back."""
        if self._second is not None and not self._second.done():
            self._second.cancel()
            await asyncio.wait([self._second])
        # A task that was cancelled before its first step has not begun its flow, and nobody else will.
        if self._flow is not None and inspect.getcoroutinestate(self._flow) == inspect.CORO_CREATED:
            self._flow.close()

    def _abandon(self) -> None:
        second, self._second = self._second, None
        if second is not None:
            with suppress(RuntimeError):
                second.cancel()

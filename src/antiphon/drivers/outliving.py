"""Running, under asyncio, what several wait for: it goes on where the one who began it is cancelled, and ends with the last."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from ..core.effects import Outlive
from .waiting import running_trio

R = TypeVar("R")


async def outlive(run: Callable[[Coroutine[Any, Any, R]], Coroutine[Any, Any, R]], effect: Outlive[R]) -> R:
    """Run the effect's flow in a task of its own, until it is over or abandoned.

    From the beginning, and not only once somebody joins: what has been begun in one task cannot go on in another, since a
    cancellation ends the very future it waits for, and bounds of time belong to the task that they were set in.
    """
    if running_trio() is not None:  # where no task can outlive the one that made it
        try:
            return await run(effect.flow)
        finally:
            effect.ended()
    loop = asyncio.get_running_loop()
    task = loop.create_task(run(effect.flow))

    def abandon() -> None:
        with suppress(RuntimeError):  # that loop has ended, and its tasks with it
            loop.call_soon_threadsafe(task.cancel)

    def over(_: object) -> None:
        if not task.cancelled():
            task.exception()  # whoever still waits hears of it; if nobody does, asyncio need not speak of it
        effect.abandoned.forget(abandon)
        if inspect.getcoroutinestate(effect.flow) == inspect.CORO_CREATED:
            effect.flow.close()  # it was cancelled before its first step
        effect.ended()

    effect.lost, effect.carried = loop.is_closed, True
    task.add_done_callback(over)
    effect.abandoned.listen(abandon)  # which also holds the task, as long as anybody waits for it
    return await asyncio.shield(task)

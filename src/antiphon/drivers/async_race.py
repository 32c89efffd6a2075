"""Two flows of which the first to return wins, for the asyncio driver: each a task, for as long as the race lasts."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from typing import Any

from ..core.effects import Race
from .race import drop
from .waiting import running_trio

Flow = Coroutine[Any, Any, Any]


async def race(run: Callable[[Flow], Flow], effect: Race[Any]) -> Any:
    """What the first flow to return gives; the other one is cancelled, and over when this returns.

    On trio there is no race: the first flow runs alone.

    Args:
        run: runs a flow to its end.
        effect: the two.
    """
    if running_trio() is not None:
        return await run(effect.first)
    flows = [effect.first]
    tasks = [asyncio.ensure_future(run(effect.first))]
    winner: asyncio.Future[Any] | None = None
    try:
        await asyncio.wait(tasks, timeout=effect.delay)
        if not tasks[0].done():
            flows.append(effect.second())
            tasks.append(asyncio.ensure_future(run(flows[1])))
        while winner is None:
            returned = [task for task in tasks if task.done() and _failure(task) is None]
            winner = next((task for task in returned if effect.fit(task.result())), None)
            if winner is None and all(task.done() for task in tasks):
                if not returned:
                    # Under no name: an exception that its own frame holds is left to the collector.
                    return tasks.pop(0).result()
                winner = returned[0]
            if winner is None:
                await asyncio.wait([task for task in tasks if not task.done()], return_when=asyncio.FIRST_COMPLETED)
        return winner.result()
    finally:
        losers = [task for task in tasks if task is not winner]
        for task in losers:
            task.cancel()
        if losers:
            # Nothing runs on behind the caller's back.
            await asyncio.wait(losers)
        for task in losers:
            if not task.cancelled() and task.exception() is None:
                drop(task.result())
        # A task that was cancelled before its first step has not begun its flow, and nobody else will.
        for flow in flows:
            if inspect.getcoroutinestate(flow) == inspect.CORO_CREATED:
                flow.close()


def _failure(task: asyncio.Future[Any]) -> BaseException | None:
    return asyncio.CancelledError() if task.cancelled() else task.exception()

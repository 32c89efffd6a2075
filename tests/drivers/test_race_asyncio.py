"""Races in the caller's task: no other before there are two, and a cancellation from outside is never taken for our own."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from antiphon.core.effects import Invoke, Send
from antiphon.core.reply import Reply
from antiphon.drivers.asynchronous import AsyncDriver

from .racing import TICK, after, answered, failure, never, on_asyncio, racing, reply, request


def perform(flow: Any) -> Coroutine[Any, Any, Any]:
    return AsyncDriver(answered, None).run(flow)  # type: ignore[arg-type]


def begun(whole: Callable[[], Coroutine[Any, Any, Any]]) -> int:
    """How many tasks were begun within one."""
    made: list[Any] = []

    def factory(loop: Any, flow: Any, **options: Any) -> asyncio.Task[Any]:
        made.append(flow)
        return asyncio.Task(flow, loop=loop, **options)

    async def counted() -> int:
        asyncio.get_running_loop().set_task_factory(factory)
        await whole()
        return len(made)

    return asyncio.run(counted())


def test_one_that_is_in_time_begins_no_task() -> None:
    async def whole() -> None:
        for _ in range(100):
            assert await perform(racing(after(0, "first"), never, 50)) == "first"
        with pytest.raises(RuntimeError):
            await perform(racing(after(0, RuntimeError()), never, 50))

    assert begun(whole) == 0


def test_one_that_is_late_begins_one_task() -> None:
    assert begun(lambda: perform(racing(after(20, "first"), lambda: after(1, "second"), 1))) == 1


def test_the_first_runs_in_the_callers_task() -> None:
    async def who() -> Any:
        await Send(request(2))
        return await Invoke(lambda: id(asyncio.current_task()))

    async def whole() -> None:
        mine = id(asyncio.current_task())
        assert await perform(racing(who(), never, 50)) == mine
        assert await perform(racing(who(), lambda: after(50, "second"), 1)) == mine
        assert await perform(racing(after(50, "first"), who, 1)) != mine

    asyncio.run(whole())


async def cancelled_after(ticks: float, flow: Any) -> asyncio.Task[Any]:
    """A race in a task that is cancelled, which is all that is left to see."""
    task = asyncio.ensure_future(perform(flow))
    await asyncio.sleep(ticks * TICK)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == {asyncio.current_task()}
    return task


@pytest.mark.parametrize(("ticks", "ended"), [(0, ["a"]), (1, ["a"]), (5, ["a", "b"])])
def test_a_cancelled_task_ends_all_that_has_begun(ticks: float, ended: list[str]) -> None:
    log: list[str] = []
    flow = racing(after(200, 1, log, "a"), lambda: after(200, 2, log, "b"), 3)
    asyncio.run(cancelled_after(ticks, flow))
    assert sorted(log) == [f"{name} CancelledError" for name in ended]
    gc.collect()


def test_a_task_that_is_cancelled_while_the_second_is_waited_for_ends_that() -> None:
    log: list[str] = []
    flow = racing(after(2, failure("first")), lambda: after(200, 2, log, "b"), 1)
    asyncio.run(cancelled_after(4, flow))
    assert log == ["b CancelledError"]


@pytest.mark.parametrize("before", [True, False])
def test_a_cancellation_in_the_moment_in_which_the_second_wins_is_not_lost(before: bool) -> None:
    """The second's last step cancels the caller's task, and so does somebody else, just before or just after it."""
    answer = reply()

    async def whole() -> None:
        def cancel() -> None:
            task.cancel("from outside")

        async def second() -> Reply:
            await Send(request(1))
            if before:
                cancel()
            else:
                asyncio.get_running_loop().call_soon(cancel)
            return answer

        task = asyncio.ensure_future(perform(racing(after(200, "first"), second, 1)))
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelling() == 1
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(whole())
    assert answer.body is not None
    assert answer.body.closed  # type: ignore[attr-defined]


def test_a_cancellation_while_the_first_is_being_ended_is_not_lost() -> None:
    async def whole() -> None:
        async def slow() -> None:
            try:
                await Send(request(200))
            finally:
                await Send(request(5))

        task = asyncio.ensure_future(perform(racing(slow(), lambda: after(1, "second"), 1)))
        await asyncio.sleep(4 * TICK)
        assert task.cancelling() == 1  # our own
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelling() == 1

    asyncio.run(whole())


def test_a_cancellation_while_the_loser_ends_lets_the_answer_go() -> None:
    answer = reply()

    async def whole() -> None:
        async def first() -> Reply:
            await Send(request(2))
            return answer

        async def slow() -> None:
            try:
                await Send(request(200))
            finally:
                await Send(request(5))

        await cancelled_after(4, racing(first(), slow, 1))

    asyncio.run(whole())
    assert answer.body is not None
    assert answer.body.closed  # type: ignore[attr-defined]


def test_a_bound_of_time_around_it_is_kept() -> None:
    async def whole() -> None:
        for ticks in (1, 4):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(ticks * TICK):
                    await perform(racing(after(200, 1), lambda: after(200, 2), 2))
        async with asyncio.timeout(200 * TICK):
            assert await perform(racing(after(400, 1), lambda: after(1, "second"), 1)) == "second"

    asyncio.run(whole())


def test_a_bound_of_time_within_a_flow_is_not_taken_for_ours() -> None:
    async def bounded() -> Any:
        async def wait() -> None:
            async with asyncio.timeout(2 * TICK):
                await asyncio.sleep(10)

        return await Invoke(wait)

    async def whole() -> None:
        with pytest.raises(TimeoutError):
            await perform(racing(bounded(), lambda: after(3, failure("second")), 1))

    asyncio.run(whole())


def test_a_group_around_it_ends_it() -> None:
    async def whole() -> None:
        async def fail() -> None:
            await asyncio.sleep(2 * TICK)
            raise KeyError

        with pytest.raises(ExceptionGroup) as caught:
            async with asyncio.TaskGroup() as group:
                group.create_task(fail())
                await perform(racing(after(200, 1), lambda: after(200, 2), 1))
        assert caught.group_contains(KeyError)

    asyncio.run(whole())


def test_a_flow_that_will_not_be_cancelled_has_lost_all_the_same() -> None:
    late = reply()

    async def stubborn() -> Reply:
        try:
            await Send(request(200))
        except asyncio.CancelledError:
            await Send(request(1))
        return late

    assert on_asyncio(racing(stubborn(), lambda: after(1, "second"), 1)) == "second"
    assert late.body is not None
    assert late.body.closed  # type: ignore[attr-defined]
    late.body.closed = False  # type: ignore[attr-defined]
    assert on_asyncio(racing(after(2, "first"), stubborn, 1)) == "first"
    assert late.body.closed  # type: ignore[attr-defined]


def test_a_closed_loop_leaves_garbage_that_says_nothing() -> None:
    loop = asyncio.new_event_loop()
    task = loop.create_task(perform(racing(after(200, 1), lambda: after(200, 2), 1)))
    loop.call_later(4 * TICK, loop.stop)
    loop.run_forever()
    left: list[Any] = [*asyncio.all_tasks(loop)]
    assert len(left) == 2
    while left:
        left.pop()._log_destroy_pending = False
    loop.close()
    del task
    gc.collect()

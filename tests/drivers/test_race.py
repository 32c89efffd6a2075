"""Two flows, of which the first to return wins: the same in three drivers."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Callable, Coroutine
from queue import SimpleQueue
from typing import Any

import pytest

from antiphon.core.effects import Invoke, Race, Send, Sleep
from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.core.timeout import Timeout
from antiphon.core.url import Origin
from antiphon.drivers.asynchronous import AsyncDriver
from antiphon.drivers.blocking import BlockingDriver
from antiphon.drivers.race import Runner
from antiphon.drivers.virtual import Cancelled, VirtualDriver

TICK = 0.03
Flow = Coroutine[Any, Any, Any]


class Body:
    """Says whether it was closed."""

    closed = False

    def close(self) -> None:
        self.closed = True


def reply() -> Reply:
    request = Request("GET", Origin("http", "x", 80), "/", Headers(), None, Timeout(1.0))
    return Reply(200, Headers(), request, body=Body())  # type: ignore[arg-type]


async def after(ticks: float, outcome: Any, log: list[str] | None = None, name: str = "") -> Any:
    try:
        await Sleep(ticks * TICK)
    except BaseException as end:
        if log is not None:
            log.append(f"{name} {type(end).__name__}")
        raise
    if log is not None:
        log.append(name)
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


async def racing(first: Flow, second: Callable[[], Flow], ticks: float) -> Any:
    return await Race(first, second, ticks * TICK, lambda result: result != "poor")


def never() -> Flow:
    raise AssertionError("the second was begun")


def blocking(flow: Flow) -> Any:
    return BlockingDriver(None, None).run(flow)  # type: ignore[arg-type]


def on_asyncio(flow: Flow) -> Any:
    async def whole() -> Any:
        try:
            return await AsyncDriver(None, None).run(flow)  # type: ignore[arg-type]
        finally:
            assert asyncio.all_tasks() == {asyncio.current_task()}

    return asyncio.run(whole())


def virtually(flow: Flow) -> Any:
    return VirtualDriver(lambda request, now: (0.0, reply())).perform(flow)


DRIVERS = pytest.mark.parametrize("run", [blocking, on_asyncio, virtually])


@DRIVERS
def test_who_is_in_time_runs_alone(run: Any) -> None:
    assert run(racing(after(1, "first"), never, 50)) == "first"


@DRIVERS
def test_the_second_begins_when_the_first_is_late_and_may_win(run: Any) -> None:
    log: list[str] = []
    assert run(racing(after(20, "first", log, "a"), lambda: after(1, "second", log, "b"), 1)) == "second"
    assert log[0] == "b"
    assert "a" not in log


@DRIVERS
def test_the_first_may_win_yet(run: Any) -> None:
    assert run(racing(after(3, "first"), lambda: after(50, "second"), 1)) == "first"


@DRIVERS
def test_a_failure_in_time_is_raised_and_nothing_else_begins(run: Any) -> None:
    with pytest.raises(KeyError, match="first"):
        run(racing(after(1, KeyError("first")), never, 50))


@DRIVERS
@pytest.mark.parametrize("late", [1, 2])
def test_who_fails_leaves_the_other_its_time(run: Any, late: int) -> None:
    flows = [(2, KeyError("failed")), (6, "came")]
    first, second = flows if late == 1 else flows[::-1]
    assert run(racing(after(*first), lambda: after(*second), 1)) == "came"


@DRIVERS
def test_a_poor_answer_is_taken_where_there_is_no_other(run: Any) -> None:
    assert run(racing(after(1, "poor"), never, 50)) == "poor"
    assert run(racing(after(2, "poor"), lambda: after(3, "good"), 1)) == "good"
    assert run(racing(after(5, "good"), lambda: after(2, "poor"), 1)) == "good"
    assert run(racing(after(5, KeyError("first")), lambda: after(1, "poor"), 1)) == "poor"


@DRIVERS
def test_where_both_fail_the_first_ones_failure_is_raised(run: Any) -> None:
    with pytest.raises(KeyError, match="first"):
        run(racing(after(6, KeyError("first")), lambda: after(1, ValueError("second")), 1))


@pytest.mark.parametrize("before", [True, False])
def test_an_answer_that_nobody_wants_any_more_is_let_go(before: bool) -> None:
    answer, body, ended = reply(), Body(), SimpleQueue[None]()
    answer.body = body  # type: ignore[assignment]
    runner = Runner(after(0, None))

    def run(flow: Any, ticket: Any) -> Any:
        if before:
            runner.withdraw(None)
        return ("second", answer)

    assert runner.start(run, ended)
    if not before:
        ended.get(timeout=10)
        assert runner.returned
        runner.withdraw(None)
    until = time.monotonic() + 10
    while not body.closed and time.monotonic() < until:
        time.sleep(0.001)
    assert body.closed
    runner.unbegun()


def test_two_answers_at_once_are_one_and_the_other_is_let_go() -> None:
    async def whole() -> tuple[Reply, list[Reply]]:
        gate, answers = asyncio.Event(), [reply(), reply()]

        async def wait(number: int) -> Reply:
            await Invoke(gate.wait)
            return answers[number]

        asyncio.get_running_loop().call_later(3 * TICK, gate.set)
        flow = racing(wait(0), lambda: wait(1), 1)
        return await AsyncDriver(None, None).run(flow), answers  # type: ignore[arg-type]

    won, answers = asyncio.run(whole())
    assert won is answers[0]
    assert [each.body.closed for each in answers] == [False, True]  # type: ignore[union-attr]


@DRIVERS
def test_nothing_is_left_behind(run: Any) -> None:
    before = threading.active_count()
    for _ in range(3):
        run(racing(after(4, "first"), lambda: after(1, "second"), 1))
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(TICK)
    assert threading.active_count() <= before
    gc.collect()  # a coroutine that nobody awaited would speak now


def test_a_cancelled_task_ends_both() -> None:
    log: list[str] = []

    async def whole() -> None:
        flow = racing(after(200, 1, log, "a"), lambda: after(200, 2, log, "b"), 1)
        task = asyncio.ensure_future(AsyncDriver(None, None).run(flow))  # type: ignore[arg-type]
        await asyncio.sleep(3 * TICK)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(whole())
    assert sorted(log) == ["a CancelledError", "b CancelledError"]


def test_cancelled_before_its_first_step_leaves_no_flow_unbegun() -> None:
    async def whole() -> None:
        task = asyncio.ensure_future(AsyncDriver(None, None).run(racing(after(200, 1), never, 1)))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(whole())
    gc.collect()


def test_virtual_cancelling_ends_both() -> None:
    log: list[str] = []
    driver = VirtualDriver(lambda request, now: (0.0, reply()))
    run = driver.start(racing(after(200, 1, log, "a"), lambda: after(200, 2, log, "b"), 1))
    driver.run(until=10 * TICK)
    run.cancel()
    driver.run()
    assert isinstance(run.failure, Cancelled)
    assert sorted(log) == ["a Cancelled", "b Cancelled"]


def test_a_blocking_race_cuts_what_the_loser_waits_for() -> None:
    """The transport is told with whose ticket the exchange was begun."""
    cut = threading.Event()
    requests: list[Any] = []

    class Transport:
        def send(self, request: Request, ticket: Any = None) -> Reply:
            requests.append(ticket)
            assert cut.wait(10), "it was not cut"
            assert ticket.withdrawn
            raise ConnectionError("cut")

        def cut(self, ticket: Any) -> None:
            if ticket in requests:
                cut.set()

    async def hang() -> Any:
        return await Send(reply().request)

    driver = BlockingDriver(Transport().send, None)  # type: ignore[arg-type]
    assert driver.run(racing(hang(), lambda: after(0, "second"), 1)) == "second"
    assert cut.is_set()


def test_where_no_thread_is_to_be_had_the_first_runs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    assert blocking(racing(after(1, "first"), never, 0)) == "first"

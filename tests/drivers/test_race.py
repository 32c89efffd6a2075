"""Two flows, of which the first to return wins: the same in all drivers."""

from __future__ import annotations

import _thread
import asyncio
import gc
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from antiphon.drivers.asynchronous import AsyncDriver
from antiphon.drivers.virtual import Cancelled, VirtualDriver
from antiphon.errors import APIConnectionError

from .racing import (
    DRIVERS,
    TICK,
    after,
    answered,
    assert_soon,
    blocking,
    failure,
    never,
    racing,
    reply,
    ringing,
    seconds,
)


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
    with pytest.raises(APIConnectionError, match="first"):
        run(racing(after(1, failure("first")), never, 50))


@DRIVERS
@pytest.mark.parametrize("late", [1, 2])
def test_who_fails_leaves_the_other_its_time(run: Any, late: int) -> None:
    flows = [(2, failure("failed")), (6, "came")]
    first, second = flows if late == 1 else flows[::-1]
    assert run(racing(after(*first), lambda: after(*second), 1)) == "came"


@DRIVERS
def test_a_mistake_in_the_firsts_own_code_ends_both_at_once(run: Any) -> None:
    log: list[str] = []
    with pytest.raises(ValueError, match="mine"):
        run(racing(after(3, ValueError("mine")), lambda: after(12, "came", log, "b"), 1))
    assert "b" not in log
    assert run(racing(after(9, ValueError("too late")), lambda: after(2, "came"), 1)) == "came"


@DRIVERS
def test_a_poor_answer_is_taken_where_there_is_no_other(run: Any) -> None:
    assert run(racing(after(1, "poor"), never, 50)) == "poor"
    assert run(racing(after(2, "poor"), lambda: after(3, "good"), 1)) == "good"
    assert run(racing(after(5, "good"), lambda: after(2, "poor"), 1)) == "good"
    assert run(racing(after(5, failure("first")), lambda: after(1, "poor"), 1)) == "poor"
    assert run(racing(after(2, "poor"), lambda: after(3, failure("second")), 1)) == "poor"


@DRIVERS
def test_where_both_fail_the_first_ones_failure_is_raised(run: Any) -> None:
    with pytest.raises(APIConnectionError, match="first"):
        run(racing(after(6, failure("first")), lambda: after(1, ValueError("second")), 1))


@DRIVERS
@pytest.mark.parametrize(
    ("first", "second", "told"), [("no", "no", "no"), ("no", "maybe", "maybe"), ("maybe", "no", "maybe")]
)
@pytest.mark.parametrize("late", [2, 6])
def test_an_error_says_that_either_request_may_have_been_sent(
    run: Any, first: str, second: str, told: str, late: int
) -> None:
    with pytest.raises(APIConnectionError, match="first") as caught:
        run(racing(after(late, failure("first", first)), lambda: after(3, failure("second", second)), 1))
    assert caught.value.sent == told


@DRIVERS
def test_a_lone_failure_says_of_its_own_request_whether_it_was_sent(run: Any) -> None:
    with pytest.raises(APIConnectionError) as caught:
        run(racing(after(1, failure("first", "no")), never, 50))
    assert caught.value.sent == "no"


def quietly(flow: Any) -> Any:
    """As `on_asyncio`; but what is raised goes no further, since asyncio's own frames hold it."""

    async def whole() -> None:
        with suppress(APIConnectionError):
            await AsyncDriver(answered, None).run(flow)  # type: ignore[arg-type]

    return asyncio.run(whole())


@pytest.mark.parametrize("run", [blocking, ringing, quietly])
def test_a_failure_is_not_held_by_a_frame_of_its_own(run: Any) -> None:
    """Only the collector could tell, so it is asked: nothing is left for it to find."""
    gc.collect()
    gc.disable()
    fails = partial(failure, "failed")
    try:
        for first, second in [(fails, fails), (fails, "came"), ("came", fails)]:
            with suppress(APIConnectionError):
                run(racing(after(4, first), partial(after, 2, second), 1))
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        assert not [each for each in gc.garbage if isinstance(each, APIConnectionError)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


@DRIVERS
def test_nothing_is_left_behind(run: Any) -> None:
    before = _thread._count()
    for _ in range(3):
        run(racing(after(4, "first"), lambda: after(1, "second"), 1))
    assert_soon(lambda: _thread._count() <= before)
    gc.collect()  # a coroutine that nobody awaited would speak now


def test_virtual_cancelling_ends_both() -> None:
    log: list[str] = []
    driver = VirtualDriver(lambda asked, now: (seconds(asked), reply(asked)))
    run = driver.start(racing(after(200, 1, log, "a"), lambda: after(200, 2, log, "b"), 1))
    driver.run(until=10 * TICK)
    run.cancel()
    driver.run()
    assert isinstance(run.failure, Cancelled)
    assert sorted(log) == ["a Cancelled", "b Cancelled"]

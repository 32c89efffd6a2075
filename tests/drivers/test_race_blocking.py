"""Races of blocking calls: who runs where, what wakes whom, and what an interruption leaves behind."""

from __future__ import annotations

import _thread
import gc
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from antiphon.core.effects import Invoke, Race, Send
from antiphon.core.ticket import Ticket
from antiphon.drivers.blocking import BlockingDriver
from antiphon.drivers.runner import Runner
from antiphon.errors import ClientClosed

from .racing import TICK, Flow, Wire, after, assert_soon, blocking, never, racing, reply, request, ringing


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What threads were begun with."""
    started: list[Any] = []
    start = _thread.start_new_thread

    def noted(*arguments: Any) -> int:
        started.append(arguments)
        return start(*arguments)

    monkeypatch.setattr(_thread, "start_new_thread", noted)
    monkeypatch.setattr(threading, "_start_new_thread", noted)
    return started


def driver(wire: Any) -> BlockingDriver:
    return BlockingDriver(wire.send, None)  # type: ignore[arg-type]


async def whereabouts() -> int:
    await Send(request(0))
    return threading.get_ident()


def test_the_first_runs_in_the_callers_thread_and_begins_no_other(begun: list[Any]) -> None:
    assert all(ringing(racing(whereabouts(), never, 50)) == threading.get_ident() for _ in range(100))
    assert begun == []


def test_one_that_is_late_begins_one_thread(begun: list[Any]) -> None:
    assert ringing(racing(after(20, "first"), whereabouts, 1)) != threading.get_ident()
    assert len(begun) == 1


def test_what_cannot_be_cut_begins_a_thread(begun: list[Any]) -> None:
    assert blocking(racing(whereabouts(), never, 50)) != threading.get_ident()
    assert len(begun) == 1


def test_a_winner_ends_the_others_wait_within_a_tick() -> None:
    began = time.monotonic()
    assert ringing(racing(after(1000, "first"), lambda: after(1, "second"), 1)) == "second"
    assert time.monotonic() - began < 200 * TICK


def test_the_loser_is_cut_with_its_own_ticket() -> None:
    wire, cuts = Wire(), list[Ticket]()
    cut = wire.cut

    def noted(ticket: Any) -> None:
        cuts.append(ticket)
        cut(ticket)

    wire.cut = noted  # type: ignore[method-assign]
    assert driver(wire).run(racing(after(4, "first"), lambda: after(1000, "second"), 1)) == "first"
    assert_soon(lambda: not wire.cuts)
    assert len(cuts) == 1
    assert cuts[0].withdrawn


def test_an_alarm_that_came_due_in_between_rings_at_the_next_effect() -> None:
    """While a function of the user's is asked, nobody watches the clock."""

    async def first() -> str:
        await Invoke(time.sleep, 3 * TICK)
        await Send(request(1000))
        return "first"

    assert ringing(racing(first(), lambda: after(1, "second"), 1)) == "second"


def test_one_that_has_lost_while_it_asked_a_function_goes_no_further() -> None:
    asked: list[str] = []

    async def first() -> str:
        await Send(request(2))
        await Invoke(lambda: (time.sleep(10 * TICK), asked.append("once")))
        asked.append("twice")
        return "first"

    assert ringing(racing(first(), lambda: after(3, "second"), 1)) == "second"
    assert asked == ["once"]


def test_an_answer_that_comes_too_late_is_let_go() -> None:
    """The first has its reply, and the second has won before anybody could tell it."""
    late = reply()

    class Slow(Wire):
        def send(self, asked: Any, ticket: Any = None) -> Any:
            if asked.target == "/5":
                assert_soon(lambda: (ticket.look(time.monotonic()), ticket.withdrawn)[1])
                return late
            return super().send(asked, ticket)

    async def first() -> Any:
        return await Send(request(5))

    assert driver(Slow()).run(racing(first(), lambda: after(1, "second"), 1)) == "second"
    assert late.body is not None
    assert late.body.closed  # type: ignore[attr-defined]


def test_the_winners_answer_stays_open() -> None:
    async def ask() -> Any:
        return await Send(request(2))

    for first in (ask, lambda: after(100, "first")):
        answer = ringing(racing(first(), ask, 1))
        assert not answer.body.closed


@pytest.mark.parametrize("before", [True, False])
def test_an_answer_that_nobody_wants_any_more_is_let_go(before: bool) -> None:
    answer, ended = reply(), threading.Event()
    runner = Runner(after(0, None), Ticket())

    def run(flow: Any, ticket: Any) -> Any:
        if before:
            runner.withdraw(None)
        return ("second", answer)

    assert runner.start(run, ended.set)
    if not before:
        assert ended.wait(10)
        assert runner.returned
        runner.withdraw(None)
    assert_soon(lambda: answer.body.closed)  # type: ignore[union-attr]
    runner.unbegun()


@pytest.mark.parametrize("run", [blocking, ringing])
def test_where_no_thread_is_to_be_had_the_first_runs_alone(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(_thread, "start_new_thread", refused)
    assert run(racing(after(3, "first"), lambda: after(1, "second"), 1)) == "first"
    gc.collect()


# -- interruptions -----------------------------------------------------------------------------------------------------


class Rung(Exception):
    """What a signal's handler may raise: an ordinary exception, as many a timeout does."""


class Interrupted(BaseException):
    """As a `KeyboardInterrupt`."""


@pytest.fixture
def alarm(request: pytest.FixtureRequest) -> Iterator[Callable[[float], None]]:
    kind = getattr(request, "param", Rung)

    def ring(*_: object) -> None:
        raise kind

    old = signal.signal(signal.SIGALRM, ring)
    yield lambda ticks: signal.setitimer(signal.ITIMER_REAL, ticks * TICK) and None
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, old)


def hangs(log: list[str], name: str) -> Flow:
    return after(1000, name, log, name)


@pytest.mark.parametrize("ticks", [1, 4])
def test_a_handler_that_raises_ends_both(alarm: Callable[[float], None], ticks: float) -> None:
    log: list[str] = []
    before = _thread._count()
    alarm(ticks)
    with pytest.raises(Rung):
        ringing(racing(hangs(log, "a"), lambda: hangs(log, "b"), 2))
    assert_soon(lambda: _thread._count() <= before)
    assert sorted(log) == ["a Rung", "b Halted"][: 1 if ticks == 1 else 2]


def test_a_handler_that_raises_while_the_second_is_waited_for(alarm: Callable[[float], None]) -> None:
    log: list[str] = []
    alarm(6)
    with pytest.raises(Rung):
        ringing(racing(after(3, ClientClosed("over")), lambda: hangs(log, "b"), 1))
    assert_soon(lambda: log == ["b Halted"])


def test_an_interruption_is_not_taken_for_a_lost_race() -> None:
    """It comes in the very moment in which the second wins."""

    class Struck(Wire):
        def send(self, asked: Any, ticket: Any = None) -> Any:
            try:
                return super().send(asked, ticket)
            except ClientClosed:
                raise KeyboardInterrupt from None

    with pytest.raises(KeyboardInterrupt):
        driver(Struck()).run(racing(after(1000, "first"), lambda: after(1, "second"), 1))


# A coroutine may be interrupted before anybody has hold of it, and a finalizer of Python's own too.
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("alarm", [Interrupted], indirect=True)
@pytest.mark.skipif(sys.gettrace() is not None, reason="one that raises in coverage's own code leaves its lock taken")
def test_handlers_that_raise_anywhere_leave_nothing_behind(alarm: Callable[[float], None]) -> None:
    """No thread, and no exchange under way."""
    wire, rung = Wire(), 0
    before = _thread._count()

    async def whole(number: int) -> Any:
        first, second = (3, 0.1) if number % 2 else (0.3, 3)
        return await Race(after(first / 10, 1), lambda: after(second / 10, 2), 0.1 * TICK / 10)

    for number in range(300):
        flow = whole(number)
        try:
            alarm(0.001 + (number * 7 % 100) / 600)
            driver(wire).run(flow)
            alarm(0)
        except Interrupted:
            rung += 1
        flow.close()
    alarm(0)
    gc.collect()
    assert rung > 30
    assert_soon(lambda: _thread._count() <= before)
    assert not wire.cuts

"""Flows that run aside: in every driver they begin, sleep, end with the client, and leave nothing behind."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from antiphon.core.effects import Aside, Send, Sleep, Spawn
from antiphon.core.signal import Signal
from antiphon.drivers.asynchronous import AsyncDriver
from antiphon.drivers.blocking import BlockingDriver
from antiphon.drivers.clock import SystemClock
from antiphon.drivers.virtual import VirtualDriver
from antiphon.errors import ClientClosed

from .test_drivers import REQUEST, reply


class Watch:
    """A flow that counts its rounds and says how it ended."""

    def __init__(self, seconds: float = 60.0) -> None:
        self.rounds = 0
        self.ended: str | None = None
        self.round_made, self.over = threading.Event(), threading.Event()
        self._seconds = seconds

    async def __call__(self) -> None:
        try:
            while True:
                await Send(REQUEST)
                self.rounds += 1
                self.round_made.set()
                await Sleep(self._seconds)
        except BaseException as failure:
            self.ended = type(failure).__name__
            raise
        finally:
            self.over.set()


async def begin(watch: Callable[[], Any]) -> Aside:
    aside: Aside = await Spawn(watch())
    return aside


def blocking(closing: Signal, send: Callable[[Any], Any] = lambda _: reply()) -> BlockingDriver:
    return BlockingDriver(send, lambda call: (None, reply()), SystemClock(), closing)


def asynchronous(closing: Signal) -> AsyncDriver:
    async def send(_: Any) -> Any:
        return reply()

    return AsyncDriver(send, send, SystemClock(), closing)


def test_a_thread_runs_aside_until_the_client_closes() -> None:
    closing, watch = Signal(), Watch()
    aside = blocking(closing).run(begin(watch))
    assert watch.round_made.wait(10)
    assert aside.alive
    closing.set()
    assert watch.over.wait(10)
    assert (watch.rounds, watch.ended) == (1, "Halted")
    aside._thread.join(10)
    assert not aside.alive
    assert not closing._wakes


def test_a_sleep_aside_is_a_sleep() -> None:
    closing, watch = Signal(), Watch(0.001)
    aside = blocking(closing).run(begin(watch))
    while watch.rounds < 3:
        assert aside.alive
    closing.set()
    assert watch.over.wait(10)


def test_a_thread_whose_client_was_closed_while_it_sent_ends_without_a_word() -> None:
    def closed(_: Any) -> Any:
        raise ClientClosed("closed")

    watch = Watch()
    aside = blocking(Signal(), closed).run(begin(watch))
    aside._thread.join(10)
    assert (watch.rounds, watch.ended, aside.alive) == (0, "ClientClosed", False)


def test_what_is_begun_after_the_end_does_nothing() -> None:
    closing, watch = Signal(), Watch()
    closing.set()
    aside = blocking(closing).run(begin(watch))
    aside._thread.join(10)
    assert (watch.rounds, watch.ended, aside.alive) == (0, None, False), "not even its first line is run"


def test_no_more_threads_is_no_failure_of_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert not blocking(Signal()).run(begin(Watch())).alive


def test_a_bug_aside_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: told.append(args.exc_type.__name__))

    async def wrong() -> None:
        raise ZeroDivisionError

    blocking(Signal()).run(begin(wrong))._thread.join(10)
    assert told == ["ZeroDivisionError"]


def test_a_task_runs_aside_until_the_client_closes() -> None:
    closing, watch = Signal(), Watch()

    async def main() -> None:
        aside = await asynchronous(closing).run(begin(watch))
        while not watch.rounds:
            await asyncio.sleep(0)
        assert aside.alive
        closing.set()
        while aside.alive:
            await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
    assert watch.ended == "Halted"
    assert not closing._wakes


def test_a_loop_that_ends_takes_the_task_along() -> None:
    watch = Watch()

    async def main() -> Aside:
        aside = await asynchronous(Signal()).run(begin(watch))
        await asyncio.sleep(0)
        return aside

    assert not asyncio.run(main()).alive
    assert watch.ended == "CancelledError"


def test_a_loop_that_ends_before_the_task_began_leaves_no_flow_open() -> None:
    async def main() -> Aside:
        return await asynchronous(Signal()).run(begin(Watch()))

    aside = asyncio.run(main())
    assert not aside.alive
    gc.collect()


def test_a_loop_that_is_closed_over_the_task_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    watch = Watch()

    def life() -> None:
        async def main() -> Aside:
            aside = await asynchronous(Signal()).run(begin(watch))
            while not watch.rounds:
                await asyncio.sleep(0)
            return aside

        loop = asyncio.new_event_loop()
        aside = loop.run_until_complete(main())
        assert aside.alive
        loop.close()
        assert not aside.alive

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        life()
        gc.collect()
    assert caplog.records == []
    assert watch.ended == "GeneratorExit"


def test_under_trio_it_is_a_task_of_the_system() -> None:
    trio = pytest.importorskip("trio")
    closing, watch = Signal(), Watch()

    async def main() -> None:
        aside = await asynchronous(closing).run(begin(watch))
        while not watch.rounds:
            await trio.sleep(0)
        assert aside.alive
        closing.set()
        while aside.alive:
            await trio.sleep(0.001)

    trio.run(main)
    assert watch.ended == "Halted"


def test_in_virtual_time_it_is_a_run_like_any_other() -> None:
    driver = VirtualDriver(lambda request, now: (0.5, reply()))
    watch = Watch(9.5)
    run = driver.start(begin(watch))
    driver.run(until=35.0)
    assert run.result is not None
    assert (watch.rounds, run.result.alive) == (4, True)
    driver.closing.set()
    assert (watch.ended, run.result.alive) == ("Cancelled", False)
    assert not driver.closing._wakes


def test_a_run_aside_that_comes_to_its_end_is_forgotten() -> None:
    driver = VirtualDriver(lambda request, now: (0.5, reply()))
    run = driver.start(begin(_once))
    driver.run()
    assert run.result is not None
    assert not run.result.alive
    assert not driver.closing._wakes


async def _once() -> None:
    await Sleep(1.0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_knows_that_the_thread_is_not_there() -> None:
    closing, watch = Signal(), Watch()
    aside = blocking(closing).run(begin(watch))
    assert watch.round_made.wait(10)
    child = os.fork()
    if not child:
        os._exit(aside.alive)
    assert os.waitpid(child, 0)[1] == 0
    assert aside.alive
    closing.set()
    assert watch.over.wait(10)

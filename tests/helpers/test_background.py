"""Responses in the background over the emulator, in both colours: waited for, cancelled, come back to, streamed."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from contextlib import contextmanager

import pytest

import antiphon
from antiphon.emulator.server import Emulator
from antiphon.emulator.setting import Setting
from antiphon.errors import BadRequestError, NotFoundError
from antiphon.helpers.background import AsyncBackground, Background

from .waiter import Asynchronous, Blocking, run, stream_of

ASKED = {"model": "gpt-5.5", "input": "Say: one two three"}


@contextmanager
def emulator(**setting):
    running = Emulator(Setting(**setting)).start()
    try:
        yield running.base_url
    finally:
        running.stop()


# Over the emulator, as a user would


def test_begin_wait_and_have_it(waiter):
    async def work(desk):
        job = await desk.create(**ASKED)
        assert job.response.status == "queued"
        assert not job.done
        assert job.id in repr(job.job if waiter is Blocking else job)
        done = await job.wait(poll_interval_ms=20, max_wait_seconds=60)
        assert done.output_text == "one two three"
        assert job.done
        assert (await job.wait()) is done
        again = desk.handle(job.id)
        assert again.response is None
        assert not again.done
        assert "not seen yet" in repr(again.job if waiter is Blocking else again)
        assert (await again.refresh()).status == "completed"

    with emulator(background_seconds=0.2) as url:
        run(waiter, url, work)


def test_cancel(waiter):
    async def work(desk):
        job = await desk.create(**ASKED)
        assert (await job.cancel()).status == "cancelled"
        assert (await job.wait()).status == "cancelled"
        assert (await desk.handle(job.id).wait()).status == "cancelled"

    with emulator(background_seconds=60) as url:
        run(waiter, url, work)


def test_what_is_left_by_an_exception_is_cancelled_and_what_is_left_in_order_runs_on(waiter):
    async def work(desk):
        with pytest.raises(KeyError):
            async with await desk.create(**ASKED) as job:
                raise KeyError
        assert (await desk.handle(job.id).refresh()).status == "cancelled"
        async with await desk.create(**ASKED) as job:
            pass
        assert (await desk.handle(job.id).refresh()).status in {"queued", "in_progress"}

    with emulator(background_seconds=60) as url:
        run(waiter, url, work)


def test_one_that_cannot_be_cancelled_does_not_hide_the_exception(waiter):
    async def work(desk):
        with pytest.raises(KeyError) as left:
            async with await desk.create(**ASKED) as job:
                await desk.handle(job.id).wait(poll_interval_ms=10)
                raise KeyError
        assert "could not be cancelled" in left.value.__notes__[0]
        with pytest.raises(BadRequestError):
            await job.cancel()

    with emulator(background_seconds=0.1) as url:
        run(waiter, url, work)


def test_too_late_it_goes_on_running(waiter):
    async def work(desk):
        job = await desk.create(**ASKED)
        with pytest.raises(TimeoutError, match=f"{job.id} was still queued after 0.05 seconds"):
            await job.wait(poll_interval_ms=10, max_wait_seconds=0.05)
        assert (await job.refresh()).status in {"queued", "in_progress"}

    with emulator(background_seconds=60) as url:
        run(waiter, url, work)


def test_nobody_knows_it(waiter):
    async def work(desk):
        with pytest.raises(NotFoundError):
            await desk.handle("resp_gone").wait()
        with pytest.raises(NotFoundError):
            await desk.streamed(lambda client: stream_of(client, "resp_gone"))

    with emulator() as url:
        run(waiter, url, work)


def test_a_stored_one_is_streamed_from_where_one_likes(waiter):
    async def work(desk):
        kind = AsyncBackground if waiter is Asynchronous else Background
        events, final = await desk.streamed(lambda client: kind.streaming(client, **ASKED))
        numbers = [event.sequence_number for event in events]
        rest, again = await desk.streamed(lambda client: stream_of(client, final.id, starting_after=4))
        assert [event.sequence_number for event in rest] == numbers[5:]
        assert again.output_text == final.output_text == "one two three"

    with emulator(background_seconds=0.1) as url:
        run(waiter, url, work)


@pytest.mark.parametrize("cut", ["truncate_sse=3;times=1", "reset=900;times=1"])
def test_a_stored_stream_that_breaks_is_taken_up(waiter, cut):
    async def work(desk):
        job = await desk.create(**ASKED)
        await job.wait(poll_interval_ms=10)
        whole, _ = await desk.streamed(lambda client: stream_of(client, job.id))
        fault = {"X-Antiphon-Fault": cut}
        events, final = await desk.streamed(lambda client: stream_of(client, job.id, extra_headers=fault))
        assert [event.to_dict() for event in events] == [event.to_dict() for event in whole]
        assert final.output_text == "one two three"

    with emulator(background_seconds=0.05) as url:
        run(waiter, url, work)


def test_a_task_that_is_cancelled_while_it_waits_cancels_the_response():
    async def work(desk):
        job = await desk.create(**ASKED)

        async def waits():
            async with job:
                await job.wait(poll_interval_ms=60_000)

        waiting = asyncio.ensure_future(waits())
        await asyncio.sleep(0.2)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert (await job.refresh()).status == "cancelled"

    with emulator(background_seconds=600) as url:
        run(Asynchronous, url, work)


def test_ctrl_c_while_it_waits_cancels_the_response():
    with emulator(background_seconds=600) as url, antiphon.OpenAI(api_key="sk-1", base_url=url, proxy=None) as client:
        job = Background.create(client, **ASKED)
        later = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
        later.start()
        with pytest.raises(KeyboardInterrupt), job:
            job.wait(poll_interval_ms=60_000)
        later.join()
        assert job.refresh().status == "cancelled"

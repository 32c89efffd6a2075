"""Responses in the background, in both colours: waited for through faults, cancelled, come back to, streamed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

import antiphon
from antiphon.core.effects import Now, PerformRaw, Random, Sleep
from antiphon.core.headers import Headers
from antiphon.emulator.server import Emulator
from antiphon.emulator.setting import Setting
from antiphon.errors import (
    APIConnectionError,
    BadRequestError,
    InternalServerError,
    NotFoundError,
    RateLimitError,
)
from antiphon.helpers.background import PATIENCE, AsyncBackground, Background, finished
from antiphon.helpers.resumption import backoff

from ..transports.rude import Rude, hang_up
from ..transports.rude import reply as rude_reply
from .conftest import plain, sse
from .recorded import message, message_events, response, response_events
from .test_resumption import restarted

ASKED = {"model": "gpt-5.5", "input": "Say: one two three"}


class Blocking:
    """A blocking client behind the awaits of the other colour, so that each test is written once."""

    def __init__(self, **options):
        self.client = antiphon.OpenAI(**options)

    async def create(self, **arguments):
        return Waiting(Background.create(self.client, **arguments))

    def handle(self, response):
        return Waiting(Background(self.client, response))

    async def streamed(self, manager_of):
        with manager_of(self.client) as stream:
            return list(stream), stream.get_final_response()

    async def close(self):
        self.client.close()


class Waiting:
    def __init__(self, job):
        self.job = job

    def __getattr__(self, name):
        value = getattr(self.job, name)
        if name not in ("wait", "cancel", "refresh"):
            return value

        async def call(**arguments):
            return value(**arguments)

        return call

    async def __aenter__(self):
        self.job.__enter__()
        return self

    async def __aexit__(self, *what):
        return self.job.__exit__(*what)


class Asynchronous:
    def __init__(self, **options):
        self.client = antiphon.AsyncOpenAI(**options)

    async def create(self, **arguments):
        return await AsyncBackground.create(self.client, **arguments)

    def handle(self, response):
        return AsyncBackground(self.client, response)

    async def streamed(self, manager_of):
        async with manager_of(self.client) as stream:
            return [event async for event in stream], await stream.get_final_response()

    async def close(self):
        await self.client.close()


@pytest.fixture(params=[Blocking, Asynchronous], ids=["sync", "async"])
def colour(request):
    return request.param


def run(colour, url, work, **options):
    async def main():
        desk = colour(**{"api_key": "sk-1", "base_url": url, "max_retries": 0, "proxy": None, **options})
        try:
            return await work(desk)
        finally:
            await desk.close()

    return asyncio.run(main())


@contextmanager
def emulator(**setting):
    running = Emulator(Setting(**setting)).start()
    try:
        yield running.base_url
    finally:
        running.stop()


# Over the emulator, as a user would


def test_begin_wait_and_have_it(colour):
    async def work(desk):
        job = await desk.create(**ASKED)
        assert job.response.status == "queued"
        assert not job.done
        assert job.id in repr(job.job if colour is Blocking else job)
        done = await job.wait(poll_interval_ms=20, max_wait_seconds=60)
        assert done.output_text == "one two three"
        assert job.done
        assert (await job.wait()) is done
        again = desk.handle(job.id)
        assert again.response is None
        assert not again.done
        assert "not seen yet" in repr(again.job if colour is Blocking else again)
        assert (await again.refresh()).status == "completed"

    with emulator(background_seconds=0.2) as url:
        run(colour, url, work)


def test_cancel(colour):
    async def work(desk):
        job = await desk.create(**ASKED)
        assert (await job.cancel()).status == "cancelled"
        assert (await job.wait()).status == "cancelled"
        assert (await desk.handle(job.id).wait()).status == "cancelled"

    with emulator(background_seconds=60) as url:
        run(colour, url, work)


def test_what_is_left_by_an_exception_is_cancelled_and_what_is_left_in_order_runs_on(colour):
    async def work(desk):
        with pytest.raises(KeyError):
            async with await desk.create(**ASKED) as job:
                raise KeyError
        assert (await desk.handle(job.id).refresh()).status == "cancelled"
        async with await desk.create(**ASKED) as job:
            pass
        assert (await desk.handle(job.id).refresh()).status in {"queued", "in_progress"}

    with emulator(background_seconds=60) as url:
        run(colour, url, work)


def test_one_that_cannot_be_cancelled_does_not_hide_the_exception(colour):
    async def work(desk):
        with pytest.raises(KeyError) as left:
            async with await desk.create(**ASKED) as job:
                await desk.handle(job.id).wait(poll_interval_ms=10)
                raise KeyError
        assert "could not be cancelled" in left.value.__notes__[0]
        with pytest.raises(BadRequestError):
            await job.cancel()

    with emulator(background_seconds=0.1) as url:
        run(colour, url, work)


def test_too_late_it_goes_on_running(colour):
    async def work(desk):
        job = await desk.create(**ASKED)
        with pytest.raises(TimeoutError, match=f"{job.id} was still queued after 0.05 seconds"):
            await job.wait(poll_interval_ms=10, max_wait_seconds=0.05)
        assert (await job.refresh()).status in {"queued", "in_progress"}

    with emulator(background_seconds=60) as url:
        run(colour, url, work)


def test_nobody_knows_it(colour):
    async def work(desk):
        with pytest.raises(NotFoundError):
            await desk.handle("resp_gone").wait()
        with pytest.raises(NotFoundError):
            await desk.streamed(lambda client: stream_of(client, "resp_gone"))

    with emulator() as url:
        run(colour, url, work)


def stream_of(client, id, **arguments):
    kind = AsyncBackground if isinstance(client, antiphon.AsyncOpenAI) else Background
    return kind(client, id).stream(**arguments)


def test_a_stored_one_is_streamed_from_where_one_likes(colour):
    async def work(desk):
        kind = AsyncBackground if colour is Asynchronous else Background
        events, final = await desk.streamed(lambda client: kind.streaming(client, **ASKED))
        numbers = [event.sequence_number for event in events]
        rest, again = await desk.streamed(lambda client: stream_of(client, final.id, starting_after=4))
        assert [event.sequence_number for event in rest] == numbers[5:]
        assert again.output_text == final.output_text == "one two three"

    with emulator(background_seconds=0.1) as url:
        run(colour, url, work)


@pytest.mark.parametrize("cut", ["truncate_sse=3;times=1", "reset=900;times=1"])
def test_a_stored_stream_that_breaks_is_taken_up(colour, cut):
    async def work(desk):
        job = await desk.create(**ASKED)
        await job.wait(poll_interval_ms=10)
        whole, _ = await desk.streamed(lambda client: stream_of(client, job.id))
        fault = {"X-Antiphon-Fault": cut}
        events, final = await desk.streamed(lambda client: stream_of(client, job.id, extra_headers=fault))
        assert [event.to_dict() for event in events] == [event.to_dict() for event in whole]
        assert final.output_text == "one two three"

    with emulator(background_seconds=0.05) as url:
        run(colour, url, work)


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


# Over a server with a script


def test_faults_between_the_looks_are_waited_out(colour, server, monkeypatch):
    monkeypatch.setattr("antiphon.helpers.resumption.FIRST_PAUSE", 0.001)
    busy = plain({"error": {"message": "busy"}})
    pending = plain(response([], status="in_progress"), openai_poll_after_ms="1")
    faults = [busy._replace(status=status) for status in (429, 500, 502, 503, 429)]
    server.answers = [pending, *faults, pending, *faults, plain(response([message("hi")]))]

    async def work(desk):
        assert (await desk.handle("resp_1").wait()).output_text == "hi"

    run(colour, server.url, work)
    assert len(server.asked) == 13
    assert {asked.headers["x-stainless-poll-helper"] for asked in server.asked} == {"true"}


def test_a_server_that_restarts_is_waited_for(colour, monkeypatch):
    monkeypatch.setattr("antiphon.helpers.resumption.FIRST_PAUSE", 0.1)
    pending = rude_reply(json.dumps(response([], status="in_progress")).encode(), 200, "openai-poll-after-ms: 1")
    first = Rude([pending, hang_up])

    async def work(desk):
        return await desk.handle("resp_1").wait()

    with ThreadPoolExecutor(1) as threads:
        with first:
            waited = threads.submit(run, colour, f"{first.url}/v1", work)
            assert first.wait_for(lambda: bool(first.requests))
        with restarted(first, rude_reply(json.dumps(response([message("hi")])).encode())):
            assert waited.result(30).output_text == "hi"


@pytest.mark.parametrize(
    ("status", "code", "kind", "looks"),
    [
        (500, None, InternalServerError, PATIENCE + 1),
        (429, None, RateLimitError, PATIENCE + 1),
        (429, "insufficient_quota", RateLimitError, 1),
        (400, None, BadRequestError, 1),
    ],
)
def test_faults_that_stay_end_the_wait(colour, server, monkeypatch, status, code, kind, looks):
    monkeypatch.setattr("antiphon.helpers.resumption.FIRST_PAUSE", 0.001)
    server.answers = [plain({"error": {"message": "no", "code": code}})._replace(status=status)]

    async def work(desk):
        with pytest.raises(kind):
            await desk.handle("resp_1").wait()

    run(colour, server.url, work)
    assert len(server.asked) == looks


def test_what_create_sends(colour, server):
    server.answers = [plain(response([], status="queued", background=True))]

    async def work(desk):
        await desk.create(model="m", input="i", extra_headers={"X-Mine": "1"}, extra_body={"more": 2}, timeout=5)
        with pytest.raises(ValueError, match="streaming"):
            await desk.create(model="m", input="i", stream=True)

    run(colour, server.url, work)
    assert server.asked[0].json == {"model": "m", "input": "i", "background": True, "more": 2}
    assert server.asked[0].headers["x-mine"] == "1"


def test_what_cannot_be_a_background_response(colour, server):
    async def work(desk):
        server.answers = [plain(response([], background=False))]
        made = desk.client.responses.create(model="m", input="i")
        with pytest.raises(ValueError, match="does not run in the background"):
            desk.handle(await made if colour is Asynchronous else made)
        with pytest.raises(ValueError, match="id"):
            desk.handle("")

    run(colour, server.url, work)


def test_cancelled_by_somebody_else_while_it_is_streamed(colour, server):
    events = response_events(message_events("Hello"), [message("Hello")], end="cancelled", background=True)
    server.answers = [sse(*events[:5]), sse(*events[5:])._replace(cut=True)]

    async def work(desk):
        with pytest.raises(RuntimeError, match=r"response\.cancelled"):
            await desk.streamed(lambda client: stream_of(client, "resp_1"))

    run(colour, server.url, work)
    assert len(server.asked) == 2


def test_a_stored_stream_without_resuming_is_the_plain_one(colour, server):
    server.answers = [sse(*response_events(message_events("Hello"), [message("Hello")])[:5])]

    async def work(desk):
        with pytest.raises(antiphon.APIError) as broken:
            await desk.streamed(lambda client: stream_of(client, "resp_1", resume=0))
        assert broken.value.sequence_number == 4

    run(colour, server.url, work)
    assert len(server.asked) == 1


# The flow, by hand


class Thing:
    def __init__(self, status):
        self.status = status


def by_hand(flow, answers, headers=None):
    """The pauses and the result; answers are statuses or failures."""
    answers, pauses, now = list(answers), [], 0.0
    try:
        effect = flow.send(None)
        while True:
            match effect:
                case Now():
                    effect = flow.send(now)
                case Random():
                    effect = flow.send(0.0)
                case Sleep(seconds=seconds):
                    pauses.append(seconds)
                    now += seconds
                    effect = flow.send(None)
                case PerformRaw():
                    answer = answers.pop(0)
                    if isinstance(answer, Exception):
                        effect = flow.throw(answer)
                    else:
                        reply = type("Reply", (), {"headers": Headers(headers or {})})
                        effect = flow.send((Thing(answer), reply))
    except StopIteration as end:
        return pauses, end.value.status


@pytest.mark.parametrize("final", ["completed", "failed", "incomplete", "cancelled", "a new state"])
def test_the_servers_hint_and_every_end(final):
    hinted = {"openai-poll-after-ms": "250"}
    assert by_hand(finished("r"), ["queued", "in_progress", final], hinted) == ([0.25, 0.25], final)
    assert by_hand(finished("r", 10), ["queued", final], hinted) == ([0.01], final)
    assert by_hand(finished("r"), ["queued", final]) == ([1.0], final)


def test_a_deadline_cuts_the_last_pause_and_bounds_faults_too():
    assert by_hand(finished("r", 1000, 2.5), ["queued"] * 3 + ["completed"]) == ([1.0, 1.0, 0.5], "completed")
    with pytest.raises(TimeoutError, match="still queued after"):
        by_hand(finished("r", 1000, 2.5), ["queued"] * 4)
    with pytest.raises(TimeoutError, match="still pending after"):
        by_hand(finished("r", 1000, 0.6), [APIConnectionError()] * 9)


def test_pauses_between_faults_grow_and_begin_anew():
    down = APIConnectionError()
    pauses, _ = by_hand(finished("r", 0), [down, down, "queued", down, "completed"])
    assert pauses == [backoff(1, 0.0), backoff(2, 0.0), 0.0, backoff(1, 0.0)]


@pytest.mark.parametrize("wait", [-1, float("inf"), float("nan")])
def test_an_impossible_wait(wait):
    with pytest.raises(ValueError, match="finite"):
        by_hand(finished("r", 1, wait), [])

"""Broken streams of background responses over real trouble: rude connections, restarts, Ctrl-C, the emulator."""

from __future__ import annotations

import asyncio
import gc
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import antiphon
from antiphon.errors import ReadTimeout
from antiphon.helpers.background import AsyncBackground, Background

from ..transports.rude import Rude, chunk, chunked_head, hang, hang_up, pause, reset
from .broken_stream import COLOURS, EVENTS, LAST, TEXT, assert_whole, restarted, sync, whole
from .conftest import sse

pytestmark = pytest.mark.usefixtures("no_pauses")


def frames(events):
    return [chunk(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode()) for e in events]


HEAD = chunked_head("Content-Type: text/event-stream")


def rest(peer):
    """The events after the one that the request names."""
    after = int(peer.server.requests[-1].target.partition("starting_after=")[2])
    peer.sock.sendall(b"".join([HEAD, *frames(EVENTS[after + 1 :]), chunk(b"")]))


@COLOURS
@pytest.mark.parametrize("end", [reset, hang_up, hang], ids=["reset", "hang up", "silence"])
def test_over_a_rude_connection(server, run, end):
    plainly = whole(run, server)
    # A reset may overtake what was sent before it, so there is a pause.
    with Rude([HEAD, *frames(EVENTS[:7]), pause(0.1), end], rest) as rude:
        seen = run(f"{rude.url}/v1", resume=1, timeout=0.5 if end is hang else 10)
        targets = [request.target for request in rude.requests]
    assert_whole(seen, plainly)
    assert len(targets) == 2


@COLOURS
def test_a_connection_that_ends_with_the_terminal_event(run):
    """The last event came whole; that the last chunk is missing is no loss."""
    whole_event = frames(EVENTS[-1:])[0]
    with Rude([HEAD, *frames(EVENTS), hang_up]) as rude:
        seen = run(f"{rude.url}/v1", resume=2)
        assert (seen.error, seen.numbers, len(rude.requests)) == (None, list(range(LAST + 1)), 1)
    with Rude([HEAD, *frames(EVENTS[:-1]), whole_event[: len(whole_event) // 2], hang_up], rest) as rude:
        seen = run(f"{rude.url}/v1", resume=2)
        assert (seen.error, seen.numbers, len(rude.requests)) == (None, list(range(LAST + 1)), 2)


@COLOURS
def test_without_resuming_silence_too_leaves_what_had_come(run):
    with Rude([HEAD, *frames(EVENTS[:6]), hang]) as rude:
        seen = run(f"{rude.url}/v1", resume=0, timeout=0.3)
    assert isinstance(seen.error, ReadTimeout)
    assert (seen.error.partial.output_text, seen.error.sequence_number) == (TEXT[:8], 5)


def test_leaving_while_it_pauses(server, monkeypatch):
    """A task that is cancelled between two connections ends at once, and asks nothing more."""
    monkeypatch.setattr("antiphon.helpers.resumption.FIRST_PAUSE", 60.0)
    monkeypatch.setattr("antiphon.helpers.resumption.LONGEST_PAUSE", 60.0)
    server.answers = [sse(*EVENTS[:6])]

    async def run():
        async with antiphon.AsyncOpenAI(api_key="sk-1", base_url=server.url, max_retries=0) as client:
            async with AsyncBackground.streaming(client, model="m", input="hi") as stream:
                for _ in range(6):
                    await anext(stream)
                waiting = asyncio.ensure_future(anext(stream))
                await asyncio.sleep(0.2)
                assert not waiting.done()
                waiting.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await waiting
                assert stream.current_response_snapshot.output_text == TEXT[:8]

    asyncio.run(asyncio.wait_for(run(), 30))
    assert len(server.asked) == 1


def test_ctrl_c_while_it_pauses(server, monkeypatch):
    from antiphon.drivers.clock import SYSTEM_CLOCK

    server.answers = [sse(*EVENTS[:6])]

    def interrupted(seconds):
        raise KeyboardInterrupt

    with antiphon.OpenAI(api_key="sk-1", base_url=server.url, max_retries=0) as client:
        with Background.streaming(client, model="m", input="hi") as stream:
            for _ in range(6):
                next(stream)
            monkeypatch.setattr(type(SYSTEM_CLOCK), "sleep", lambda self, seconds: interrupted(seconds))
            with pytest.raises(KeyboardInterrupt):
                next(stream)
            assert stream.current_response_snapshot.output_text == TEXT[:8]
    assert len(server.asked) == 1


@COLOURS
def test_a_server_that_restarts(server, run):
    """Connections are refused for a while; then a new server goes on where the old one was."""
    plainly = whole(run, server)
    first = Rude([HEAD, *frames(EVENTS[:8]), hang_up])
    with ThreadPoolExecutor(1) as threads:
        with first:
            streamed = threads.submit(run, f"{first.url}/v1", resume=30)
            assert first.wait_for(lambda: bool(first.requests))
            assert first.left()
        time.sleep(0.05)
        with restarted(first, rest) as second:
            assert_whole(streamed.result(30), plainly)
            assert second.requests[0].target == "/v1/responses/resp_1?stream=true&starting_after=7"


def test_an_async_stream_that_is_forgotten_is_closed_at_once():
    async def run(url, resume):
        async with antiphon.AsyncOpenAI(api_key="sk-1", base_url=url, max_retries=0) as client:
            manager = AsyncBackground.streaming(client, model="m", input="hi", resume=resume)
            stream = await manager.__aenter__()
            for _ in range(9):
                await anext(stream)
            gc.disable()
            try:
                del manager, stream
                await asyncio.sleep(0)
                return await asyncio.to_thread(rude.left, resume)
            finally:
                gc.enable()

    with Rude([HEAD, *frames(EVENTS[:7]), hang_up], [HEAD, *frames(EVENTS[7:-1]), hang]) as rude:
        assert asyncio.run(run(f"{rude.url}/v1", 1))
    with Rude([HEAD, *frames(EVENTS[:-1]), hang]) as rude:
        assert asyncio.run(run(f"{rude.url}/v1", 0))


# The emulator, as a user would


@COLOURS
def test_against_the_emulator(run):
    from antiphon.emulator.server import Emulator

    async def asynchronous(client, resume):
        async with client, AsyncBackground.streaming(client, **asked, resume=resume) as stream:
            return [event.sequence_number async for event in stream], await stream.get_final_response()

    def blocking(client, resume):
        with client, Background.streaming(client, **asked, resume=resume) as stream:
            return [event.sequence_number for event in stream], stream.get_final_response()

    emulator = Emulator().start()
    cut = {"X-Antiphon-Fault": "truncate_sse=4;times=1"}
    asked = {"model": "gpt-5.5", "input": "Say: one two three four five six", "extra_headers": cut}
    options = {"api_key": "sk-1", "base_url": emulator.base_url, "proxy": None}
    try:
        if run is sync:
            numbers, final = blocking(antiphon.OpenAI(**options), 3)
        else:
            numbers, final = asyncio.run(asynchronous(antiphon.AsyncOpenAI(**options), 3))
    finally:
        emulator.stop()
    assert numbers == list(range(len(numbers)))
    assert final.output_text == "one two three four five six"
    assert final.background is True

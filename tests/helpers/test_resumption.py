"""Streams of background responses that break: taken up where they broke, each event once, the result as if nothing had been."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace as Thing

import pytest

import antiphon
from antiphon.core.call import Call
from antiphon.core.effects import Perform, Random, Sleep
from antiphon.errors import (
    APIConnectionError,
    BadRequestError,
    DeadlineExceeded,
    InternalServerError,
    NotFoundError,
    RateLimitError,
    ReadTimeout,
    StreamInterrupted,
    StreamOutOfOrder,
    StreamTruncated,
)
from antiphon.helpers.background import AsyncBackground, Background
from antiphon.helpers.response_accumulator import ResponseAccumulator
from antiphon.helpers.resumption import Resumption, backoff, check_next, passing, reopened
from antiphon.operations import responses

from ..transports.rude import Rude, chunk, chunked_head, hang, hang_up, pause, reset
from .conftest import plain, sse
from .recorded import dumped, message, message_events, response_events

TEXT = "In the beginning was the word."


def background(events):
    """The events as those of a response that runs in the background."""
    return [
        {**event, "response": {**event["response"], "background": True}} if "response" in event else event
        for event in events
    ]


EVENTS = background(response_events(message_events(TEXT), [message(TEXT)], background=True))
LAST = len(EVENTS) - 1


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr("antiphon.helpers.resumption.FIRST_PAUSE", 0.001)


class Seen:
    """What a user of a stream came to see."""

    def __init__(self):
        self.numbers = []
        self.final = self.error = self.snapshot = None


def sync(url, *, resume, timeout=10.0, **options):
    seen = Seen()
    with antiphon.OpenAI(api_key="sk-1", base_url=url, max_retries=0, timeout=timeout, **options) as client:
        with Background.streaming(client, model="m", input="hi", resume=resume) as stream:
            try:
                for event in stream:
                    seen.numbers.append(event.sequence_number)
                seen.final = stream.get_final_response()
            except antiphon.APIError as error:
                seen.error = error
                assert next(stream, None) is None
            seen.snapshot = stream.current_response_snapshot
    return seen


def drive(url, *, resume, timeout=10.0, **options):
    seen = Seen()

    async def run():
        async with antiphon.AsyncOpenAI(
            api_key="sk-1", base_url=url, max_retries=0, timeout=timeout, **options
        ) as client:
            async with AsyncBackground.streaming(client, model="m", input="hi", resume=resume) as stream:
                try:
                    async for event in stream:
                        seen.numbers.append(event.sequence_number)
                    seen.final = await stream.get_final_response()
                except antiphon.APIError as error:
                    seen.error = error
                    assert await anext(stream, None) is None
                seen.snapshot = stream.current_response_snapshot

    asyncio.run(run())
    return seen


COLOURS = pytest.mark.parametrize("run", [sync, drive], ids=["sync", "async"])


def whole(run, server):
    server.answers = [sse(*EVENTS)]
    return run(server.url, resume=0)


def assert_whole(seen, plainly):
    assert seen.error is None
    assert seen.numbers == list(range(LAST + 1))
    assert dumped(seen.final) == dumped(plainly.final)
    assert dumped(seen.snapshot) == dumped(plainly.snapshot)
    assert seen.final.output_text == TEXT


@COLOURS
@pytest.mark.parametrize("count", range(1, LAST + 1))
def test_a_stream_that_breaks_anywhere_is_taken_up(server, run, count):
    plainly = whole(run, server)
    del server.asked[:]
    server.answers = [sse(*EVENTS[:count])._replace(cut=count % 2 == 0), sse(*EVENTS[count:])]
    assert_whole(run(server.url, resume=1), plainly)
    begun, resumed = server.asked
    assert (begun.verb, begun.json["background"], begun.json["stream"]) == ("POST", True, True)
    assert (resumed.verb, resumed.path) == ("GET", f"/v1/responses/resp_1?stream=true&starting_after={count - 1}")


@COLOURS
def test_a_stream_that_breaks_again_and_again(server, run):
    plainly = whole(run, server)
    server.answers = [sse(event) for event in EVENTS]
    assert_whole(run(server.url, resume=LAST), plainly)


@COLOURS
@pytest.mark.parametrize("back", [1, 3, 6])
def test_what_was_seen_is_dropped_when_it_comes_again(server, run, back):
    plainly = whole(run, server)
    server.answers = [sse(*EVENTS[:6]), sse(*EVENTS[6 - back : 9]), sse(*EVENTS[9 - back :])]
    assert_whole(run(server.url, resume=2), plainly)


@COLOURS
@pytest.mark.parametrize("gap", [1, 3])
def test_a_gap_after_it_was_taken_up_is_an_error(server, run, gap):
    server.answers = [sse(*EVENTS[:6]), sse(*EVENTS[6 + gap :])]
    seen = run(server.url, resume=3)
    assert seen.numbers == list(range(6))
    assert isinstance(seen.error, StreamOutOfOrder)
    assert f"event {6 + gap} where 5 was the last" in str(seen.error)
    assert seen.error.sequence_number == 5
    assert seen.error.partial.output_text == TEXT[:8]


@COLOURS
def test_never_more_often_than_allowed(server, run):
    server.answers = [sse(*EVENTS[:5]), sse()]
    seen = run(server.url, resume=2)
    assert isinstance(seen.error, StreamTruncated)
    assert seen.error.sequence_number == 4
    assert seen.error.partial.output_text == "In t"
    assert "2 times" in seen.error.__notes__[0]
    assert len(server.asked) == 3


@COLOURS
def test_the_server_is_gone_for_a_while(server, run):
    plainly = whole(run, server)
    busy = plain({"error": {"message": "busy"}})
    server.answers = [
        sse(*EVENTS[:5]),
        busy._replace(status=500),
        busy._replace(status=429),
        busy._replace(status=503),
        sse(*EVENTS[5:]),
    ]
    assert_whole(run(server.url, resume=4), plainly)


@COLOURS
@pytest.mark.parametrize(
    ("status", "code", "kind"), [(404, None, NotFoundError), (429, "insufficient_quota", RateLimitError)]
)
def test_a_refusal_for_good_leaves_what_had_come(server, run, status, code, kind):
    refused = plain({"error": {"message": "expired", "code": code}})._replace(status=status)
    server.answers = [sse(*EVENTS[:6]), refused]
    seen = run(server.url, resume=5)
    assert isinstance(seen.error, StreamInterrupted)
    assert isinstance(seen.error.__cause__, kind)
    assert "expired" in seen.error.__notes__[0]
    assert (seen.error.partial.output_text, seen.error.sequence_number) == (TEXT[:8], 5)
    assert len(server.asked) == 2


@COLOURS
def test_a_server_that_says_it_is_no_background_response_is_believed(server, run):
    server.answers = [sse(*response_events([], [], background=False)[:1])]
    refused = [{**EVENTS[0], "response": {**EVENTS[0]["response"], "background": False}}, EVENTS[1]]
    server.answers = [sse(*refused)]
    seen = run(server.url, resume=3)
    assert isinstance(seen.error, StreamTruncated)
    assert "does not run in the background" in seen.error.__notes__[0]
    assert (len(server.asked), seen.error.sequence_number) == (1, 1)


@COLOURS
def test_before_the_first_event_there_is_nothing_to_take_up(server, run):
    server.answers = [sse()]
    seen = run(server.url, resume=3)
    assert isinstance(seen.error, StreamTruncated)
    assert "id" in seen.error.__notes__[0]
    assert (seen.error.partial, len(server.asked)) == (None, 1)


@COLOURS
def test_an_end_without_its_mark_is_no_end_for_one_who_would_resume(server, run):
    plainly = whole(run, server)
    server.answers = [sse(*EVENTS[:4]), sse(*EVENTS[4:])]
    assert_whole(run(server.url, resume=1, strict_streams=False), plainly)


@COLOURS
@pytest.mark.parametrize("end", ["response.failed", "response.incomplete", "error"])
def test_a_response_that_ended_badly_is_not_asked_for_again(server, run, end):
    failed = {"type": "error", "code": "server_error", "message": "broke", "sequence_number": 2, "param": None}
    if end != "error":
        failed = {"type": end, "sequence_number": 2, "response": {**EVENTS[0]["response"], "error": {"code": "x"}}}
    server.answers = [sse(*EVENTS[:2], failed)._replace(cut=True)]
    with pytest.raises(RuntimeError, match="not completed"):
        run(server.url, resume=3)
    assert len(server.asked) == 1


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


def restarted(first, *script):
    """A server with a script in the place of one that is no more."""
    second = Rude(*script)
    second.listener.close()
    second.listener = socket.create_server(("127.0.0.1", first.port))
    return second


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


# The machine


def state_after(count):
    state = ResponseAccumulator()
    for event in EVENTS[:count]:
        state.handle(Thing(**json.loads(json.dumps(event))))
    return state


CREATE = Call(responses.CREATE, body={"background": True, "include": ["x"]}, headers={"A": "1"}, timeout=7, stream=True)


def test_the_pauses():
    assert [backoff(n, 0.0) / backoff(1, 0.0) for n in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert backoff(500, 0.0) <= 8.0
    assert backoff(2, 1.0) == backoff(2, 0.0) * 0.75


def test_the_pauses_begin_anew_after_an_event():
    resumption = Resumption(9, CREATE)
    assert [resumption.begin(state_after(n)) for n in (3, 3, 3, 4, 4, 5)] == [1, 2, 3, 1, 2, 1]


def test_the_call_keeps_what_the_first_one_said():
    call = Resumption(1, CREATE).call(state_after(4))
    assert call.operation.name == "responses.retrieve"
    assert (call.path, call.query) == ({"response_id": "resp_1"}, {"stream": True, "include": ["x"]})
    assert (call.extra_query, call.headers, call.timeout) == ({"starting_after": 3}, {"A": "1"}, 7)


def test_a_stored_response_is_asked_for_from_its_beginning_before_its_first_event():
    stored = Call(responses.RETRIEVE, path={"response_id": "r"}, extra_query={"b": 2}, stream=True)
    resumption = Resumption(1, stored)
    assert resumption.refusal(ResponseAccumulator(), StreamInterrupted()) is None
    call = resumption.call(ResponseAccumulator())
    assert (call.path, call.extra_query) == ({"response_id": "r"}, {"b": 2})


@pytest.mark.parametrize(("times", "kind"), [(-1, ValueError), (True, TypeError), (1.5, TypeError), ("3", TypeError)])
def test_impossible_numbers(times, kind):
    with pytest.raises(kind, match="resume must"):
        Resumption(times, CREATE)


def test_only_for_background_responses():
    with pytest.raises(ValueError, match="background=True"):
        Resumption(1, Call(responses.CREATE, body={}, stream=True))
    Resumption(0, Call(responses.CREATE, body={}, stream=True))


def test_a_server_without_numbers_cannot_prove_anything():
    state = ResponseAccumulator()
    state.handle(Thing(type="response.created", response={"id": "resp_1", "background": True}))
    assert "number" in Resumption(3, CREATE).refusal(state, StreamInterrupted())


def test_a_deadline_is_one_for_all_connections():
    assert "deadline" in (Resumption(3, CREATE).refusal(state_after(3), DeadlineExceeded()) or "")
    assert Resumption(3, CREATE).refusal(state_after(3), ReadTimeout()) is None


def error(kind, code=None):
    response = Thing(request=None, status_code=0, headers={})
    return kind("m", response=response, body={"code": code})


def test_what_passes():
    assert passing(APIConnectionError())
    assert passing(error(InternalServerError))
    assert passing(error(RateLimitError))
    assert not passing(error(RateLimitError, "insufficient_quota"))
    assert not passing(error(BadRequestError))
    assert not passing(antiphon.OpenAIError("x"))


@pytest.mark.parametrize(("number", "new"), [(0, False), (4, False), (5, False), (6, True)])
def test_what_is_new(number, new):
    assert check_next(number, 5, Thing()) is new
    assert check_next(number, None, Thing())


def test_the_flow_pauses_longer_and_longer_and_ends_with_the_first_failure():
    failure = StreamInterrupted()
    flow = reopened(Resumption(3, CREATE), state_after(4), failure)
    pauses, effect = [], flow.send(None)
    with pytest.raises(StreamInterrupted) as raised:
        while True:
            match effect:
                case Random():
                    effect = flow.send(0.0)
                case Sleep(seconds=seconds):
                    pauses.append(seconds)
                    effect = flow.send(None)
                case Perform():
                    effect = flow.throw(APIConnectionError(message="refused"))
    assert raised.value is failure
    assert str(raised.value.__cause__) == "refused"
    assert [pause / pauses[0] for pause in pauses] == [1, 2, 4]


def test_events_of_the_recording_are_what_the_tests_take_them_for():
    assert [event["sequence_number"] for event in EVENTS] == list(range(LAST + 1))
    assert EVENTS[-1]["response"]["background"]

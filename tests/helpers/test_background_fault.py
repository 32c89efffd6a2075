"""Responses in the background through faults: a server with a script, in both colours, and the flow stepped by hand."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

import antiphon
from antiphon.core.effects import Now, PerformRaw, Random, Sleep
from antiphon.core.headers import Headers
from antiphon.errors import APIConnectionError, BadRequestError, InternalServerError, RateLimitError
from antiphon.helpers.background import PATIENCE, finished
from antiphon.helpers.resumption import backoff

from ..transports.rude import Rude, hang_up
from ..transports.rude import reply as rude_reply
from .broken_stream import restarted
from .conftest import plain, sse
from .recorded import message, message_events, response, response_events
from .waiter import Asynchronous, run, stream_of


def test_faults_between_the_looks_are_waited_out(waiter, server, monkeypatch):
    monkeypatch.setattr("antiphon.helpers.resumption.FIRST_PAUSE", 0.001)
    busy = plain({"error": {"message": "busy"}})
    pending = plain(response([], status="in_progress"), openai_poll_after_ms="1")
    faults = [busy._replace(status=status) for status in (429, 500, 502, 503, 429)]
    server.answers = [pending, *faults, pending, *faults, plain(response([message("hi")]))]

    async def work(desk):
        assert (await desk.handle("resp_1").wait()).output_text == "hi"

    run(waiter, server.url, work)
    assert len(server.asked) == 13
    assert {asked.headers["x-stainless-poll-helper"] for asked in server.asked} == {"true"}


def test_a_server_that_restarts_is_waited_for(waiter, monkeypatch):
    monkeypatch.setattr("antiphon.helpers.resumption.FIRST_PAUSE", 0.1)
    pending = rude_reply(json.dumps(response([], status="in_progress")).encode(), 200, "openai-poll-after-ms: 1")
    first = Rude([pending, hang_up])

    async def work(desk):
        return await desk.handle("resp_1").wait()

    with ThreadPoolExecutor(1) as threads:
        with first:
            waited = threads.submit(run, waiter, f"{first.url}/v1", work)
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
def test_faults_that_stay_end_the_wait(waiter, server, monkeypatch, status, code, kind, looks):
    monkeypatch.setattr("antiphon.helpers.resumption.FIRST_PAUSE", 0.001)
    server.answers = [plain({"error": {"message": "no", "code": code}})._replace(status=status)]

    async def work(desk):
        with pytest.raises(kind):
            await desk.handle("resp_1").wait()

    run(waiter, server.url, work)
    assert len(server.asked) == looks


def test_what_create_sends(waiter, server):
    server.answers = [plain(response([], status="queued", background=True))]

    async def work(desk):
        await desk.create(model="m", input="i", extra_headers={"X-Mine": "1"}, extra_body={"more": 2}, timeout=5)
        with pytest.raises(ValueError, match="streaming"):
            await desk.create(model="m", input="i", stream=True)

    run(waiter, server.url, work)
    assert server.asked[0].json == {"model": "m", "input": "i", "background": True, "more": 2}
    assert server.asked[0].headers["x-mine"] == "1"


def test_what_cannot_be_a_background_response(waiter, server):
    async def work(desk):
        server.answers = [plain(response([], background=False))]
        made = desk.client.responses.create(model="m", input="i")
        with pytest.raises(ValueError, match="does not run in the background"):
            desk.handle(await made if waiter is Asynchronous else made)
        with pytest.raises(ValueError, match="id"):
            desk.handle("")

    run(waiter, server.url, work)


def test_cancelled_by_somebody_else_while_it_is_streamed(waiter, server):
    events = response_events(message_events("Hello"), [message("Hello")], end="cancelled", background=True)
    server.answers = [sse(*events[:5]), sse(*events[5:])._replace(cut=True)]

    async def work(desk):
        with pytest.raises(RuntimeError, match=r"response\.cancelled"):
            await desk.streamed(lambda client: stream_of(client, "resp_1"))

    run(waiter, server.url, work)
    assert len(server.asked) == 2


def test_a_stored_stream_without_resuming_is_the_plain_one(waiter, server):
    server.answers = [sse(*response_events(message_events("Hello"), [message("Hello")])[:5])]

    async def work(desk):
        with pytest.raises(antiphon.APIError) as broken:
            await desk.streamed(lambda client: stream_of(client, "resp_1", resume=0))
        assert broken.value.sequence_number == 4

    run(waiter, server.url, work)
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

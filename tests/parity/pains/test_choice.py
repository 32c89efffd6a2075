"""Pains 6, 18 and 23 as their users asked: streams that say nothing end, retries are shaped, calls are watched."""

from __future__ import annotations

import json
import socket
import sys
import time
from typing import Any

import pytest

import antiphon
from tests.client.answer import CHAT, chat, create, delta, ok, retrieve, sse, wrong
from tests.client.colour import KEY, Colour, failure_of
from tests.client.test_official import official
from tests.parity.official import openai
from tests.transports.rude import Rude, chunk, chunked_head, drip, hang

HEAD = chunked_head("Content-Type: text/event-stream") + chunk(b"data: " + json.dumps(delta("Hel")).encode() + b"\n\n")
PING = chunk(b": ping\n\n")


def make(package: Any, colour: Colour, **options: Any) -> Any:
    kind = package.AsyncOpenAI if colour.is_async else package.OpenAI
    return kind(api_key=KEY, base_url="http://127.0.0.1:1", **options)


def refuses(colour: Colour, **option: Any) -> None:
    """That the official client knows no such argument, nor do its copies."""
    (name,) = option
    with pytest.raises(TypeError, match=name):
        make(openai, colour, **option)
    with pytest.raises(TypeError, match=name):
        make(openai, colour).with_options(**option)


def test_pain_6_silence_between_events_is_bounded_apart_from_silence_on_the_line(colour: Colour) -> None:
    refuses(colour, stream_idle_timeout=1)
    pings = [HEAD, drip(PING * 30, 0.05, size=len(PING))]
    with Rude(pings) as server:
        began = time.monotonic()
        theirs = official(colour, server.url, chat, {"timeout": 0.3})
        assert isinstance(theirs, openai.APITimeoutError)
        waited = time.monotonic() - began
        assert waited > 1  # as long as the keep-alives went on; what had come is lost
        assert not hasattr(theirs, "events")
        began = time.monotonic()
        with colour.client(server.url, timeout=30, stream_idle_timeout=0.3) as it:
            events, error = it.events(chat)
        assert time.monotonic() - began < waited
        assert server.left(len(server.peers) - 1)
    assert len(events) == 1
    assert isinstance(error, antiphon.StreamIdleTimeout)
    assert isinstance(error, antiphon.APITimeoutError)
    assert (error.idle, error.events) == (0.3, 1)


def test_pain_6_a_dead_line_is_given_up_without_a_short_timeout_for_everything(colour: Colour) -> None:
    with Rude([HEAD, hang]) as server:
        with colour.client(server.url, stream_idle_timeout=0.1) as it:  # the timeout of reads is ten minutes
            with pytest.raises(antiphon.StreamIdleTimeout) as caught:
                it.entered(
                    lambda client: client.chat.completions.stream(model="m", messages=[]),
                    lambda stream: stream.get_final_completion(),
                )
    assert caught.value.partial.choices[0].message.content == "Hel"


def test_pain_6_the_system_watches_the_line_too(colour: Colour) -> None:
    """TCP keep-alive, and a bound on what the other side may leave unacknowledged; see also `tests/transports/test_dial.py`."""
    found: list[int] = []
    real = socket.socket.setsockopt

    def seen(self: socket.socket, level: int, name: int, *value: Any) -> None:
        if level in (socket.SOL_SOCKET, socket.IPPROTO_TCP):
            found.append(name)
        real(self, level, name, *value)

    with pytest.MonkeyPatch.context() as patch, Rude(ok()) as server, colour.client(server.url) as it:
        patch.setattr(socket.socket, "setsockopt", seen)
        it(retrieve)
    assert socket.SO_KEEPALIVE in found
    if sys.platform == "linux":
        assert socket.TCP_USER_TIMEOUT in found


def test_pain_18_which_failures_are_repeated_and_after_how_long(colour: Colour) -> None:
    with Rude(wrong(418)) as server:
        official(colour, server.url, create, {})
        assert len(server.requests) == 1  # there is no way to ask for more
        with colour.client(server.url) as it:
            mine = it.raw.with_retries(3, retry_on={418}, delay=[1, 5])
            failure_of(it, lambda _: create(mine))
            assert it.clock.slept == [1, 5, 5]
        assert len(server.requests) == 5
    with Rude(wrong(503)) as server, colour.client(server.url) as it:
        failure_of(it, lambda client: create(client.with_retries(retry_on=lambda error: error.status_code != 503)))
        assert len(server.requests) == 1


def test_pain_18_whoever_asks_is_told_of_each_retry(colour: Colour) -> None:
    refuses(colour, on_retry=print)
    told: list[tuple[int, float, int | None, str]] = []

    def tell(info: antiphon.RetryInfo) -> None:
        status = info.response.status_code if info.response else None
        told.append((info.request.attempt, info.delay, status, info.request.operation or ""))
        assert KEY not in repr(info)

    async def tell_later(info: antiphon.RetryInfo) -> None:
        tell(info)

    with Rude(wrong(503), wrong(429, "Retry-After: 7"), ok()) as server, colour.client(server.url) as it:
        heard = tell_later if colour.is_async else tell
        it(lambda client: create(client.with_retries(on_retry=heard)))
    assert told == [(1, 0.5, 503, "responses.create"), (2, 7.0, 429, "responses.create")]


def test_pain_18_all_calls_together_have_a_budget(colour: Colour) -> None:
    with Rude(wrong(500)) as server:
        for _ in range(4):
            official(colour, server.url, create, {})
        assert len(server.requests) == 12  # three times the load on a server that is down
        server.requests.clear()
        budget = antiphon.RetryBudget(capacity=2, per_success=0.5, per_second=0)
        with colour.client(server.url) as it:
            mine = it.raw.with_retries(budget=budget)
            for client in (mine, mine.with_options(timeout=5), mine.with_options(max_retries=1), mine):
                failure_of(it, lambda _, client=client: create(client))
            assert len(server.requests) == 4 + 2
            assert budget.denied == 3
            assert "budget=RetryBudget(capacity=2, per_success=0.5, per_second=0)" in mine.explain()
            server.script[:] = [ok()]
            for _ in range(2):
                it(lambda _: create(mine))
            assert budget.left == 1


def test_pain_18_nothing_of_it_is_there_unless_asked_for(colour: Colour) -> None:
    with colour.client("http://127.0.0.1:1") as it:
        assert it.raw.explain() == (
            "1. Retry(max_retries=2, initial=0.5 s, longest=8.0 s)\n2. Redirect(same origin, most=10)\n→ send"
        )
        assert it.raw._only_failures
        assert not it.raw.with_retries(budget=antiphon.RetryBudget())._only_failures


def test_pain_23_each_step_of_a_call_is_told_of(colour: Colour) -> None:
    refuses(colour, hooks=None)
    seen: list[str] = []

    def note(info: Any) -> None:
        assert KEY not in repr(info)
        match info:
            case antiphon.RequestInfo():
                seen.append(f"{info.attempt} {info.operation} {info.method} {info.url.rpartition('/v1')[2]}")
            case antiphon.ResponseInfo():
                seen.append(f"{info.status_code} {info.request_id} {info.ratelimit.remaining_tokens}")
            case antiphon.RetryInfo():
                seen.append(f"again in {info.delay} s: {type(info.error).__name__}")
            case antiphon.StreamEventInfo():
                seen.append(f"{info.index}: {info.event.choices[0].delta.content}")
            case _:
                seen.append(f"failed: {type(info.error).__name__}")

    async def note_later(info: Any) -> None:
        note(info)

    heard = note_later if colour.is_async else note
    hooks = antiphon.Hooks(on_request=heard, on_response=heard, on_retry=heard, on_error=heard, on_stream_event=heard)
    known = ok({"id": "m"}, "x-request-id: req_1", "x-ratelimit-remaining-tokens: 9")
    with Rude(wrong(503), known, CHAT, sse(delta("a"), done=False), wrong(404)) as server:
        with colour.client(server.url, hooks=hooks) as it:
            it(retrieve)
            it(chat)
            failure_of(it, chat)
            failure_of(it, retrieve)
    assert seen == [
        *("1 models.retrieve GET /models/m", "503 None None", "again in 0.5 s: InternalServerError"),
        *("2 models.retrieve GET /models/m", "200 req_1 9"),
        *("1 chat.completions.create POST /chat/completions", "200 None None", "0: Hel", "1: lo", "2: "),
        *("1 chat.completions.create POST /chat/completions", "200 None None", "0: a", "failed: StreamTruncated"),
        *("1 models.retrieve GET /models/m", "404 None None", "failed: NotFoundError"),
    ]


def test_pain_23_a_hook_that_fails_is_heard_and_breaks_nothing(colour: Colour) -> None:
    class Broken(Exception):
        pass

    def fail(info: Any) -> None:
        raise Broken

    with Rude(CHAT, ok()) as server, colour.client(server.url, hooks=antiphon.Hooks(on_stream_event=fail)) as it:
        events, error = it.events(chat)
        assert (events, type(error)) == ([], Broken)
        assert it(retrieve).id == "m"

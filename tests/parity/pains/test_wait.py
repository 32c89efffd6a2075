"""Pains 4, 5, 6, 16, 18 and 19: waiting, giving up, trying again, and saying why."""

from __future__ import annotations

import asyncio
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

import antiphon
from antiphon.core.limits import PoolLimits
from tests.client.answer import chat, create, ok, retrieve, wrong
from tests.client.colour import Colour, failure_of
from tests.client.test_official import official
from tests.parity.official import openai
from tests.transports.rude import Rude, chunk, chunked_head, drip, hang, hang_up, pause, reply

EVENTS = "Content-Type: text/event-stream"


PATIENCE: dict[str, Any] = {"connect": 5, "read": 5, "write": 5, "pool": 0.1}


def crowded(package: Any, colour: Colour, server: Rude) -> Exception:
    """How a second call ends while the first holds the only connection there may be."""
    options: dict[str, Any] = {"api_key": "sk-1", "base_url": server.url, "max_retries": 0}
    before = len(server.requests)
    if package is openai:
        kind = httpx2.AsyncClient if colour.is_async else httpx2.Client
        limits = httpx2.Limits(max_connections=1)
        options["http_client"] = kind(limits=limits, timeout=httpx2.Timeout(**PATIENCE), trust_env=False)
    else:
        options |= {"limits": PoolLimits(max_connections=1), "timeout": antiphon.Timeout(**PATIENCE)}

    async def side_by_side() -> Exception:
        async with package.AsyncOpenAI(**options) as client:
            first = asyncio.ensure_future(client.models.retrieve("m"))
            while len(server.requests) == before:
                await asyncio.sleep(0.005)
            with pytest.raises(package.OpenAIError) as caught:
                await client.models.retrieve("m")
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            return caught.value

    if colour.is_async:
        return asyncio.run(side_by_side())
    with package.OpenAI(**options) as client, ThreadPoolExecutor(1) as thread:
        first = thread.submit(client.models.retrieve, "m")
        assert server.wait_for(lambda: len(server.requests) > before)
        with pytest.raises(package.OpenAIError) as caught:
            client.models.retrieve("m")
        assert first.exception() is not None  # the server has let go of it
        return caught.value


def test_pain_4_a_full_pool_is_told_apart_from_a_silent_server(colour: Colour) -> None:
    with Rude([pause(1.5), hang_up]) as server:
        error = crowded(openai, colour, server)
        assert isinstance(error, openai.APITimeoutError)
        assert str(error) == "Request timed out."
        better = crowded(antiphon, colour, server)
    assert type(better) is antiphon.PoolTimeout
    assert isinstance(better, antiphon.APITimeoutError)
    assert (better.phase, better.sent) == ("pool", "no")
    assert "connection" in str(better)


def test_pain_5_a_deadline_bounds_retries_together(colour: Colour) -> None:
    with Rude(hang) as server:
        assert isinstance(official(colour, server.url, create, {"timeout": 0.1}), openai.APITimeoutError)
        assert len(server.requests) == 3  # so thirty seconds mean a minute and a half
        server.requests.clear()
        with colour.client(server.url, timeout=0.5, deadline=0.1) as it:
            error = failure_of(it, create)
        assert len(server.requests) == 1
    assert type(error) is antiphon.DeadlineExceeded
    assert isinstance(error, antiphon.APITimeoutError)


def test_pain_5_a_deadline_bounds_a_body_that_drips(colour: Colour) -> None:
    body = b'{"id":"m"}'
    with Rude([reply(b"", length=len(body)), drip(body, 0.05)]) as server:
        slow = official(colour, server.url, retrieve, {"timeout": 0.2})
        assert slow.id == "m"  # each byte began the time anew
        with colour.client(server.url, timeout=0.2, deadline=0.15, max_retries=0) as it:
            assert type(failure_of(it, retrieve)) is antiphon.DeadlineExceeded


def test_pain_6_a_stream_that_only_keeps_itself_alive_ends_by_the_deadline(colour: Colour) -> None:
    start = chunk(b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[]}\n\n')
    pings = [chunked_head(EVENTS) + start, drip(chunk(b": ping\n\n") * 30, 0.05, size=len(chunk(b": ping\n\n")))]
    with Rude(pings) as server:
        began = time.monotonic()
        theirs = official(colour, server.url, chat, {"timeout": 0.2})
        assert isinstance(theirs, openai.APITimeoutError)
        assert time.monotonic() - began > 1  # comments that say nothing kept it waiting far beyond the timeout
        with colour.client(server.url, timeout=0.2, deadline=0.3) as it:
            events, error = it.events(chat)
        assert len(events) == 1
        assert isinstance(error, (antiphon.DeadlineExceeded, antiphon.StreamInterrupted))
        assert server.left(len(server.peers) - 1)


def test_pain_16_the_message_says_why_and_where(colour: Colour) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    theirs = official(colour, f"http://127.0.0.1:{port}", create, {})
    assert str(theirs) == "Connection error."
    with colour.client(f"http://127.0.0.1:{port}") as it:
        error = failure_of(it, create)
    assert isinstance(error, antiphon.APIConnectionError)
    assert f"127.0.0.1:{port}" in str(error)
    assert "refused" in str(error).lower()
    assert (error.phase, error.attempts) == ("connect", 3)


def test_pain_18_an_exhausted_quota_is_asked_once(colour: Colour) -> None:
    with Rude(wrong(429, code="insufficient_quota")) as server:
        assert isinstance(official(colour, server.url, create, {}), openai.RateLimitError)
        assert len(server.requests) == 3
        with colour.client(server.url) as it:
            assert isinstance(failure_of(it, create), antiphon.RateLimitError)
        assert len(server.requests) == 4


def test_pain_18_the_policy_can_be_chosen_and_replaced(colour: Colour) -> None:
    with pytest.raises(TypeError, match="unexpected keyword"):
        openai.OpenAI(api_key="sk-1", policies=[])
    asked: list[int] = []

    async def patient(request: Any, forward: Any) -> Any:
        for _ in range(5):
            reply = await forward(request)
            asked.append(reply.status_code)
            if reply.status_code != 418:
                break
        return reply

    with Rude(wrong(418), wrong(418), ok()) as server, colour.client(server.url, policies=[patient]) as it:
        assert it(retrieve).id == "m"
    assert asked == [418, 418, 200]
    with Rude(wrong(500)) as server:
        with colour.client(server.url, policies=[antiphon.Retry(4, initial=0.25, longest=1)]) as it:
            failure_of(it, create)
            assert it.raw.explain() == "1. Retry(max_retries=4, initial=0.25 s, longest=1 s)\n→ send"
            assert it.clock.slept == [0.25, 0.5, 1, 1]
        assert len(server.requests) == 5


class SoftTimeLimitExceeded(Exception):
    """What Celery raises in the middle of things."""


class Interruption(BaseException):
    """What is no `Exception`."""


@pytest.mark.parametrize("kind", [SoftTimeLimitExceeded, Interruption, RuntimeError])
def test_pain_19_what_is_not_the_networks_passes_untouched(kind: type[BaseException], colour: Colour) -> None:
    sent = 0

    def fail(request: Any) -> Any:
        nonlocal sent
        sent += 1
        raise kind("stop")

    async def afail(request: Any) -> Any:
        fail(request)

    def clients() -> Any:
        mock = httpx2.MockTransport(afail if colour.is_async else fail)
        return httpx2.AsyncClient(transport=mock) if colour.is_async else httpx2.Client(transport=mock)

    def ask(package: Any) -> None:
        made = (package.AsyncOpenAI if colour.is_async else package.OpenAI)(api_key="sk-1", http_client=clients())
        if not colour.is_async:
            return made.models.retrieve("m")  # type: ignore[no-any-return]
        return asyncio.run(made.models.retrieve("m"))  # type: ignore[no-any-return]

    for package in (openai, antiphon):
        sent = 0
        with pytest.raises(kind, match="stop"):
            ask(package)
        assert sent == 1, package

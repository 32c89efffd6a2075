"""Side by side with the official package against the same script: as many attempts, the same classes of errors."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest

from tests.parity.official import openai
from tests.transports.rude import Rude, chunk, chunked_head, hang, hang_up, reply, reset

from .answer import CHAT, chat, create, delta, ok, retrieve, sse, wrong
from .colour import KEY, Colour, failure_of


class _Hasty:
    """The official client's own hook, so that it does not wait either."""

    def _calculate_retry_timeout(self, *_: object, **__: object) -> float:
        return 0.0


class HastyOpenAI(_Hasty, openai.OpenAI):  # type: ignore[name-defined,misc]
    """The official client in a hurry."""


class AsyncHastyOpenAI(_Hasty, openai.AsyncOpenAI):  # type: ignore[name-defined,misc]
    """Its twin."""


def official(colour: Colour, url: str, do: Any, options: dict[str, Any]) -> Any:
    """What the official client gives, or its error."""
    kind = AsyncHastyOpenAI if colour.is_async else HastyOpenAI
    arguments = {"api_key": KEY, "base_url": f"{url}/v1", **options}

    async def awaited() -> Any:
        async with kind(http_client=colour.http_client(), **arguments) as client:
            value = do(client)
            value = await value if inspect.isawaitable(value) else value
            return [item async for item in value] if isinstance(value, openai.AsyncStream) else value

    try:
        if colour.is_async:
            return asyncio.run(awaited())
        with kind(http_client=colour.http_client(), **arguments) as client:
            value = do(client)
            return list(value) if isinstance(value, openai.Stream) else value
    except Exception as error:
        return error


def ancestors(value: object) -> set[str]:
    """The names of the error's classes that the official package knows."""
    names = {cls.__name__ for cls in type(value).__mro__} if isinstance(value, Exception) else set()
    return {name for name in names if hasattr(openai, name) and name != "Exception"}


SCRIPTS: dict[str, tuple[list[Any], Any]] = {
    **{
        f"{status}": ([wrong(status)], create)
        for status in (400, 401, 403, 404, 408, 409, 418, 422, 429, 500, 501, 503)
    },
    "500 then fine": ([wrong(500), ok()], create),
    "429 twice then fine": ([wrong(429), wrong(429), ok()], retrieve),
    "retry-after 3600": ([wrong(429, "Retry-After: 3600")], create),
    "retry-after 121": ([wrong(503, "Retry-After: 121")], create),
    "retry-after nan": ([wrong(429, "Retry-After: nan")], create),
    "retry-after huge": ([wrong(429, "Retry-After: 1" + "0" * 400)], create),
    "should not": ([wrong(503, "x-should-retry: false")], create),
    "should": ([wrong(400, "x-should-retry: true")], create),
    "should is odd": ([wrong(400, "x-should-retry: TRUE")], create),
    "reset": ([reset], create),
    "hang up": ([hang_up], create),
    "short body": ([[reply(b"{", length=9), hang_up]], create),
    "cut chunks": ([[chunked_head() + chunk(b"{"), hang_up]], retrieve),
    "html error": ([reply(b"<html>", 502, "Content-Type: text/html")], create),
    "text error": ([reply(b"gone", 410, "Content-Type: text/plain")], create),
    "stream refused": ([wrong(503)], chat),
    "stream refused then fine": ([wrong(503), CHAT], chat),
    "stream with an error object": ([sse(delta("a"), {"error": {"message": "x", "code": "c"}})], chat),
    "stream reset": ([[CHAT[:-60], reset]], chat),
    "garbage": ([[b"\x00\r\n\r\n", hang_up]], retrieve),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_same_attempts_and_errors(colour: Colour, name: str) -> None:
    script, do = SCRIPTS[name]
    with Rude(*script) as server:
        theirs = official(colour, server.url, do, {})
        their_counts = [request.headers["x-stainless-retry-count"] for request in server.requests]
        server.requests.clear()
        with colour.client(server.url) as it:
            try:
                ours: Any = it(do)
            except Exception as error:
                ours = error
        assert [request.headers["x-stainless-retry-count"] for request in server.requests] == their_counts
    assert ancestors(theirs) <= ancestors(ours)
    assert isinstance(ours, Exception) == isinstance(theirs, Exception)
    for fact in ("status_code", "code", "param", "type", "body", "request_id"):
        assert getattr(ours, fact, None) == getattr(theirs, fact, None), fact


def test_timeouts_side_by_side(colour: Colour) -> None:
    with Rude(hang) as server:
        theirs = official(colour, server.url, create, {"timeout": 0.15, "max_retries": 1})
        attempts = len(server.requests)
        server.requests.clear()
        with colour.client(server.url, timeout=0.15, max_retries=1) as it:
            ours = failure_of(it, create)
        assert len(server.requests) == attempts
    assert ancestors(theirs) <= ancestors(ours)


# Where we differ on purpose: (script, call, attempts of theirs, of ours). Each is a complaint about the official package.
BETTER: dict[str, tuple[Any, Any, int, int]] = {
    "an exhausted quota cannot be waited out": (wrong(429, code="insufficient_quota"), create, 3, 1),
    "a stream cut off in order is no success": (sse(delta("Hel"), done=False), chat, 1, 1),
    "an empty success is no model": (reply(b""), create, 1, 1),
    "html is no model": (reply(b"<html>", 200, "Content-Type: text/html"), create, 1, 1),
    "an error object is no model": (ok({"error": {"message": "x"}}), create, 1, 1),
    "a list is no model": (ok([]), create, 1, 1),
}


@pytest.mark.parametrize("name", BETTER)
def test_where_we_differ_on_purpose(colour: Colour, name: str) -> None:
    answer, do, their_attempts, our_attempts = BETTER[name]
    with Rude(answer) as server:
        theirs = official(colour, server.url, do, {})
        assert len(server.requests) == their_attempts
        assert not isinstance(theirs, openai.APIError) or their_attempts != our_attempts
        server.requests.clear()
        with colour.client(server.url) as it:
            error = failure_of(it, do)
        assert len(server.requests) == our_attempts
    assert "APIError" in {cls.__name__ for cls in type(error).__mro__}

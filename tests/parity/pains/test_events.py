"""Pains 2, 7, 8 and 9: streams whose connections are thrown away, that break, are spelt oddly, or end in silence."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

import antiphon
from tests.client.answer import CHAT, chat, delta, sse
from tests.client.colour import KEY, Colour
from tests.client.test_official import official
from tests.parity.official import openai
from tests.transports.rude import Rude, chunk, chunked, chunked_head, hang_up, reply, reset

EVENTS = "Content-Type: text/event-stream"
CHUNK = json.dumps(delta("Hello")).encode()
END = b"data: [DONE]\n\n"


def stream_of(*pieces: bytes) -> bytes:
    return chunked(*pieces, headers=[EVENTS])


def test_pain_2_a_finished_stream_gives_its_connection_back(colour: Colour) -> None:
    async def theirs(url: str) -> None:
        async with openai.AsyncOpenAI(api_key=KEY, base_url=f"{url}/v1") as client:
            for _ in range(5):
                assert [event async for event in await chat(client)]

    with Rude(CHAT) as server:
        if colour.is_async:
            asyncio.run(theirs(server.url))
        else:
            with openai.OpenAI(api_key=KEY, base_url=f"{server.url}/v1") as client:
                for _ in range(5):
                    assert list(chat(client))
        assert server.connections == (1 if colour.is_async else 5)
    with Rude(CHAT) as server, colour.client(server.url) as it:
        for _ in range(5):
            assert len(it(chat)) == 3
        assert server.connections == 1


@pytest.mark.parametrize("end", [hang_up, reset], ids=["hang up", "reset"])
def test_pain_7_a_stream_that_breaks_keeps_what_came(end: Any, colour: Colour) -> None:
    answer = [chunked_head(EVENTS) + chunk(b"data: " + CHUNK + b"\n\n"), end]
    with Rude(answer) as server:
        theirs = official(colour, server.url, chat, {})
        assert isinstance(theirs, openai.APIConnectionError)
        assert not hasattr(theirs, "partial")
        with colour.client(server.url) as it:
            events, error = it.events(chat)
            assert isinstance(error, antiphon.StreamInterrupted)
            assert isinstance(error, antiphon.APIConnectionError)
            assert [event.choices[0].delta.content for event in events] == ["Hello"]
            kept = it.wait(helped(it.raw, colour))
    assert isinstance(kept, antiphon.StreamInterrupted)
    assert kept.partial.choices[0].message.content == "Hello"


def helped(client: Any, colour: Colour) -> Any:
    """How the helper's stream ends, which puts the pieces together."""
    manager = client.chat.completions.stream(model="m", messages=[])

    async def awaited() -> Any:
        try:
            async with manager as stream:
                return [event async for event in stream]
        except antiphon.APIError as error:
            return error

    if colour.is_async:
        return awaited()
    try:
        with manager as stream:
            return list(stream)
    except antiphon.APIError as error:
        return error


# What a stream says between its head and its end, and what the official package makes of it.
SPELLINGS: dict[str, tuple[bytes, Any]] = {
    "an event without data": (b"event: ping\n\ndata: " + CHUNK + b"\n\n" + END, json.JSONDecodeError),
    "a comment after an id": (b"id: 1\n: ping\n\ndata: " + CHUNK + b"\n\n" + END, json.JSONDecodeError),
    "bare data": (b"data:\n\ndata: " + CHUNK + b"\n\n" + END, json.JSONDecodeError),
    "a byte order mark": (b"\xef\xbb\xbfdata: " + CHUNK + b"\n\n" + END, 0),
    "a last event without its blank line": (
        b"data: " + json.dumps(delta("Hello", "stop")).encode() + b"\n",
        0,
    ),
    "bytes that are no UTF-8": (b"data: " + CHUNK.replace(b"Hello", b"Hell\xff") + b"\n\n" + END, UnicodeDecodeError),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_pain_8_events_however_they_are_spelt(name: str, colour: Colour) -> None:
    body, what = SPELLINGS[name]
    with Rude(stream_of(body)) as server:
        theirs = official(colour, server.url, chat, {})
        if isinstance(what, type):
            assert isinstance(theirs, what)
            assert not isinstance(theirs, openai.OpenAIError)
        else:
            assert len(theirs) == what  # the event is lost
        with colour.client(server.url) as it:
            events, error = it.events(chat)
    if name == "bytes that are no UTF-8":
        assert isinstance(error, antiphon.MalformedStream)
        assert isinstance(error, antiphon.APIError)
        return
    if name == "a last event without its blank line":
        assert isinstance(
            error, antiphon.StreamTruncated
        )  # nobody knows whether it is whole; it is not lost in silence
        return
    assert error is None
    assert [event.choices[0].delta.content for event in events] == ["Hello"]


SILENT: dict[str, bytes] = {
    "no end": sse(delta("Hello"), done=False),
    "an empty body": reply(b"", 200, EVENTS),
    "an error event without an error": stream_of(b'event: error\ndata: {"message":"overloaded"}\n\n', END),
}


@pytest.mark.parametrize("name", SILENT)
def test_pain_9_what_ends_too_early_is_no_success(name: str, colour: Colour) -> None:
    with Rude(SILENT[name]) as server:
        theirs = official(colour, server.url, chat, {})
        assert isinstance(theirs, list)  # it looks like a success
        with colour.client(server.url) as it:
            _, error = it.events(chat)
    assert isinstance(error, antiphon.APIError)
    assert name != "no end" or isinstance(error, antiphon.StreamTruncated)


def test_pain_9_servers_without_an_end_can_be_trusted(colour: Colour) -> None:
    with Rude(SILENT["no end"]) as server, colour.client(server.url, strict_streams=False) as it:
        events, error = it.events(chat)
    assert error is None
    assert len(events) == 1

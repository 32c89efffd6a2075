"""A recorded background response, and both colours reading its stream over connections that break."""

from __future__ import annotations

import asyncio
import socket
from types import SimpleNamespace as Thing

import pytest

import antiphon
from antiphon.helpers.background import AsyncBackground, Background

from ..transports.rude import Rude
from .conftest import sse
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


def restarted(first, *script):
    """A server with a script in the place of one that is no more."""
    second = Rude(*script)
    second.listener.close()
    second.listener = socket.create_server(("127.0.0.1", first.port))
    return second


def error(kind, code=None):
    response = Thing(request=None, status_code=0, headers={})
    return kind("m", response=response, body={"code": code})

"""`responses.stream()` over real sockets in both colours: ends, breaks, and what is left of a response then."""

from __future__ import annotations

import asyncio
import gc

import pytest

import antiphon
from antiphon.errors import StreamInterrupted, StreamTruncated

from .conftest import plain, sse
from .recorded import message, message_events, response_events

TEXT = "Hello, world!"
EVENTS = response_events(message_events(TEXT), [message(TEXT)])
ARGUMENTS = {"model": "m", "input": "hi"}


def sync(url, use, **arguments):
    with (
        antiphon.OpenAI(api_key="sk-1", base_url=url, max_retries=0) as client,
        client.responses.stream(**(arguments or ARGUMENTS)) as stream,
    ):
        return use(stream)


def drive(url, use, **arguments):
    """As `sync`, in the other colour; `use` is an async function."""

    async def run():
        async with (
            antiphon.AsyncOpenAI(api_key="sk-1", base_url=url, max_retries=0) as client,
            client.responses.stream(**(arguments or ARGUMENTS)) as stream,
        ):
            return await use(stream)

    return asyncio.run(run())


def test_text_alone(server):
    server.answers = [sse(*EVENTS)]

    async def use(stream):
        return [text async for text in stream.text_deltas]

    assert sync(server.url, lambda stream: list(stream.text_deltas)) == ["Hell", "o, w", "orld", "!"]
    assert drive(server.url, use) == ["Hell", "o, w", "orld", "!"]


def test_until_done_and_the_final_response(server):
    server.answers = [sse(*EVENTS)]

    def use(stream):
        assert stream.until_done() is stream
        assert next(stream, None) is None
        assert stream.response.status_code == 200
        assert stream.current_response_snapshot is stream.get_final_response()
        return stream.get_final_response().output_text

    async def use_async(stream):
        assert await stream.until_done() is stream
        assert stream.response.status_code == 200
        return (await stream.get_final_response()).output_text

    assert sync(server.url, use) == drive(server.url, use_async) == TEXT


@pytest.mark.parametrize("count", [1, 5, len(EVENTS) - 1])
def test_a_stream_that_ends_early_leaves_what_had_come(server, count):
    server.answers = [sse(*EVENTS[:count])]

    async def use(stream):
        await stream.get_final_response()

    for run in (lambda: sync(server.url, lambda stream: stream.get_final_response()), lambda: drive(server.url, use)):
        with pytest.raises(StreamTruncated) as broken:
            run()
        assert broken.value.partial.id == "resp_1"
        assert broken.value.sequence_number == count - 1
        text = "".join(event.get("delta", "") for event in EVENTS[:count])
        assert broken.value.partial.output_text == text


def test_a_connection_that_breaks_leaves_what_had_come(server):
    server.answers = [sse(*EVENTS[:6])._replace(cut=True)]

    async def use(stream):
        await stream.until_done()

    for run in (lambda: sync(server.url, lambda stream: stream.until_done()), lambda: drive(server.url, use)):
        with pytest.raises(StreamInterrupted) as broken:
            run()
        assert broken.value.partial.output_text == "Hello, w"
        assert broken.value.sequence_number == 5


@pytest.mark.parametrize(
    ("end", "more", "reason"),
    [
        ("incomplete", {"incomplete_details": {"reason": "max_output_tokens"}}, "max_output_tokens"),
        ("failed", {"error": {"code": "server_error", "message": "it broke"}}, "it broke"),
    ],
)
def test_a_response_that_was_not_completed(server, end, more, reason):
    server.answers = [sse(*response_events(message_events(TEXT)[:4], [], end, **more))]

    async def use(stream):
        await stream.get_final_response()

    with pytest.raises(RuntimeError, match=reason):
        sync(server.url, lambda stream: stream.get_final_response())
    with pytest.raises(RuntimeError, match=reason):
        drive(server.url, use)


def test_leaving_early_closes_and_the_client_goes_on(server):
    server.answers = [sse(*EVENTS)]
    with antiphon.OpenAI(api_key="sk-1", base_url=server.url, max_retries=0) as client:
        with client.responses.stream(**ARGUMENTS) as stream:
            for event in stream:
                if event.type == "response.output_text.delta":
                    break
        stream.close()
        with pytest.raises(KeyError), client.responses.stream(**ARGUMENTS) as stream:
            next(stream)
            raise KeyError
        manager = client.responses.stream(**ARGUMENTS)
        next(manager.__enter__())
        del manager, stream
        gc.collect()
        with client.responses.stream(**ARGUMENTS) as stream:
            assert stream.get_final_response().output_text == TEXT


def test_finished_streams_share_a_connection(server):
    server.answers = [sse(*EVENTS)]
    ports = set()
    with antiphon.OpenAI(api_key="sk-1", base_url=server.url, max_retries=0) as client:
        for _ in range(5):
            with client.responses.stream(**ARGUMENTS) as stream:
                stream.until_done()
            ports.add(len(server.connections))
    assert ports == {1}


def test_nothing_is_sent_before_the_stream_is_entered(server):
    server.answers = [sse(*EVENTS)]
    with antiphon.OpenAI(api_key="sk-1", base_url=server.url, max_retries=0) as client:
        manager = client.responses.stream(**ARGUMENTS)
        assert server.asked == []
        with manager as stream:
            stream.until_done()
    assert server.asked[0].json == {"model": "m", "input": "hi", "stream": True}


def test_a_refused_call_raises_on_entry(server):
    refused = plain({"error": {"message": "no such model", "code": "model_not_found", "param": "model", "type": "x"}})
    server.answers = [refused._replace(status=404)]

    async def use(stream):
        raise AssertionError

    with pytest.raises(antiphon.NotFoundError, match="no such model"):
        sync(server.url, lambda stream: None)
    with pytest.raises(antiphon.NotFoundError, match="no such model"):
        drive(server.url, use)


def test_an_empty_stream_and_an_error_event(server):
    error = {"type": "error", "code": "server_error", "message": "it broke", "sequence_number": 2}
    server.answers = [sse(*EVENTS[:2], error)]

    async def use(stream):
        async with stream:
            await stream.get_final_response()

    def use_sync(stream):
        with stream:
            stream.get_final_response()

    # Whether an error event ends a stream by itself is the stream's own matter; either way it is told.
    with pytest.raises((RuntimeError, antiphon.APIError), match="it broke"):
        sync(server.url, use_sync)
    with pytest.raises((RuntimeError, antiphon.APIError), match="it broke"):
        drive(server.url, use)


def test_a_manager_that_was_never_entered_or_failed_to_enter_can_be_left(server):
    client = antiphon.OpenAI(api_key="sk-1", base_url=server.url)
    client.responses.stream(**ARGUMENTS).__exit__(None, None, None)
    client.chat.completions.stream(model="m", messages=[]).__exit__(None, None, None)
    client.close()
    other = antiphon.AsyncOpenAI(api_key="sk-1", base_url=server.url)

    async def leave():
        await other.responses.stream(**ARGUMENTS).__aexit__(None, None, None)
        await other.chat.completions.stream(model="m", messages=[]).__aexit__(None, None, None)
        await other.close()

    asyncio.run(leave())

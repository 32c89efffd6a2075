"""Raw and streaming responses, and downloads, through the client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import antiphon
from antiphon.errors import MalformedResponse, NotFoundError, StreamAlreadyConsumed, StreamInterrupted
from tests.transports.rude import Rude, chunk, chunked, chunked_head, hang, hang_up, reply

from .answer import CHAT, MODEL, body, ok, wrong
from .colour import Colour, failure_of


def raw_retrieve(client: Any, **more: Any) -> Any:
    """A raw response."""
    return client.models.with_raw_response.retrieve("m", **more)


def opened(client: Any) -> Any:
    """A response whose body stays open."""
    return client.models.with_streaming_response.retrieve("m")


def test_a_raw_response_shows_the_reply_and_parses_it(colour: Colour) -> None:
    with Rude(ok(MODEL, "x-request-id: req_1")) as server, colour.client(server.url) as it:
        raw = it(raw_retrieve)
        assert (raw.status_code, raw.request_id, raw.retries_taken, raw.method) == (200, "req_1", 0, "GET")
        assert str(raw.url) == f"{server.url}/v1/models/m"
        assert raw.headers["X-Request-ID"] == "req_1"
        assert raw.http_version == "HTTP/1.1"
        assert raw.content == body(MODEL)
        assert raw.text == body(MODEL).decode()
        assert raw.is_closed
        assert raw.elapsed.total_seconds() > 0
        assert raw.parse().id == "m"
        assert raw.parse() is raw.parse()
        assert raw.parse()._request_id == "req_1"
        assert raw.parse(to=dict) == MODEL
        assert raw.parse(to=str) == body(MODEL).decode()
        assert raw.parse(to=bytes) == body(MODEL)
        # The official package's marks for its own wrappers are not for the server's eyes.
        assert "x-stainless-raw-response" not in server.requests[0].headers


def test_a_raw_response_that_cannot_be_parsed_can_be_looked_at(colour: Colour) -> None:
    with Rude(reply(b"{nope")) as server, colour.client(server.url) as it:
        raw = it(raw_retrieve)
        assert raw.content == b"{nope"
        with pytest.raises(MalformedResponse):
            raw.parse()


def test_failures_are_raised_in_every_mode(colour: Colour) -> None:
    with Rude(wrong(404, code="none")) as server, colour.client(server.url) as it:
        assert isinstance(failure_of(it, raw_retrieve), NotFoundError)
        with pytest.raises(NotFoundError) as caught:
            it.entered(opened, lambda response: response)
        assert caught.value.code == "none"
        assert caught.value.body["message"] == "no"


def test_a_raw_page_parses_and_goes_on(colour: Colour) -> None:
    pages = [ok({"data": [{"id": "a"}], "has_more": True}), ok({"data": [{"id": "b"}], "has_more": False})]
    with Rude(*pages) as server, colour.client(server.url) as it:
        page = it(lambda client: client.files.with_raw_response.list()).parse()
        assert [item.id for item in it.items(lambda _: page)] == ["a", "b"]


def test_a_raw_stream_parses_to_a_stream(colour: Colour) -> None:
    with Rude(CHAT) as server, colour.client(server.url) as it:
        raw = it(lambda c: c.chat.completions.with_raw_response.create(model="m", messages=[], stream=True))
        assert raw.headers["content-type"] == "text/event-stream"
        stream = raw.parse()
        assert isinstance(stream, antiphon.AsyncStream if colour.is_async else antiphon.Stream)
        assert len(it.items(lambda _: stream)) == 3


def test_an_open_response_is_sent_on_entering_and_closed_on_leaving(colour: Colour) -> None:
    half: Any = [chunked_head("Content-Type: application/json") + chunk(b'{"id": '), hang]
    with Rude(half) as server, colour.client(server.url) as it:
        manager = opened(it.raw)
        assert server.requests == []
        seen: list[Any] = []
        it.entered(lambda _: manager, lambda response: seen.append((response.status_code, response.is_closed)))
        assert seen == [(200, False)]
        it.turn()
        assert server.left(0)


def test_an_open_response_parses(colour: Colour) -> None:
    with Rude(ok()) as server, colour.client(server.url) as it:
        assert it.entered(opened, lambda response: response.parse()).id == "m"
        assert it.entered(opened, lambda response: response.read()) == body(MODEL)
        assert it.entered(opened, lambda response: response.text()) == body(MODEL).decode()
        assert it.entered(opened, lambda response: response.json()) == MODEL
        assert server.connections == 1


def gathered(colour: Colour, method: str, *arguments: Any) -> Any:
    """Reads an open response through one of its iterators."""

    def inside(response: Any) -> Any:
        async def awaited() -> list[Any]:
            return [piece async for piece in getattr(response, method)(*arguments)]

        return awaited() if colour.is_async else list(getattr(response, method)(*arguments))

    return inside


def test_an_open_response_is_read_in_pieces(colour: Colour) -> None:
    content = "eins\r\nzwei\nd\u00fcrei".encode()
    with (
        Rude(chunked(*(content[n : n + 3] for n in range(0, len(content), 3)))) as server,
        colour.client(server.url) as it,
    ):
        assert b"".join(it.entered(opened, gathered(colour, "iter_bytes"))) == content
        sized = it.entered(opened, gathered(colour, "iter_bytes", 4))
        assert [len(piece) for piece in sized] == [4, 4, 4, 4, 1]
        assert "".join(it.entered(opened, gathered(colour, "iter_text"))) == content.decode()
        assert it.entered(opened, gathered(colour, "iter_lines")) == ["eins", "zwei", "dürei"]


def test_a_body_is_read_once(colour: Colour) -> None:
    def twice(response: Any) -> Any:
        async def awaited() -> None:
            async for _ in response.iter_bytes():
                pass
            await response.read()

        if colour.is_async:
            return awaited()
        list(response.iter_bytes())
        return response.read()

    with Rude(ok()) as server, colour.client(server.url) as it, pytest.raises(StreamAlreadyConsumed):
        it.entered(opened, twice)


def test_an_open_stream_gives_its_events(colour: Colour) -> None:
    def events(response: Any) -> Any:
        async def awaited() -> list[Any]:
            return [item async for item in await response.parse()]

        return awaited() if colour.is_async else list(response.parse())

    with Rude(CHAT) as server, colour.client(server.url) as it:
        ask: Any = lambda c: c.chat.completions.with_streaming_response.create(model="m", messages=[], stream=True)  # noqa: E731
        assert len(it.entered(ask, events)) == 3


def speech(client: Any) -> Any:
    """A download."""
    return client.audio.speech.create(model="tts", voice="alloy", input="hi")


def test_a_download_read_whole(colour: Colour, tmp_path: Path) -> None:
    content = bytes(range(256)) * 100
    with Rude(reply(content, 200, "Content-Type: audio/mpeg")) as server, colour.client(server.url) as it:
        binary = it(speech)
        assert binary.content == content
        assert binary.read() == content
        assert [len(piece) for piece in binary.iter_bytes(10_000)] == [10_000, 10_000, 5_600]
        binary.write_to_file(tmp_path / "a.mp3")
        assert (tmp_path / "a.mp3").read_bytes() == content
        assert binary.response.headers["content-type"] == "audio/mpeg"


def test_a_download_streamed_to_a_file(colour: Colour, tmp_path: Path) -> None:
    content = bytes(range(256)) * 4000
    with Rude(reply(content, 200, "Content-Type: audio/mpeg")) as server, colour.client(server.url) as it:
        ask: Any = lambda c: c.audio.speech.with_streaming_response.create(model="t", voice="alloy", input="hi")  # noqa: E731
        it.entered(ask, lambda response: response.stream_to_file(tmp_path / "b.mp3"))
        assert (tmp_path / "b.mp3").read_bytes() == content


def test_row_7_a_download_that_breaks_off_is_no_file(colour: Colour, tmp_path: Path) -> None:
    with Rude([reply(b"half", length=8), hang_up]) as server, colour.client(server.url, max_retries=0) as it:
        error = failure_of(it, speech)
        assert isinstance(error, antiphon.APIConnectionError)
        ask: Any = lambda c: c.audio.speech.with_streaming_response.create(model="t", voice="alloy", input="hi")  # noqa: E731
        with pytest.raises(antiphon.APIConnectionError) as caught:
            it.entered(ask, lambda response: response.stream_to_file(tmp_path / "b.mp3"))
        assert not isinstance(caught.value, StreamInterrupted)


def test_a_json_error_instead_of_a_download_is_an_error(colour: Colour) -> None:
    with Rude(wrong(400, code="voice")) as server, colour.client(server.url) as it:
        assert failure_of(it, speech).code == "voice"


def test_text_results_are_text(colour: Colour) -> None:
    ask: Any = lambda c: c.audio.transcriptions.create(model="w", file=b"RIFF", response_format="text")  # noqa: E731
    with Rude(reply(b"hello there", 200, "Content-Type: text/plain")) as server, colour.client(server.url) as it:
        assert it(ask) == "hello there"

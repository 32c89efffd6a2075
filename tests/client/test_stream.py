"""Streams: what comes, what ends them, and what a server may get wrong."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

import antiphon
from antiphon.errors import (
    APIError,
    MalformedResponse,
    MalformedStream,
    ReadTimeout,
    StreamInterrupted,
    StreamOutOfOrder,
    StreamTruncated,
    UnexpectedContentType,
)
from antiphon.types.chat import ChatCompletionChunk
from tests.transports.rude import Rude, chunk, chunked, chunked_head, drip, hang, hang_up, reply, reset

from .answer import CHAT, RESPONSE, chat, create, delta, ok, sse
from .colour import Colour, failure_of

SSE = "Content-Type: text/event-stream"


def numbered(*kinds: str, start: int = 0) -> list[dict[str, Any]]:
    """Events of a response with sequence numbers."""
    made: list[dict[str, Any]] = [{"type": kind, "sequence_number": n} for n, kind in enumerate(kinds, start)]
    for event in made:
        if event["type"] in ("response.created", "response.completed"):
            event["response"] = copy.deepcopy(RESPONSE)
        else:
            event["delta"] = "x"
    return made


DELTA = "response.output_text.delta"
WHOLE = numbered("response.created", DELTA, DELTA, "response.completed")


def stream_response(client: Any) -> Any:
    """A streamed response."""
    return create(client, stream=True)


def texts(items: list[Any]) -> str:
    """The text of chat chunks."""
    return "".join(item.choices[0].delta.content for item in items if item.choices)


def test_a_chat_stream(colour: Colour) -> None:
    with Rude(CHAT) as server, colour.client(server.url) as it:
        items = it(chat)
        assert texts(items) == "Hello"
        assert type(items[0]).__name__ == "ChatCompletionChunk"
        assert json.loads(server.requests[0].body)["stream"] is True


def test_a_response_stream_ends_with_its_terminal_event(colour: Colour) -> None:
    # The responses API sends no [DONE]; its last event says it all.
    with Rude(sse(*WHOLE, done=False)) as server, colour.client(server.url) as it:
        items = it(stream_response)
        assert [item.type for item in items] == [event["type"] for event in WHOLE]
        assert items[-1].response.id == "resp_1"
        assert items[1].to_dict() == WHOLE[1]


CUT: dict[str, tuple[bytes, Any, int]] = {
    "chat without [DONE] or a finish": (sse(delta("a"), delta("b"), done=False), chat, 2),
    "response without its terminal event": (sse(*WHOLE[:-1], done=False), stream_response, 3),
    "inside an event": (chunked(b'data: {"choices": []}\n\ndata: {"cho', headers=[SSE]), chat, 1),
    "nothing at all": (chunked(headers=[SSE]), chat, 0),
    "comments only": (chunked(b": ping\n\n: ping\n\n", headers=[SSE]), chat, 0),
}


@pytest.mark.parametrize("kind", CUT)
def test_row_46_a_stream_that_ends_too_early_is_an_error_after_what_came(colour: Colour, kind: str) -> None:
    answer, do, came = CUT[kind]
    with Rude(answer) as server, colour.client(server.url) as it:
        items, error = it.events(do)
        assert len(items) == came
        assert type(error) is StreamTruncated
        assert isinstance(error, StreamInterrupted)
        assert len(server.requests) == 1
        if do is stream_response:
            assert error.sequence_number == 2


def test_row_46_servers_without_a_mark_can_be_trusted_on_request(colour: Colour) -> None:
    with Rude(sse(delta("a"), done=False)) as server, colour.client(server.url, strict_streams=False) as it:
        assert texts(it(chat)) == "a"


def test_a_finish_reason_is_an_end_even_without_done(colour: Colour) -> None:
    with Rude(sse(delta("a"), delta("", "stop"), done=False)) as server, colour.client(server.url) as it:
        assert texts(it(chat)) == "a"


@pytest.mark.parametrize("end", [reset, hang_up], ids=["reset", "short"])
def test_row_47_a_connection_that_breaks_keeps_what_came_and_tells_where(colour: Colour, end: Any) -> None:
    head = chunked_head(SSE)
    events = b"".join(chunk(f"data: {json.dumps(event)}\n\n".encode()) for event in WHOLE[:3])
    pause = drip(b"", 0.05) if end is hang_up else _settle
    with Rude([head + events, pause, end]) as server, colour.client(server.url) as it:
        items, error = it.events(stream_response)
        assert [item.sequence_number for item in items] == [0, 1, 2]
        assert type(error) is StreamInterrupted
        assert error.sequence_number == 2
        assert error.phase == "stream"
        assert error.__cause__ is not None
        assert server.url.removeprefix("http://") in str(error)
        assert len(server.requests) == 1


def _settle(peer: Any) -> None:
    # A reset drops what the client has not read yet; let it read.
    peer.server.stopping.wait(0.15)


def test_row_12_a_stream_that_falls_silent(colour: Colour) -> None:
    with Rude([CHAT[:-60], hang]) as server, colour.client(server.url, timeout=0.2) as it:
        items, error = it.events(chat)
        assert texts(items).startswith("Hel")
        assert isinstance(error, ReadTimeout)
        assert len(server.requests) == 1
        assert server.left()


ERRORS: dict[str, Any] = {
    "an error object": {"error": {"message": "overloaded", "code": "busy", "type": "server_error", "param": None}},
    "an error event": "event: error\ndata: " + json.dumps({"error": {"message": "overloaded", "code": "busy"}}),
    "an error event without an error object": "event: error\ndata: "
    + json.dumps({"message": "overloaded", "code": "busy"}),
}


@pytest.mark.parametrize("kind", ERRORS)
def test_row_48_an_error_in_the_middle(colour: Colour, kind: str) -> None:
    event = ERRORS[kind]
    line = event if isinstance(event, str) else f"data: {json.dumps(event)}"
    answer = chunked(f"data: {json.dumps(delta('a'))}\n\n".encode(), f"{line}\n\n".encode(), headers=[SSE])
    with Rude(answer) as server, colour.client(server.url) as it:
        items, error = it.events(chat)
        assert texts(items) == "a"
        assert type(error) is APIError
        assert (error.message, error.code) == ("overloaded", "busy")
        assert error.body["code"] == "busy"


def test_row_48_the_error_event_of_responses_is_an_event(colour: Colour) -> None:
    error = {"type": "error", "sequence_number": 1, "message": "overloaded", "code": "busy", "param": None}
    with Rude(sse(WHOLE[0], error, done=False)) as server, colour.client(server.url) as it:
        items = it(stream_response)
        assert (items[-1].type, items[-1].code) == ("error", "busy")


SPELLINGS: dict[str, bytes] = {
    "row 49: CR": b"data: {A}\r\rdata: [DONE]\r\r",
    "row 49: CRLF": b"data: {A}\r\n\r\ndata: [DONE]\r\n\r\n",
    "row 49: no space": b"data:{A}\n\ndata:[DONE]\n\n",
    "row 49: comments and other fields": b": hi\nretry: 5\nid: 7\nfoo: bar\ndata: {A}\n\n:\n\ndata: [DONE]\n\n",
    "row 49: BOM": b"\xef\xbb\xbfdata: {A}\n\ndata: [DONE]\n\n",
    "row 49: an id with NUL": b"id: a\x00b\ndata: {A}\n\ndata: [DONE]\n\n",
    "row 49: events without data": b"event: ping\n\nid: 3\n\ndata\n\ndata: {A}\n\ndata: [DONE]\n\n",
    "row 53: events after the end": b'data: {A}\n\ndata: [DONE]\n\ndata: {"choices": 5}\n\ndata: nonsense\n\n',
    "no blank line after the end": b"data: {A}\n\ndata: [DONE]",
}


@pytest.mark.parametrize("size", [1, 3, 10_000])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_rows_49_to_53_however_it_is_spelt_and_cut(colour: Colour, spelling: str, size: int) -> None:
    value = {**delta("é\u2028\u0085\x0b"), "u": "\U0001f600"}
    raw = SPELLINGS[spelling].replace(b"{A}", json.dumps(value, ensure_ascii=False).encode())
    pieces = [raw[start : start + size] for start in range(0, len(raw), size)]
    with Rude(chunked(*pieces, headers=[SSE])) as server, colour.client(server.url) as it:
        (item,) = it(chat)
        assert item.to_dict() == value


def test_row_49_data_over_several_lines(colour: Colour) -> None:
    lines = json.dumps(delta("a"), indent=1).replace("\n", "\ndata: ")
    with (
        Rude(chunked(f"data: {lines}\n\ndata: [DONE]\n\n".encode(), headers=[SSE])) as server,
        colour.client(server.url) as it,
    ):
        assert texts(it(chat)) == "a"


@pytest.mark.parametrize("data", [b"{not json", b'{"a": NaN}', b"\xff\xfe", b"[" * 3000], ids=repr)
def test_row_51_an_event_that_cannot_be_read(colour: Colour, data: bytes) -> None:
    first = f"data: {json.dumps(delta('a'))}\n\n".encode()
    with Rude(chunked(first, b"data: " + data + b"\n\n", b"data: [DONE]\n\n", headers=[SSE])) as server:
        with colour.client(server.url) as it:
            items, error = it.events(chat)
    assert texts(items) == "a"
    assert type(error) is MalformedStream


@pytest.mark.parametrize("numbers", [(0, 2), (0, 0), (1, 0), (5, 7)], ids=repr)
def test_row_53_sequence_numbers_with_a_gap_or_a_repeat(colour: Colour, numbers: tuple[int, int]) -> None:
    events = numbered(DELTA, DELTA)
    for event, number in zip(events, numbers, strict=True):
        event["sequence_number"] = number
    with Rude(sse(*events, WHOLE[-1])) as server, colour.client(server.url) as it:
        items, error = it.events(stream_response)
    assert len(items) == 1
    assert type(error) is StreamOutOfOrder


def test_row_53_a_resumed_stream_begins_where_it_was_left(colour: Colour) -> None:
    rest = numbered(DELTA, "response.completed", start=8)
    with Rude(sse(*rest, done=False)) as server, colour.client(server.url) as it:
        resume: Any = lambda c: c.responses.retrieve("resp_1", stream=True, starting_after=7)  # noqa: E731
        assert [item.sequence_number for item in it(resume)] == [8, 9]
        assert server.requests[
            0
        ].target == "/v1/responses/resp_1?stream=true&starting_after=7" or "starting_after=7" in (
            server.requests[0].target
        )


def test_row_55_json_where_events_were_asked_for(colour: Colour) -> None:
    answers = [
        ok({"error": {"message": "no such model", "code": "m"}}),
        ok(delta("whole")),
        ok({"id": "r", "error": None}),
    ]
    with Rude(*answers) as server, colour.client(server.url) as it:
        error = failure_of(it, chat)
        assert isinstance(error, APIError)
        assert (error.code, error.message) == ("m", "no such model")
        assert texts(it(chat)) == "whole"
        assert [item.id for item in it(stream_response)] == ["r"]


def test_row_55_html_or_an_empty_body_where_events_were_asked_for(colour: Colour) -> None:
    with Rude(reply(b"<html>", 200, "Content-Type: text/html"), reply(b"", 200)) as server:
        with colour.client(server.url) as it:
            assert type(failure_of(it, chat)) is UnexpectedContentType
            assert type(failure_of(it, chat)) is MalformedResponse


def test_row_55_events_where_json_was_promised(colour: Colour) -> None:
    with Rude(CHAT) as server, colour.client(server.url) as it:
        error = failure_of(it, create)
        assert type(error) is UnexpectedContentType
        assert "event-stream" in str(error)


@pytest.mark.parametrize("label", ["text/plain", "application/octet-stream", "TEXT/EVENT-STREAM; charset=utf-8"])
def test_events_under_another_label_are_events(colour: Colour, label: str) -> None:
    answer = chunked(f"data: {json.dumps(delta('a'))}\n\ndata: [DONE]\n\n".encode(), headers=[f"Content-Type: {label}"])
    with Rude(answer) as server, colour.client(server.url) as it:
        assert texts(it(chat)) == "a"


def test_usage_comes_in_a_chunk_without_choices(colour: Colour) -> None:
    usage = {**delta(""), "choices": [], "usage": {"total_tokens": 3}}
    with Rude(sse(delta("a"), delta("", "stop"), usage)) as server, colour.client(server.url) as it:
        items = it(chat)
        assert items[-1].usage.total_tokens == 3


def test_row_52_an_event_past_the_bound_and_very_many_small_ones(colour: Colour) -> None:
    many = b"data: " + json.dumps(delta("x")).encode() + b"\n\n"
    with Rude(chunked(many * 5000, b"data: [DONE]\n\n", headers=[SSE])) as server, colour.client(server.url) as it:
        assert len(it(chat)) == 5000
    endless = [chunked_head(SSE), chunk(b"data: "), *[chunk(b"x" * (1 << 20))] * 66]
    with Rude(endless, keep_bodies=False) as server, colour.client(server.url) as it:
        assert type(failure_of(it, chat)) is MalformedStream


def test_streams_of_another_class_and_type(colour: Colour) -> None:
    stream_class: Any = antiphon.AsyncStream if colour.is_async else antiphon.Stream

    class Mine(stream_class[ChatCompletionChunk]):
        """A user's own stream."""

    made = {stream_class[ChatCompletionChunk]: ChatCompletionChunk, Mine: ChatCompletionChunk, stream_class: dict}
    with Rude(CHAT) as server, colour.client(server.url) as it:
        for kind, item_class in made.items():
            ask: Any = lambda c, kind=kind: c.post("/x", cast_to=dict, body={}, stream=True, stream_cls=kind)  # noqa: E731
            stream = it.wait(ask(it.raw))
            assert isinstance(stream, stream_class)
            assert isinstance(stream, Mine) == (kind is Mine)
            items = it.items(lambda _, stream=stream: stream)
            assert [type(item) for item in items] == [item_class] * 3


def test_a_raw_response_parses_to_a_stream_of_another_type(colour: Colour) -> None:
    stream_class: Any = antiphon.AsyncStream if colour.is_async else antiphon.Stream
    with Rude(CHAT) as server, colour.client(server.url) as it:
        raw = it(lambda c: c.chat.completions.with_raw_response.create(model="m", messages=[], stream=True))
        items = it.items(lambda _: raw.parse(to=stream_class[dict[str, Any]]))
        assert [type(item) for item in items] == [dict] * 3

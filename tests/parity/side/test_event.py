"""1.6: event streams of every spelling give the same items and end the same way."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.client.answer import delta
from tests.transports.rude import chunk, chunked, chunked_head, hang_up, reply, reset

from .duet import Row, check_known, compare, each, entered, every, got, plain
from .known.event import KNOWN

EVENTS = "Content-Type: text/event-stream"
A = json.dumps(delta("a")).encode()
B = json.dumps(delta("b", "stop")).encode()
DONE = b"data: [DONE]\n\n"
CREATED = b'{"type":"response.created","sequence_number":0,"response":{"id":"r","object":"response","output":[]}}'
TEXT = b'{"type":"response.output_text.delta","sequence_number":1,"item_id":"i","output_index":0,"content_index":0,"delta":"x"}'
COMPLETED = b'{"type":"response.completed","sequence_number":2,"response":{"id":"r","object":"response","output":[]}}'


def chatted(client: Any, _: Any) -> Any:
    return client.chat.completions.create(model="m", messages=[], stream=True)


def responded(client: Any, _: Any) -> Any:
    return client.responses.create(model="m", input="x", stream=True)


def ran(client: Any, _: Any) -> Any:
    return client.beta.threads.runs.create("t", assistant_id="a", stream=True)


def completed(client: Any, _: Any) -> Any:
    return client.completions.create(model="m", prompt="x", stream=True)


def spelt(text: bytes, do: Any = chatted, *lines: str) -> Row:
    return Row([chunked(text, headers=[EVENTS, *lines])], do)


async def entered_twice(client: Any, package: Any) -> Any:
    stream = await got(chatted(client, package))
    async with entered(stream) as inner:
        first = await every(inner)
    return first, await every(stream), inner is stream


async def left(client: Any, package: Any) -> Any:
    stream = await got(chatted(client, package))
    async for item in each(stream):
        await got(stream.close())
        return item
    return None


async def raw_parsed(client: Any, _: Any) -> Any:
    raw = await got(client.chat.completions.with_raw_response.create(model="m", messages=[], stream=True))
    return raw.headers["content-type"], await every(raw.parse())


async def streamed_parsed(client: Any, _: Any) -> Any:
    call = client.chat.completions.with_streaming_response.create(model="m", messages=[], stream=True)
    async with entered(call) as raw:
        return await every(await got(raw.parse()))


async def streamed_lines(client: Any, _: Any) -> Any:
    call = client.chat.completions.with_streaming_response.create(model="m", messages=[], stream=True)
    async with entered(call) as raw:
        return await every(raw.iter_lines())


async def head(client: Any, package: Any) -> Any:
    stream = await got(chatted(client, package))
    found = [stream.response.status_code, stream.response.headers["x-mine"], str(stream.response.request.url)]
    await got(stream.close())
    return found


async def typed(client: Any, package: Any) -> Any:
    kind = package.AsyncStream if hasattr(client, "__aenter__") else package.Stream
    return await every(await got(client.get("/x", cast_to=object, stream=True, stream_cls=kind[dict[str, object]])))


async def first_event(client: Any, package: Any) -> Any:
    stream = await got(responded(client, package))
    async for item in each(stream):
        await got(stream.close())
        return type(item).__name__, plain(item)
    return None


ROWS: dict[str, Row] = {
    "plain": spelt(b"data: " + A + b"\n\ndata: " + B + b"\n\n" + DONE),
    "CR": spelt(b"data: " + A + b"\r\rdata: " + B + b"\r\rdata: [DONE]\r\r"),
    "CRLF": spelt(b"data: " + A + b"\r\n\r\ndata: " + B + b"\r\n\r\ndata: [DONE]\r\n\r\n"),
    "mixed ends": spelt(b"data: " + A + b"\r\n\ndata: " + B + b"\n\r\ndata: [DONE]\r\n\n"),
    "no blank": spelt(b"data:" + A + b"\n\ndata:" + B + b"\n\ndata:[DONE]\n\n"),
    "two blanks": spelt(b"data:  " + A + b"\n\n" + DONE),
    "tab": spelt(b"data:\t" + A + b"\n\n" + DONE),
    "comments": spelt(b": ping\n\ndata: " + A + b"\n: inside\n\n:\n\n" + DONE),
    "comment alone then data": spelt(b": ping\ndata: " + A + b"\n\n" + DONE),
    "named": spelt(b"event: x\ndata: " + A + b"\n\n" + DONE),
    "name after data": spelt(b"data: " + A + b"\nevent: x\n\n" + DONE),
    "ids and retries": spelt(b"id: 1\nretry: 10\ndata: " + A + b"\n\nid: 2\ndata: " + B + b"\n\n" + DONE),
    "a ping after an id": spelt(b"id: 1\ndata: " + A + b"\n\n: ping\n\n" + DONE),
    "unknown fields": spelt(b"foo: bar\ndata: " + A + b"\nfoo\n\n" + DONE),
    "data over lines": spelt(b'data: {"id": "c",\ndata: "choices": []}\n\n' + DONE),
    "BOM": spelt(b"\xef\xbb\xbfdata: " + A + b"\n\ndata: " + B + b"\n\n" + DONE),
    "done with more": spelt(b"data: " + A + b"\n\ndata: [DONE] bye\n\n"),
    "done in another case": spelt(b"data: " + A + b"\n\ndata: [done]\n\n" + DONE),
    "done twice": spelt(b"data: " + A + b"\n\n" + DONE + DONE),
    "data after done": spelt(b"data: " + A + b"\n\n" + DONE + b"data: nonsense\n\n"),
    "done without a blank line": spelt(b"data: " + A + b"\n\ndata: [DONE]\n"),
    "only done": spelt(DONE),
    "nothing": spelt(b""),
    "no done": spelt(b"data: " + A + b"\n\n"),
    "no done and no finish": spelt(b"data: " + A + b"\n\ndata: " + A + b"\n\n"),
    "finish and no done": spelt(b"data: " + B + b"\n\n"),
    "last event unended": spelt(b"data: " + A + b"\n\ndata: " + B),
    "empty data": spelt(b"data:\n\ndata: " + A + b"\n\n" + DONE),
    "name alone": spelt(b"event: ping\n\ndata: " + A + b"\n\n" + DONE),
    "id alone": spelt(b"id: 7\n\ndata: " + A + b"\n\n" + DONE),
    "bad JSON": spelt(b"data: " + A + b"\n\ndata: {bad\n\n" + DONE),
    "bad UTF-8": spelt(b"data: " + A + b"\n\ndata: \xff\n\n" + DONE),
    "null": spelt(b"data: null\n\n" + DONE),
    "number": spelt(b"data: 5\n\n" + DONE),
    "text": spelt(b'data: "x"\n\n' + DONE),
    "list": spelt(b"data: [1]\n\n" + DONE),
    "empty object": spelt(b"data: {}\n\n" + DONE),
    "line separators": spelt('data: {"id":"a\u2028b\u0085c\x0bd"}\n\n'.replace("\x0b", "\\u000b").encode() + DONE),
    "error object": spelt(
        b"data: " + A + b'\n\ndata: {"error":{"message":"m","code":"c","type":"t","param":"p"}}\n\n' + DONE
    ),
    "error object first": spelt(b'data: {"error":{"message":"m"}}\n\n'),
    "error object without a message": spelt(b'data: {"error":{"code":"c"}}\n\n'),
    "error object with an empty message": spelt(b'data: {"error":{"message":"","code":"c"}}\n\n'),
    "error object with a number": spelt(b'data: {"error":{"message":5}}\n\n'),
    "error is text": spelt(b'data: {"error":"m"}\n\n'),
    "error is null": spelt(b'data: {"error":null,"id":"c"}\n\n' + DONE),
    "error is empty": spelt(b'data: {"error":{},"id":"c"}\n\n' + DONE),
    "error is false": spelt(b'data: {"error":false,"id":"c"}\n\n' + DONE),
    "error is true": spelt(b'data: {"error":true,"id":"c"}\n\n' + DONE),
    "error is a list": spelt(b'data: {"error":[1],"id":"c"}\n\n' + DONE),
    "error event": spelt(b'event: error\ndata: {"error":{"message":"m","code":"c"}}\n\n' + DONE),
    "error event of text": spelt(b"event: error\ndata: overloaded\n\n" + DONE),
    "error event without error": spelt(b'event: error\ndata: {"message":"m","code":"c"}\n\n' + DONE),
    "usage last": spelt(b"data: " + A + b'\n\ndata: {"id":"c","choices":[],"usage":{"total_tokens":3}}\n\n' + DONE),
    "legacy completions": spelt(
        b'data: {"id":"c","object":"text_completion","choices":[{"text":"a","index":0}]}\n\n' + DONE, completed
    ),
    "responses": spelt(b"".join(b"data: " + e + b"\n\n" for e in (CREATED, TEXT, COMPLETED)), responded),
    "responses named": spelt(
        b"".join(b"event: x\ndata: " + e + b"\n\n" for e in (CREATED, TEXT, COMPLETED)), responded
    ),
    "responses and done": spelt(
        b"".join(b"data: " + e + b"\n\n" for e in (CREATED, TEXT, COMPLETED)) + DONE, responded
    ),
    "responses unended": spelt(b"".join(b"data: " + e + b"\n\n" for e in (CREATED, TEXT)), responded),
    "responses failed": spelt(
        b"data: "
        + CREATED
        + b'\n\ndata: {"type":"response.failed","sequence_number":1,"response":{"id":"r","error":{"code":"server_error","message":"m"}}}\n\n',
        responded,
    ),
    "responses incomplete": spelt(
        b"data: " + CREATED + b'\n\ndata: {"type":"response.incomplete","sequence_number":1,"response":{"id":"r"}}\n\n',
        responded,
    ),
    "responses error event": spelt(
        b"data: "
        + CREATED
        + b'\n\ndata: {"type":"error","sequence_number":1,"code":"c","message":"m","param":null}\n\n',
        responded,
    ),
    "responses error event with error": spelt(
        b"data: " + CREATED + b'\n\nevent: error\ndata: {"type":"error","error":{"code":"c","message":"m"}}\n\n',
        responded,
    ),
    "responses unknown event": spelt(
        b"data: "
        + CREATED
        + b'\n\ndata: {"type":"response.never.heard","sequence_number":1,"x":1}\n\ndata: '
        + COMPLETED
        + b"\n\n",
        responded,
    ),
    "assistants": spelt(
        b'event: thread.run.created\ndata: {"id":"run","object":"thread.run","status":"queued"}\n\nevent: done\n'
        + DONE,
        ran,
    ),
    "assistants delta": spelt(
        b'event: thread.message.delta\ndata: {"id":"m","delta":{"content":[]}}\n\nevent: done\n' + DONE, ran
    ),
    "assistants unknown": spelt(b'event: thread.never.heard\ndata: {"id":"m"}\n\nevent: done\n' + DONE, ran),
    "assistants error": spelt(b'event: error\ndata: {"code":"c","message":"m"}\n\nevent: done\n' + DONE, ran),
    "assistants error with error": spelt(b'event: error\ndata: {"error":{"code":"c","message":"m"}}\n\n', ran),
    "thread event in chat": spelt(b'event: thread.x\ndata: {"id":"c"}\n\n' + DONE),
    "cut": Row([[chunked_head(EVENTS) + chunk(b"data: " + A + b"\n\n"), hang_up]], chatted),
    "reset": Row([[chunked_head(EVENTS) + chunk(b"data: " + A + b"\n\n"), reset]], chatted),
    "cut after done": Row([[chunked_head(EVENTS) + chunk(b"data: " + A + b"\n\n" + DONE), hang_up]], chatted),
    "with a length": Row([reply(b"data: " + A + b"\n\n" + DONE, 200, EVENTS)], chatted),
    "json instead": Row([reply(A)], chatted),
    "json error instead": Row([reply(b'{"error":{"message":"m"}}')], chatted),
    "html instead": Row([reply(b"<html>\n</html>", 200, "Content-Type: text/html")], chatted),
    "events without a label": Row([reply(b"data: " + A + b"\n\n" + DONE, 200, "Content-Type: text/plain")], chatted),
    "empty reply": Row([reply(b"", 200, EVENTS)], chatted),
    "204": Row([b"HTTP/1.1 204 No Content\r\n\r\n"], chatted),
    "entered": spelt(b"data: " + A + b"\n\n" + DONE, entered_twice),
    "left": spelt(b"data: " + A + b"\n\ndata: " + B + b"\n\n" + DONE, left),
    "raw": spelt(b"data: " + A + b"\n\n" + DONE, raw_parsed),
    "streamed raw": spelt(b"data: " + A + b"\n\n" + DONE, streamed_parsed),
    "streamed raw lines": spelt(b"data: " + A + b"\r\n\r\n: c\n\n" + DONE, streamed_lines),
    "its response": spelt(b"data: " + A + b"\n\n" + DONE, head, "X-Mine: 1"),
    "of a plain get": spelt(b"data: " + A + b'\n\ndata: {"x":1}\n\n' + DONE, typed),
    "of a plain get, named": spelt(b'event: n\ndata: {"x":1}\n\n' + DONE, typed),
    "of a plain get, a list": spelt(b"data: [1]\n\n" + DONE, typed),
    "the class of an event": spelt(b"data: " + CREATED + b"\n\ndata: " + COMPLETED + b"\n\n", first_event),
}


@pytest.mark.parametrize("name", ROWS)
def test_events(name: str, colour: str) -> None:
    compare(name, ROWS[name], colour, KNOWN)


def test_known_differences_are_of_rows() -> None:
    check_known(KNOWN, ROWS)

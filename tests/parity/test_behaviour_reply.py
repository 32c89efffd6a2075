"""What replies become, and what errors say, side by side; the finer rows are in `side/`."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from tests.client.answer import MODEL, chat, create, delta, ok, sse, wrong
from tests.client.colour import ADMIN_KEY, Colour
from tests.transports.rude import Rude, reply

from .pair import BOTH, colour, omitted, outcome, quiet_environment

__all__ = ["colour", "quiet_environment"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 418, 422, 429, 500, 503])
@pytest.mark.parametrize("shape", ["object", "text", "other json"])
def test_errors_say_the_same(status: int, shape: str, colour: Colour) -> None:
    answer = {
        "object": wrong(status, "x-request-id: req_1", code="c", message="no such thing"),
        "text": reply(b"gone", status, "Content-Type: text/plain"),
        "other json": reply(b'{"detail": "x"}', status),
    }[shape]
    with Rude(answer) as server:
        theirs, ours = (outcome(package, colour, server.url, create)[0] for package in BOTH)
    for name in ("message", "body", "code", "param", "type", "status_code", "request_id"):
        if name == "message" and shape != "object":
            continue  # where the server says nothing of its own, ours says more
        assert getattr(ours, name) == getattr(theirs, name), name
    assert type(ours).__name__ == type(theirs).__name__
    assert theirs.response.status_code == ours.response.status_code
    assert str(ours).startswith(str(theirs)) or shape != "object"


AUDIO: dict[str, bytes] = {
    "json": ok({"text": "hi"}),
    "verbose_json": ok({"text": "hi", "duration": 1.5, "language": "en", "segments": []}),
    "diarized_json": ok({"text": "hi", "duration": 1.5, "task": "transcribe", "segments": []}),
    "text": reply(b"hi", 200, "Content-Type: text/plain"),
    "srt": reply(b"1\n00", 200, "Content-Type: text/plain"),
    "vtt": reply(b"WEBVTT", 200, "Content-Type: text/plain"),
}


@pytest.mark.parametrize("form", AUDIO)
def test_a_transcription_has_the_type_of_its_format(form: str, colour: Colour) -> None:
    def ask(client: Any) -> Any:
        return client.audio.transcriptions.create(file=("a.wav", io.BytesIO(b"x")), model="m", response_format=form)

    with Rude(AUDIO[form]) as server:
        theirs, ours = (outcome(package, colour, server.url, ask)[0] for package in BOTH)
    assert type(ours).__name__ == type(theirs).__name__
    assert (ours if isinstance(ours, str) else ours.to_dict()) == (
        theirs if isinstance(theirs, str) else theirs.to_dict()
    )


def listing(number: int, more: bool) -> bytes:
    return ok(
        {"object": "list", "data": [{"id": f"f{number}"}], "has_more": more, "first_id": "x", "last_id": f"f{number}"}
    )


PAGES: dict[str, tuple[list[bytes], Any]] = {
    "cursor": ([listing(1, True), listing(2, True), listing(3, False)], lambda client: client.files.list(limit=1)),
    "cursor without has_more": ([ok({"data": [{"id": "f1"}]}), ok({"data": []})], lambda client: client.files.list()),
    "plain": ([listing(1, True)], lambda client: client.models.list()),
    "conversation": ([listing(1, True), listing(2, False)], lambda client: client.conversations.items.list("c")),
    "next": (
        [ok({"data": [{"id": "u1"}], "has_more": True, "next": "n/2"}), ok({"data": [{"id": "u2"}], "has_more": False, "next": None})],
        lambda client: client.admin.organization.groups.list(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_turned_by_the_same_requests(name: str, colour: Colour) -> None:
    script, call = PAGES[name]

    async def collected(client: Any) -> list[Any]:
        first = await call(client)
        return [first.has_next_page(), [item.id async for item in call(client)]]

    def read(client: Any) -> Any:
        if colour.is_async:
            return collected(client)
        return [call(client).has_next_page(), [item.id for item in call(client)]]

    seen = []
    for package in BOTH:
        # The first page is asked for twice: to look at, and to go on from.
        with Rude(script[0], *script) as server:
            result = outcome(package, colour, server.url, read, admin_api_key=ADMIN_KEY)
            seen.append((result, [request.line for request in server.requests]))
    assert seen[1] == seen[0]


def test_events_of_a_stream_are_the_same(colour: Colour) -> None:
    usage = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [], "usage": {"total_tokens": 3, "prompt_tokens": 1, "completion_tokens": 2}}  # fmt: skip
    with Rude(sse(delta("Hel"), delta("lo", "stop"), usage)) as server:
        theirs, ours = (
            outcome(package, colour, server.url, lambda client: chat(client, stream_options={"include_usage": True}))[0]
            for package in BOTH
        )
        assert json.loads(server.requests[0].body) == json.loads(server.requests[1].body)
    assert [event.to_dict() for event in ours] == [event.to_dict() for event in theirs]


def test_raw_and_streaming_responses_tell_the_same(colour: Colour) -> None:
    names = ("status_code", "request_id", "retries_taken", "method", "http_version", "is_closed")

    async def streamed(client: Any) -> Any:
        async with client.models.with_streaming_response.retrieve("m") as response:
            return [response.status_code, await response.text()]

    def opened(client: Any) -> Any:
        if colour.is_async:
            return streamed(client)
        with client.models.with_streaming_response.retrieve("m") as response:
            return [response.status_code, response.text()]

    raw = lambda client: client.models.with_raw_response.retrieve("m")  # noqa: E731
    with Rude(ok(MODEL, "x-request-id: req_1")) as server:
        (theirs, their_text), (ours, our_text) = (outcome(package, colour, server.url, raw, opened) for package in BOTH)
    assert our_text == their_text
    for name in names:
        assert getattr(ours, name) == getattr(theirs, name), name
    assert ours.parse().to_dict() == theirs.parse().to_dict()
    assert ours.parse()._request_id == theirs.parse()._request_id == "req_1"
    assert (str(ours.url), ours.text, ours.content) == (str(theirs.url), theirs.text, theirs.content)
    assert ours.headers["x-request-id"] == theirs.headers["x-request-id"]


def test_speech_is_the_same_binary_content(colour: Colour) -> None:
    ask = lambda client: client.audio.speech.create(input="x", model="m", voice="alloy")  # noqa: E731
    with Rude(reply(b"\x00\x01sound", 200, "Content-Type: audio/mpeg")) as server:
        theirs, ours = (outcome(package, colour, server.url, ask)[0] for package in BOTH)
    assert type(ours).__name__ == type(theirs).__name__
    assert ours.content == theirs.content == ours.read() == b"\x00\x01sound"


OPTIONS: dict[str, Any] = {
    "extra body": lambda client: create(client, extra_body={"a": 1, "model": "other"}),
    "extra query": lambda client: create(client, extra_query={"a": [1, 2], "b": {"c": True}, "d": None}),
    "sentinels": lambda client: create(client, temperature=omitted(client), instructions=None, extra_query={"x": omitted(client)}),
    "an id with a slash": lambda client: client.models.retrieve("a/b?c é"),
    "an empty id": lambda client: client.models.retrieve(""),
    "a raw path": lambda client: client.get("/a/b", cast_to=object, options={"params": {"q": "1"}}),
    "two bodies": lambda client: client.post("/a", cast_to=object, body={"a": 1}, content=b"x"),
    "no number": lambda client: create(client, temperature=float("nan")),
}  # fmt: skip


@pytest.mark.parametrize("name", OPTIONS)
def test_options_of_a_call_do_the_same(name: str, colour: Colour) -> None:
    results, lines = [], []
    for package in BOTH:
        with Rude(ok()) as server:
            (result,) = outcome(package, colour, server.url, OPTIONS[name])
            kinds = {base.__name__ for base in type(result).__mro__} & {"TypeError", "ValueError"}
            results.append(kinds)
            lines.append([(request.line, json.loads(request.body or b"null")) for request in server.requests])
    assert lines[1] == lines[0]
    assert results[0] <= results[1]

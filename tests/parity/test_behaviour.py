"""Behaviour that is no request and no type: what constructors take, what headers say, what replies become, side by side.

Each test asks the official package and antiphon the same on local servers and compares; `docs/reference/drop-in.md` names them.
"""

from __future__ import annotations

import asyncio
import inspect
import io
import json
import os
import re
from typing import Any

import httpx2
import pytest

import antiphon
from tests.client.answer import MODEL, chat, create, delta, ok, retrieve, sse, wrong
from tests.client.colour import ADMIN_KEY, KEY, Colour
from tests.transports.rude import Rude, reply

from .official import openai

COLOURS = ("sync", "async")
BOTH = (openai, antiphon)


@pytest.fixture(params=COLOURS)
def colour(request: pytest.FixtureRequest) -> Colour:
    """Each colour."""
    return Colour(request.param, "own")


@pytest.fixture(autouse=True)
def quiet_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of this machine reaches a client."""
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "ANTIPHON_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


def kind_of(package: Any, colour: Colour) -> Any:
    return package.AsyncOpenAI if colour.is_async else package.OpenAI


def outcome(package: Any, colour: Colour, url: str, *calls: Any, **options: Any) -> list[Any]:
    """What each call gives, streams and awaitables read to their end; or its error."""
    options = {"api_key": KEY, "base_url": f"{url}/v1", "max_retries": 0, **options}

    async def awaited() -> list[Any]:
        async with kind_of(package, colour)(**options) as client:
            return [await one(client, do) for do in calls]

    async def one(client: Any, do: Any) -> Any:
        try:
            value = do(client)
            value = await value if inspect.isawaitable(value) else value
            if isinstance(value, package.AsyncStream):
                return [item async for item in value]
            return value
        except Exception as error:
            return error

    if colour.is_async:
        return asyncio.run(awaited())
    results: list[Any] = []
    with kind_of(package, colour)(**options) as client:
        for do in calls:
            try:
                value = do(client)
                results.append(list(value) if isinstance(value, package.Stream) else value)
            except Exception as error:
                results.append(error)
    return results


def test_constructors_take_the_official_arguments(colour: Colour) -> None:
    theirs = set(inspect.signature(kind_of(openai, colour).__init__).parameters)
    ours = set(inspect.signature(kind_of(antiphon, colour).__init__).parameters)
    assert theirs - ours == set()


def test_copies_take_the_official_arguments(colour: Colour) -> None:
    theirs = set(inspect.signature(kind_of(openai, colour).copy).parameters)
    ours = set(inspect.signature(kind_of(antiphon, colour).copy).parameters)
    assert theirs - ours == set()
    assert kind_of(antiphon, colour).with_options is kind_of(antiphon, colour).copy


def test_subclass_hooks_and_methods_are_there(colour: Colour) -> None:
    names = (
        *("_prepare_options", "_prepare_request", "_make_status_error", "_should_retry", "_calculate_retry_timeout"),
        *(
            "_validate_headers",
            "auth_headers",
            "qs",
            "user_agent",
            "platform_headers",
            "default_headers",
            "default_query",
        ),
        *(
            "get",
            "post",
            "patch",
            "put",
            "delete",
            "get_api_list",
            "request",
            "copy",
            "with_options",
            "close",
            "is_closed",
        ),
    )
    for name in names:
        assert hasattr(kind_of(openai, colour), name), name
        assert hasattr(kind_of(antiphon, colour), name), name


@pytest.mark.parametrize("region", ["global", "us", "eu", "ae", "au", "in", "jp"])
def test_regions_lead_to_the_same_host(region: Any, colour: Colour) -> None:
    theirs, ours = (kind_of(package, colour)(api_key=KEY, data_residency=region) for package in BOTH)
    assert str(ours.base_url) == str(theirs.base_url)
    for package in BOTH:
        with pytest.raises(ValueError):
            kind_of(package, colour)(api_key=KEY, data_residency=region, base_url="http://x")


REFUSED: dict[str, tuple[type[Exception], dict[str, Any]]] = {
    "retries that are none": (TypeError, {"max_retries": None}),
    "retries that are text": (TypeError, {"max_retries": "2"}),
    "retries below nought": (ValueError, {"max_retries": -1}),
    "an http client that is none": (TypeError, {"http_client": object(), "timeout": 1}),
    "both kinds of headers": (ValueError, {"copy": {"default_headers": {}, "set_default_headers": {}}}),
    "both kinds of query": (ValueError, {"copy": {"default_query": {}, "set_default_query": {}}}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_refused_alike(name: str, colour: Colour) -> None:
    error, options = REFUSED[name]
    for package in BOTH:
        with pytest.raises(error):
            client = kind_of(package, colour)(api_key=KEY, **{k: v for k, v in options.items() if k != "copy"})
            client.copy(**options["copy"])


def test_a_missing_key_is_the_same_error(colour: Colour) -> None:
    for package in BOTH:
        with pytest.raises(package.OpenAIError, match="Missing credentials"):
            kind_of(package, colour)()
        with Rude(ok()) as server:
            (error,) = outcome(package, colour, server.url, retrieve, api_key=None, _enforce_credentials=False)
            assert type(error) is TypeError
            assert "Could not resolve authentication method" in str(error)
            assert not server.requests


def said(headers: dict[str, str]) -> dict[str, str]:
    """Header fields without what names the library, its version or the transport's own."""
    own = {
        "host",
        "connection",
        "accept-encoding",
        "content-length",
        "x-stainless-package-version",
        "transfer-encoding",
    }
    kept = {name: value for name, value in headers.items() if name not in own}
    kept["user-agent"] = re.sub(r"[\d.]+$", "", kept["user-agent"])
    # Seconds are written with or without their decimals.
    return {name: value.removesuffix(".0") if "timeout" in name else value for name, value in kept.items()}


HEADERS: dict[str, Any] = {
    "a plain post": create,
    "a plain get": retrieve,
    "a stream": chat,
    "a timeout of its own": lambda client: client.models.retrieve("m", timeout=7),
    "fields of its own": lambda client: client.models.retrieve("m", extra_headers={"X-Mine": "1", "accept": "a/b"}),
    "fields removed": lambda client: client.models.retrieve("m", extra_headers={"X-Stainless-Retry-Count": _omit(client), "X-Stainless-Read-Timeout": _omit(client)}),
    "vector stores": lambda client: client.vector_stores.retrieve("v"),
    "assistants": lambda client: client.beta.threads.retrieve("t"),
    "agents": lambda client: client.beta.agents.list(),
    "chatkit": lambda client: client.beta.chatkit.sessions.create(user="u", workflow={"id": "w"}),
    "a form": lambda client: client.files.create(file=("a", b"x"), purpose="batch"),
    "a raw verb": lambda client: client.post("/x", cast_to=object, body={"a": 1}),
    "a raw response": lambda client: client.models.with_raw_response.retrieve("m"),
    "an admin's call": lambda client: client.admin.organization.projects.list(),
    "parse": lambda client: client.chat.completions.parse(model="m", messages=[]),
}  # fmt: skip


def _omit(client: Any) -> Any:
    return (antiphon if type(client).__module__.startswith("antiphon") else openai).omit


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", HEADERS)
def test_the_header_fields_are_the_same(name: str, colour: Colour) -> None:
    options = {
        "organization": "org",
        "project": "proj",
        "admin_api_key": ADMIN_KEY,
        "default_headers": {"X-Default": "d"},
    }
    with Rude(ok({"data": [], "id": "x", "object": "list"})) as server:
        for package in BOTH:
            outcome(package, colour, server.url, HEADERS[name], **options)
        theirs, ours = (said(request.headers) for request in server.requests)
    if name == "a form":
        theirs["content-type"] = ours["content-type"] = ""
    if name == "a raw response":  # a note to themselves that they send along
        assert theirs.pop("x-stainless-raw-response") == "true"
    assert ours == theirs


ENVIRONMENT: dict[str, dict[str, str]] = {
    "a key": {"OPENAI_API_KEY": "sk-env"},
    "an admin's key alone": {"OPENAI_ADMIN_KEY": "sk-admin"},
    "who pays": {"OPENAI_API_KEY": "sk-env", "OPENAI_ORG_ID": "org", "OPENAI_PROJECT_ID": "proj"},
    "fields": {"OPENAI_API_KEY": "sk-env", "OPENAI_CUSTOM_HEADERS": "X-One: 1\nX-Two: a: b\n\nnonsense"},
}


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_the_environment_says_the_same(name: str, colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in ENVIRONMENT[name].items():
        monkeypatch.setenv(variable, value)
    with Rude(ok({"data": []})) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/elsewhere")
        call = (lambda client: client.admin.organization.projects.list()) if "admin" in name else retrieve
        for package in BOTH:
            outcome(package, colour, "", call, api_key=None, base_url=None)
        theirs, ours = server.requests
    assert ours.line == theirs.line
    assert said(ours.headers) == said(theirs.headers)


def test_no_idempotency_key_is_sent_and_retries_are_counted(colour: Colour) -> None:
    with Rude(wrong(500, "retry-after-ms: 1"), wrong(500, "retry-after-ms: 1"), ok()) as server:
        outcome(antiphon, colour, server.url, create, max_retries=2)
        assert [request.headers["x-stainless-retry-count"] for request in server.requests] == ["0", "1", "2"]
        assert not any("idempotency-key" in request.headers for request in server.requests)


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


def test_constants_are_the_same() -> None:
    for name in ("connect", "read", "write", "pool"):
        assert getattr(antiphon.DEFAULT_TIMEOUT, name) == getattr(openai.DEFAULT_TIMEOUT, name)
    assert antiphon.DEFAULT_MAX_RETRIES == openai.DEFAULT_MAX_RETRIES
    for name in ("max_connections", "max_keepalive_connections"):
        assert getattr(antiphon.DEFAULT_CONNECTION_LIMITS, name) == getattr(openai.DEFAULT_CONNECTION_LIMITS, name)
    assert antiphon.NoneType is openai.NoneType
    for name in ("omit", "not_given", "NOT_GIVEN"):
        ours, theirs = getattr(antiphon, name), getattr(openai, name)
        assert not ours
        assert type(ours).__name__ == type(theirs).__name__
    assert repr(antiphon.NOT_GIVEN) == repr(openai.NOT_GIVEN) == "NOT_GIVEN"
    assert antiphon.__version__ == antiphon.VERSION


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
    "sentinels": lambda client: create(client, temperature=_omit(client), instructions=None, extra_query={"x": _omit(client)}),
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


def test_two_clients_may_share_a_borrowed_one(colour: Colour) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json=MODEL)

    async def aanswer(request: httpx2.Request) -> httpx2.Response:
        return answer(request)

    async def twice(package: Any) -> None:
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(aanswer))
        for timeout in (1, 2):
            assert (
                await package.AsyncOpenAI(api_key=KEY, http_client=http, timeout=timeout).models.retrieve("m")
            ).id == "m"
        assert not http.is_closed
        await http.aclose()

    for package in BOTH:
        if colour.is_async:
            asyncio.run(twice(package))
            continue
        http = httpx2.Client(transport=httpx2.MockTransport(answer))
        for timeout in (1, 2):
            assert package.OpenAI(api_key=KEY, http_client=http, timeout=timeout).models.retrieve("m").id == "m"
        assert not http.is_closed
        http.close()

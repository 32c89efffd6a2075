"""1.4 to 1.7, the rest: options of raw calls, targets of `parse` and `cast_to`, files that replies are written to, names of classes."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import httpx2
import pydantic
import pytest
from openai._models import FinalRequestOptions

from tests.client.answer import chat, delta, ok, retrieve, sse, wrong
from tests.transports.rude import chunked, reply

from .duet import Row, check_known, compare, entered, every, got, plain
from .known.raw_option import KNOWN

EVENTS = "Content-Type: text/event-stream"
JSON = b'{"id":"m","object":"model","created":1,"owned_by":"o"}'
SPOKEN = b"\x00\x01sound" * 3


class Foreign(pydantic.BaseModel):
    """A model that is not the package's."""

    id: str


class Built:
    """Makes itself."""

    @classmethod
    def build(cls, *, response: Any, data: Any) -> Any:
        """Of the reply's status and data."""
        return ["built", response.status_code, data]


def option(**options: Any) -> Any:
    return lambda c, p: c.post("/x", cast_to=object, body={"a": 1}, options=options)


def got_raw(to: Any, **more: Any) -> Any:
    return lambda c, p: c.get("/x", cast_to=to(p) if inspect.isfunction(to) else to, **more)


def streamed(**options: Any) -> Any:
    """Events of a raw call, with options that say how they are read."""

    async def do(client: Any, p: Any) -> Any:
        kind: Any = p.AsyncStream if hasattr(client, "__aenter__") else p.Stream
        call = client.get("/x", cast_to=object, stream=True, stream_cls=kind[Mapping[str, object]], options=options)
        return await every(await got(call))

    return do


def parsed(to: Any) -> Any:
    """A raw response parsed to a target, twice."""

    async def do(client: Any, p: Any) -> Any:
        raw = await got(client.models.with_raw_response.retrieve("m"))
        target = to(p) if inspect.isfunction(to) else to
        first = raw.parse(to=target)
        return [shown(first), first is raw.parse(to=target), raw.parse(to=target) == first]

    return do


def shown(value: Any) -> Any:
    """A value with the name of its class."""
    if isinstance(value, (httpx.Response, httpx2.Response)):
        return [type(value).__module__.partition(".")[0], value.status_code, value.text, str(value.request.method)]
    if isinstance(value, Foreign):
        return [type(value).__name__, value.model_dump()]
    return [type(value).__name__, plain(value)]


async def of_raw(client: Any, _: Any) -> Any:
    raw = await got(client.models.with_raw_response.retrieve("m"))
    reply = raw.http_response
    return {
        "elapsed": type(raw.elapsed).__name__,
        "reply": [
            reply.status_code,
            reply.text,
            reply.json(),
            reply.headers["x-mine"],
            reply.content,
            reply.is_success,
        ],
        "reason": [reply.reason_phrase, reply.is_error, reply.is_redirect, reply.http_version, reply.encoding],
        "request": [reply.request.method, str(reply.request.url), reply.request.headers["accept"]],
        "raised": reply.raise_for_status() is reply,
        "elapsed of it": type(reply.elapsed).__name__,
        "url": [str(raw.url), raw.url.path, raw.url.host == reply.request.url.host],
    }


async def of_streamed(client: Any, _: Any) -> Any:
    async with entered(client.models.with_streaming_response.retrieve("m")) as raw:
        found = [type(raw).__name__, raw.method, str(raw.url), raw.http_version, type(raw.http_response).__name__ != ""]
        found += [raw.retries_taken, raw.is_closed, raw.status_code, raw.request_id]
        await got(raw.read())
        found += [type(raw.elapsed).__name__, (await got(raw.text())), (await got(raw.json()))["id"]]
    return [*found, raw.is_closed]


async def sent_on_entering(client: Any, _: Any) -> Any:
    made = client.models.with_streaming_response.retrieve("m")
    await got(retrieve(client))
    async with entered(made) as raw:
        return (await got(raw.json()))["id"]


def speech(client: Any) -> Any:
    return client.audio.speech.create(input="x", model="m", voice="alloy", extra_query={"q": "1"})


def written(how: str, **options: Any) -> Any:
    """Speech, written to a file in one of the ways there are."""

    async def do(client: Any, _: Any) -> Any:
        with TemporaryDirectory() as folder, warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            path = Path(folder) / "speech"
            found = await got(speech(client))
            result = await got(getattr(found, how)(path, **options))
            return [plain(result), path.read_bytes(), [each.category.__name__ for each in heard]]

    return do


async def streamed_to_a_file(client: Any, _: Any) -> Any:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "speech"
        call = client.audio.speech.with_streaming_response.create(input="x", model="m", voice="alloy")
        async with entered(call) as raw:
            name = type(raw).__name__
            await got(raw.stream_to_file(path, chunk_size=4))
        return [name, path.read_bytes(), raw.is_closed]


async def binary(client: Any, _: Any) -> Any:
    found = await got(speech(client))
    head = found.response
    pieces = [found.read(), found.content, b"".join(found.iter_bytes(5)), found.text]
    facts = [head.status_code, head.is_success, str(head.url), head.headers["content-type"], head.is_closed]
    return [type(found).__name__, *pieces, *facts]


async def lists(client: Any, _: Any) -> Any:
    call = client.files.list()
    names = [type(each).__name__.partition("[")[0] for each in (call, await got(call))]
    return [*names, hasattr(call, "__aiter__"), hasattr(call, "__await__")]


async def two_ways(client: Any, _: Any) -> Any:
    """A list that is awaited and iterated: two requests in the async colour, one in the other."""
    call = client.files.list()
    first = await got(call)
    return [[item.id for item in first.data], [plain(item) for item in await every(call)]]


async def streams(client: Any, p: Any) -> Any:
    stream = await got(chat(client))
    names = ("__iter__", "__next__", "__enter__", "__aiter__", "__anext__", "__aenter__", "close", "aclose", "response")
    found = [type(stream).__name__, sorted(name for name in names if hasattr(stream, name))]
    one = await (stream.__anext__() if hasattr(stream, "__anext__") else _next(stream))
    left = await every(stream)
    await got(stream.close())
    await got(stream.close())
    return [*found, plain(one), len(left), stream.response.is_closed]


async def _next(stream: Any) -> Any:
    return next(stream)


THREAD = b'event: thread.x\ndata: {"id":"c"}\n\nevent: other\ndata: {"id":"d"}\n\n'
ERROR = b'event: error\ndata: {"error":{"message":"m","code":"c"}}\n\n'
DONE = b"data: [DONE]\n\n"
FORM = ok({"id": "m"})


def requested(**options: Any) -> Any:
    """A request by the official package's own options, which programs hand to `request`."""
    return lambda c, p: c.request(object, FinalRequestOptions.construct(**{"method": "post", "url": "/x", **options}))


REQUESTED: dict[str, dict[str, Any]] = {
    "plain": {},
    "a get": {"method": "get", "params": {"a": [1, 2], "b": None}},
    "fields": {"headers": {"X-Mine": "1"}},
    "a body": {"json_data": {"a": 1, "b": [None]}},
    "content": {"content": b"abc"},
    "extra json": {"json_data": {"a": 1}, "extra_json": {"b": 2}},
    "a timeout": {"timeout": 3.5},
    "security": {"security": {"admin_api_key_auth": True}},
    "an absolute path": {"url": "/a/../b c?x=1"},
}

ROWS: dict[str, Row] = {
    "security of an admin": Row([FORM], option(security={"admin_api_key_auth": True})),
    "security of a key": Row([FORM], option(security={"bearer_auth": True})),
    "security of both": Row([FORM], option(security={"bearer_auth": True, "admin_api_key_auth": True})),
    "security of none": Row([FORM], option(security={})),
    "security unsaid": Row([FORM], option(), {"api_key": None, "_enforce_credentials": False}),
    **{
        f"{name} of {mode}": Row([chunked(text + DONE, headers=[EVENTS])], streamed(**options))
        for name, text in {"threads": THREAD, "an error": ERROR}.items()
        for mode, options in {
            "the default": {},
            "legacy": {"stream_mode": "legacy"},
            "events": {"stream_mode": "events"},
            "synthesis": {"synthesize_event_and_data": True},
            "events and synthesis": {"stream_mode": "events", "synthesize_event_and_data": True},
        }.items()
    },
    **{f"requested with {name}": Row([FORM], requested(**options)) for name, options in REQUESTED.items()},
    "requested with retries": Row([wrong(500)], requested(max_retries=1)),
    "requested without redirects": Row([reply(b"{}", 302, "Location: /v1/y"), FORM], requested(follow_redirects=False)),
    "headers left out": Row(
        [FORM],
        lambda c, p: c.get("/x", cast_to=object, options={"headers": {"X-A": p.omit}}),
        {"default_headers": {"X-A": "1"}},
    ),
    "extra json over a list": Row(
        [FORM], lambda c, p: c.post("/x", cast_to=object, body=[1], options={"extra_json": {"a": 1}})
    ),
    "extra json alone": Row([FORM], lambda c, p: c.post("/x", cast_to=object, options={"extra_json": {"a": 1}})),
    "a timeout of an option": Row([FORM], option(timeout=3.5)),
    "retries of an option": Row([wrong(500)], option(max_retries=1)),
    "retries of an option of None": Row([FORM], option(max_retries=None)),
    "cast to a foreign model": Row([reply(JSON)], got_raw(Foreign)),
    "cast to a builder": Row([reply(JSON)], got_raw(Built)),
    "cast to a model that builds itself": Row(
        [reply(JSON)], got_raw(lambda p: type("Own", (Built, p.BaseModel), {"__annotations__": {}}))
    ),
    "cast to the response of httpx2": Row([reply(JSON)], lambda c, p: as_shown(c.get("/x", cast_to=httpx2.Response))),
    "cast to a derived response": Row([reply(JSON)], got_raw(type("Own", (httpx2.Response,), {}))),
    "cast to a model of ones own": Row(
        [reply(JSON)], got_raw(lambda p: type("Own", (p.BaseModel,), {"__annotations__": {"id": str}}))
    ),
    **{
        f"parsed to {name}": Row([reply(JSON, 200, "x-request-id: req_1")], parsed(to))
        for name, to in {
            "a model": lambda p: p.types.Model,
            "another model": lambda p: p.types.FileObject,
            "a dict": dict,
            "text": str,
            "a foreign model": Foreign,
            "a response of httpx2": httpx2.Response,
            "a list": list[int],
            "nothing": type(None),
        }.items()
    },
    "a raw response": Row([reply(JSON, 200, "X-Mine: 1")], of_raw),
    "an open response": Row([reply(JSON, 200, "x-request-id: req_1")], of_streamed),
    "sent on entering": Row([ok({"id": "first"}), ok({"id": "second"})], sent_on_entering),
    "binary": Row([reply(SPOKEN, 200, "Content-Type: audio/mpeg")], binary),
    "written to a file": Row([reply(SPOKEN)], written("write_to_file")),
    "streamed to a file": Row([reply(SPOKEN)], streamed_to_a_file),
    "streamed to a file in the older way": Row([reply(SPOKEN)], written("stream_to_file")),
    "streamed to a file in the older way of async": Row([reply(SPOKEN)], written("astream_to_file")),
    "lists": Row([ok({"object": "list", "data": [{"id": "a"}], "has_more": False})], lists),
    "lists in two ways": Row([ok({"object": "list", "data": [{"id": "a"}], "has_more": False})], two_ways),
    "streams": Row([sse(delta("a"), delta("b"), delta("c", "stop"))], streams),
    "an exhausted quota": Row([wrong(429, code="insufficient_quota")], lambda c, p: retrieve(c)),
    "an exhausted credit": Row([wrong(429, code="credit_balance_exhausted")], lambda c, p: retrieve(c)),
    "a rate limit": Row([wrong(429, code="rate_limit_exceeded")], lambda c, p: retrieve(c)),
}


async def as_shown(value: Any) -> Any:
    return shown(await got(value))


@pytest.mark.parametrize("name", ROWS)
def test_raw_options(name: str, colour: str) -> None:
    compare(name, ROWS[name], colour, KNOWN)


def test_known_differences_are_of_rows() -> None:
    check_known(KNOWN, ROWS)

"""`request` and `get_api_list` of a subclass stand in the way of every call, as with the official client."""

from __future__ import annotations

import asyncio
from typing import Any

import openai
import pytest

import antiphon
from tests.client.answer import CHAT, MODEL, ok

from .twin import COLOURS, both, coloured

PAGE = {"object": "list", "data": [MODEL], "has_more": False}


def recording(colour: str, seen: list[Any]) -> Any:
    def own(base: Any) -> dict[str, Any]:
        def request(self: Any, cast_to: Any, options: Any, *, stream: bool = False, stream_cls: Any = None) -> Any:
            seen.append((cast_to.__name__, options.method, options.url, stream))
            options.headers = {**(options.headers or {}), "X-Via": "request"}
            return base.request(self, cast_to, options, stream=stream, stream_cls=stream_cls)

        async def awaited(self: Any, cast_to: Any, options: Any, **more: Any) -> Any:
            return await request(self, cast_to, options, **more)

        return {"request": request if colour == "sync" else awaited}

    return own


@COLOURS
def test_every_call_goes_through_request(colour: str) -> None:
    seen: list[Any] = []
    ours, theirs = both(
        colour, recording(colour, seen), lambda client: client.responses.create(model="m", input="x"), ok({"id": "r"})
    )
    assert ours.error is None
    assert seen == [("Response", "post", "/responses", False)] * 2
    assert ours.value.id == "r"
    assert ours.head()["x-via"] == theirs.head()["x-via"] == "request"


@COLOURS
def test_raw_calls_lists_and_raw_replies_go_through_request(colour: str) -> None:
    for do in (
        lambda client: client.get("/models/m", cast_to=object),
        lambda client: client.models.with_raw_response.retrieve("m"),
    ):
        seen: list[Any] = []
        ours, _ = both(colour, recording(colour, seen), do, ok())
        assert ours.error is None
        assert [entry[1:3] for entry in seen] == [("get", "/models/m")] * 2
        assert ours.head()["x-via"] == "request"
    seen = []
    ours, _ = both(colour, recording(colour, seen), lambda client: client.files.list(), ok(PAGE))
    assert ours.value.data[0].id == "m"
    assert [entry[1:3] for entry in seen] == [("get", "/files")] * 2


@COLOURS
def test_streams_go_through_request(colour: str) -> None:
    seen: list[Any] = []

    def chat(client: Any) -> Any:
        made = client.chat.completions.create(model="m", messages=[], stream=True)
        if colour == "sync":
            return [chunk.choices[0].delta.content for chunk in made]

        async def read() -> list[Any]:
            return [chunk.choices[0].delta.content async for chunk in await made]

        return read()

    ours, theirs = both(colour, recording(colour, seen), chat, CHAT)
    assert ours.value == theirs.value == ["Hel", "lo", ""]
    assert [entry[1:] for entry in seen] == [("post", "/chat/completions", True)] * 2


@COLOURS
def test_helpers_of_several_calls_go_through_request(colour: str) -> None:
    seen: list[Any] = []
    ours, _ = both(
        colour,
        recording(colour, seen),
        lambda client: client.files.wait_for_processing("f"),
        ok({"id": "f", "status": "processed"}),
    )
    assert ours.error is None
    assert ours.value.id == "f"
    assert [entry[1:3] for entry in seen] == [("get", "/files/f")] * 2


@COLOURS
def test_a_subclass_may_answer_without_a_request(colour: str) -> None:
    def own(base: Any) -> dict[str, Any]:
        return {"request": coloured(colour, lambda self, cast_to, options, **_: "from a cache")}

    ours, theirs = both(colour, own, lambda client: client.models.retrieve("m"), ok())
    assert ours.value == theirs.value == "from a cache"
    assert ours.requests == []


@COLOURS
def test_lists_go_through_get_api_list(colour: str) -> None:
    seen: list[Any] = []

    def own(base: Any) -> dict[str, Any]:
        def get_api_list(self: Any, path: str, *, model: Any, page: Any, **more: Any) -> Any:
            seen.append(
                (path, model.__name__, page.__name__.partition("[")[0].removeprefix("Async").removeprefix("Sync"))
            )
            return base.get_api_list(self, path, model=model, page=page, **more)

        return {"get_api_list": get_api_list}

    def every(client: Any) -> Any:
        if colour == "sync":
            return [file.id for file in client.files.list(limit=1)]

        async def read() -> list[str]:
            return [file.id async for file in client.files.list(limit=1)]

        return read()

    more = {**PAGE, "has_more": True}
    ours, theirs = both(colour, own, every, ok(more), ok(PAGE))
    assert ours.error is None
    assert ours.value == theirs.value == ["m", "m"]
    assert seen == [("/files", "FileObject", "CursorPage")] * 2
    assert [request.line for request in ours.requests] == [request.line for request in theirs.requests]


@COLOURS
def test_get_api_list_lists_any_path(colour: str) -> None:
    def do(client: Any) -> Any:
        pages = (
            antiphon.pagination if isinstance(client, (antiphon.OpenAI, antiphon.AsyncOpenAI)) else openai.pagination
        )
        page = getattr(pages, "SyncPage" if colour == "sync" else "AsyncPage")
        return client.get_api_list("/own", model=object, page=page, options={"params": {"a": ["b"]}})

    ours, theirs = both(colour, lambda base: {}, do, ok(PAGE))
    assert ours.error is None
    assert ours.requests[0].line == theirs.requests[0].line
    assert ours.value.data == theirs.value.data == [MODEL]


def test_get_api_list_refuses_what_is_no_page() -> None:
    with pytest.raises(TypeError, match="SyncCursorPage"):
        antiphon.OpenAI(api_key="sk-1").get_api_list("/x", model=dict, page=dict)


@COLOURS
def test_websockets_carry_what_the_hooks_say(colour: str) -> None:
    body = {
        "auth_headers": property(lambda self: {"Authorization": "Token t"}),
        "default_headers": property(lambda self: {**base.default_headers.fget(self), "X-Own": "1"}),
        "__module__": __name__,
    }
    base: Any = antiphon.OpenAI if colour == "sync" else antiphon.AsyncOpenAI
    client = type("Derived", (base,), body)(api_key="sk-1", organization="org", default_headers={"X-Given": "2"})
    fields = client.websocket_headers()
    if colour == "async":
        fields = asyncio.run(fields)
    assert fields == {
        "Authorization": "Token t",
        "OpenAI-Organization": "org",
        "X-Given": "2",
        "X-Own": "1",
    }
    only = type("Only", (base,), {"default_headers": body["default_headers"], "__module__": __name__})(api_key="sk-1")
    fields = only.websocket_headers()
    assert (asyncio.run(fields) if colour == "async" else fields) == {"Authorization": "Bearer sk-1", "X-Own": "1"}

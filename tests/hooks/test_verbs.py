"""`post`, `get` and their like, overridden in a subclass, are asked by the generated methods with the official arguments."""

from __future__ import annotations

from typing import Any

import pytest

import antiphon
from tests.client.answer import CHAT, ok

from .twin import COLOURS, both

VERBS = ("get", "post", "put", "patch", "delete")
PAGE = {"object": "list", "data": [{"id": "m", "object": "file"}], "has_more": False}
CALLS: dict[str, Any] = {
    "get": lambda client: client.models.retrieve("a b"),
    "binary": lambda client: client.files.content("f"),
    "get stream": lambda client: client.responses.retrieve("r", include=["reasoning.encrypted_content"]),
    "post": lambda client: client.chat.completions.create(
        model="m", messages=[{"role": "user", "content": "x"}], extra_headers={"X-A": "1"}, extra_query={"q": "1"}
    ),
    "extra body": lambda client: client.responses.create(model="m", input="x", extra_body={"own": 1}, timeout=9),
    "no body": lambda client: client.responses.cancel("r"),
    "delete": lambda client: client.models.delete("m"),
    "beta": lambda client: client.vector_stores.retrieve("v"),
    "admin": lambda client: client.with_options(admin_api_key="sk-a").admin.organization.projects.retrieve("p"),
}


def plain(value: Any) -> Any:
    """What both packages must agree on."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return getattr(value, "__name__", value)


def noting(seen: list[Any], colour: str, change: Any = None) -> Any:
    """Overrides of every verb that note what they were handed."""

    def own(base: Any) -> dict[str, Any]:
        def made(verb: str) -> Any:
            def method(self: Any, path: str, **arguments: Any) -> Any:
                noted = {name: plain(value) for name, value in arguments.items() if name != "stream_cls"}
                seen.append((verb, path, noted, "stream_cls" in arguments))
                if change is not None:
                    arguments = change(dict(arguments))
                return getattr(base, verb)(self, path, **arguments)

            async def awaited(self: Any, path: str, **arguments: Any) -> Any:
                return await method(self, path, **arguments)

            return method if colour == "sync" else awaited

        return {verb: made(verb) for verb in VERBS}

    return own


@COLOURS
@pytest.mark.parametrize("name", CALLS)
def test_a_verb_gets_what_the_official_one_gets(colour: str, name: str) -> None:
    seen: list[Any] = []
    ours, theirs = both(colour, noting(seen, colour), CALLS[name], ok({"id": "r"}))
    assert ours.error is theirs.error is None
    mine, official = seen
    if name in {"binary", "beta"}:  # their package says Accept here, and ours in the operation
        for entry in seen:
            entry[2]["options"].pop("headers", None)
    assert mine == official
    assert ours.requests[0].line == theirs.requests[0].line
    assert ours.requests[0].body == theirs.requests[0].body
    assert type(ours.value).__name__ == type(theirs.value).__name__


@COLOURS
def test_what_an_override_changes_is_sent(colour: str) -> None:
    messages = [{"role": "user", "content": "x"}]

    def change(arguments: dict[str, Any]) -> dict[str, Any]:
        arguments["body"]["messages"][0]["content"] = "changed"
        arguments["body"]["user"] = "u"
        arguments["options"] = {**arguments["options"], "headers": {"X-Own": "1"}, "params": {"a": "b"}}
        return arguments

    ours, theirs = both(
        colour,
        noting([], colour, change),
        lambda client: client.chat.completions.create(model="m", messages=messages),
        ok({"id": "c", "choices": []}),
    )
    assert ours.error is None
    assert (ours.requests[0].line, ours.head()["x-own"]) == (theirs.requests[0].line, "1")
    assert b'"changed"' in ours.requests[0].body
    assert b'"user"' in ours.requests[0].body
    assert messages == [{"role": "user", "content": "x"}]


@COLOURS
def test_raw_and_streaming_replies_survive_an_override(colour: str) -> None:
    def change(arguments: dict[str, Any]) -> dict[str, Any]:
        return {**arguments, "options": {**arguments["options"]}}

    def streamed(client: Any) -> Any:
        if colour == "sync":
            with client.models.with_streaming_response.retrieve("m") as reply:
                return reply.status_code, reply.parse().id

        async def read() -> Any:
            async with client.models.with_streaming_response.retrieve("m") as reply:
                return reply.status_code, (await reply.parse()).id

        return read()

    seen: list[Any] = []
    ours, theirs = both(
        colour, noting(seen, colour, change), lambda client: client.models.with_raw_response.retrieve("m"), ok()
    )
    assert type(ours.value).__name__ == type(theirs.value).__name__ == "LegacyAPIResponse"
    assert ours.value.parse().id == "m"
    ours, theirs = both(colour, noting(seen, colour, change), streamed, ok())
    assert ours.value == theirs.value == (200, "m")
    assert [entry[:2] for entry in seen] == [("get", "/models/m")] * 4


@COLOURS
def test_streams_go_through_a_verb(colour: str) -> None:
    seen: list[Any] = []

    def chat(client: Any) -> Any:
        made = client.chat.completions.create(model="m", messages=[], stream=True)
        if colour == "sync":
            return [chunk.choices[0].delta.content for chunk in made]

        async def read() -> list[Any]:
            return [chunk.choices[0].delta.content async for chunk in await made]

        return read()

    ours, theirs = both(colour, noting(seen, colour), chat, CHAT)
    assert ours.value == theirs.value == ["Hel", "lo", ""]
    assert seen[0] == seen[1]
    assert seen[0][2]["stream"] is True


@COLOURS
def test_forms_are_handed_over_as_fields_and_files(colour: str) -> None:
    seen: list[Any] = []

    def change(arguments: dict[str, Any]) -> dict[str, Any]:
        arguments["body"]["purpose"] = "assistants"
        return arguments

    ours, theirs = both(
        colour,
        noting(seen, colour, change),
        lambda client: client.files.create(file=("a.txt", b"hi"), purpose="batch"),
        ok({"id": "f"}),
    )
    assert ours.error is theirs.error is None
    assert [(entry[2]["body"], plain(entry[2]["files"])) for entry in seen] == [
        ({"purpose": "batch"}, [("file", ("a.txt", b"hi"))])
    ] * 2
    for asked in (ours, theirs):
        assert b"assistants" in asked.requests[0].body
        assert b'filename="a.txt"' in asked.requests[0].body


@COLOURS
def test_a_verb_is_followed_by_request_and_lists_pass_it_by(colour: str) -> None:
    seen: list[Any] = []

    def own(base: Any) -> dict[str, Any]:
        def request(self: Any, cast_to: Any, options: Any, **more: Any) -> Any:
            seen.append(("request", options.url))
            return base.request(self, cast_to, options, **more)

        return {**noting(seen, colour)(base), "request": request}

    ours, theirs = both(colour, own, lambda client: client.models.delete("m"), ok({"id": "m"}))
    assert ours.error is theirs.error is None
    assert [entry[:2] for entry in seen] == [("delete", "/models/m"), ("request", "/models/m")] * 2
    seen.clear()
    ours, theirs = both(colour, own, lambda client: client.files.list(), ok(PAGE))
    assert ours.value.data[0].id == theirs.value.data[0].id == "m"
    assert seen == [("request", "/files")] * 2


@COLOURS
def test_raw_lists_go_through_get_api_list(colour: str) -> None:
    seen: list[Any] = []

    def own(base: Any) -> dict[str, Any]:
        def get_api_list(self: Any, path: str, **more: Any) -> Any:
            seen.append((path, more["model"].__name__))
            return base.get_api_list(self, path, **more)

        return {"get_api_list": get_api_list}

    ours, theirs = both(colour, own, lambda client: client.files.with_raw_response.list(), ok(PAGE))
    assert ours.error is theirs.error is None
    assert ours.value.parse().data[0].id == theirs.value.parse().data[0].id == "m"
    assert seen == [("/files", "FileObject")] * 2


@COLOURS
def test_direct_calls_of_a_verb_are_asked_once(colour: str) -> None:
    seen: list[Any] = []
    ours, _ = both(colour, noting(seen, colour), lambda client: client.get("/models/m", cast_to=object), ok())
    assert ours.error is None
    assert [entry[:2] for entry in seen] == [("get", "/models/m")] * 2


def test_an_override_may_ask_that_redirects_are_left_alone() -> None:
    def change(arguments: dict[str, Any]) -> dict[str, Any]:
        return {**arguments, "options": {**arguments["options"], "follow_redirects": False}}

    moved = b"HTTP/1.1 307 Moved\r\nLocation: /v1/other\r\nContent-Length: 0\r\n\r\n"
    ours, theirs = both("sync", noting([], "sync", change), lambda client: client.models.retrieve("m"), moved, ok())
    assert isinstance(ours.error, antiphon.APIStatusError)
    assert len(ours.requests) == len(theirs.requests) == 1

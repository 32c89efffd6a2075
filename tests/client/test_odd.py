"""Odd values where none are expected: in events, in keys, in calls made by hand, in transports of the user's own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import antiphon
from antiphon.core.call import Call, Operation
from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.errors import ClientClosed, InvalidBody
from tests.transports.rude import Rude

from .answer import chat, create, ok, sse, wrong
from .colour import Colour, failure_of


@pytest.mark.parametrize(
    "odd",
    [
        {"object": "chat.completion.chunk", "choices": [{"index": [1], "delta": {}, "finish_reason": "stop"}]},
        {"object": "chat.completion.chunk", "choices": [{"index": {"a": 1}, "delta": {}, "finish_reason": "stop"}]},
    ],
)
def test_an_index_that_is_none(colour: Colour, odd: dict[str, Any]) -> None:
    with Rude(sse(odd)) as server, colour.client(server.url) as it:
        assert len(it(chat)) == 1


@pytest.mark.parametrize("kind", [["a"], {"a": 1}, 7, None])
def test_a_type_that_is_none(colour: Colour, kind: Any) -> None:
    done = {"type": "response.completed", "sequence_number": 1, "response": {"id": "r"}}
    with Rude(sse({"type": kind, "sequence_number": 0}, done, done=False)) as server, colour.client(server.url) as it:
        assert len(it(lambda client: create(client, stream=True))) == 2


@pytest.mark.parametrize("key", [b"a", float("nan"), (1, 2)])
def test_keys_that_json_has_not(colour: Colour, key: Any) -> None:
    with Rude(ok()) as server, colour.client(server.url) as it:
        assert isinstance(failure_of(it, lambda client: create(client, metadata={key: "v"})), InvalidBody)
        assert not server.requests


def test_files_of_a_call_made_by_hand(colour: Colour) -> None:
    operation = Operation("things.create", "POST", "/things", body="json", result="none")
    with Rude(ok()) as server, colour.client(server.url) as it:
        it(lambda client: client.perform(Call[Any](operation, body={"a": "b"}, files={"f": b"content"})))
        assert b"content" in server.requests[0].body


class Open:
    """A transport that does not know it was closed."""

    def send(self, request: Request) -> Reply:
        return Reply(200, Headers(), request=request, content=b'{"id": "m"}')

    def close(self) -> None:
        pass


class AsyncOpen(Open):
    async def send(self, request: Request) -> Reply:  # type: ignore[override]
        return super().send(request)

    async def aclose(self) -> None:
        pass


def test_copies_of_a_closed_client() -> None:
    client = antiphon.OpenAI(api_key="sk-1", http_client=Open())
    copy = client.copy()
    assert copy.models.retrieve("m").id == "m"
    client.close()
    with pytest.raises(ClientClosed):
        copy.models.retrieve("m")


def test_copies_of_a_closed_async_client() -> None:
    async def main() -> None:
        client = antiphon.AsyncOpenAI(api_key="sk-1", http_client=AsyncOpen())
        copy = client.copy()
        assert (await copy.models.retrieve("m")).id == "m"
        await client.close()
        with pytest.raises(ClientClosed):
            await copy.models.retrieve("m")

    asyncio.run(main())


def test_a_count_of_the_callers_own_stays(colour: Colour) -> None:
    with Rude(wrong(500), ok()) as server, colour.client(server.url) as it:
        it(lambda client: create(client, extra_headers={"X-Stainless-Retry-Count": "7"}))
        assert [request.headers["x-stainless-retry-count"] for request in server.requests] == ["7", "7"]

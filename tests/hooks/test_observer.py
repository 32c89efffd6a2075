"""`on_error` is told of a reply that turns out to be no result, whoever finds that out, once, and of nothing else."""

from __future__ import annotations

import asyncio
from typing import Any

import pydantic
import pytest

import antiphon
from antiphon import ErrorInfo, Hooks
from antiphon.errors import APIResponseValidationError, ContentFilterFinishReasonError, LengthFinishReasonError
from tests.client.answer import RESPONSE, ok, retrieve
from tests.client.colour import KEY, Colour, failure_of
from tests.transports.rude import Rude

pytestmark = pytest.mark.parametrize("colour", [Colour("sync", "own"), Colour("async", "own")], ids=["sync", "async"])


class Sum(pydantic.BaseModel):
    """What is asked for."""

    value: int


def completion(finish: str = "stop", content: str = "hi") -> bytes:
    message = {"role": "assistant", "content": content}
    choice = {"index": 0, "finish_reason": finish, "message": message}
    return ok({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]})


def response(text: str) -> bytes:
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]}
    return ok({**RESPONSE, "output": [item]})


def parse(client: Any) -> Any:
    return client.chat.completions.parse(model="m", messages=[], response_format=Sum)


def parse_raw(client: Any) -> Any:
    return client.chat.completions.with_raw_response.parse(model="m", messages=[], response_format=Sum)


def parse_response(client: Any) -> Any:
    return client.responses.parse(model="m", input="x", text_format=Sum)


def get(client: Any) -> Any:
    return client.get("/models/m", cast_to=int)


@pytest.mark.parametrize(
    ("answer", "call", "kind"),
    [
        (completion("length"), parse, LengthFinishReasonError),
        (completion("content_filter"), parse, ContentFilterFinishReasonError),
        (completion(), parse, pydantic.ValidationError),
        (completion(), parse_raw, pydantic.ValidationError),
        (response("hi"), parse_response, pydantic.ValidationError),
        (ok(), get, APIResponseValidationError),
    ],
)
def test_an_answer_that_cannot_be_read_into_a_type(answer: bytes, call: Any, kind: Any, colour: Colour) -> None:
    told: list[ErrorInfo] = []
    with Rude(answer) as server, colour.client(server.url, hooks=Hooks(on_error=told.append)) as it:
        error = failure_of(it, call)
    assert isinstance(error, kind)
    (info,) = told
    assert info.error is error
    assert info.request.attempt == 1
    assert info.response is not None
    assert (info.response.status_code, info.response.request) == (200, info.request)


def test_a_coroutine_function_is_awaited(colour: Colour) -> None:
    if not colour.is_async:
        return
    told: list[Any] = []

    async def hear(info: ErrorInfo) -> None:
        await asyncio.sleep(0)
        told.append(info.error)

    with Rude(completion("length")) as server, colour.client(server.url, hooks=Hooks(on_error=hear)) as it:
        assert told == [failure_of(it, parse)]


def test_a_call_that_a_hook_makes_lends_its_reply_to_no_other(colour: Colour) -> None:
    told: list[ErrorInfo] = []

    def ask_first(info: Any) -> None:
        if info.operation != "models.retrieve":
            it.raw.models.retrieve("m")
            raise KeyError("not now")

    async def ask_first_later(info: Any) -> None:
        if info.operation != "models.retrieve":
            await it.raw.models.retrieve("m")
            raise KeyError("not now")

    hooks = Hooks(on_request=ask_first_later if colour.is_async else ask_first, on_error=told.append)
    with Rude(ok()) as server, colour.client(server.url, hooks=hooks) as it:
        assert isinstance(failure_of(it, parse), KeyError)
        assert len(server.requests) == 1
    assert told == []


def test_calls_side_by_side_are_told_of_apart(colour: Colour) -> None:
    if not colour.is_async:
        return
    told: list[ErrorInfo] = []

    async def main(url: str) -> list[Any]:
        async with antiphon.AsyncOpenAI(api_key=KEY, base_url=url, hooks=Hooks(on_error=told.append)) as client:
            return await asyncio.gather(*(parse(client) for _ in range(8)), return_exceptions=True)

    with Rude(completion("length")) as server:
        errors = asyncio.run(main(server.url))
    assert {id(info.error) for info in told} == set(map(id, errors))
    assert len({info.request.call for info in told}) == len(told) == 8


def test_what_another_hook_raises_is_not_told(colour: Colour) -> None:
    told: list[ErrorInfo] = []

    def refuse(info: Any) -> None:
        raise KeyError("not now")

    hooks = Hooks(on_response=refuse, on_error=told.append)
    with Rude(completion()) as server, colour.client(server.url, hooks=hooks) as it:
        assert isinstance(failure_of(it, parse), KeyError)
    assert told == []


@pytest.mark.parametrize("body", [object(), float("nan")])
def test_what_is_refused_before_a_request_is_not_told(body: Any, colour: Colour) -> None:
    told: list[ErrorInfo] = []
    with colour.client("http://127.0.0.1:1", hooks=Hooks(on_error=told.append)) as it:
        error = failure_of(it, lambda client: client.responses.create(model=body, input="x"))
    assert isinstance(error, antiphon.InvalidBody)
    assert told == []


def test_a_closed_client_is_not_told_of(colour: Colour) -> None:
    told: list[ErrorInfo] = []
    with Rude(ok()) as server, colour.client(server.url, hooks=Hooks(on_error=told.append)) as it:
        it(retrieve)
        it.wait(it.raw.close())
        assert isinstance(failure_of(it, retrieve), antiphon.ClientClosed)
    assert told == []

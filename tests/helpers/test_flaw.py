"""How helpers tell what is wrong with a reply: the place, the reason, the data; and what they leave to others."""

from __future__ import annotations

import asyncio
import pickle
from typing import Any

import pydantic
import pytest

import antiphon
from antiphon.errors import (
    APIResponseValidationError,
    IncoherentStream,
    MalformedResponse,
    MalformedStream,
    NoResult,
    OpenAIError,
)
from antiphon.helpers.chat_stream import ChatCompletionStreamState
from antiphon.helpers.flaw import id_of
from antiphon.helpers.schema import pydantic_function_tool
from antiphon.types.chat import ChatCompletionChunk
from antiphon.types.responses import Response

from .oddity import Asker, lines, streamed
from .recorded import call_chunks, choice, chunk, completion, content_chunks, message, message_events, response_events
from .test_odd_reply import ASKED, Answer

COLOURS = pytest.mark.parametrize("colour", ["sync", "async"])


def problem_of(colour: str, reply: Any, work: Any) -> Any:
    return asyncio.run(Asker(colour).outcome(lambda verb, path: reply, work))[1]


@COLOURS
def test_a_reply_that_is_no_completion(colour: str) -> None:
    reply = completion(choice("{}"))
    reply["choices"] = {"0": reply["choices"][0]}

    async def parse(asker: Any, client: Any) -> Any:
        return await asker.got(client.chat.completions.parse(**ASKED, response_format=Answer))

    problem = problem_of(colour, reply, parse)
    assert type(problem) is MalformedResponse
    assert "choices: expected list" in str(problem)
    assert problem.body == reply
    assert problem.response.status_code == 200
    assert problem.request.method == "POST"
    assert isinstance(problem.__cause__, TypeError)


@COLOURS
def test_an_event_that_cannot_be_taken_keeps_what_had_come(colour: str) -> None:
    events = response_events(message_events("Hello, world"), [message("Hello, world")])
    events[5] = {**events[5], "output_index": "0"}
    seen: list[str] = []

    async def read(asker: Any, client: Any) -> Any:
        async def use(stream: Any) -> None:
            await asker.events(stream, lambda event: seen.append(event.type))

        await asker.within(client.responses.stream(model="m", input="hi"), use)

    problem = problem_of(colour, streamed(lines(events)), read)
    assert isinstance(problem, MalformedStream)
    assert "response.output_text.delta" in str(problem)
    assert problem.partial.output_text == "Hell"
    assert problem.response.status_code == problem.status_code == 200
    assert problem.request.method == "POST"
    assert len(seen) == 5


@COLOURS
def test_a_text_that_goes_on_as_something_else_is_not_lost(colour: str) -> None:
    chunks = content_chunks("Hello")
    chunks.insert(2, chunk({"content": [{"type": "text", "text": "?"}]}))

    async def read(asker: Any, client: Any) -> Any:
        async def use(stream: Any) -> Any:
            return await asker.got(stream.get_final_completion())

        return await asker.within(client.chat.completions.stream(**ASKED), use)

    problem = problem_of(colour, streamed(lines(chunks, done=True)), read)
    assert isinstance(problem, IncoherentStream)
    assert isinstance(problem, RuntimeError)
    assert str(problem) == "content began as str and goes on as list"
    assert problem.partial.choices[0].message.content == "Hell"


class Picky(pydantic.BaseModel):
    city: str

    @pydantic.field_validator("city")
    @classmethod
    def refuse(cls, value: str) -> str:
        raise KeyError(value)


@COLOURS
def test_what_a_users_own_type_raises_goes_on_as_it_is(colour: str) -> None:
    chunks = call_chunks(("Picky", '{"city":"Ghent"}'))

    async def read(asker: Any, client: Any) -> Any:
        async def use(stream: Any) -> Any:
            return await asker.got(stream.get_final_completion())

        return await asker.within(client.chat.completions.stream(**ASKED, tools=[pydantic_function_tool(Picky)]), use)

    assert type(problem_of(colour, streamed(lines(chunks, done=True)), read)) is KeyError


def test_events_that_nobody_fetched() -> None:
    """The public accumulator is fed by hand, so that there is no reply to speak of."""
    state = ChatCompletionStreamState()
    with pytest.raises(NoResult):
        state.get_final_completion()
    odd: Any = ["no chunk"]
    with pytest.raises(MalformedStream, match="expected an object, got list") as told:
        state.handle_chunk(odd)
    assert told.value.body == odd
    assert told.value.request is None
    with pytest.raises(MalformedStream, match="index: expected int, got str"):
        state.handle_chunk(ChatCompletionChunk._view(chunk({"content": "x"}, index=0) | {"choices": [{"index": "0"}]}))
    again = pickle.loads(pickle.dumps(told.value))
    assert (str(again), again.body) == (str(told.value), odd)


def test_no_id_to_go_on_with() -> None:
    assert id_of(Response._view({"id": "resp_1"})) == "resp_1"
    for value in ({}, {"id": None}, {"id": ""}, {"id": ["resp_1"]}):
        with pytest.raises(MalformedResponse, match="id: expected a text that is not empty"):
            id_of(Response._view(value))


def test_the_family() -> None:
    assert issubclass(IncoherentStream, (MalformedStream, APIResponseValidationError))
    assert issubclass(NoResult, OpenAIError)
    assert issubclass(NoResult, RuntimeError)
    assert issubclass(IncoherentStream, antiphon.APIError)

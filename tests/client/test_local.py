"""`antiphon.local()`, and the clients against a server that behaves: the emulator."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

import antiphon
from antiphon.emulator.server import Emulator
from antiphon.errors import APIConnectionError, NotFoundError

from .colour import Colour, Driven, failure_of


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """One emulator for all."""
    with Emulator() as server:
        yield server


def driven(colour: Colour, emulator: Emulator) -> Driven:
    """A client for it."""
    return colour.client("", base_url=emulator.base_url)


def test_local_gives_a_client_of_its_own_emulator() -> None:
    with antiphon.local() as client, antiphon.local() as other:
        assert client.responses.create(model="gpt-5.5", input="What is 6 * 7?").output_text == "6 * 7 = 42"
        assert client.base_url != other.base_url
        file = client.files.create(file=("a.txt", b"hi"), purpose="assistants")
        assert [each.id for each in client.files.list()] == [file.id]
        assert list(other.files.list()) == []
        copy = client.with_options(max_retries=0)
        assert copy.files.retrieve(file.id).filename == "a.txt"
        url = str(client.base_url)
    with antiphon.OpenAI(api_key="sk-x", base_url=url, max_retries=0) as late, pytest.raises(APIConnectionError):
        late.models.list()


def test_local_in_the_other_colour() -> None:
    async def whole() -> str:
        async with antiphon.local(asynchronous=True) as client:
            answer = await client.responses.create(model="gpt-5.5", input="What is 6 * 7?")
            return answer.output_text

    assert asyncio.run(whole()) == "6 * 7 = 42"


def test_local_passes_options_on() -> None:
    with antiphon.local(max_retries=7, timeout=3) as client:
        assert (client.max_retries, client.timeout) == (7, 3)
    with pytest.raises(TypeError, match="max_retry"):
        antiphon.local(max_retry=1)


def test_a_response_and_its_stream_agree(colour: Colour, emulator: Emulator) -> None:
    with driven(colour, emulator) as it:
        whole = it(lambda client: client.responses.create(model="gpt-5.5", input="Say hello."))
        events = it(lambda client: client.responses.create(model="gpt-5.5", input="Say hello.", stream=True))
        assert [event.sequence_number for event in events] == list(range(len(events)))
        deltas = "".join(event.delta for event in events if event.type == "response.output_text.delta")
        assert deltas == whole.output_text == events[-1].response.output_text
        stored = it(lambda client: client.responses.retrieve(whole.id))
        assert stored.output_text == whole.output_text
        assert it(lambda client: client.responses.delete(whole.id)) is None
        assert isinstance(failure_of(it, lambda client: client.responses.retrieve(whole.id)), NotFoundError)


def test_chat_tools_and_json_by_schema(colour: Colour, emulator: Emulator) -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tool = {"type": "function", "function": {"name": "weather", "parameters": schema}}

    def ask(client: Any, **more: Any) -> Any:
        messages = [{"role": "user", "content": "What is the weather in Paris?"}]
        return client.chat.completions.create(model="gpt-5.5", messages=messages, **more)

    with driven(colour, emulator) as it:
        call = it(lambda client: ask(client, tools=[tool])).choices[0].message.tool_calls[0]
        assert call.function.name == "weather"
        assert "city" in json.loads(call.function.arguments)
        form = {"type": "json_schema", "json_schema": {"name": "place", "schema": schema}}
        answer = it(lambda client: ask(client, response_format=form))
        assert isinstance(json.loads(answer.choices[0].message.content)["city"], str)
        chunks = it(lambda client: ask(client, stream=True, stream_options={"include_usage": True}))
        assert chunks[-1].usage.total_tokens > 0


def test_embeddings_and_a_file_round_trip(colour: Colour, emulator: Emulator) -> None:
    with driven(colour, emulator) as it:
        reply = it(lambda c: c.embeddings.create(model="text-embedding-3-small", input=["cat", "kitten", "tax law"]))
        cat, kitten, law = (each.embedding for each in reply.data)
        assert _near(cat, kitten) > _near(cat, law)
        file = it(lambda client: client.files.create(file=("n.txt", b"content"), purpose="assistants"))
        assert it(lambda client: client.files.content(file.id)).content == b"content"
        assert file.id in [each.id for each in it.items(lambda client: client.files.list(limit=1))]
        assert it(lambda client: client.files.delete(file.id)).deleted


def _near(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_pages_of_items(colour: Colour, emulator: Emulator) -> None:
    with driven(colour, emulator) as it:
        made = [it(lambda c, n=n: c.files.create(file=(f"{n}.txt", b"x"), purpose="assistants")).id for n in range(5)]
        listed = [each.id for each in it.items(lambda client: client.files.list(limit=2))]
        assert set(made) <= set(listed)
        assert len(listed) == len(set(listed))


def test_the_emulators_errors_are_typed(colour: Colour, emulator: Emulator) -> None:
    with driven(colour, emulator) as it:
        error = failure_of(it, lambda client: client.models.retrieve("no-such-model"))
        assert isinstance(error, NotFoundError)
        assert error.code == "model_not_found"
        assert error.request_id
        error = failure_of(it, lambda client: client.responses.create(model="gpt-5.5", input="x", temperature=9))
        assert isinstance(error, antiphon.BadRequestError)
        assert error.param == "temperature"

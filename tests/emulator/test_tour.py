"""A stateful tour with the official package, in both colours, over a real socket; every result asserted."""

from __future__ import annotations

import asyncio
import inspect
import io
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import openai
import pydantic
import pytest
from openai.types import CreateEmbeddingResponse, FileObject, Model
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent

from antiphon.emulator import Emulator

Walk = Callable[[Any], Coroutine[Any, Any, None]]
TOOL: Any = {
    "type": "function",
    "name": "get_weather",
    "description": "Weather of a city",
    "strict": True,
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
}
CHAT_TOOL: Any = {"type": "function", "function": {key: value for key, value in TOOL.items() if key != "type"}}


async def got(value: Any) -> Any:
    """The value, awaited when it has to be: the one difference between the colours."""
    return await value if inspect.isawaitable(value) else value


async def each(stream: Any) -> AsyncIterator[Any]:
    """The items of a stream or page of either colour."""
    stream = await got(stream)
    if hasattr(stream, "__aiter__"):
        async for item in stream:
            yield item
    else:
        for item in stream:
            yield item


def user(text: str) -> Any:
    return [{"role": "user", "content": text}]


class Person(pydantic.BaseModel):
    name: str
    age: int


async def models(client: Any) -> None:
    names = [model.id async for model in each(client.models.list())]
    assert "gpt-4o" in names
    assert (await got(client.models.retrieve("gpt-4o"))).owned_by == "openai"
    with pytest.raises(openai.NotFoundError) as caught:
        await got(client.models.retrieve("gpt-none"))
    assert (caught.value.code, caught.value.status_code) == ("model_not_found", 404)
    assert caught.value.request_id
    with pytest.raises(openai.PermissionDeniedError):
        await got(client.models.delete("gpt-4o"))


async def chat(client: Any) -> None:
    create = client.chat.completions.create
    two = await got(create(model="gpt-4o", messages=user("Tell me about whales"), n=2, logprobs=True, top_logprobs=2))
    assert len({choice.message.content for choice in two.choices}) == 2
    assert all(len(item.top_logprobs) == 2 for item in two.choices[0].logprobs.content)
    text, usage = "", None
    stream = create(
        model="gpt-4o", messages=user("Say: one two three"), stream=True, stream_options={"include_usage": True}
    )
    async for chunk in each(stream):
        text += "".join(choice.delta.content or "" for choice in chunk.choices)
        usage = chunk.usage or usage
    assert (text, usage.completion_tokens) == ("one two three", 3)
    asked = user("Weather in Paris?")
    first = await got(create(model="gpt-4o", messages=asked, tools=[CHAT_TOOL]))
    message = first.choices[0].message
    assert json.loads(message.tool_calls[0].function.arguments) == {"city": "Paris"}
    answer = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": '{"temp": 21}'}
    second = await got(create(model="gpt-4o", messages=[*asked, message, answer], tools=[CHAT_TOOL]))
    assert second.choices[0].message.content == "get_weather(Paris): temp 21."
    parse = client.chat.completions.parse
    parsed = await got(parse(model="gpt-4o", messages=user("Alice is 30 years old"), response_format=Person))
    assert parsed.choices[0].message.parsed == Person(name="Alice", age=30)


async def stored_chat(client: Any) -> None:
    api, tag = client.chat.completions, {"tour": type(client).__name__}
    ids = [
        (await got(api.create(model="gpt-4o", messages=user(f"Say: {n}"), store=True, metadata=tag))).id
        for n in range(5)
    ]
    assert [item.id async for item in each(api.list(metadata=tag, limit=2))] == ids
    assert (await got(api.retrieve(ids[0]))).choices[0].message.content == "0"
    assert (await got(api.update(ids[0], metadata={"a": "b"}))).metadata == {"a": "b"}
    assert [item.content async for item in each(api.messages.list(ids[0]))] == ["Say: 0"]
    assert (await got(api.delete(ids[0]))).deleted is True
    with pytest.raises(openai.NotFoundError):
        await got(api.retrieve(ids[0]))


async def responses(client: Any) -> None:
    create = client.responses.create
    first = await got(create(model="gpt-5", input="My name is Zoe", instructions="Be kind."))
    second = await got(create(model="gpt-5", input="What is my name?", previous_response_id=first.id))
    assert second.output_text == "Your name is Zoe."
    assert (await got(client.responses.retrieve(second.id))).output_text == second.output_text
    items = [item async for item in each(client.responses.input_items.list(second.id, order="asc"))]
    assert items[0].content[0].text == "What is my name?"
    counted = await got(
        client.responses.input_tokens.count(model="gpt-5", input="My name is Zoe", instructions="Be kind.")
    )
    assert counted.input_tokens == first.usage.input_tokens
    called = await got(create(model="gpt-5", input="Weather in Paris?", tools=[TOOL]))
    call = called.output[0]
    output = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}
    told = await got(create(model="gpt-5", input=[*user("Weather in Paris?"), *called.output, output], tools=[TOOL]))
    assert told.output_text == "get_weather(Paris): sunny"
    parsed = await got(client.responses.parse(model="gpt-5", input="Bob is 41 years old", text_format=Person))
    assert parsed.output_parsed == Person(name="Bob", age=41)
    await got(client.responses.delete(first.id))
    with pytest.raises(openai.NotFoundError):
        await got(client.responses.retrieve(first.id))


async def response_streams(client: Any) -> None:
    seen, text = [], ""
    async for event in each(client.responses.create(model="gpt-5", input="Say: one two three", stream=True)):
        seen.append(event.type)
        text += event.delta if event.type == "response.output_text.delta" else ""
    assert (text, seen[0], seen[-1]) == ("one two three", "response.created", "response.completed")
    background = await got(client.responses.create(model="gpt-5", input="Say: one two three", background=True))
    assert background.status == "queued"
    numbers = [
        e.sequence_number async for e in each(client.responses.retrieve(background.id, stream=True, starting_after=2))
    ]
    assert numbers[0] == 3
    assert (await got(client.responses.retrieve(background.id))).status == "completed"
    running = await got(client.responses.create(model="gpt-5", input="Say: x", background=True))
    assert (await got(client.responses.cancel(running.id))).status == "cancelled"


async def embeddings(client: Any) -> None:
    texts = ["a small dog runs", "a puppy is running", "quarterly tax report"]
    found = await got(client.embeddings.create(model="text-embedding-3-small", input=texts, dimensions=128))
    plain = await got(
        client.embeddings.create(model="text-embedding-3-small", input=texts, dimensions=128, encoding_format="float")
    )
    vectors = [item.embedding for item in found.data]
    assert [len(vector) for vector in vectors] == [128] * 3
    assert vectors[0] == pytest.approx(plain.data[0].embedding, abs=1e-6)
    like, unlike = (sum(a * b for a, b in zip(vectors[0], other, strict=True)) for other in vectors[1:])
    assert like > unlike


async def files(client: Any) -> None:
    data = bytes(range(256)) * 4096
    made = await got(client.files.create(file=("data.bin", io.BytesIO(data)), purpose="user_data"))
    assert (made.bytes, made.filename, made.status) == (len(data), "data.bin", "processed")
    assert (await got(client.files.retrieve(made.id))).id == made.id
    assert (await got(client.files.content(made.id))).content == data
    assert made.id in [file.id async for file in each(client.files.list(purpose="user_data", limit=1))]
    expiring = await got(
        client.files.create(
            file=("a.jsonl", b"{}\n"), purpose="batch", expires_after={"anchor": "created_at", "seconds": 3600}
        )
    )
    assert expiring.expires_at == expiring.created_at + 3600
    for file in (made, expiring):
        assert (await got(client.files.delete(file.id))).deleted is True


async def completions(client: Any) -> None:
    found = await got(client.completions.create(model="gpt-3.5-turbo-instruct", prompt=["What is 2+2?", "Say: hi"]))
    assert [choice.text for choice in found.choices] == ["2+2 = 4", "hi"]
    stream = client.completions.create(model="gpt-3.5-turbo-instruct", prompt="Say: one two", stream=True)
    assert "".join([chunk.choices[0].text async for chunk in each(stream)]) == "one two"


async def errors(client: Any) -> None:
    create = client.responses.create
    with pytest.raises(openai.BadRequestError) as bad:
        await got(create(model="gpt-5", input="x", extra_body={"colour": "red"}))
    assert (bad.value.param, bad.value.code) == ("colour", "unknown_parameter")
    with pytest.raises(openai.AuthenticationError) as denied:
        await got(client.with_options(api_key="sk-invalid").models.list())
    assert denied.value.code == "invalid_api_key"
    for status, kind in ((429, openai.RateLimitError), (500, openai.InternalServerError), (409, openai.ConflictError)):
        with pytest.raises(kind):
            await got(create(model="gpt-5", input="x", extra_headers={"X-Antiphon-Fault": f"status={status}"}))
    retrying = client.with_options(max_retries=1)
    fault = {"X-Antiphon-Fault": f"status=503;retry_after=0.01;times=1;id={type(client).__name__}"}
    assert (
        await got(retrying.responses.create(model="gpt-5", input="Say: ok", extra_headers=fault))
    ).output_text == "ok"
    with pytest.raises(openai.APIConnectionError):
        await got(create(model="gpt-5", input="x", extra_headers={"X-Antiphon-Fault": "reset=0"}))


WALKS: list[Walk] = [
    models, chat, stored_chat, responses, response_streams, embeddings, files, completions, errors,
]  # fmt: skip


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.__name__)
@pytest.mark.parametrize("colour", ["sync", "async"])
def test_tour(server: Emulator, walk: Walk, colour: str) -> None:
    async def run() -> None:
        if colour == "sync":
            with openai.OpenAI(base_url=server.base_url, api_key="sk-tour", max_retries=0) as client:
                await walk(client)
        else:
            async with openai.AsyncOpenAI(base_url=server.base_url, api_key="sk-tour", max_retries=0) as async_client:
                await walk(async_client)

    asyncio.run(run())


def valid(kind: Any, body: Any) -> Any:
    return pydantic.TypeAdapter(kind).validate_python(body, strict=False)


def test_bodies_are_what_the_official_types_require(client: openai.OpenAI) -> None:
    """The package itself does not validate; pydantic does here, field by field."""
    valid(list[Model], [model.to_dict() for model in client.models.list().data])
    raw = client.chat.completions.with_raw_response.create(
        model="gpt-4o", messages=user("Weather in Paris?"), tools=[CHAT_TOOL], logprobs=True
    )
    valid(ChatCompletion, json.loads(raw.text))
    body = json.loads(client.embeddings.with_raw_response.create(model="text-embedding-3-small", input="x").text)
    body["data"][0]["embedding"] = []
    valid(CreateEmbeddingResponse, body)
    valid(FileObject, json.loads(client.files.with_raw_response.create(file=("a", b"x"), purpose="user_data").text))


@pytest.mark.parametrize(
    "more",
    [
        {"input": "What is 2+2?"},
        {"input": "Weather in Paris?", "tools": [TOOL], "reasoning": {"effort": "low", "summary": "auto"}},
        {"input": "Say: x", "include": ["message.output_text.logprobs"], "top_logprobs": 2, "background": True},
        {"input": "Make a note: milk", "tools": [{"type": "custom", "name": "note", "description": "a note"}]},
        {"input": "Al is 3", "text": {"format": {"type": "json_schema", "name": "p", "schema": TOOL["parameters"]}}},
    ],
)
def test_responses_and_their_events_are_what_the_official_types_require(client: openai.OpenAI, more: Any) -> None:
    whole = client.responses.with_raw_response.create(model="gpt-5", **more)
    valid(Response, json.loads(whole.text))
    for event in client.responses.create(model="gpt-5", stream=True, **more):
        valid(ResponseStreamEvent, event.to_dict())


def test_chunks_are_what_the_official_types_require(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="gpt-4o",
        messages=user("Weather in Paris?"),
        tools=[CHAT_TOOL],
        stream=True,
        logprobs=True,
        stream_options={"include_usage": True},
    )
    for chunk in stream:
        valid(ChatCompletionChunk, chunk.to_dict())

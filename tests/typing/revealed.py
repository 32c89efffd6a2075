"""What type checkers see: one method of each kind. Read by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_type

from antiphon import AsyncOpenAI, NoneType, OpenAI, Policy, Retry, Trace
from antiphon.helpers.chat_event import ContentDeltaEvent, ContentDoneEvent, FunctionToolCallArgumentsDoneEvent
from antiphon.helpers.chat_stream import AsyncChatCompletionStream, ChatCompletionStream
from antiphon.helpers.response_event import (
    ResponseCompletedEvent,
    ResponseFunctionCallArgumentsDeltaEvent,
    ResponseTextDeltaEvent,
    ResponseTextDoneEvent,
)
from antiphon.helpers.response_stream import AsyncResponseStream, ResponseStream
from antiphon.pagination import AsyncCursorPage, SyncCursorPage
from antiphon.response import (
    APIResponse,
    AsyncAPIResponse,
    AsyncResponseContextManager,
    AsyncStreamedBinaryAPIResponse,
    HttpxBinaryResponseContent,
    LegacyAPIResponse,
    ResponseContextManager,
    StreamedBinaryAPIResponse,
)
from antiphon.streaming import AsyncStream, Stream
from antiphon.types import (
    CreateEmbeddingResponse,
    FileDeleted,
    FileObject,
    ImagesResponse,
    Model,
    VectorStoreSearchResponse,
)
from antiphon.types.audio import Transcription, TranscriptionVerbose
from antiphon.types.chat import (
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionMessageParam,
    ParsedChatCompletion,
    ParsedChatCompletionMessage,
)
from antiphon.types.responses import (
    ParsedResponse,
    ParsedResponseFunctionToolCall,
    ParsedResponseOutputText,
    Response,
    ResponseRefusalDeltaEvent,
    ResponseStreamEvent,
    ResponseUsage,
)
from antiphon.types.shared_params import Reasoning


class Answer:
    text: str


def plain(client: OpenAI) -> None:
    assert_type(client.files.retrieve("file"), FileObject)
    assert_type(client.files.delete("file"), FileDeleted)
    assert_type(client.embeddings.create(model="m", input="text"), CreateEmbeddingResponse)
    assert_type(client.images.generate(prompt="p"), ImagesResponse)


def overloads(client: OpenAI, streaming: bool) -> None:
    assert_type(client.responses.create(model="m", input="text"), Response)
    assert_type(client.responses.create(model="m", input="text", stream=False), Response)
    assert_type(client.responses.create(model="m", input="text", stream=True), Stream[ResponseStreamEvent])
    assert_type(client.responses.create(model="m", stream=streaming), Response | Stream[ResponseStreamEvent])
    assert_type(client.chat.completions.create(messages=[], model="m"), ChatCompletion)
    for chunk in client.chat.completions.create(messages=[], model="m", stream=True):
        assert_type(chunk, ChatCompletionChunk)


def formats(client: OpenAI, sound: bytes) -> None:
    assert_type(client.audio.transcriptions.create(file=sound, model="m", response_format="json"), Transcription)
    verbose = client.audio.transcriptions.create(file=sound, model="m", response_format="verbose_json")
    assert_type(verbose, TranscriptionVerbose)
    assert_type(client.audio.transcriptions.create(file=sound, model="m", response_format="srt"), str)


def pages(client: OpenAI) -> None:
    assert_type(client.files.list(), SyncCursorPage[FileObject])
    for file in client.files.list(limit=2):
        assert_type(file, FileObject)
    for hit in client.vector_stores.search("store", query="words"):
        assert_type(hit, VectorStoreSearchResponse)


def binary(client: OpenAI) -> None:
    assert_type(client.files.content("file"), HttpxBinaryResponseContent)
    assert_type(client.audio.speech.create(input="i", model="m", voice="alloy"), HttpxBinaryResponseContent)


def raw(client: OpenAI) -> None:
    assert_type(client.files.with_raw_response.retrieve("file"), LegacyAPIResponse[FileObject])
    assert_type(client.files.with_raw_response.list(limit=1), LegacyAPIResponse[SyncCursorPage[FileObject]])
    assert_type(client.with_raw_response.files.delete("file"), LegacyAPIResponse[FileDeleted])
    assert_type(
        client.chat.with_raw_response.completions.create(messages=[], model="m"), LegacyAPIResponse[ChatCompletion]
    )


def streaming_raw(client: OpenAI) -> None:
    opened = client.files.with_streaming_response.retrieve("file")
    assert_type(opened, ResponseContextManager[APIResponse[FileObject]])
    content = client.files.with_streaming_response.content("file")
    assert_type(content, ResponseContextManager[StreamedBinaryAPIResponse])


async def asynchronous(client: AsyncOpenAI) -> None:
    assert_type(await client.files.retrieve("file"), FileObject)
    assert_type(await client.responses.create(model="m"), Response)
    assert_type(await client.responses.create(model="m", stream=True), AsyncStream[ResponseStreamEvent])
    async for chunk in await client.chat.completions.create(messages=[], model="m", stream=True):
        assert_type(chunk, ChatCompletionChunk)
    assert_type(await client.files.list(), AsyncCursorPage[FileObject])
    async for file in client.files.list():
        assert_type(file, FileObject)
    assert_type(await client.files.with_raw_response.retrieve("file"), LegacyAPIResponse[FileObject])
    assert_type(await client.files.with_raw_response.list(), LegacyAPIResponse[AsyncCursorPage[FileObject]])
    opened = client.files.with_streaming_response.retrieve("file")
    assert_type(opened, AsyncResponseContextManager[AsyncAPIResponse[FileObject]])
    content = client.files.with_streaming_response.content("file")
    assert_type(content, AsyncResponseContextManager[AsyncStreamedBinaryAPIResponse])


def models(response: Response) -> None:
    assert_type(response.output_text, str)
    assert_type(response.usage, ResponseUsage | None)
    for item in response.output:
        if item.type == "message":
            for part in item.content:
                if part.type == "output_text":
                    assert_type(part.text, str)


def parsed(client: OpenAI) -> None:
    assert_type(client.responses.parse(model="m", input="i", text_format=Answer).output_parsed, Answer | None)
    completion = client.chat.completions.parse(messages=[], model="m", response_format=Answer)
    assert_type(completion.choices[0].message.parsed, Answer | None)


def parse_results(client: OpenAI) -> None:
    response = client.responses.parse(model="m", input="i", text_format=Answer)
    assert_type(response, ParsedResponse[Answer])
    for item in response.output:
        if item.type == "message":
            for part in item.content:
                if part.type == "output_text":
                    assert_type(part, ParsedResponseOutputText[Answer])
                    assert_type(part.parsed, Answer | None)
        elif item.type == "function_call":
            assert_type(item, ParsedResponseFunctionToolCall)
            assert_type(item.parsed_arguments, object)
    completion = client.chat.completions.parse(messages=[], model="m", response_format=Answer)
    assert_type(completion, ParsedChatCompletion[Answer])
    assert_type(completion.choices[0].message, ParsedChatCompletionMessage[Answer])
    for call in completion.choices[0].message.tool_calls or []:
        assert_type(call.function.parsed_arguments, object | None)


def response_streams(client: OpenAI) -> None:
    with client.responses.stream(model="m", input="i", text_format=Answer) as stream:
        assert_type(stream, ResponseStream[Answer])
        for event in stream:
            if event.type == "response.output_text.delta":
                assert_type(event, ResponseTextDeltaEvent)
                assert_type(event.snapshot, str)
            elif event.type == "response.output_text.done":
                assert_type(event, ResponseTextDoneEvent[Answer])
                assert_type(event.parsed, Answer | None)
            elif event.type == "response.function_call_arguments.delta":
                assert_type(event, ResponseFunctionCallArgumentsDeltaEvent)
            elif event.type == "response.completed":
                assert_type(event, ResponseCompletedEvent[Answer])
                assert_type(event.response.output_parsed, Answer | None)
            elif event.type == "response.refusal.delta":
                assert_type(event, ResponseRefusalDeltaEvent)
        for text in stream.text_deltas:
            assert_type(text, str)
        assert_type(stream.until_done(), ResponseStream[Answer])
        assert_type(stream.get_final_response(), ParsedResponse[Answer])


def untyped(client: OpenAI) -> None:
    with client.responses.stream(model="m", input="i") as stream:
        for event in stream:
            if event.type == "response.output_text.done":
                assert_type(event.parsed, None)
        assert_type(stream.get_final_response().output_text, str)
    assert_type(client.responses.parse(model="m", input="i").output_parsed, None)
    with client.chat.completions.stream(model="m", messages=[]) as chat:
        assert_type(chat.get_final_completion().choices[0].message.parsed, None)
    assert_type(client.chat.completions.parse(model="m", messages=[]).choices[0].message.content, str | None)


def chat_streams(client: OpenAI) -> None:
    with client.chat.completions.stream(model="m", messages=[], response_format=Answer) as stream:
        assert_type(stream, ChatCompletionStream[Answer])
        for event in stream:
            if event.type == "content.delta":
                assert_type(event, ContentDeltaEvent)
                assert_type(event.delta, str)
            elif event.type == "content.done":
                assert_type(event, ContentDoneEvent[Answer])
                assert_type(event.parsed, Answer | None)
            elif event.type == "tool_calls.function.arguments.done":
                assert_type(event, FunctionToolCallArgumentsDoneEvent)
            elif event.type == "chunk":
                assert_type(event.chunk, ChatCompletionChunk)
        assert_type(stream.current_completion_snapshot, ParsedChatCompletion[Answer])
        assert_type(stream.get_final_completion(), ParsedChatCompletion[Answer])


async def asynchronous_streams(client: AsyncOpenAI) -> None:
    async with client.responses.stream(model="m", input="i", text_format=Answer) as responses:
        assert_type(responses, AsyncResponseStream[Answer])
        async for event in responses:
            if event.type == "response.completed":
                assert_type(event, ResponseCompletedEvent[Answer])
        async for text in responses.text_deltas:
            assert_type(text, str)
        assert_type(await responses.get_final_response(), ParsedResponse[Answer])
    async with client.chat.completions.stream(model="m", messages=[], response_format=Answer) as chat:
        assert_type(chat, AsyncChatCompletionStream[Answer])
        async for piece in chat:
            if piece.type == "content.done":
                assert_type(piece.parsed, Answer | None)
        assert_type(await chat.get_final_completion(), ParsedChatCompletion[Answer])
    assert_type(await client.responses.parse(model="m", input="i", text_format=Answer), ParsedResponse[Answer])


def arguments(client: OpenAI) -> Iterator[object]:
    messages: list[ChatCompletionMessageParam] = [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": [{"type": "text", "text": "hello"}]},
    ]
    reasoning: Reasoning = {"effort": "low"}
    yield client.chat.completions.create(messages=messages, model="m", extra_headers={"x-trace": "1"}, timeout=3.0)
    yield client.responses.create(model="m", reasoning=reasoning, input=[{"role": "user", "content": "hello"}])
    yield client.files.create(file=("name.jsonl", b"{}"), purpose="batch")


def raw_calls(client: OpenAI) -> None:
    assert_type(client.get("/x", cast_to=ChatCompletion), ChatCompletion)
    assert_type(client.post("/x", cast_to=dict[str, object], body={}), dict[str, object])
    assert_type(client.put("/x", cast_to=str), str)
    assert_type(client.patch("/x", cast_to=str), str)
    assert_type(client.delete("/x", cast_to=NoneType), None)
    assert_type(client.post("/x", cast_to=object, stream=True, stream_cls=Stream[str]), Stream[str])


async def asynchronous_raw_calls(client: AsyncOpenAI) -> None:
    assert_type(await client.get("/x", cast_to=ChatCompletion), ChatCompletion)
    assert_type(await client.post("/x", cast_to=dict[str, object], body={}), dict[str, object])
    assert_type(await client.delete("/x", cast_to=NoneType), None)
    assert_type(await client.post("/x", cast_to=object, stream=True, stream_cls=AsyncStream[str]), AsyncStream[str])


def governed(client: OpenAI, other: AsyncOpenAI) -> None:
    assert_type(client.with_circuit_breaker(window=10, min_calls=3), OpenAI)
    assert_type(other.with_rate_limit(rpm=500).with_bulkhead(8).with_retries(3), AsyncOpenAI)
    assert_type(client.with_policies(Policy.production(), Retry(1)), OpenAI)
    assert_type(client.execute_with_policies(lambda it: it.models.retrieve("m"), Policy.none()), Model)
    assert_type(OpenAI(policies=Policy.bulk().replace(retry=None)).explain(), str)
    assert_type(client.models.retrieve("m").trace, Trace | None)

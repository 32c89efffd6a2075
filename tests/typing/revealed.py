"""What type checkers see: one method of each kind. Read by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_type

from antiphon import AsyncOpenAI, OpenAI
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
from antiphon.types import CreateEmbeddingResponse, FileDeleted, FileObject, ImagesResponse, VectorStoreSearchResponse
from antiphon.types.audio import Transcription, TranscriptionVerbose
from antiphon.types.chat import ChatCompletion, ChatCompletionChunk, ChatCompletionMessageParam
from antiphon.types.responses import Response, ResponseStreamEvent, ResponseUsage
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


def arguments(client: OpenAI) -> Iterator[object]:
    messages: list[ChatCompletionMessageParam] = [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": [{"type": "text", "text": "hello"}]},
    ]
    reasoning: Reasoning = {"effort": "low"}
    yield client.chat.completions.create(messages=messages, model="m", extra_headers={"x-trace": "1"}, timeout=3.0)
    yield client.responses.create(model="m", reasoning=reasoning, input=[{"role": "user", "content": "hello"}])
    yield client.files.create(file=("name.jsonl", b"{}"), purpose="batch")

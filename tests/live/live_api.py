"""The main calls, against the real API. Costs a few hundred tokens."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator

import pytest

from antiphon import AsyncOpenAI, NotFoundError, OpenAI

MODEL = os.environ.get("ANTIPHON_LIVE_MODEL", "gpt-4.1-mini")


@pytest.fixture(scope="module")
def client() -> Iterator[OpenAI]:
    if not os.environ.get("OPENAI_API_KEY"):
        pytest.fail(
            "make live needs OPENAI_API_KEY: it talks to the real API, and nothing stands in for it", pytrace=False
        )
    with OpenAI(base_url="https://api.openai.com/v1", deadline=120) as made:
        yield made


def test_models_are_listed(client: OpenAI) -> None:
    assert any(model.id.startswith("gpt") for model in client.models.list())


def test_a_response_is_created_retrieved_and_deleted(client: OpenAI) -> None:
    made = client.responses.create(model=MODEL, input="Answer with the word: antiphon")
    assert "antiphon" in made.output_text.lower()
    assert made._request_id
    assert client.responses.retrieve(made.id).id == made.id
    client.responses.delete(made.id)


def test_a_response_streams_to_its_terminal_event(client: OpenAI) -> None:
    events = list(client.responses.create(model=MODEL, input="Count to three.", stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[-1].type == "response.completed"


def test_a_chat_streams_with_usage(client: OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(
            model=MODEL,
            messages=[{"role": "user", "content": "Say yes."}],
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    assert chunks[-1].usage is not None


def test_embeddings_come_as_floats(client: OpenAI) -> None:
    vectors = client.embeddings.create(model="text-embedding-3-small", input=["a", "b"]).data
    assert [len(item.embedding) for item in vectors] == [1536, 1536]


def test_errors_are_typed_and_tell_the_rate_limits(client: OpenAI) -> None:
    with pytest.raises(NotFoundError) as caught:
        client.chat.completions.create(model="no-such-model", messages=[{"role": "user", "content": "x"}])
    assert caught.value.code == "model_not_found"
    raw = client.chat.completions.with_raw_response.create(
        model=MODEL, messages=[{"role": "user", "content": "x"}], max_tokens=1
    )
    assert raw.ratelimit.limit_requests


def test_the_asyncio_colour(client: OpenAI) -> None:
    async def main() -> str:
        async with AsyncOpenAI(base_url="https://api.openai.com/v1", deadline=120) as made:
            return (await made.responses.create(model=MODEL, input="Say yes.")).output_text

    assert asyncio.run(main())

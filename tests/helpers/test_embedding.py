"""Embeddings are asked for as base64 and come as floats, as from the official package."""

from __future__ import annotations

import asyncio
import base64
import struct

import openai
import pytest

import antiphon
from antiphon.helpers.embedding import floats_from

from .conftest import plain
from .recorded import dumped

VECTOR = [0.5, -1.25, 3.0, 1e-7]


def reply(*vectors, usage=True):
    data = [{"object": "embedding", "index": i, "embedding": vector} for i, vector in enumerate(vectors)]
    return plain(
        {"object": "list", "data": data, "model": "m", "usage": {"prompt_tokens": 1, "total_tokens": 1}},
        x_request_id="req_1",
    )


def packed(vector):
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def ask(package, url, **arguments):
    with package.OpenAI(api_key="sk-1", base_url=url, max_retries=0) as client:
        return client.embeddings.create(model="m", input="hi", **arguments)


def ask_async(package, url, **arguments):
    async def run():
        async with package.AsyncOpenAI(api_key="sk-1", base_url=url, max_retries=0) as client:
            return await client.embeddings.create(model="m", input="hi", **arguments)

    return asyncio.run(run())


@pytest.mark.parametrize("ask", [ask, ask_async], ids=["sync", "async"])
@pytest.mark.parametrize(
    "given", [{}, {"encoding_format": "base64"}, {"encoding_format": "float"}, {"encoding_format": openai.omit}]
)
@pytest.mark.parametrize("sent", [packed(VECTOR), VECTOR], ids=["base64", "floats"])
def test_side_by_side(server, ask, given, sent):
    server.answers = [reply(sent, sent)]
    theirs = ask(openai, server.url, **given)
    ours_given = {key: antiphon.omit if value is openai.omit else value for key, value in given.items()}
    mine = ask(antiphon, server.url, **ours_given)
    assert dumped(mine) == dumped(theirs)
    assert server.asked[0].json == server.asked[1].json
    assert mine._request_id == "req_1"


@pytest.mark.parametrize("ask", [ask, ask_async], ids=["sync", "async"])
def test_no_embedding_is_an_error(server, ask):
    server.answers = [reply()]
    with pytest.raises(ValueError, match="No embedding data received"):
        ask(antiphon, server.url)


def test_floats():
    assert floats_from(packed(VECTOR)) == pytest.approx(VECTOR)
    assert floats_from("") == []

"""Embeddings: both encodings, as many dimensions as asked, and what is alike lies near."""

from __future__ import annotations

import struct
from base64 import b64decode
from itertools import starmap
from operator import mul
from typing import Any

import openai

from ..tour import Tour

MODEL = "text-embedding-3-small"
TEXTS = ["a small dog runs", "a puppy is running", "quarterly tax report"]


def walk(t: Tour) -> None:
    """The chapter."""
    create = t.client.embeddings.create
    packed = create(model=MODEL, input=TEXTS, dimensions=128, encoding_format="base64")
    vectors = [_unpacked(item.embedding) for item in packed.data]
    t.same([len(vector) for vector in vectors], [128] * 3)
    plain = create(model=MODEL, input=TEXTS, dimensions=128, encoding_format="float")
    usual = create(model=MODEL, input=TEXTS, dimensions=128)
    for place, vector in enumerate(vectors):
        t.near(plain.data[place].embedding, vector)
        t.near(usual.data[place].embedding, vector)
        t.near(_product(vector, vector), 1.0, 1e-5)
    t.true(_product(vectors[0], vectors[1]) > _product(vectors[0], vectors[2]))
    t.same([item.index for item in packed.data], [0, 1, 2])
    t.same(packed.usage.total_tokens, packed.usage.prompt_tokens)
    sizes = {MODEL: 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}
    for model, size in sizes.items():
        t.same(len(create(model=model, input="hello").data[0].embedding), size)
    tokens = create(model=MODEL, input=[[5], [6, 7]], dimensions=8)
    t.same((len(tokens.data), tokens.usage.prompt_tokens), (2, 3))
    t.refused(openai.BadRequestError, create, model="text-embedding-ada-002", input="x", dimensions=8)
    t.refused(openai.BadRequestError, create, model=MODEL, input="x", dimensions=5000)


def _unpacked(text: Any) -> list[float]:
    data = b64decode(text)
    return list(struct.unpack(f"<{len(data) // 4}f", data))


def _product(one: list[float], other: list[float]) -> float:
    return sum(starmap(mul, zip(one, other, strict=True)))

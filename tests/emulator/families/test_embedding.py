"""Embeddings over a real socket."""

from __future__ import annotations

import struct
from base64 import b64decode
from typing import Any

import pytest

from tests.emulator.asking import Asking


def made(ask: Asking, input: Any, **more: Any) -> dict[str, Any]:
    heard = ask("POST", "/v1/embeddings", {"model": "text-embedding-3-small", "input": input} | more)
    assert heard.status == 200, heard.body
    return heard.json


@pytest.mark.parametrize(
    ("model", "more", "size"),
    [
        ("text-embedding-3-small", {}, 1536),
        ("text-embedding-3-large", {}, 3072),
        ("text-embedding-ada-002", {}, 1536),
        ("text-embedding-3-small", {"dimensions": 12}, 12),
        ("text-embedding-3-large", {"dimensions": 3072}, 3072),
    ],
)
def test_sizes_and_both_encodings(ask: Asking, model: str, more: dict[str, Any], size: int) -> None:
    plain = made(ask, "hello", model=model, **more)["data"][0]["embedding"]
    packed = b64decode(made(ask, "hello", model=model, encoding_format="base64", **more)["data"][0]["embedding"])
    assert len(plain) == size
    assert list(struct.unpack(f"<{size}f", packed)) == pytest.approx(plain, abs=1e-7)


@pytest.mark.parametrize(
    ("given", "count", "tokens"), [("two words", 1, 2), (["a", "b c"], 2, 3), ([5, 6, 7], 1, 3), ([[5], [6, 7]], 2, 3)]
)
def test_inputs(ask: Asking, given: Any, count: int, tokens: int) -> None:
    found = made(ask, given, dimensions=8)
    assert [item["index"] for item in found["data"]] == list(range(count))
    assert found["usage"] == {"prompt_tokens": tokens, "total_tokens": tokens}
    assert (found["object"], found["model"]) == ("list", "text-embedding-3-small")


@pytest.mark.operation("embeddings.create")
def test_batches_agree_with_single_texts(ask: Asking) -> None:
    together = [item["embedding"] for item in made(ask, ["one", "two"], dimensions=8)["data"]]
    assert together == [made(ask, text, dimensions=8)["data"][0]["embedding"] for text in ("one", "two")]

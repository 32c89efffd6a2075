"""What a vector store keeps of a file for its searches: chunks of text, the words in each, and its vector, compactly.

The chunks of one file lie on a shelf of their own, in pages as they were made. Knows no ranking and no life cycles.
"""

from __future__ import annotations

from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterator
from functools import lru_cache
from math import sqrt
from operator import mul
from re import compile as pattern
from typing import Any, Final, NamedTuple

from ..brain.embedding import vector
from ..brain.recall import stem
from ..brain.summary import STOP_WORDS
from ..store import Shelf
from ..world import World

SIZE: Final = 2048
"""Dimensions of a chunk's vector, a byte each."""
_WORD: Final = pattern(r"[^\W_]+")


class Chunk(NamedTuple):
    """A piece of a file's text."""

    start: int
    """Where it begins in the file's text, in bytes of UTF-8."""
    text: str
    words: str
    """The stems of its words, each once, with a space on either side."""
    vector: str
    """Its direction as signed bytes, in base64."""
    length: float
    """The vector's length, so that no search has to measure it."""


def chunk(start: int, text: str) -> Chunk:
    """The chunk of a text, with what a search needs to know of it."""
    roots = dict.fromkeys(map(_root, _WORD.findall(text)))
    values = packed(text)
    return Chunk(start, text, f" {' '.join(roots)} ", b64encode(values.tobytes()).decode(), measured(values))


def packed(text: str) -> array[int]:
    """The direction of a text, its longest component 127."""
    values = vector(text, SIZE)
    scale = 127 / max(map(abs, values))
    return array("b", [round(value * scale) for value in values])


def measured(values: array[int]) -> float:
    """A vector's length."""
    return sqrt(sum(map(mul, values, values)))


def unpacked(kept: str) -> array[int]:
    """The vector of a chunk as numbers."""
    return array("b", b64decode(kept))


def roots(text: str) -> list[str]:
    """The stems of the words that matter in a text; of all its words where none does."""
    words = _WORD.findall(text)
    telling = [word for word in words if word.lower() not in STOP_WORDS]
    return list(dict.fromkeys(map(_root, telling or words)))


def shelf(world: World, store: str, file: str) -> Shelf[dict[str, Any]]:
    """Where the pages of one file's chunks lie."""
    return world.shelf(f"vector_stores.chunks/{store}/{file}")


def keep(world: World, store: str, file: str, chunks: list[Chunk]) -> None:
    """Add a page of chunks."""
    pages = shelf(world, store, file)
    name = str(chunks[0].start)
    pages.put(name, {"id": name, "chunks": [list(made) for made in chunks]})


def kept(world: World, store: str, file: str) -> Iterator[Chunk]:
    """All chunks of a file, in the order of its text."""
    for page in shelf(world, store, file):
        for made in page["chunks"]:
            yield Chunk(*made)


def forget(world: World, store: str, file: str) -> None:
    """Drop the chunks of a file."""
    world.drop(f"vector_stores.chunks/{store}/{file}")


@lru_cache(maxsize=16_384)
def _root(word: str) -> str:
    return stem(word.lower())

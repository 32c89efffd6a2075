"""Cutting bodies: any chunking gives the same text, lines and sizes."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from antiphon.core.segment import Lines, Sized, cut, cut_async, line_cutter, text_cutter

BYTES = st.binary(max_size=60) | st.text("aé😀\n\r\u2028\x0b", max_size=30).map(str.encode)


def pieces_of(whole: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(min(edge, len(whole)) for edge in cuts), len(whole)]
    return [whole[a:b] for a, b in pairwise(edges)]


@given(BYTES, st.lists(st.integers(0, 60), max_size=6), st.integers(1, 7))
def test_sizes(whole: bytes, cuts: list[int], size: int) -> None:
    segments = list(cut(pieces_of(whole, cuts), Sized[bytes](size)))
    assert b"".join(segments) == whole
    assert all(len(segment) == size for segment in segments[:-1])
    assert all(segments)
    assert list(cut(pieces_of(whole, cuts), Sized[bytes](None))) == [piece for piece in pieces_of(whole, cuts) if piece]


@given(BYTES, st.lists(st.integers(0, 60), max_size=6), st.none() | st.integers(1, 7))
def test_text(whole: bytes, cuts: list[int], size: int | None) -> None:
    segments = list(cut(pieces_of(whole, cuts), text_cutter("utf-8", size)))
    assert "".join(segments) == whole.decode(errors="replace")
    assert size is None or all(len(segment) == size for segment in segments[:-1])


@given(BYTES, st.lists(st.integers(0, 60), max_size=6))
@example(b"a\r\nb\r\n\r\n", [2, 5, 6])
@example(b"a\r\rb\r", [2, 3, 4])
def test_lines(whole: bytes, cuts: list[int]) -> None:
    expected = re.split("\r\n|\r|\n", whole.decode(errors="replace"))
    if not expected[-1]:
        expected.pop()
    assert list(cut(pieces_of(whole, cuts), line_cutter("utf-8"))) == expected

    async def main() -> list[str]:
        async def pieces() -> AsyncIterator[bytes]:
            for piece in pieces_of(whole, cuts):
                yield piece

        return [line async for line in cut_async(pieces(), line_cutter("utf-8"))]

    assert asyncio.run(main()) == expected


@pytest.mark.parametrize("size", [0, -1])
def test_sizes_are_positive(size: int) -> None:
    with pytest.raises(ValueError, match="chunk_size"):
        Sized[bytes](size)


def test_other_encodings() -> None:
    assert list(cut([b"\xe9\n\xe8"], line_cutter("latin-1"))) == ["é", "è"]


def test_a_line_of_many_pieces_takes_linear_time() -> None:
    def seconds(count: int) -> float:
        start = time.process_time()
        assert [len(line) for line in cut(["x" * 64] * count, Lines())] == [64 * count]
        return time.process_time() - start

    assert min(seconds(80_000) for _ in range(3)) < 8 * 4 * min(seconds(10_000) for _ in range(3))

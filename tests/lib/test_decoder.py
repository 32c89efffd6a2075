"""A decoder over pieces of bytes reads what the official one reads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from openai._streaming import SSEDecoder as OfficialDecoder

from antiphon._streaming import SSEDecoder

BODY = 'event: a\ndata: {"x": 1}\n\n: note\n\nid: 7\ndata: é\ndata: two\nretry: 5\n\ndata: [DONE]\n\n'.encode()


def pieces(size: int) -> list[bytes]:
    return [BODY[start : start + size] for start in range(0, len(BODY), size)]


def wanted() -> list[tuple[object, ...]]:
    return [(event.event, event.data, event.id, event.retry) for event in OfficialDecoder().iter_bytes(iter([BODY]))]


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_side_by_side(size: int) -> None:
    given = [(event.event, event.data, event.id, event.retry) for event in SSEDecoder().iter_bytes(pieces(size))]
    assert given == wanted()
    assert len(given) == 3


@pytest.mark.parametrize("size", [1, 1000])
def test_asynchronously(size: int) -> None:
    async def body() -> AsyncIterator[bytes]:
        for piece in pieces(size):
            yield piece

    async def read() -> list[tuple[object, ...]]:
        return [(event.event, event.data, event.id, event.retry) async for event in SSEDecoder().aiter_bytes(body())]

    assert asyncio.run(read()) == wanted()


def test_json() -> None:
    first, *_ = SSEDecoder().iter_bytes([BODY])
    assert first.json() == {"x": 1}


def test_what_is_not_utf8_is_an_error() -> None:
    with pytest.raises(ValueError, match="UTF-8"):
        list(SSEDecoder().iter_bytes([b"data: \xff\n\n"]))

"""Requests as the core would prepare them, for the tests of every transport."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from antiphon.core.headers import Headers
from antiphon.core.request import Request
from antiphon.core.timeout import Timeout
from antiphon.core.url import URL

KEY = "sk-canary-6f1d2c"


def ask(
    url: str,
    method: str = "GET",
    content: Any = None,
    *,
    headers: dict[str, str] | None = None,
    timeout: Any = 5.0,
    stream: bool = False,
    deadline: float | None = None,
    events: bool = False,
) -> Request:
    """A request with a credential in its head."""
    parsed = URL(url)
    fields = {"authorization": f"Bearer {KEY}", "accept-encoding": "gzip, deflate", **(headers or {})}
    return Request(
        method,
        parsed.origin,
        parsed.target,
        Headers(fields),
        content,
        Timeout(timeout),
        stream=stream,
        deadline=deadline,
        events=events,
    )


class Parts:
    """A `BodyStream` over a list of parts."""

    def __init__(self, parts: list[bytes], *, sized: bool = True) -> None:
        self.parts = parts
        self.length = sum(map(len, parts)) if sized else None
        self.rounds = 0

    def __iter__(self) -> Iterator[bytes]:
        self.rounds += 1
        return iter(self.parts)

    def rewind(self) -> bool:
        """It can always be sent again."""
        return True


def read_to_end(body: Any) -> list[bytes]:
    """Every chunk of an open body."""
    chunks = []
    while chunk := body.read_chunk():
        chunks.append(chunk)
    return chunks


async def aread_to_end(body: Any) -> list[bytes]:
    """Every chunk of an open async body."""
    chunks = []
    while chunk := await body.read_chunk():
        chunks.append(chunk)
    return chunks

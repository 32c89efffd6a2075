"""What the cache's tests share: bodies that are read piece by piece, and a store of rows that can fail."""

from __future__ import annotations

from typing import Any

from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.shared.store import StoreError


class Piecewise:
    """An open body in pieces."""

    def __init__(self, *pieces: bytes, failure: Exception | None = None) -> None:
        self.pieces = list(pieces)
        self.failure = failure
        self.closed = False

    def read_chunk(self) -> bytes:
        if self.pieces:
            return self.pieces.pop(0)
        if self.failure is not None:
            raise self.failure
        return b""

    def finish(self) -> None:
        self.closed = True

    def close(self) -> None:
        self.closed = True


def opened(asked: Request, body: Any, kind: str = "text/event-stream") -> Reply:
    return Reply(200, Headers({"content-type": kind, "x-request-id": "r1"}), asked, body=body)


class Rows:
    """A store of rows, with faults."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[bytes, float | None]] = {}
        self.broken = False
        self.calls = 0

    def get(self, key: str) -> bytes | None:
        self._use()
        return self.rows.get(key, (None, None))[0]

    def put(self, key: str, value: bytes, seconds: float | None = None) -> None:
        self._use()
        self.rows[key] = (value, seconds)

    def _use(self) -> None:
        self.calls += 1
        if self.broken:
            raise StoreError("no")

    def __repr__(self) -> str:
        return "Rows()"

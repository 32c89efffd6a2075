"""What the cache's tests share: replies whose body is open, and a store of rows that can fail."""

from __future__ import annotations

from typing import Any

from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.shared.store import StoreError


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

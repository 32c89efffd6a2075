"""Authorize: ask a key's source for the key before each attempt, so that a rotated key is used at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.credential import bearer
from ..core.effects import Invoke
from ..core.headers import Headers
from ..core.reply import Reply
from ..core.request import Request
from .chain import Forward


class Authorize:
    """Sets `Authorization` from a function, once per attempt; a caller's own `Authorization` is left alone.

    Args:
        source: returns the key (or, for async clients, an awaitable of it).
        marker: the placeholder value that marks requests to be authorized.
    """

    def __init__(self, source: Callable[[], Any], marker: str) -> None:
        self._source = source
        self._marker = marker

    def __repr__(self) -> str:
        return "Authorize(key from a function, once per attempt)"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        if request.headers.get("authorization") != self._marker:
            return await forward(request)
        headers = Headers(request.headers)
        headers["Authorization"] = bearer(await Invoke(self._source)).reveal()
        return await forward(request.replace(headers=headers))

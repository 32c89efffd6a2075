"""Authorize: ask a key's source for the key before each attempt, so that a rotated key is used at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ..core.credential import PENDING, bearer, checked
from ..core.effects import Ask
from ..core.headers import Headers
from ..core.reply import Reply
from ..core.request import Request
from .chain import PLACES, Forward


class Authorize:
    """Sets `Authorization` from a function, once per attempt; a caller's own `Authorization` is left alone.

    Args:
        source: returns the key (or, for async clients, an awaitable of it).
    """

    place: ClassVar[int] = PLACES["Authorize"]

    def __init__(self, source: Callable[[], Any]) -> None:
        self._source = source

    def __repr__(self) -> str:
        return "Authorize(key from a function, once per attempt)"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        if request.headers.get("authorization") != PENDING.reveal():
            return await forward(request)
        key = checked(await Ask(self._source))
        headers = Headers(request.headers)
        headers["Authorization"] = bearer(key).reveal()
        return await forward(request.replace(headers=headers))

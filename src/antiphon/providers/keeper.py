"""The keeper: one token for a client and its copies, fetched by one asker while the others wait or use the old one.

A lock guards the machine's arithmetic and is never held while anything is awaited.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from threading import Lock
from typing import Any, cast

from ..core.effects import Now, Random, Wait
from ..core.forked import inherit
from ..core.request import Request
from ..errors import OAuthError
from .flight import Flight
from .token_cache import Grant, Token, TokenCache, Turn

Fetch = Callable[[Any], Coroutine[Any, Any, Grant]]
"""A flow that is granted a token, for a request that needs one: whatever `Keeper.token` was asked with."""

PATIENCE = 60.0


class Keeper:
    """Keeps a token.

    Args:
        fetch: the flow that is granted one.
        margin, share, jitter: as those of `TokenCache`.
    """

    def __init__(self, fetch: Fetch, margin: float, share: float = 0.5, jitter: float = 0.0) -> None:
        self._fetch = fetch
        self._cache = TokenCache(margin, share, jitter)
        self._lock = Lock()
        inherit(self)

    def forget(self) -> None:
        """Nobody fetches, and nobody holds the lock."""
        self._lock = Lock()
        self._cache.forget()

    def __repr__(self) -> str:
        return f"Keeper({self._fetch!r})"

    async def token(self, request: Request | None) -> Token:
        """The token, as a flow.

        Raises:
            Whatever its fetch raises, unless the old one still serves and was not refused.
        """
        while True:
            mine, now = Flight(), await Now()
            try:
                with self._lock:
                    turn, token, flight = self._cache.ask(now, mine)
                if turn is Turn.FETCH:
                    return await self._fetched(mine, request, now)
            except BaseException:  # a signal handler may raise between any two calls
                self._given_up(mine)
                raise
            if token is not None:
                return token
            await self._awaited(cast("Flight", flight))

    async def _awaited(self, flight: Flight) -> None:
        if not flight.landed:
            await Wait(flight.over, PATIENCE)
        if flight.failure is not None:
            raise flight.failure
        with self._lock:  # who flew it may be gone: with its process, or with its event loop
            self._cache.abandoned(flight)

    async def _fetched(self, flight: Flight, request: Request | None, began: float) -> Token:
        try:
            chance = await Random() if self._cache.jitter else 0.0
            grant = await self._fetch(request)
        except Exception as failure:
            now = await Now()
            with self._lock:
                old = self._cache.failed(flight, now)
            flight.land(failure)
            if old is None or isinstance(failure, OAuthError):
                raise
            return old
        with self._lock:
            self._cache.stored(flight, grant, began, chance)
        flight.land(None)
        return grant.token

    def _given_up(self, flight: Flight) -> None:
        """One of those who wait takes over, unless it has landed."""
        with self._lock:
            self._cache.abandoned(flight)
        flight.land(None)

    def invalidate(self, token: Token) -> None:
        """The server refused this token."""
        with self._lock:
            self._cache.invalidated(token)

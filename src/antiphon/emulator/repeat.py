"""Requests that name a key are carried out once: the same key is answered as the first time, for a day of the world's clock.

The real API promises nothing of the kind, so a world does it only where its setting says so, as a gateway would. Knows keys,
digests and answers; refuses to know what an operation does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from .exchange import AnyReply, Exchange, Handler, Reply
from .problem import Problem

KEY: Final = b"idempotency-key"
KEPT: Final = 86_400.0
"""Seconds."""
MOST: Final = 10_000
_Name = tuple[str, str, str, bytes]


@dataclass(slots=True)
class _Kept:
    digest: bytes
    until: float
    reply: Reply | None = None
    """`None` while it is being carried out."""


class Repeats:
    """What was answered to each key; the oldest leave when there are ten thousand.

    Args:
        clock: gives seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: dict[_Name, _Kept] = {}
        self.executions = 0
        """How many requests with a key were carried out."""

    def around(self, handler: Handler, body: bytes) -> Handler:
        """A handler that carries out what comes with a key once.

        Args:
            handler: carries it out.
            body: what the key belongs to; of a form, nothing: its boundary differs each time.
        """

        async def once(exchange: Exchange) -> AnyReply:
            key = exchange.headers[KEY]
            path = "/".join(exchange.path.values())
            return await self._once(exchange, handler, (exchange.caller.key, exchange.operation.name, path, key), body)

        return once

    async def _once(self, exchange: Exchange, handler: Handler, name: _Name, body: bytes) -> AnyReply:
        digest, now = sha256(body).digest(), self._clock()
        kept = self._kept.get(name)
        if kept is not None and kept.until > now:
            if kept.digest != digest:
                raise Problem(400, "This idempotency key came with another request before.", code="idempotency_error")
            if kept.reply is None:
                raise Problem(
                    409, "A request with this idempotency key is being carried out.", code="idempotency_in_use"
                )
            return replace(kept.reply, headers=[*kept.reply.headers, (b"idempotent-replayed", b"true")])
        self._kept.pop(name, None)
        mine = self._kept[name] = _Kept(digest, now + KEPT)
        if len(self._kept) > MOST:
            del self._kept[next(iter(self._kept))]
        self.executions += 1
        try:
            reply = await handler(exchange)
            if isinstance(reply, Reply) and reply.status < 500:
                mine.reply = reply
            return reply
        finally:
            if mine.reply is None:
                self._kept.pop(name, None)

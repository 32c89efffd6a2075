"""What a transport is: two methods. Everything that can carry a request plugs in behind them.

A transport makes exactly one HTTP exchange per `send`: no retry (but for a reused connection that died before the first
byte), no redirect, no judgement of the status. It raises only `antiphon.errors` and lets foreign exceptions
(`KeyboardInterrupt`, cancellation) pass untouched, after closing the connection.
"""

from __future__ import annotations

from typing import Protocol

from ..core.reply import Reply
from ..core.request import Request


class Transport(Protocol):
    """Carries requests, blocking. Safe to share between threads."""

    def send(self, request: Request) -> Reply:
        """One exchange; with `request.stream` the reply's `body` is open, else its `content` is complete."""
        ...

    def close(self) -> None:
        """Close every connection. Later sends raise `ClientClosed`."""
        ...


class AsyncTransport(Protocol):
    """Carries requests on asyncio. Safe to share between tasks and event loops."""

    async def send(self, request: Request) -> Reply:
        """As `Transport.send`."""
        ...

    async def aclose(self) -> None:
        """As `Transport.close`."""
        ...


ProxiesTypes = str
"""A proxy's URL."""

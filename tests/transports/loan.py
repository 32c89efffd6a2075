"""Clients of httpx and httpx2, in both colours, handed in as transports."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import httpx2

from antiphon.core.limits import WireLimits
from antiphon.transports.borrowed import borrow

from .asking import aread_to_end, read_to_end

LIBRARIES = {"httpx": httpx, "httpx2": httpx2}


class Borrowed:
    """A borrowed client, driven in blocking fashion whatever its colour."""

    def __init__(self, library: str, colour: str, limits: WireLimits, options: dict[str, Any]) -> None:
        module = LIBRARIES[library]
        self.runner = asyncio.Runner() if colour == "async" else None
        options.setdefault("trust_env", False)
        self.client: Any = (module.AsyncClient if self.runner else module.Client)(**options)
        self.transport: Any = borrow(self.client, colour=colour, limits=limits)  # type: ignore[call-overload]

    def do(self, result: Any) -> Any:
        if self.runner is None:
            return result

        async def awaited() -> Any:
            return await result

        return self.runner.run(awaited())

    def send(self, request: Any) -> Any:
        return self.do(self.transport.send(request))

    def read(self, reply: Any) -> bytes:
        chunks = read_to_end(reply.body) if self.runner is None else self.do(aread_to_end(reply.body))
        return b"".join(chunks)

    def turn(self) -> None:
        if self.runner is not None:
            self.do(asyncio.sleep(0.01))

    def close(self) -> None:
        if self.runner is None:
            self.transport.close()
        else:
            self.do(self.transport.aclose())
            self.runner.close()

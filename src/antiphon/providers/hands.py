"""Waiting for others, and for slow functions: the two things about tokens that have a colour."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol

_POLL = 0.01


class Flight:
    """A fetch that is under way. It lands once, and every thread and event loop may wait for that."""

    __slots__ = ("_future", "owner")

    def __init__(self) -> None:
        self._future: Future[Exception | None] = Future()
        self.owner = os.getpid()

    def land(self, failure: Exception | None) -> None:
        """It is over, well or not."""
        if not self._future.done():
            self._future.set_result(failure)

    @property
    def landed(self) -> bool:
        """Whether it is over; one of another process, from before a fork, is."""
        return self._future.done() or self.owner != os.getpid()

    @property
    def failure(self) -> Exception | None:
        """Why it failed; `None` if it did not, or if nobody knows."""
        return self._future.result() if self._future.done() else None


class Hands(Protocol):
    """What a flow has done for it in its colour."""

    def wait(self, flight: Flight, patience: float) -> Any:
        """Wait until a flight has landed, `patience` seconds at most."""
        ...

    def apart(self, function: Callable[[], Any]) -> Any:
        """What a function gives that may take its time."""
        ...


class BlockingHands:
    """Waits in this thread."""

    def wait(self, flight: Flight, patience: float) -> None:
        """As `Hands.wait`."""
        if not flight.landed:
            from concurrent.futures import wait

            wait([flight._future], patience)

    def apart(self, function: Callable[[], Any]) -> Any:
        """The function, called."""
        return function()


class AsyncHands:
    """Waits without holding up the event loop: asyncio's, or trio's under an httpx client that was handed in."""

    async def wait(self, flight: Flight, patience: float) -> None:
        """As `Hands.wait`."""
        if flight.landed:
            return
        import asyncio

        if _on_asyncio():
            await asyncio.wait([asyncio.wrap_future(flight._future)], timeout=patience)
            return
        import trio

        with trio.move_on_after(patience):
            while not flight.landed:  # noqa: ASYNC110  # nothing of trio's may be touched from another loop
                await trio.sleep(_POLL)

    async def apart(self, function: Callable[[], Any]) -> Any:
        """The function, called in a thread; what it gives is awaited where it can be."""
        import asyncio

        if _on_asyncio():
            found = await asyncio.to_thread(function)
        else:
            import trio

            found = await trio.to_thread.run_sync(function)
        return await found if hasattr(found, "__await__") else found


def _on_asyncio() -> bool:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def hands_of(colour: str) -> Hands:
    """The hands of a colour."""
    return BlockingHands() if colour == "sync" else AsyncHands()

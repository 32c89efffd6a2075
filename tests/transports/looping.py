"""Running a coroutine on either event loop, with every complaint of asyncio turned into a failure."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

from antiphon.transports.streams import StreamTransport

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}
both_loops = pytest.mark.parametrize("loop", list(LOOPS))


def run(loop: str, main: Callable[[], Coroutine[Any, Any, Any]], *, debug: bool = False) -> Any:
    """Run to the end on the loop named; warnings and unhandled errors of the loop fail the test."""
    complaints: list[Any] = []

    async def watched() -> Any:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        return await main()

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with asyncio.Runner(loop_factory=LOOPS[loop], debug=debug) as runner:
            result = runner.run(watched())
        gc.collect()
    assert not complaints, complaints
    noise = [str(each.message) for each in caught]
    assert not noise, noise
    return result


def with_transport(loop: str, main: Callable[[StreamTransport], Coroutine[Any, Any, Any]], **options: Any) -> Any:
    """Run `main` with a transport that is closed in the end, and check that nothing was left behind."""

    async def whole() -> Any:
        transport = StreamTransport(**options)
        try:
            return await main(transport)
        finally:
            hall = next(iter(transport._halls.values()), None)
            await transport.aclose()
            if hall is not None:
                await settled(lambda: not hall.links)
                assert (hall.pool.held, hall.pool.waiting, hall.pool.idle) == (0, 0, 0)

    return run(loop, whole)


async def settled(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Let the loop turn until the condition holds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not condition():
        assert loop.time() < end, "it did not settle"
        await asyncio.sleep(0.005)


def hall_of(transport: StreamTransport) -> Any:
    """The hall of the running loop."""
    return transport._halls[asyncio.get_running_loop()]

"""Truncate: a recorded stream is cut at every byte, cleanly and rudely. Anything but an error would be a lie about the answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from ..client import AsyncOpenAI, OpenAI
from ..core.call import Call
from ..errors import OpenAIError
from ..operations import chat, responses
from ..transports.memory import AsyncMemoryTransport, MemoryTransport
from .figure import Figure, Result
from .house import House

_EVENTS = {"content-type": "text/event-stream"}
_TEXT = "What is 6 * 7?"
_CALLS: dict[str, Callable[[], Call[Any]]] = {
    "chat": lambda: chat.COMPLETIONS_CREATE.call(
        body={"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": _TEXT}], "stream": True}, stream=True
    ),
    "responses": lambda: responses.CREATE.call(
        body={"model": "gpt-4.1-mini", "input": _TEXT, "stream": True}, stream=True
    ),
}


def drill(*, drivers: Sequence[str] = ("sync", "asyncio"), official: bool = False, stride: int = 1) -> list[Result]:
    """The figures.

    Args:
        drivers: which of "sync" and "asyncio".
        official: whether the official package reads the same streams.
        stride: how many bytes lie between two cuts.
    """
    results: list[Result] = []
    with House() as house:
        for name, make in _CALLS.items():
            whole = _recorded(house, make())
            last = _last_event(whole)
            for driver in drivers:
                if driver == "virtual":
                    continue
                read = _read if driver == "sync" else _read_async
                results.append(
                    _told(f"{driver}, {name}", whole, last, [read(make, cut) for cut in _cuts(whole, stride)], stride)
                )
            if official:
                results.append(
                    _told(
                        f"the official package, {name}",
                        whole,
                        last,
                        _official(name, whole, stride),
                        stride,
                        binds=False,
                    )
                )
    return results


def _told(title: str, whole: bytes, last: int, ends: list[str], stride: int, *, binds: bool = True) -> Result:
    sizes = range(0, len(whole) + 1, stride)
    silent = [size for size, end in zip(sizes, ends, strict=True) if not end and size < last]
    # Within an event that nobody needs any more, an error is honest too.
    refused = [
        size for size, end in zip(sizes, ends, strict=True) if end and size >= last and whole[:size].endswith(b"\n\n")
    ]
    silently = Figure.exactly("cuts that passed for a whole answer", len(silent), 0)
    figures = [
        Figure("cuts", len(ends)),
        silently if binds else silently._replace(bound="", kept=True),
        Figure("whole answers that were refused", len(refused), "= 0" if binds else "", not refused or not binds),
        *(Figure(f"errors: {name}", count) for name, count in Counter(filter(None, ends)).most_common(3)),
    ]
    return Result(f"{title}: a stream of {len(whole):,} bytes, cut cleanly", figures)


def _recorded(house: House, call: Call[Any]) -> bytes:
    """The bytes of a stream, as the emulator sends them."""
    with OpenAI(api_key=house.key, base_url=house.base_url, proxy=None) as client:
        reply = client.exchange(call, stream=True)
        pieces: list[bytes] = []
        body: Any = reply.body
        while piece := body.read_chunk():
            pieces.append(piece)
        return b"".join(pieces)


def _last_event(whole: bytes) -> int:
    """The size from which on a stream has its last event: nothing is missing from there."""
    done = whole.find(b"data: [DONE]\n\n")
    if done >= 0:
        # What ends a chat is its finish reason; after the event that tells it, only usage and the mark can come.
        finish = whole.find(b'"finish_reason":"stop"')
        return whole.index(b"\n\n", finish) + 2
    return len(whole)


def _cuts(whole: bytes, stride: int) -> list[bytes]:
    return [whole[:size] for size in range(0, len(whole) + 1, stride)]


def _read(make: Callable[[], Call[Any]], content: bytes) -> str:
    """How reading a stream of this content ends: with an error's class, or "" where it seems whole."""
    transport = MemoryTransport(lambda request: (200, _EVENTS, content))
    with OpenAI(
        api_key="sk-drill", base_url="http://memory.invalid/v1", http_client=transport, max_retries=0
    ) as client:
        try:
            for _ in client.perform(make()):
                pass
        except OpenAIError as failure:
            return type(failure).__name__
    return ""


def _read_async(make: Callable[[], Call[Any]], content: bytes) -> str:
    async def main() -> str:
        transport = AsyncMemoryTransport(lambda request: (200, _EVENTS, content))
        async with AsyncOpenAI(
            api_key="sk-drill", base_url="http://memory.invalid/v1", http_client=transport, max_retries=0
        ) as client:
            try:
                async for _ in await client.perform(make()):
                    pass
            except OpenAIError as failure:
                return type(failure).__name__
        return ""

    return asyncio.run(main())


def _official(name: str, whole: bytes, stride: int) -> list[str]:
    """The same with the official package, where it is installed."""
    import httpx2
    import openai

    cuts = _cuts(whole, stride)
    left = iter(cuts)

    def answer(request: Any) -> Any:
        return httpx2.Response(200, headers=_EVENTS, content=next(left))

    client = openai.OpenAI(
        api_key="sk-drill", max_retries=0, http_client=httpx2.Client(transport=httpx2.MockTransport(answer))
    )
    ends: list[str] = []
    for _ in cuts:
        try:
            if name == "chat":
                events: Any = client.chat.completions.create(
                    model="m", messages=[{"role": "user", "content": "x"}], stream=True
                )
            else:
                events = client.responses.create(model="m", input="x", stream=True)
            for _ in events:
                pass
        except Exception as failure:
            ends.append(type(failure).__name__)
        else:
            ends.append("")
    return ends

"""Truncate: a recorded stream is cut cleanly at every byte. Anything but an error would be a lie about the answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..client import AsyncOpenAI, OpenAI
from ..core.call import Call
from ..core.request import Request
from ..drivers.virtual import Answer, VirtualDriver
from ..errors import OpenAIError
from ..operations import chat, responses
from ..transports.memory import AsyncMemoryTransport, MemoryTransport
from .chance import NOWHERE, CountedClock, SharedClock, dice_of, take_dice
from .comparison import compared
from .figure import Figure, Result
from .house import House

_EVENTS = {"content-type": "text/event-stream"}
_TEXT = "What is 6 * 7?"
Make = Callable[[], Call[Any]]
_CALLS: dict[str, Make] = {
    "chat": lambda: chat.COMPLETIONS_CREATE.call(
        body={"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": _TEXT}], "stream": True}, stream=True
    ),
    "responses": lambda: responses.CREATE.call(
        body={"model": "gpt-4.1-mini", "input": _TEXT, "stream": True}, stream=True
    ),
}


class End(NamedTuple):
    """How reading a cut stream ends.

    Attributes:
        error: the class of the error, or "" where the stream seems whole.
        log: what the policies decided, how many events came, and the error in full.
    """

    error: str
    log: str = ""


def drill(
    *, drivers: Sequence[str] = ("sync", "asyncio", "virtual"), official: bool = False, stride: int = 1
) -> list[Result]:
    """The figures.

    Args:
        drivers: which of "sync", "asyncio" and "virtual".
        official: whether the official package reads the same streams.
        stride: how many bytes lie between two cuts.
    """
    results: list[Result] = []
    with House() as house:
        for name, make in _CALLS.items():
            whole = _recorded(house, make())
            last = _last_event(whole)
            ends = {driver: _READ[driver](make, _cuts(whole, stride)) for driver in drivers}
            results += [_told(f"{driver}, {name}", whole, last, ends[driver], stride) for driver in drivers]
            results += compared({driver: [end.log for end in ends[driver]] for driver in drivers}, name)
            if official:
                title = f"the official package, {name}"
                results.append(_told(title, whole, last, _official(name, whole, stride), stride, binds=False))
    return results


def _told(title: str, whole: bytes, last: int, ended: list[End], stride: int, *, binds: bool = True) -> Result:
    sizes, ends = range(0, len(whole) + 1, stride), [end.error for end in ended]
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


def _blocking(make: Make, cuts: Sequence[bytes]) -> list[End]:
    """How reading streams of these contents ends, by the blocking client."""
    return [_read(make, cut, CountedClock()) for cut in cuts]


def _virtual(make: Make, cuts: Sequence[bytes]) -> list[End]:
    """The same in virtual time: the virtual driver makes the call, and a blocking stream reads what it is answered with."""
    stands = [_Stand(cut) for cut in cuts]
    return [_read(make, stand.content, stand.clock, stand) for stand in stands]


def _concurrent(make: Make, cuts: Sequence[bytes]) -> list[End]:
    """The same by the asyncio client."""

    async def main() -> list[End]:
        return [await _read_async(make, cut) for cut in cuts]

    return asyncio.run(main())


_READ: dict[str, Callable[[Make, Sequence[bytes]], list[End]]] = {
    "sync": _blocking,
    "asyncio": _concurrent,
    "virtual": _virtual,
}


def _read(make: Make, cut: bytes, clock: Any, driver: Any = None) -> End:
    take_dice(0, len(cut))
    events, stream = 0, None
    transport = MemoryTransport(lambda request: (200, _EVENTS, cut))
    with OpenAI(http_client=transport, policies=_chain(), _clock=clock, **NOWHERE) as client:
        if driver is not None:
            vars(client)["_driver"] = driver
        try:
            stream = client.perform(make())
            for _ in stream:
                events += 1
        except OpenAIError as failure:
            return _end(stream, events, failure)
    return _end(stream, events)


async def _read_async(make: Make, cut: bytes) -> End:
    take_dice(0, len(cut))
    events, stream = 0, None
    transport = AsyncMemoryTransport(lambda request: (200, _EVENTS, cut))
    async with AsyncOpenAI(http_client=transport, policies=_chain(), _clock=CountedClock(), **NOWHERE) as client:
        try:
            stream = await client.perform(make())
            async for _ in stream:
                events += 1
        except OpenAIError as failure:
            return _end(stream, events, failure)
    return _end(stream, events)


class _Stand:
    """The virtual driver in the place of a client's own."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self._driver = VirtualDriver(self._answer)
        self.clock = SharedClock(lambda: self._driver.now)

    def run(self, flow: Any) -> Any:
        run = self._driver.start(flow, dice=dice_of(0, len(self.content)))
        self._driver.run()
        if run.failure is not None:
            raise run.failure
        return run.result

    def _answer(self, request: Request, now: float) -> Answer:
        return 0.0, MemoryTransport([(200, _EVENTS, self.content)]).send(request)


def _chain() -> Any:
    from ..policies.circuit_breaker import CircuitBreaker
    from ..policies.policy import Policy

    return Policy(retry=Policy.interactive().retry, circuit_breaker=CircuitBreaker())


def _end(stream: Any, events: int, failure: OpenAIError | None = None) -> End:
    error = "" if failure is None else type(failure).__name__
    trace = getattr(stream, "trace", None) or getattr(failure, "trace", None)
    return End(error, f"{trace}\n{events} events, then {error or 'the end'}: {failure or ''}")


def _official(name: str, whole: bytes, stride: int) -> list[End]:
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
    ends: list[End] = []
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
            ends.append(End(type(failure).__name__))
        else:
            ends.append(End(""))
    return ends

"""The loads: what one round does, in each colour. A round checks what it got: a load that fails is no load."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

from .verse import KINDS, Verse, new_kind

MESSAGES = [{"role": "user", "content": "Sing the first line."}]
CHAT: dict[str, Any] = {"model": "gpt-5.5", "messages": MESSAGES}
RESPONSE: dict[str, Any] = {"model": "gpt-5.5", "input": "Sing the first line."}
EVENTS = 20
HELD = -1
"""The `count` of a stream that stops after its first event and never ends."""


class Load(NamedTuple):
    """Something done very often."""

    name: str
    rounds: int
    step: Callable[[Any, int], Any]
    path: str = "/verse"
    flight: int = 1
    """How many rounds are under way at once; of async loads alone."""
    warm: int = 300
    """How many rounds the warm-up has at the least."""


def _check(value: Any) -> None:
    if value.stars != 5:
        raise AssertionError(f"{value!r} is not the verse that was sent")


def _parse(client: Any, number: int) -> None:
    kind = KINDS[number // 2 % len(KINDS)]
    if number % 2:
        _check(client.responses.parse(**RESPONSE, text_format=kind).output_parsed)
    else:
        _check(client.chat.completions.parse(**CHAT, response_format=kind).choices[0].message.parsed)


async def _parse_async(client: Any, number: int) -> None:
    kind = KINDS[number // 2 % len(KINDS)]
    if number % 2:
        _check((await client.responses.parse(**RESPONSE, text_format=kind)).output_parsed)
    else:
        _check((await client.chat.completions.parse(**CHAT, response_format=kind)).choices[0].message.parsed)


def _parse_new(client: Any, number: int) -> None:
    kind = new_kind(number)
    _check(client.chat.completions.parse(**CHAT, response_format=kind).choices[0].message.parsed)
    _check(client.responses.parse(**RESPONSE, text_format=kind).output_parsed)


def _opened(client: Any, number: int, count: int = EVENTS) -> Any:
    """A stream of chunks or of a response's events (an awaitable of it, when async)."""
    if number % 2 and count != HELD:
        return client.responses.create(**RESPONSE, stream=True, extra_query={"count": count})
    return client.chat.completions.create(**CHAT, stream=True, extra_query={"count": count})


def _read(client: Any, number: int) -> None:
    count = sum(1 for _ in _opened(client, number))
    assert count >= EVENTS, count


async def _read_async(client: Any, number: int) -> None:
    count = 0
    async for _ in await _opened(client, number):
        count += 1
    assert count >= EVENTS, count


def _helped(client: Any, number: int) -> None:
    if number % 2:
        with client.responses.stream(**RESPONSE, text_format=Verse) as stream:
            _check(stream.get_final_response().output_parsed)
    else:
        with client.chat.completions.stream(**CHAT, response_format=Verse) as stream:
            _check(stream.get_final_completion().choices[0].message.parsed)


async def _helped_async(client: Any, number: int) -> None:
    if number % 2:
        async with client.responses.stream(**RESPONSE, text_format=Verse) as stream:
            _check((await stream.get_final_response()).output_parsed)
    else:
        async with client.chat.completions.stream(**CHAT, response_format=Verse) as stream:
            _check((await stream.get_final_completion()).choices[0].message.parsed)


def _left(client: Any, number: int) -> None:
    """Leave after one event: by `break`, by `close`, or by forgetting the stream; every second one would never end."""
    stream = _opened(client, number, HELD if number // 3 % 2 else EVENTS)
    if number % 3 == 0:
        with stream:
            for _ in stream:
                break
    else:
        next(stream)
        if number % 3 == 1:
            stream.close()


async def _left_async(client: Any, number: int) -> None:
    """As `_left`; and by cancelling the task that waits for the next event."""
    stream = await _opened(client, number, HELD if number // 4 % 2 else EVENTS)
    way = number % 4
    if way == 0:
        async with stream:
            async for _ in stream:
                break
        return
    await anext(stream)
    if way == 1:
        await stream.close()
    elif way == 2:
        task = asyncio.ensure_future(_rest(stream))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _rest(stream: Any) -> None:
    async for _ in stream:
        pass


# Types that are made for each call and found again by nobody stay in a few bounded caches, which take longer to fill.
LOADS = [
    Load("parse, sync", 100_000, _parse),
    Load("parse, async", 100_000, _parse_async, flight=16),
    Load("parse into types made for each call", 8_000, _parse_new, warm=2_000),
    Load("streams read, sync", 10_000, _read, "/v1"),
    Load("streams read, async", 10_000, _read_async, "/v1", flight=16),
    Load("stream helpers, sync", 2_000, _helped),
    Load("stream helpers, async", 2_000, _helped_async, flight=16),
    Load("streams left, sync", 10_000, _left, "/v1"),
    Load("streams left, async", 10_000, _left_async, "/v1", flight=16),
]

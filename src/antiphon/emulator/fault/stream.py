"""Streams of events made wrong: lost, doubled, exchanged, cut or broken events. Framed events in, framed events out."""

from __future__ import annotations

from asyncio import sleep
from collections.abc import AsyncIterator, Iterable

from .kind import Fault

_ERROR = (
    b'event: error\ndata: {"type":"error","error":{"message":"The stream broke, as asked.","type":"server_error",'
    b'"code":"as_asked"},"code":"as_asked","message":"The stream broke, as asked.","param":null,"sequence_number":%d}\n\n'
)

Events = Iterable[bytes] | AsyncIterator[bytes]


async def spoiled(events: Events, fault: Fault) -> AsyncIterator[bytes]:
    """The events as the fault wants them."""
    held: bytes | None = None
    number = 0
    async for event in _in_order(events, fault.reorder):
        number += 1
        if fault.truncate_sse is not None and number > fault.truncate_sse:
            break
        if number == fault.error_event:
            if held is not None:
                yield held
            yield _ERROR % number
            return
        for each in _changed(event, number, fault):
            if held is not None:
                yield held
                if fault.pace:
                    await sleep(fault.pace)
            held = each
    if held is not None and not fault.no_done:
        yield held


def _changed(event: bytes, number: int, fault: Fault) -> list[bytes]:
    if number == fault.skip:
        return []
    if number == fault.bad_json:
        event = _halved(event)
    if number == fault.bad_utf8:
        event = event.replace(b"data: ", b"data: \xff", 1)
    giant = [_giant(fault.giant_event)] if fault.giant_event and number == 2 else []
    return [*giant, event, event] if number == fault.duplicate else [*giant, event]


async def _in_order(events: Events, reorder: int) -> AsyncIterator[bytes]:
    """The events one by one, the Nth after its follower."""
    number, kept = 0, None
    async for event in each(events):
        number += 1
        if number == reorder:
            kept = event
            continue
        yield event
        if kept is not None:
            yield kept
            kept = None
    if kept is not None:
        yield kept


async def each(events: Events) -> AsyncIterator[bytes]:
    """The events of either kind of source."""
    if isinstance(events, AsyncIterator):
        async for event in events:
            yield event
    else:
        for event in events:
            yield event


def _halved(event: bytes) -> bytes:
    """An event whose JSON stops in the middle."""
    start = event.index(b"data: ") + 6
    return event[: start + (len(event) - start) // 2] + b"\n\n"


def _giant(size: int) -> bytes:
    return b'event: giant\ndata: {"type":"giant","filling":"' + b"x" * size + b'"}\n\n'

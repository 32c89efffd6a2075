"""Waiting for a signal, and calling what blocks, in each colour."""

from __future__ import annotations

import sys
from _thread import allocate_lock
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ..core.signal import Signal
from ..steady import monotonic

_PATIENCE = 1.0
"""Seconds for which the wait is one system call: on Windows, Ctrl-C is heard between two of them only."""
_POLL = 0.01


def wait(signal: Signal, seconds: float | None) -> bool:
    """Wait for a signal in this thread; whether it was set."""
    if signal.is_set or (seconds is not None and seconds <= 0):
        return signal.is_set
    lock = allocate_lock()
    lock.acquire()
    wake = lock.release
    signal.listen(wake)
    end = None if seconds is None else monotonic() + seconds
    try:
        while True:
            left = _PATIENCE if end is None else min(_PATIENCE, end - monotonic())
            # A signal handler may have raised in who set it, before it came to us: so look, too.
            if left <= 0 or lock.acquire(timeout=left) or signal.is_set:
                return signal.is_set
    finally:
        signal.forget(wake)


async def await_signal(signal: Signal, seconds: float | None) -> bool:
    """Wait for a signal in this task; whether it was set."""
    if signal.is_set or (seconds is not None and seconds <= 0):
        return signal.is_set
    trio = running_trio()
    if trio is not None:
        with trio.move_on_after(float("inf") if seconds is None else seconds):
            while not signal.is_set:  # nothing of trio's may be touched from another loop
                await trio.sleep(_POLL)
        return signal.is_set
    import asyncio

    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()

    def done() -> None:
        if not future.done():
            future.set_result(None)

    def wake() -> None:
        with suppress(RuntimeError):  # that loop has ended, and with it whoever waited
            loop.call_soon_threadsafe(done)

    signal.listen(wake)
    timer = None if seconds is None else loop.call_later(seconds, done)
    try:
        await future
    finally:
        signal.forget(wake)
        if timer is not None:
            timer.cancel()
    return signal.is_set


async def outside(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Call a function in a thread."""
    trio = running_trio()
    if trio is not None:
        return await trio.to_thread.run_sync(lambda: function(*arguments))
    import asyncio

    return await asyncio.to_thread(function, *arguments)


def running_trio() -> Any:
    """The module `trio` where its loop runs this moment, else `None`."""
    trio = sys.modules.get("trio")
    return trio if trio is not None and trio.lowlevel.in_trio_run() else None

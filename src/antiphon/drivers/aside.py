"""Flows that run aside, while whoever began them goes on: a daemon thread, a task of the loop, a run in virtual time.

A flow aside ends by itself, or when the client is closed: its sleep is over then, and its next step throws `Halted` into it. No
one waits for it, nor for its result; an interpreter that exits, and a loop that ends, leave it behind without a word.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Any

from ..core.effects import Sleep, Wait
from ..core.signal import Signal
from ..errors import OpenAIError
from .crew import Halted
from .waiting import running_trio

if TYPE_CHECKING:
    from .virtual import Run, VirtualDriver

Flow = Coroutine[Any, Any, Any]


class Leashed:
    """A flow that sleeps until a signal at most, and after it is sent no more answers.

    Args:
        flow: what runs.
        off: the signal.
    """

    def __init__(self, flow: Flow, off: Signal) -> None:
        self._flow = flow
        self._off = off

    def send(self, value: Any) -> Any:
        return self._leashed(self._flow.throw(Halted()) if self._off.is_set else self._flow.send(value))

    def throw(self, failure: BaseException) -> Any:
        if self._flow.cr_frame is None:  # type: ignore[attr-defined]  # it was collected before whoever runs it
            raise failure
        return self._leashed(self._flow.throw(Halted() if self._off.is_set else failure))

    def _leashed(self, effect: Any) -> Any:
        return Wait(self._off, effect.seconds) if effect.__class__ is Sleep else effect


class ThreadAside:
    """In the blocking colour."""

    def __init__(self, run: Callable[[Any], Any], flow: Flow, off: Signal) -> None:
        def work() -> None:
            with suppress(Halted, OpenAIError):
                run(Leashed(flow, off))

        self._thread = Thread(target=work, name="antiphon aside", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # no more threads, or the interpreter is about to exit
            flow.close()

    @property
    def alive(self) -> bool:
        """Whether it still runs, in this process."""
        return self._thread.is_alive()


class TaskAside:
    """In the asyncio colour."""

    def __init__(self, run: Callable[[Any], Any], flow: Flow, off: Signal) -> None:
        async def work() -> None:
            with suppress(Halted, OpenAIError):
                await run(Leashed(flow, off))

        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(work(), name="antiphon aside")
        self._task._log_destroy_pending = False  # type: ignore[attr-defined]  # a loop may end without it
        self._task.add_done_callback(lambda _: flow.close())  # which was perhaps never begun

    @property
    def alive(self) -> bool:
        """Whether it still runs, in a loop that does."""
        return not (self._task.done() or self._loop.is_closed())


class TrioAside:
    """In the asyncio colour under trio, where a borrowed transport runs on it."""

    def __init__(self, run: Callable[[Any], Any], flow: Flow, off: Signal) -> None:
        trio = running_trio()

        async def work() -> None:
            try:
                with suppress(Halted, OpenAIError):
                    await run(Leashed(flow, off))
            finally:
                self.alive = False
                flow.close()

        self.alive = True
        trio.lowlevel.spawn_system_task(work)


def spawn(run: Callable[[Any], Any], flow: Flow, off: Signal) -> TaskAside | TrioAside:
    """Run a flow aside in whichever loop runs here."""
    return (TaskAside if running_trio() is None else TrioAside)(run, flow, off)


class VirtualAside:
    """In virtual time."""

    def __init__(self, driver: VirtualDriver, flow: Flow, off: Signal) -> None:
        self._run: Run[Any] = driver.start(flow)
        off.listen(self._run.cancel)
        self._run.whenever_done.append(lambda: off.forget(self._run.cancel))

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return not self._run.done

"""A process for each mutant: a copy of this one, in which one thing is wrong. It knows processes and deadlines, not syntax."""

from __future__ import annotations

import enum
import mmap
import os
import resource
import shutil
import signal
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NoReturn

MEMORY = 4 << 30
_SLOT = struct.Struct("dq")


class End(enum.IntEnum):
    """How it went; the first three are a process's exit code."""

    SURVIVED = 0
    KILLED = 1
    NOT_MADE = 2
    TIMEOUT = 3


class Slot:
    """What a child tells its parent while it runs: which test it is at, and when that has taken too long."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _SLOT.size)

    def write(self, deadline: float, test: int) -> None:
        """Seconds of the monotonic clock, which all processes share."""
        _SLOT.pack_into(self._memory, 0, deadline, test)

    def read(self) -> tuple[float, int]:
        """The deadline, and the test that runs or ran last."""
        deadline, test = _SLOT.unpack_from(self._memory, 0)
        return deadline, test


@dataclass
class Child:
    """One that runs."""

    pid: int
    work: int
    slot: Slot
    home: str = field(repr=False)

    def ended(self) -> End | None:
        """How it ended, if it has. One that is late is killed with all that it started."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid == 0 and time.monotonic() < self.slot.read()[0]:
            return None
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        shutil.rmtree(self.home, ignore_errors=True)
        if pid == 0:
            os.waitpid(self.pid, 0)
            return End.TIMEOUT
        code = os.waitstatus_to_exitcode(status)
        return End(code) if code in (End.SURVIVED, End.NOT_MADE) else End.KILLED


def fork(work: int, run: Callable[[Slot], End], *, first: float) -> Child:
    """Do `run` in a copy of this process that nobody hears; `first` are the seconds until it first says how far it is."""
    slot, home = Slot(), tempfile.mkdtemp(prefix="mutant-")
    slot.write(time.monotonic() + first, -1)
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _be(lambda: run(slot), home)
    return Child(pid, work, slot, home)


def _be(run: Callable[[], End], home: str) -> NoReturn:
    """Whatever happens in here, the parent's own code is not gone on with."""
    end = End.KILLED
    try:
        os.setsid()
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(silence, stream)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))  # a loop that never ends may also hoard
        os.environ["PYTEST_DEBUG_TEMPROOT"] = tempfile.tempdir = home
        end = run()
    finally:
        os._exit(end)


def crowd(children: Iterator[Child], jobs: int) -> Iterator[tuple[Child, End]]:
    """Have up to `jobs` children at a time; each as it ends. What still runs when nobody asks any more is killed."""
    running: list[Child] = []
    try:
        while True:
            while len(running) < jobs and (child := next(children, None)):
                running.append(child)
            if not running:
                return
            for child in [*running]:
                if (end := child.ended()) is not None:
                    running.remove(child)
                    yield child, end
            time.sleep(0.002)
    finally:
        for child in running:
            child.slot.write(0.0, -1)
            child.ended()

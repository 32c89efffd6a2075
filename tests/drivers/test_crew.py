"""A crew of threads that is called off by a signal: it is heard at once, and nobody waits for what hangs."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from antiphon.core import effects
from antiphon.core.request import Request
from antiphon.drivers.blocking import BlockingDriver
from tests.program import running

PROGRAM = """
import os, sys, threading, time
from antiphon.core import effects
from antiphon.drivers.blocking import BlockingDriver

def hang():
    os.write(1, b"hanging\\n")  # in one piece, whoever else writes
    time.sleep(600)

async def one(n):
    try:
        await effects.Invoke(hang)
    finally:
        print("closed", n, flush=True)

async def all():
    await effects.Gather([one(n) for n in range(4)], 2)

driver = BlockingDriver(None, None)
try:
    driver.run(all())
except KeyboardInterrupt:
    print("heard", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a process of its own hears no Ctrl-C there")
def test_ctrl_c_is_heard_while_calls_hang_and_the_process_ends() -> None:
    with running([sys.executable, "-W", "error", "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == ["hanging\n"] * 2
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
    assert "heard" in said
    assert process.returncode == 0


class Bell(Exception):
    """What a signal's handler raises."""


def driver() -> BlockingDriver:
    def unused(_: Any) -> Any:
        raise AssertionError

    send: Callable[[Request], Any] = unused
    return BlockingDriver(send, unused)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers that signal")
def test_what_is_under_way_ends_at_its_next_effect_and_the_rest_is_closed() -> None:
    gate, begun, ended, ran = threading.Event(), list[int](), list[int](), list[int]()

    async def one(n: int) -> None:
        try:
            begun.append(n)
            await effects.Invoke(gate.wait)
            await effects.Invoke(ran.append, n)
        finally:
            ended.append(n)

    flows = [one(n) for n in range(5)]

    async def everything() -> None:
        await effects.Gather(flows, 2)

    def ring(*_: object) -> None:
        raise Bell

    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(Bell):
            driver().run(everything())
    finally:
        signal.signal(signal.SIGALRM, before)
    assert sorted(begun) == [0, 1]
    assert ended == []
    gate.set()
    patience = time.monotonic() + 20
    while len(ended) < 2 and time.monotonic() < patience:
        time.sleep(0.01)
    assert sorted(ended) == [0, 1]
    assert ran == []
    assert all(flow.cr_frame is None for flow in flows)

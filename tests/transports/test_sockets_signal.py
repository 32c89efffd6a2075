"""A signal's handler may raise between any two calls of the transport: nothing is swallowed, locked or lost by that."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from .rude import Rude, reply

PROGRAM = """
import random, signal, sys
from antiphon.transports.sockets import SocketTransport
from tests.transports.asking import ask

class Alarm(Exception):
    pass

fired = 0

def ring(*_):
    global fired
    fired += 1
    raise Alarm

signal.signal(signal.SIGALRM, ring)
random.seed(7)
transport = SocketTransport(proxy=None)
url, longest = sys.argv[1], float(sys.argv[2])
transport.send(ask(url))  # what is imported on first use is Python's affair
transport.send(ask(url, stream=True)).body.finish()
for _ in range(1500):
    before, stream = fired, random.random() < 0.3
    try:
        signal.setitimer(signal.ITIMER_REAL, random.uniform(2e-5, longest))
        transport.send(ask(url, stream=stream))
        signal.setitimer(signal.ITIMER_REAL, 0)
        # What is raised while a dropped stream is collected, Python itself swallows.
        assert stream or fired == before, "a handler's exception was swallowed"
    except Alarm:
        pass
    try:
        signal.setitimer(signal.ITIMER_REAL, 0)
    except Alarm:
        pass
import gc
gc.collect()
transport.send(ask(url))
pool = transport._pool
import threading
others = []
thread = threading.Thread(target=lambda: others.append(transport._lock.acquire(False)))
thread.start()
thread.join()
assert others == [True], "the lock is still held, which only another thread can tell"
assert (pool.held, len(transport._busy)) == (0, 0), pool.describe()
assert pool.idle == sum(map(len, pool._idle.values()))
print(fired)
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timers")
@pytest.mark.parametrize("longest", [3e-4, 1.5e-3])
def test_handlers_that_raise_anywhere(longest: float) -> None:
    with Rude(reply(b"{}")) as server:
        command = [sys.executable, "-W", "ignore::ResourceWarning", "-c", PROGRAM, server.url, str(longest)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100

"""What a process holds at one moment, by the system's own count."""

from __future__ import annotations

import asyncio
import gc
import http.client
import threading
import time
from typing import Any, NamedTuple

import psutil

from antiphon.core.secret import _forget_the_dead

_SELF = psutil.Process()


class Sample(NamedTuple):
    """Everything that a leak would make grow."""

    rounds: int
    rss: int
    """Bytes that are resident."""
    objects: int
    """Objects the garbage collector knows, after it has run."""
    files: int
    """Open descriptors: sockets too."""
    tasks: int
    threads: int
    idle: int
    """Connections that wait in the pool."""
    held: int
    """Places of the pool that calls hold."""


def taken(client: Any, rounds: int) -> Sample:
    """The sample of this moment; inside an event loop with its tasks."""
    for _ in range(2):  # what a finalizer lets go of may itself be a cycle
        gc.collect()
    _forget_the_dead()  # it happens by and by
    try:
        tasks = len(asyncio.all_tasks())
    except RuntimeError:
        tasks = 0
    idle, held = _pool(client)
    counted = len(gc.get_objects())
    return Sample(
        rounds, _SELF.memory_info().rss, counted, _SELF.num_fds(), tasks, threading.active_count(), idle, held
    )


def _pool(client: Any) -> tuple[int, int]:
    """Idle connections and held places, of all the client's pools."""
    if client is None or client.is_closed():
        return 0, 0
    transport = client._link.transport
    if hasattr(transport, "_halls"):
        pools = [hall.pool for hall in transport._halls.values()]
    else:
        transport._tidy()
        pools = [transport._pool]
    return sum(pool.idle for pool in pools), sum(pool.held for pool in pools)


def connected(port: int, *, within: float = 10.0) -> int:
    """How many of our connections the server still has, when they had some time (seconds) to go."""
    end = time.monotonic() + within
    while True:
        asking = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        asking.request("GET", "/connections")
        count = int(asking.getresponse().read())
        asking.close()
        if not count or time.monotonic() > end:
            return count
        time.sleep(0.02)

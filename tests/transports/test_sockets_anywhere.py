"""A signal's handler may raise wherever Python runs one. At each such point of the blocking transport, one after another, it
does so here, and afterwards no place is held and the next call succeeds."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Any

import pytest

import antiphon
from antiphon.core.limits import PoolLimits
from antiphon.core.timeout import Timeout
from antiphon.transports.sockets import SocketTransport
from tests.ringing import KNOWN, Alarm, Ringing

from .asking import ask
from .rude import Rude, chunk, chunked_head, pause

pytestmark = [
    pytest.mark.skipif(not KNOWN, reason="other versions run handlers at other places"),
    # A socket that was being made when the alarm rang is closed by the collector, which says so.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.slow,
]

IN_PIECES = [chunked_head(), chunk(b"one"), pause(0.001), chunk(b"two"), chunk(b"")]
OURS = ("/antiphon/transports/", "/antiphon/wire/")


def plain(transport: SocketTransport, url: str) -> tuple[Callable[[], object], Callable[[], object]]:
    return lambda: transport.send(ask(url, timeout=5.0)), lambda: None


def stream(transport: SocketTransport, url: str) -> tuple[Callable[[], object], Callable[[], object]]:
    def act() -> None:
        body: Any = transport.send(ask(url, stream=True, timeout=5.0)).body
        while body.read_chunk():
            pass

    return act, lambda: None


def opened(way: str) -> Callable[[SocketTransport, str], tuple[Callable[[], object], Callable[[], object]]]:
    """An open body that is read to its end, finished or closed; what was broken off is closed afterwards."""

    def scene(transport: SocketTransport, url: str) -> tuple[Callable[[], object], Callable[[], object]]:
        body: Any = transport.send(ask(url, stream=True, timeout=5.0)).body

        def read() -> None:
            while body.read_chunk():
                pass

        return {"read": read, "finish": body.finish, "close": body.close}[way], body.close

    return scene


def waiting(transport: SocketTransport, url: str) -> tuple[Callable[[], object], Callable[[], object]]:
    """The one place is held by a thread, so the call stands in line."""
    body: Any = transport.send(ask(url, stream=True, timeout=5.0)).body
    holder = threading.Timer(0.01, body.close)
    holder.start()
    return lambda: transport.send(ask(url, timeout=Timeout(5.0, pool=5.0))), holder.join


SCENES = {"plain": plain, "stream": stream, "waiting": waiting} | {
    way: opened(way) for way in ("read", "finish", "close")
}


@pytest.mark.parametrize("kind", [Alarm, antiphon.OpenAIError])
@pytest.mark.parametrize("name", SCENES)
def test_no_place_is_lost(name: str, kind: type[BaseException]) -> None:
    with Rude(IN_PIECES) as server:
        at, rang = 0, True
        while rang:
            at += 1
            transport = SocketTransport(proxy=None, limits=PoolLimits(max_connections=1))
            transport.send(ask(server.url))
            act, afterwards = SCENES[name](transport, server.url)
            ringing = Ringing(at, kind("rung"), OURS)
            ringing.during(act)
            rang = ringing.rang
            afterwards()
            gc.collect()
            transport.send(ask(server.url, timeout=Timeout(5.0, pool=1.0)))
            pool = transport._pool
            assert (pool.held, pool.idle, pool.waiting, transport._busy) == (0, 1, 0, {}), f"{name}, point {at}"
            transport.close()
        assert at > 2  # of an answer that came in one piece there are few
    gc.collect()

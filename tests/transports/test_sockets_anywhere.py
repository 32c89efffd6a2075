"""A signal's handler may raise wherever Python runs one. At each such point of the blocking transport, one after another, it
does so here, and afterwards no place is held and the next call succeeds."""

from __future__ import annotations

import dis
import gc
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

import antiphon
from antiphon.core.limits import PoolLimits
from antiphon.core.timeout import Timeout
from antiphon.transports.sockets import SocketTransport

from .asking import ask
from .rude import Rude, chunk, chunked_head, pause

pytestmark = [
    pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="other versions run handlers at other places"),
    # A socket that was being made when the alarm rang is closed by the collector, which says so.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.slow,
]

HANDLERS_RUN_AFTER = {dis.opmap[name] for name in ("CALL", "CALL_FUNCTION_EX", "RESUME", "JUMP_BACKWARD")}
IN_PIECES = [chunked_head(), chunk(b"one"), pause(0.001), chunk(b"two"), chunk(b"")]
OURS = ("/antiphon/transports/", "/antiphon/wire/")


class Alarm(Exception):
    """What a handler raises."""


class Ringing:
    """Raises at the `at`-th point where a handler may run in code of ours; `rang` tells whether there was one."""

    def __init__(self, at: int, problem: BaseException) -> None:
        self._left = at
        self._problem = problem
        self._before: dict[FrameType, int] = {}
        self.rang = False

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        if any(room in frame.f_code.co_filename.replace("\\", "/") for room in OURS):
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
            self._before[frame] = dis.opmap["RESUME"]
            return self._step
        return None

    def _step(self, frame: FrameType, event: str, _: Any) -> Any:
        if event == "opcode" and not self.rang:
            before, self._before[frame] = self._before.get(frame), frame.f_code.co_code[frame.f_lasti]
            if before in HANDLERS_RUN_AFTER:
                self._left -= 1
                if not self._left:
                    self.rang = True
                    sys.settrace(None)
                    raise self._problem
        return self._step

    def during(self, act: Callable[[], object]) -> None:
        """Act, with the alarm set."""
        sys.settrace(self)
        try:
            act()
        except type(self._problem):
            pass
        finally:
            sys.settrace(None)
            self._before.clear()
            self._problem.with_traceback(None)  # whose frames hold what was open


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
            ringing = Ringing(at, kind("rung"))
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

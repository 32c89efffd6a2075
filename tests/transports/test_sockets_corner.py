"""The blocking transport where two things happen at once: answers during uploads, grants during interrupts, late deadlines."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import antiphon
from antiphon.core.limits import PoolLimits
from antiphon.core.timeout import Timeout
from antiphon.errors import APIConnectionError, DeadlineExceeded
from antiphon.transports.sockets import SocketTransport

from .asking import Parts, ask, read_to_end
from .rude import Rude, chunk, chunked_head, hang, hang_up, pause, reply, reset
from .trust import authority_file, good_tls


@pytest.fixture(params=["plain", "tls"])
def tls(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[SocketTransport, Any]]:
    """A transport, and the server's side of TLS, if any."""
    secure = request.param == "tls"
    transport = SocketTransport(proxy=None, verify=authority_file(tmp_path) if secure else True)
    yield transport, good_tls() if secure else None
    transport.close()


UPLOAD = """
import resource, sys
from antiphon.transports.sockets import SocketTransport
from tests.transports.asking import ask

class File:
    def __init__(self, path, length):
        self.path, self.length = path, length
    def __iter__(self):
        with open(self.path, "rb", buffering=0) as file:
            while piece := file.read(262144):
                yield piece
    def rewind(self):
        return True

url, path, size = sys.argv[1:]
transport = SocketTransport(proxy=None)
transport.send(ask(url))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(transport.send(ask(url, "POST", File(path, int(size)), timeout=60)).content)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.slow
def test_a_large_file_goes_up_in_constant_memory(tmp_path: Path) -> None:
    size = 256 * 1024 * 1024
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(size)
    root, here = Path(antiphon.__file__).parents[1], Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{here}"}
    with Rude(reply(b"ok"), keep_bodies=False) as server:
        command = [sys.executable, "-c", UPLOAD, server.url, str(path), str(size)]
        said = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True, timeout=120
        ).stdout.split()
        assert said[0] == "b'ok'"
        assert int(said[1]) < 16
        assert server.uploaded == size


@pytest.mark.parametrize("content", [bytes(30_000_000), Parts([bytes(1_000_000)] * 30, sized=False)])
def test_an_answer_that_is_found_only_when_sending_fails(monkeypatch: pytest.MonkeyPatch, content: Any) -> None:
    monkeypatch.setattr("antiphon.transports.watch.partial", lambda *_: lambda: False)
    transport = SocketTransport(proxy=None)
    with Rude([reply(b"too large", 413), pause(0.05), hang_up], early=True) as server:
        assert transport.send(ask(server.url, "POST", content)).content == b"too large"


def test_a_server_that_hangs_up_on_an_upload(tls: tuple[SocketTransport, Any]) -> None:
    transport, context = tls
    for end in (hang_up, reset):
        with Rude([pause(0.05), end], tls=context, early=True) as server:
            with pytest.raises(APIConnectionError) as caught:
                transport.send(ask(server.url, "POST", bytes(30_000_000)))
            assert type(caught.value) is APIConnectionError
            assert caught.value.sent == "maybe"


def test_informational_replies_do_not_end_an_upload(tls: tuple[SocketTransport, Any]) -> None:
    transport, context = tls
    early = [b"HTTP/1.1 100 Continue\r\n\r\n", pause(0.05)]
    with Rude(reply(b"ok"), greeting=early, tls=context) as server:
        assert transport.send(ask(server.url, "POST", bytes(10_000_000))).content == b"ok"
        assert server.uploaded == 10_000_000


def test_a_stream_that_is_read_after_the_deadline() -> None:
    transport = SocketTransport(proxy=None)
    with Rude([chunked_head(), chunk(b"x"), hang]) as server:
        body = transport.send(ask(server.url, stream=True, deadline=time.monotonic() + 0.1)).body
        assert body is not None
        assert body.read_chunk() == b"x"
        time.sleep(0.15)
        with pytest.raises(DeadlineExceeded):
            body.read_chunk()
        assert server.left()


def test_the_deadline_bounds_waiting_for_the_pool() -> None:
    transport = SocketTransport(limits=PoolLimits(max_connections=1), proxy=None)
    with Rude([chunked_head(), chunk(b"x"), hang]) as server:
        body = transport.send(ask(server.url, stream=True)).body
        for pool in (None, 30.0):
            with pytest.raises(DeadlineExceeded) as caught:
                timeout = Timeout(5, pool=pool)
                transport.send(ask(server.url, timeout=timeout, deadline=time.monotonic() + 0.05))
            assert (caught.value.phase, caught.value.sent) == ("pool", "no")
        assert body is not None
        body.close()
    transport.close()


@pytest.mark.parametrize("idle", [True, False])
def test_a_place_granted_in_the_moment_of_giving_up_is_used(monkeypatch: pytest.MonkeyPatch, idle: bool) -> None:
    from antiphon.transports import sockets as module

    transport = SocketTransport(limits=PoolLimits(max_connections=1), proxy=None)
    with Rude([chunked_head(), chunk(b"x"), pause(0.02), chunk(b"")], reply(b"fine")) as server:
        body: Any = transport.send(ask(server.url, stream=True)).body

        def late(self: Any, seconds: float | None) -> bool:
            read_to_end(body) if idle else body.close()
            return False

        monkeypatch.setattr(module._Waiter, "wait", late)
        assert transport.send(ask(server.url)).content == b"fine"
        assert server.connections == (1 if idle else 2)
    transport.close()


@pytest.mark.parametrize("idle", [True, False])
def test_a_place_granted_in_the_moment_of_an_interrupt_comes_back(monkeypatch: pytest.MonkeyPatch, idle: bool) -> None:
    from antiphon.transports import sockets as module

    transport = SocketTransport(limits=PoolLimits(max_connections=1), proxy=None)
    with Rude([chunked_head(), chunk(b"x"), pause(0.02), chunk(b"")], reply(b"fine")) as server:
        body: Any = transport.send(ask(server.url, stream=True)).body

        def interrupted(self: Any, seconds: float | None) -> bool:
            read_to_end(body) if idle else body.close()
            raise KeyboardInterrupt

        monkeypatch.setattr(module._Waiter, "wait", interrupted)
        with pytest.raises(KeyboardInterrupt):
            transport.send(ask(server.url))
        assert transport._pool.held == 0
        assert transport.send(ask(server.url)).content == b"fine"
        assert server.connections == (1 if idle else 2)
    transport.close()


def test_an_interrupt_while_an_idle_connection_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    from antiphon.transports.connection import Connection

    def interrupted(self: Connection) -> bool:
        raise KeyboardInterrupt

    transport = SocketTransport(limits=PoolLimits(max_connections=1), proxy=None)
    with Rude(reply(b"fine")) as server:
        transport.send(ask(server.url))
        with monkeypatch.context() as patch:
            patch.setattr(Connection, "is_quiet", interrupted)
            with pytest.raises(KeyboardInterrupt):
                transport.send(ask(server.url))
        assert server.left()
        assert transport.send(ask(server.url)).content == b"fine"
    transport.close()


def test_an_interrupt_while_a_stream_is_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    from antiphon.transports.connection import Connection

    def interrupted(self: Connection) -> bytes:
        raise KeyboardInterrupt

    transport = SocketTransport(proxy=None)
    with Rude([chunked_head(), chunk(b"x"), hang]) as server:
        body: Any = transport.send(ask(server.url, stream=True)).body
        with monkeypatch.context() as patch:
            patch.setattr(Connection, "receive", interrupted)
            with pytest.raises(KeyboardInterrupt):
                body.finish()
        assert server.left()
        assert transport._pool.held == 0


def test_a_close_while_a_connection_is_being_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    from antiphon.errors import ClientClosed
    from antiphon.transports.opening import Opener

    transport = SocketTransport(proxy=None)
    opened = Opener.open

    def closing(self: Opener, *arguments: Any) -> Any:
        connection = opened(self, *arguments)
        transport.close()
        return connection

    monkeypatch.setattr(Opener, "open", closing)
    with Rude(reply()) as server:
        with pytest.raises(ClientClosed):
            transport.send(ask(server.url))
        assert server.left()
        assert transport._pool.held == 0

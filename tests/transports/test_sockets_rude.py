"""The blocking transport on a rude network: every fault is a typed error with phase and host, at once, and nothing leaks."""

from __future__ import annotations

import gzip
import resource
import time
from collections.abc import Iterator
from typing import Any

import pytest

from antiphon.core.limits import PoolLimits, WireLimits
from antiphon.core.timeout import Timeout
from antiphon.errors import (
    APIConnectionError,
    APIError,
    ConnectError,
    ConnectTimeout,
    DeadlineExceeded,
    ProtocolError,
    ReadTimeout,
    ResponseTooLarge,
    TruncatedBody,
    WriteTimeout,
)
from antiphon.transports.sockets import SocketTransport

from .asking import KEY, Parts, ask, read_to_end
from .rude import Rude, chunk, chunked_head, drip, hang, hang_up, pause, reply, reset
from .trust import authority_file, good_tls

OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture(params=["plain", "tls"])
def tls(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[tuple[SocketTransport, Any]]:
    """A transport with room for one connection, and the server's side of TLS, if any."""
    secure = request.param == "tls"
    transport = SocketTransport(
        limits=PoolLimits(max_connections=1), proxy=None, verify=authority_file(tmp_path) if secure else True
    )
    yield transport, good_tls() if secure else None
    transport.close()


FAULTS: dict[str, tuple[Any, type[APIConnectionError], str]] = {
    "reset before the head": (reset, APIConnectionError, "head"),
    "end before the head": (hang_up, APIConnectionError, "head"),
    "end within the head": ([b"HTTP/1.1 200 O", hang_up], APIConnectionError, "head"),
    "garbage": (b"garbage\r\n\r\n", ProtocolError, "head"),
    "reset mid-body": ([OK + b"Content-Length: 10\r\n\r\nhello", pause(0.02), reset], TruncatedBody, "body"),
    "short body": ([reply(b"hello", length=10), hang_up], TruncatedBody, "body"),
    "missing last chunk": ([chunked_head() + chunk(b"hello"), hang_up], TruncatedBody, "body"),
    "bad chunk": (chunked_head() + b"zz\r\n", ProtocolError, "head"),
    "chunk extension bomb": (chunked_head() + b"5;" + b"e" * 1_000_000, ProtocolError, "body"),
    "two lengths": (OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", ProtocolError, "head"),
    "length and chunks": (OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", ProtocolError, "head"),
    "1xx flood": (b"HTTP/1.1 103 Early\r\n\r\n" * 100, ProtocolError, "head"),
    "300 headers": (OK + b"X: y\r\n" * 300 + b"\r\n", ProtocolError, "head"),
    "endless header": (OK + b"X: " + b"y" * 1_000_000, ProtocolError, "head"),
    "upgrade": (b"HTTP/1.1 101 Yes\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n", ProtocolError, "head"),
    "truncated gzip": (
        reply(gzip.compress(b"hello")[:-3], 200, "Content-Encoding: gzip"),
        APIConnectionError,
        "head",
    ),
    "nested encodings": (reply(b"x", 200, "Content-Encoding: gzip, gzip"), ProtocolError, "head"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults(tls: tuple[SocketTransport, Any], name: str) -> None:
    transport, context = tls
    fault, kind, phase = FAULTS[name]
    with Rude(fault, reply(b"fine"), tls=context) as server:
        with pytest.raises(kind) as caught:
            transport.send(ask(server.url))
        problem = caught.value
        assert type(problem) is kind or name == "truncated gzip"
        assert problem.phase == phase or (problem.phase, phase) == ("body", "head")
        assert problem.host == f"{'localhost' if context else '127.0.0.1'}:{server.port}"
        assert problem.elapsed is not None
        assert (problem.sent, problem.attempts) == ("maybe", 1)
        assert KEY not in repr(problem) + str(problem)
        # The one place came back, and the spoilt connection is gone.
        assert transport.send(ask(server.url)).content == b"fine"
        assert server.connections == 2


@pytest.mark.parametrize("kind", ["reset", "end"])
def test_a_stream_that_breaks(tls: tuple[SocketTransport, Any], kind: str) -> None:
    transport, context = tls
    with Rude(
        [chunked_head(), chunk(b"one"), pause(0.05), reset if kind == "reset" else hang_up], reply(b"fine"), tls=context
    ) as server:
        body = transport.send(ask(server.url, stream=True, events=True)).body
        assert body is not None
        assert body.read_chunk() == b"one"
        with pytest.raises(TruncatedBody) as caught:
            body.read_chunk()
        assert caught.value.phase == "stream"
        assert body.read_chunk() == b""
        assert transport.send(ask(server.url)).content == b"fine"


def test_an_end_without_close_notify_is_truncation(tmp_path: Any) -> None:
    from .rude import cut

    transport = SocketTransport(proxy=None, verify=authority_file(tmp_path))
    with Rude([OK + b"\r\nhello", cut], tls=good_tls()) as server, pytest.raises(TruncatedBody):
        transport.send(ask(server.url))
    transport.close()


# -- timeouts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "phase", "stream"),
    [
        ([hang], "head", False),
        ([reply(b"he", length=10), hang], "body", False),
        ([chunked_head(), chunk(b"x"), hang], "stream", True),
    ],
)
def test_a_silent_server(tls: tuple[SocketTransport, Any], script: Any, phase: str, stream: bool) -> None:
    transport, context = tls
    with Rude(script, tls=context) as server:
        with pytest.raises(ReadTimeout) as caught:
            answer = transport.send(ask(server.url, timeout=Timeout(5, read=0.1), stream=stream, events=stream))
            read_to_end(answer.body)
        assert caught.value.phase == phase
        assert caught.value.elapsed is not None
        assert caught.value.elapsed >= 0.1
        assert server.left()


@pytest.mark.parametrize(
    "script",
    [
        [drip(OK + b"X: y\r\n" * 500, 0.02)],
        [chunked_head(), drip(chunk(b": ping\n\n") * 500, 0.02)],
        [hang],
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_deadline_ends_what_drips_for_ever(tls: tuple[SocketTransport, Any], script: Any, stream: bool) -> None:
    transport, context = tls
    with Rude(script, tls=context) as server:
        started = time.monotonic()
        with pytest.raises(DeadlineExceeded) as caught:
            answer = transport.send(ask(server.url, stream=stream, events=stream, deadline=started + 0.3))
            read_to_end(answer.body)
        took = time.monotonic() - started
        assert 0.3 <= took < 1.5
        assert caught.value.phase in {"head", "body", "stream"}
        assert server.left()


def test_a_deadline_that_is_over_already() -> None:
    transport = SocketTransport(proxy=None)
    with Rude(reply()) as server:
        with pytest.raises(DeadlineExceeded) as caught:
            transport.send(ask(server.url, deadline=time.monotonic() - 1))
        assert (caught.value.sent, server.connections) == ("no", 0)


@pytest.mark.parametrize("kind", ["bytes", "sized"])
@pytest.mark.parametrize("bound", ["write", "deadline"])
def test_a_server_that_takes_no_more(tls: tuple[SocketTransport, Any], kind: str, bound: str) -> None:
    transport, context = tls
    content = bytes(40_000_000) if kind == "bytes" else Parts([bytes(1_000_000)] * 40)
    with Rude([pause(30)], tls=context, early=True) as server:
        asked = ask(server.url, "POST", content, timeout=Timeout(5, write=0.2))
        if bound == "deadline":
            asked = ask(server.url, "POST", content, deadline=time.monotonic() + 0.2)
        with pytest.raises(WriteTimeout if bound == "write" else DeadlineExceeded) as caught:
            transport.send(asked)
        assert caught.value.phase == "write"


def test_nobody_listens() -> None:
    with Rude(reply()) as server:
        pass
    transport = SocketTransport(proxy=None)
    with pytest.raises(ConnectError) as caught:
        transport.send(ask(server.url))
    assert (caught.value.phase, caught.value.sent) == ("connect", "no")
    assert "refused" in str(caught.value)


def test_no_such_name() -> None:
    transport = SocketTransport(proxy=None)
    with pytest.raises(ConnectError) as caught:
        transport.send(ask("http://no-such-name.invalid/"))
    assert (caught.value.phase, caught.value.sent, caught.value.host) == ("dns", "no", "no-such-name.invalid:80")


def test_connecting_takes_too_long() -> None:
    transport = SocketTransport(proxy=None)
    with _full_backlog() as port:
        with pytest.raises(ConnectTimeout) as caught:
            transport.send(ask(f"http://127.0.0.1:{port}/", timeout=Timeout(5, connect=0.1)))
        assert (caught.value.phase, caught.value.sent) == ("connect", "no")
        with pytest.raises(DeadlineExceeded):
            transport.send(ask(f"http://127.0.0.1:{port}/", deadline=time.monotonic() + 0.1))


class _full_backlog:
    """A port that takes no more connections: packets to open one are ignored."""

    def __enter__(self) -> int:
        import socket

        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(0)
        self.port: int = self.listener.getsockname()[1]
        self.fillers = []
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.port))
            self.fillers.append(filler)
        time.sleep(0.05)
        return self.port

    def __exit__(self, *exc: object) -> None:
        for sock in [*self.fillers, self.listener]:
            sock.close()


# -- sizes -------------------------------------------------------------------------------------------------------------


def test_a_gzip_bomb_is_stopped_early(tls: tuple[SocketTransport, Any]) -> None:
    transport, context = tls
    bomb = gzip.compress(bytes(200_000_000))
    answer = reply(bomb, 200, "Content-Encoding: gzip")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with Rude(answer, answer, reply(b"fine"), tls=context) as server:
        with pytest.raises(ResponseTooLarge, match="200-fold") as caught:
            transport.send(ask(server.url))
        assert caught.value.status_code == 200
        assert f":{server.port}" in str(caught.value)
        with pytest.raises(ResponseTooLarge):
            read_to_end(transport.send(ask(server.url, stream=True)).body)
        assert transport.send(ask(server.url)).content == b"fine"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_bounds_of_bodies() -> None:
    transport = SocketTransport(proxy=None, wire_limits=WireLimits(body=1000, error_body=100, stream=1000))
    with Rude(reply(b"x" * 1001)) as server:
        with pytest.raises(ResponseTooLarge, match="1001") as caught:
            transport.send(ask(server.url))
        assert isinstance(caught.value, APIError)
        assert caught.value.response.headers["content-length"] == "1001"
        assert len(b"".join(read_to_end(transport.send(ask(server.url, stream=True)).body))) == 1001
        with pytest.raises(ResponseTooLarge):
            read_to_end(transport.send(ask(server.url, stream=True, events=True)).body)
    with Rude(reply(b"x" * 1001, 500)) as server:
        assert transport.send(ask(server.url)).content == b"x" * 100
    transport.close()

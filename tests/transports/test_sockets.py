"""The blocking transport on a decent network: exchanges, pooling, streams, uploads, limits."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from antiphon.core.limits import PoolLimits
from antiphon.core.timeout import Timeout
from antiphon.errors import APIConnectionError, ClientClosed, InvalidBody, PoolTimeout
from antiphon.transports.sockets import SocketTransport

from .asking import KEY, Parts, ask, read_to_end
from .rude import Rude, chunk, chunked, chunked_head, events, hang, hang_up, pause, reply, reset


@pytest.fixture
def transport() -> Iterator[SocketTransport]:
    transport = SocketTransport(proxy=None)
    yield transport
    transport.close()


def test_an_exchange(transport: SocketTransport) -> None:
    with Rude(reply(b'{"a":1}', 201, "X-Request-Id: r1")) as server:
        answer = transport.send(ask(f"{server.url}/v1/x?y=1", "POST", b"hello"))
        assert (answer.status_code, answer.content, answer.http_version) == (201, b'{"a":1}', "HTTP/1.1")
        assert answer.headers["x-request-id"] == "r1"
        assert answer.body is None
        assert answer.elapsed > 0
        request = server.requests[0]
        assert (request.line, request.body) == ("POST /v1/x?y=1 HTTP/1.1", b"hello")
        assert request.headers["host"] == f"127.0.0.1:{server.port}"
        assert request.headers["authorization"] == f"Bearer {KEY}"


def test_one_connection_serves_call_after_call(transport: SocketTransport) -> None:
    with Rude(reply(b"{}")) as server:
        for _ in range(5):
            transport.send(ask(server.url))
        assert (server.connections, len(server.requests)) == (1, 5)


def test_five_streams_use_one_connection(transport: SocketTransport) -> None:
    with Rude(events("one", "two", "[DONE]")) as server:
        for _ in range(5):
            body = transport.send(ask(server.url, stream=True, events=True)).body
            assert b"".join(read_to_end(body)) == b"data: one\n\ndata: two\n\ndata: [DONE]\n\n"
        assert (server.connections, len(server.requests)) == (1, 5)


@pytest.mark.parametrize("delay", [0.0, 0.02])
def test_a_finished_stream_gives_its_connection_back(transport: SocketTransport, delay: float) -> None:
    # The reader stops at its terminal event; the last chunk may come a little later.
    answer = [chunked_head(), chunk(b"data: [DONE]\n\n"), pause(delay), chunk(b"")]
    with Rude(answer) as server:
        for _ in range(3):
            body = transport.send(ask(server.url, stream=True, events=True)).body
            assert body is not None
            assert body.read_chunk() == b"data: [DONE]\n\n"
            body.finish()
            body.finish()
            assert body.read_chunk() == b""
        assert server.connections == 1


def test_finish_gives_up_on_a_stream_that_goes_on(transport: SocketTransport) -> None:
    with Rude([chunked_head(), chunk(b"x"), hang]) as server:
        body = transport.send(ask(server.url, stream=True)).body
        assert body is not None
        body.read_chunk()
        started = time.monotonic()
        body.finish()
        assert time.monotonic() - started < 2
        assert server.left()
    with Rude([chunked_head(), *[chunk(b"x" * 60_000)] * 10, hang]) as server:
        body = transport.send(ask(server.url, stream=True)).body
        assert body is not None
        body.finish()
        assert server.left()


def test_chunks_arrive_as_they_come(transport: SocketTransport) -> None:
    go = threading.Event()
    with Rude([chunked_head(), chunk(b"one"), lambda _: go.wait(5) and None, chunk(b"two"), chunk(b"")]) as server:
        body = transport.send(ask(server.url, stream=True)).body
        assert body is not None
        assert body.read_chunk() == b"one"
        go.set()
        assert (body.read_chunk(), body.read_chunk(), body.read_chunk()) == (b"two", b"", b"")


def test_compressed_bodies(transport: SocketTransport) -> None:
    data = b"".join(b"%d " % number for number in range(200_000))
    packed = gzip.compress(data)
    with Rude(reply(packed, 200, "Content-Encoding: gzip")) as server:
        assert transport.send(ask(server.url)).content == data
        assert b"".join(read_to_end(transport.send(ask(server.url, stream=True)).body)) == data
        assert server.connections == 1


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_bodies_that_are_none(transport: SocketTransport, method: str) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" if method == "HEAD" else b"HTTP/1.1 204 No\r\n\r\n"
    with Rude(head) as server:
        for stream in (False, True):
            answer = transport.send(ask(server.url, method, stream=stream))
            assert (answer.body.read_chunk() if stream else answer.content) == b""  # type: ignore[union-attr]
        assert server.connections == 1


def test_a_body_that_ends_with_the_connection(transport: SocketTransport) -> None:
    with Rude([b"HTTP/1.1 200 OK\r\n\r\nhello", hang_up]) as server:
        assert transport.send(ask(server.url)).content == b"hello"
        assert b"".join(read_to_end(transport.send(ask(server.url, stream=True)).body)) == b"hello"
        assert server.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        reply(b"{}", 200, "Connection: close"),
        reply(b"{}") + b"EXTRA",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        [reply(b"{}"), pause(0.02), b"HTTP/1.1 408 Too late\r\n\r\n"],
    ],
)
def test_connections_that_do_not_serve_again(transport: SocketTransport, answer: Any) -> None:
    with Rude(answer) as server:
        for _ in range(2):
            assert transport.send(ask(server.url)).content == b"{}"
            time.sleep(0.05)
        assert server.connections == 2


# -- the pool ----------------------------------------------------------------------------------------------------------


def test_idle_connections_expire() -> None:
    transport = SocketTransport(limits=PoolLimits(keepalive_expiry=0.05), proxy=None)
    with Rude(reply()) as server:
        transport.send(ask(server.url))
        time.sleep(0.1)
        transport.send(ask(server.url))
        assert server.connections == 2
        assert server.left()
    transport.close()


def test_pool_timeout_tells_the_limits() -> None:
    transport = SocketTransport(limits=PoolLimits(max_connections=1), proxy=None)
    with Rude([chunked_head(), chunk(b"x"), hang]) as server:
        body = transport.send(ask(server.url, stream=True)).body
        with pytest.raises(PoolTimeout, match="1 of 1 connections in use") as caught:
            transport.send(ask(server.url, timeout=Timeout(5, pool=0.05)))
        assert (caught.value.phase, caught.value.sent) == ("pool", "no")
        assert caught.value.host == f"127.0.0.1:{server.port}"
        assert caught.value.elapsed is not None
        assert caught.value.elapsed >= 0.05
        assert body is not None
        body.close()
        with Rude(reply()) as other:
            assert transport.send(ask(other.url)).status_code == 200
    transport.close()


def test_those_who_wait_are_served_in_turn() -> None:
    transport = SocketTransport(limits=PoolLimits(max_connections=2), proxy=None)
    outcome: list[int] = []
    with Rude([pause(0.01), reply()]) as server:
        threads = [
            threading.Thread(target=lambda: outcome.append(transport.send(ask(server.url)).status_code))
            for _ in range(12)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert outcome == [200] * 12
        assert server.connections <= 2
    transport.close()


def test_an_idle_connection_gives_way_to_another_origin() -> None:
    transport = SocketTransport(limits=PoolLimits(max_connections=1), proxy=None)
    with Rude(reply()) as one, Rude(reply()) as two:
        transport.send(ask(one.url))
        transport.send(ask(two.url))
        assert one.left()
    transport.close()


# -- stale connections -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("death", [hang_up, reset])
@pytest.mark.parametrize("wait", [0.0, 0.05])
def test_a_kept_connection_that_has_died_is_replaced(
    transport: SocketTransport, method: str, death: Any, wait: float
) -> None:
    with Rude([reply(b"1"), death], reply(b"2")) as server:
        assert transport.send(ask(server.url, method, b"x")).content == b"1"
        time.sleep(wait)
        assert transport.send(ask(server.url, method, b"x")).content == b"2"
        assert (server.connections, len(server.requests)) == (2, 2)


@pytest.mark.parametrize("death", [hang_up, reset])
def test_a_kept_connection_that_dies_on_the_next_request_is_replaced_once(
    transport: SocketTransport, death: Any
) -> None:
    with Rude(reply(b"1"), death, reply(b"2")) as server:
        transport.send(ask(server.url))
        content = Parts([b"abc"])
        assert transport.send(ask(server.url, "POST", content)).content == b"2"
        assert (content.rounds, server.requests[-1].body) == (2, b"abc")
        assert server.connections == 2
    with Rude(reply(b"1"), death) as server:
        transport.send(ask(server.url))
        with pytest.raises(APIConnectionError) as caught:
            transport.send(ask(server.url))
        assert (caught.value.phase, caught.value.sent, server.connections) == ("head", "maybe", 2)


def test_a_fresh_connection_that_dies_is_an_error(transport: SocketTransport) -> None:
    with Rude(hang_up) as server:
        with pytest.raises(APIConnectionError, match="without a reply"):
            transport.send(ask(server.url))
        assert server.connections == 1


def test_no_second_try_once_a_byte_of_the_reply_has_come(transport: SocketTransport) -> None:
    with Rude(reply(b"1"), [b"H", hang_up], reply(b"2")) as server:
        transport.send(ask(server.url))
        with pytest.raises(APIConnectionError, match="within the reply's head"):
            transport.send(ask(server.url))
        assert server.connections == 1


def test_no_second_try_for_a_body_that_cannot_be_sent_again(transport: SocketTransport) -> None:
    class Once(Parts):
        def rewind(self) -> bool:
            return False

    with Rude(reply(b"1"), reset, reply(b"2")) as server:
        transport.send(ask(server.url))
        with pytest.raises(APIConnectionError, match="second time"):
            transport.send(ask(server.url, "POST", Once([b"abc"])))
        assert server.connections == 1


# -- uploads -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 5_000_000])
@pytest.mark.parametrize("kind", ["bytes", "sized", "chunked"])
def test_uploads(transport: SocketTransport, size: int, kind: str) -> None:
    data = (bytes(range(256)) * (size // 256 + 1))[:size]
    content = (
        data
        if kind == "bytes"
        else Parts([data[at : at + 70_000] for at in range(0, size, 70_000)], sized=kind == "sized")
    )
    with Rude(reply(b"ok")) as server:
        for _ in range(2):
            assert transport.send(ask(server.url, "POST", content)).content == b"ok"
        assert [request.body for request in server.requests] == [data, data]
        assert server.connections == 1


@pytest.mark.parametrize("kind", ["bytes", "sized", "chunked"])
@pytest.mark.parametrize("end", [hang, reset, hang_up])
def test_an_early_answer_to_a_large_upload(transport: SocketTransport, kind: str, end: Any) -> None:
    """The server says 413 and reads no more; some then reset, which must not hide what they said."""
    data = bytes(30_000_000)
    content = data if kind == "bytes" else Parts([data[:1_000_000]] * 30, sized=kind == "sized")
    refuse = [pause(0.05), reply(b"too large", 413), pause(0.05), end]
    if end is hang:
        refuse[-1] = pause(60)
    with Rude(refuse, early=True) as server:
        answer = transport.send(ask(server.url, "POST", content))
        assert (answer.status_code, answer.content) == (413, b"too large")
        assert server.uploaded < len(data)
    with Rude(reply(b"ok")) as server:
        assert transport.send(ask(server.url)).content == b"ok"


def test_a_connection_with_half_a_request_is_not_used_again(transport: SocketTransport) -> None:
    with Rude([pause(0.05), reply(b"no", 413), pause(1)], reply(b"ok"), early=True) as server:
        transport.send(ask(server.url, "POST", bytes(30_000_000)))
        assert server.left()


@pytest.mark.parametrize(("parts", "length"), [([b"abc"], 5), ([b"abc"], 2), ([b"x" * 100_000], 99_999)])
def test_a_body_that_lies_about_its_length(transport: SocketTransport, parts: list[bytes], length: int) -> None:
    content = Parts(parts)
    content.length = length
    with Rude(reply()) as server:
        with pytest.raises(InvalidBody):
            transport.send(ask(server.url, "POST", content))
        assert server.left()
        assert transport.send(ask(server.url)).status_code == 200


def test_an_exception_of_the_body_passes_untouched(transport: SocketTransport) -> None:
    class Broken(Parts):
        def __iter__(self) -> Iterator[bytes]:
            yield b"abc"
            raise LookupError("mine")

    with Rude(reply()) as server:
        with pytest.raises(LookupError, match="mine"):
            transport.send(ask(server.url, "POST", Broken([b"abc"], sized=False)))
        assert server.left()


def test_a_header_that_cannot_be_sent_costs_no_connection(transport: SocketTransport) -> None:
    with Rude(reply()) as server:
        transport.send(ask(server.url))
        with pytest.raises(InvalidBody, match="x-bad"):
            transport.send(ask(server.url, headers={"x-bad": "a\nb"}))
        assert transport.send(ask(server.url)).status_code == 200


# -- the end -----------------------------------------------------------------------------------------------------------


def test_closed(transport: SocketTransport) -> None:
    with Rude(reply()) as server:
        transport.send(ask(server.url))
        transport.close()
        transport.close()
        assert server.left()
        with pytest.raises(ClientClosed):
            transport.send(ask(server.url))
        assert "closed" in repr(transport)


def test_close_ends_open_streams_and_running_calls() -> None:
    transport = SocketTransport(limits=PoolLimits(max_connections=2), proxy=None)
    problems: list[BaseException] = []

    def call(url: str) -> None:
        try:
            transport.send(ask(url))
        except BaseException as problem:
            problems.append(problem)

    with Rude([chunked_head(), chunk(b"x"), hang], hang) as server:
        body = transport.send(ask(server.url, stream=True)).body
        assert body is not None
        threads = [threading.Thread(target=call, args=[server.url]) for _ in range(2)]  # one runs, one waits
        for thread in threads:
            thread.start()
        server.wait_for(lambda: len(server.requests) == 2 and transport._pool.waiting == 1)
        transport.close()
        for thread in threads:
            thread.join(5)
        assert [type(problem) for problem in problems] == [ClientClosed] * 2
        assert server.left()
        assert server.left(1)
        assert body.read_chunk() == b"x"
        with pytest.raises(ClientClosed):
            body.read_chunk()


def test_unix_sockets(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    transport = SocketTransport(uds=path)
    with Rude(reply(b"ok"), uds=path) as server:
        for _ in range(2):
            assert transport.send(ask("http://anything.example/x")).content == b"ok"
        assert server.requests[0].headers["host"] == "anything.example"
        assert server.connections == 1
    transport.close()
    transport = SocketTransport(uds=path)
    with pytest.raises(APIConnectionError) as caught:
        transport.send(ask("http://anything.example/x"))
    assert (caught.value.phase, caught.value.sent) == ("connect", "no")


def test_chunked_reply_read_whole(transport: SocketTransport) -> None:
    with Rude(chunked(b"a", b"b", b"c" * 200_000)) as server:
        assert transport.send(ask(server.url)).content == b"ab" + b"c" * 200_000

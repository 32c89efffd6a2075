"""The asyncio transport over real sockets: exchanges, framing, limits, errors and its end. Each test on asyncio and on uvloop."""

from __future__ import annotations

import asyncio
import gzip
import traceback
import zlib
from typing import Any

import pytest

from antiphon.core.limits import PoolLimits, WireLimits
from antiphon.errors import (
    APIConnectionError,
    ClientClosed,
    ConnectError,
    ProtocolError,
    ResponseTooLarge,
    TruncatedBody,
)
from antiphon.transports.streams import StreamTransport

from .asking import KEY, aread_to_end, ask
from .looping import both_loops, hall_of, run, settled, with_transport
from .rude import Rude, chunk, chunked, chunked_head, cut, drip, half_close, hang, hang_up, pause, reply, reset

pytestmark = both_loops


def test_exchanges_share_a_connection(loop: str) -> None:
    with Rude(reply(b"one"), chunked(b"t", b"wo"), reply(b"", 204), reply(b"four", 404)) as server:

        async def main(transport: StreamTransport) -> None:
            replies = [await transport.send(ask(f"{server.url}/v1/x?a=b", "POST", b"{}")) for _ in range(4)]
            assert [(r.status_code, r.content) for r in replies] == [
                (200, b"one"),
                (200, b"two"),
                (204, b""),
                (404, b"four"),
            ]
            assert replies[0].headers["content-type"] == "application/json"
            assert replies[0].http_version == "HTTP/1.1"
            assert 0 < replies[0].elapsed < 5

        with_transport(loop, main)
        assert server.connections == 1
        assert server.requests[0].line == "POST /v1/x?a=b HTTP/1.1"
        assert server.requests[0].headers["host"] == f"127.0.0.1:{server.port}"
        assert server.requests[0].body == b"{}"


def test_many_at_once(loop: str) -> None:
    with Rude([pause(0.02), reply(b"{}")]) as server:

        async def main(transport: StreamTransport) -> None:
            replies = await asyncio.gather(*(transport.send(ask(server.url)) for _ in range(30)))
            assert {reply.content for reply in replies} == {b"{}"}
            assert hall_of(transport).pool.idle == server.connections

        with_transport(loop, main)


def test_several_streams_in_turn_use_one_connection(loop: str) -> None:
    with Rude(chunked(b"a", b"b")) as server:

        async def main(transport: StreamTransport) -> None:
            for _ in range(5):
                reply = await transport.send(ask(server.url, stream=True))
                assert not reply.is_read
                assert b"".join(await aread_to_end(reply.body)) == b"ab"

        with_transport(loop, main)
        assert server.connections == 1


def test_chunks_are_delivered_as_they_come(loop: str) -> None:
    gate = asyncio.Event

    with Rude([chunked_head(), chunk(b"one"), pause(0.2), chunk(b"two"), chunk(b"")]) as server:

        async def main(transport: StreamTransport) -> None:
            reply = await transport.send(ask(server.url, stream=True))
            clock = asyncio.get_running_loop().time
            assert await reply.body.read_chunk() == b"one"
            before = clock()
            assert await reply.body.read_chunk() == b"two"
            assert clock() - before > 0.05
            assert await reply.body.read_chunk() == b""
            assert await reply.body.read_chunk() == b""

        assert gate
        with_transport(loop, main)


@pytest.mark.parametrize("size", [1, 3, 7])
def test_any_split_of_the_bytes_gives_the_same(loop: str, size: int) -> None:
    body = gzip.compress(b"hello " * 50)
    raw = b"HTTP/1.1 103 Early\r\n\r\n" + chunked(
        body[:9], body[9:], headers=["Content-Encoding: gzip", "X-A: 1", "x-a: 2"]
    )
    with Rude(drip(raw, 0.0001, size)) as server:

        async def main(transport: StreamTransport) -> None:
            reply = await transport.send(ask(server.url))
            assert reply.content == b"hello " * 50
            assert reply.headers["x-A"] == "1, 2"
            streamed = await transport.send(ask(server.url, stream=True))
            assert b"".join(await aread_to_end(streamed.body)) == b"hello " * 50

        with_transport(loop, main)
        assert server.connections == 1


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", gzip.compress(b"x" * 100)), ("deflate", zlib.compress(b"x" * 100)), ("identity", b"x" * 100)],
    ids=["gzip", "deflate", "identity"],  # gzip writes the time into its bytes, and workers must agree on names
)
def test_encodings(loop: str, encoding: str, body: bytes) -> None:
    with Rude(reply(body, 200, f"Content-Encoding: {encoding}")) as server:

        async def main(transport: StreamTransport) -> None:
            assert (await transport.send(ask(server.url))).content == b"x" * 100

        with_transport(loop, main)


@pytest.mark.parametrize("stream", [False, True])
def test_a_body_that_ends_with_the_connection(loop: str, stream: bool) -> None:
    with Rude([b"HTTP/1.1 200 OK\r\n\r\nall of it", hang_up]) as server:

        async def main(transport: StreamTransport) -> None:
            reply = await transport.send(ask(server.url, stream=stream))
            content = b"".join(await aread_to_end(reply.body)) if stream else reply.content
            assert content == b"all of it"
            assert hall_of(transport).pool.idle == 0

        with_transport(loop, main)


def test_what_is_not_kept(loop: str) -> None:
    close = reply(b"a", 200, "Connection: close")
    with Rude(
        close, b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nb", [reply(b"c") + b"excess"], reply(b"d")
    ) as server:

        async def main(transport: StreamTransport) -> None:
            assert [(await transport.send(ask(server.url))).content for _ in range(4)] == [b"a", b"b", b"c", b"d"]

        with_transport(loop, main)
        assert server.connections == 4


def test_head_requests(loop: str) -> None:
    with Rude(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n") as server:

        async def main(transport: StreamTransport) -> None:
            for _ in range(2):
                reply = await transport.send(ask(server.url, "HEAD"))
                assert (reply.content, reply.headers["content-length"]) == (b"", "10")

        with_transport(loop, main)
        assert server.connections == 1


HEAD = b"HTTP/1.1 200 OK\r\n"
BROKEN: list[tuple[str, Any, type[Exception], str]] = [
    ("short body", [reply(b"abc", length=10), hang_up], TruncatedBody, "body"),
    ("short body, reset", [reply(b"abc", length=10), pause(0.1), reset], TruncatedBody, "body"),
    ("no last chunk", [chunked_head(), chunk(b"abc"), hang_up], TruncatedBody, "body"),
    ("truncated gzip", reply(gzip.compress(b"x" * 99)[:-4], 200, "Content-Encoding: gzip"), TruncatedBody, "body"),
    ("nothing at all", hang_up, APIConnectionError, "head"),
    ("half a head", [b"HTTP/1.1 200 OK\r\nContent-", hang_up], APIConnectionError, "head"),
    ("reset at once", reset, APIConnectionError, "head"),
    ("two lengths", HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", ProtocolError, "head"),
    (
        "length and chunks",
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ProtocolError,
        "head",
    ),
    ("bad chunk size", chunked_head() + b"xyz\r\nabc\r\n", ProtocolError, "body"),
    ("not http", b"SSH-2.0-OpenSSH_9.6\r\n", ProtocolError, "head"),
    ("1xx flood", b"HTTP/1.1 103 Early\r\n\r\n" * 30, ProtocolError, "head"),
    ("header flood", HEAD + b"".join(b"X-%d: y\r\n" % n for n in range(300)) + b"\r\n", ProtocolError, "head"),
    ("huge header", HEAD + b"X: " + b"y" * 1_000_000 + b"\r\n\r\n", ProtocolError, "head"),
    ("upgrade", b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", ProtocolError, "head"),
    ("unknown encoding", reply(b"x", 200, "Content-Encoding: br"), ProtocolError, "body"),
    ("lying encoding", reply(b"plain text", 200, "Content-Encoding: gzip"), ProtocolError, "body"),
]


@pytest.mark.parametrize(("answer", "kind", "phase"), [each[1:] for each in BROKEN], ids=[each[0] for each in BROKEN])
def test_a_broken_reply_is_a_typed_error(loop: str, answer: Any, kind: type[APIConnectionError], phase: str) -> None:
    with Rude(answer, reply(b"fine")) as server:

        async def main(transport: StreamTransport) -> None:
            with pytest.raises(APIConnectionError) as caught:
                await transport.send(ask(server.url))
            assert type(caught.value) is kind
            assert caught.value.phase == phase
            assert caught.value.host == f"127.0.0.1:{server.port}"
            assert caught.value.elapsed is not None
            assert caught.value.request.origin.port == server.port
            assert (await transport.send(ask(server.url))).content == b"fine"

        with_transport(loop, main)
        assert server.connections == 2


def test_a_stream_that_breaks_gives_first_what_came(loop: str) -> None:
    with Rude([chunked_head(), chunk(b"abc"), hang_up], [reply(b"abc", length=9), pause(0.1), reset]) as server:

        async def main(transport: StreamTransport) -> None:
            for _ in range(2):
                reply = await transport.send(ask(server.url, stream=True))
                assert await reply.body.read_chunk() == b"abc"
                for _ in range(2):
                    with pytest.raises(TruncatedBody):
                        await reply.body.read_chunk()
                reply.body.close()
                assert await reply.body.read_chunk() == b""

        with_transport(loop, main)


def test_bounds(loop: str) -> None:
    big = reply(b"x" * 2000)
    with Rude(big, chunked(b"x" * 2000), reply(b"x" * 2000, 500), chunked(b"x" * 2000)) as server:

        async def main(transport: StreamTransport) -> None:
            for _ in range(2):
                with pytest.raises(ResponseTooLarge) as caught:
                    await transport.send(ask(server.url))
                assert caught.value.status_code == 200
            assert (await transport.send(ask(server.url))).content == b"x" * 100
            reply = await transport.send(ask(server.url, stream=True, events=True))
            with pytest.raises(ResponseTooLarge):
                await aread_to_end(reply.body)
            download = await transport.send(ask(server.url, stream=True))
            assert len(b"".join(await aread_to_end(download.body))) == 2000

        with_transport(loop, main, wire_limits=WireLimits(body=1000, error_body=100, stream=1000))


@pytest.mark.parametrize("stream", [False, True])
def test_a_gzip_bomb_is_seen_before_it_grows(loop: str, stream: bool) -> None:
    bomb = gzip.compress(bytes(200_000_000), 9)
    with Rude(reply(bomb, 200, "Content-Encoding: gzip")) as server:

        async def main(transport: StreamTransport) -> None:
            taken = 0
            with pytest.raises(ResponseTooLarge, match="200-fold"):
                reply = await transport.send(ask(server.url, stream=stream))
                while chunk := await reply.body.read_chunk():
                    taken += len(chunk)
            assert taken < 64_000_000

        with_transport(loop, main)


def test_compressed_data_is_unpacked_no_faster_than_it_is_read(loop: str) -> None:
    data = bytes(range(256)) * 40_000
    packed = gzip.compress(data, 1)
    with Rude([reply(packed, 200, "Content-Encoding: gzip"), hang]) as server:

        async def main(transport: StreamTransport) -> None:
            reply = await transport.send(ask(server.url, stream=True))
            total = bytearray()
            while chunk := await reply.body.read_chunk():
                assert len(chunk) <= 600_000
                total += chunk
                await asyncio.sleep(0)
            assert total == data

        with_transport(loop, main, wire_limits=WireLimits(ratio=10_000))


# -- secrets -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer", [hang_up, reply(b"abc", length=10), b"nonsense\r\n\r\n", [reply(b"x", length=9), cut]]
)
def test_no_key_in_a_traceback_with_locals(loop: str, answer: Any) -> None:
    with Rude([answer, half_close] if isinstance(answer, bytes) else answer) as server:

        async def main(transport: StreamTransport) -> str:
            try:
                await transport.send(ask(server.url, "POST", b"{}"))
            except APIConnectionError as error:
                report = traceback.TracebackException.from_exception(error, capture_locals=True)
                shown = "".join(report.format())
                everything = [repr(each) for each in (error, vars(error), transport, vars(transport))]
                for link in hall_of(transport).links:
                    everything += [repr(getattr(link, name, None)) for name in type(link).__slots__]
                return shown + "".join(everything)
            raise AssertionError("no error")

        assert KEY not in with_transport(loop, main)


# -- life --------------------------------------------------------------------------------------------------------------


def test_a_closed_transport_refuses(loop: str) -> None:
    with Rude(reply(b"{}")) as server:

        async def main(transport: StreamTransport) -> None:
            await transport.send(ask(server.url))
            await transport.aclose()
            await transport.aclose()
            with pytest.raises(ClientClosed):
                await transport.send(ask(server.url))
            await settled(server.peers[0].gone.is_set)
            assert repr(transport) == "<StreamTransport loops=0 closed>"

        with_transport(loop, main)


def test_closing_ends_what_is_in_flight_and_in_line(loop: str) -> None:
    with Rude(hang) as server:

        async def main(transport: StreamTransport) -> None:
            calls = [asyncio.ensure_future(transport.send(ask(server.url))) for _ in range(3)]
            await settled(lambda: bool(server.requests))
            await transport.aclose()
            for call in calls:
                with pytest.raises(ClientClosed):
                    await call

        with_transport(loop, main, limits=PoolLimits(max_connections=1))


def test_a_refused_connection(loop: str) -> None:
    with Rude() as server:
        url = server.url

    async def main(transport: StreamTransport) -> None:
        with pytest.raises(ConnectError) as caught:
            await transport.send(ask(url))
        assert (caught.value.phase, caught.value.sent) == ("connect", "no")

    with_transport(loop, main)


def test_debug_mode_has_nothing_to_say(loop: str) -> None:
    with Rude(reply(b"{}"), chunked(b"a"), hang_up) as server:

        async def main() -> None:
            transport = StreamTransport()
            await transport.send(ask(server.url))
            await aread_to_end((await transport.send(ask(server.url, stream=True))).body)
            with pytest.raises(APIConnectionError):
                await transport.send(ask(server.url))
            await transport.aclose()

        run(loop, main, debug=True)

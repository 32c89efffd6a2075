"""Another server's answers, as bytes: whole, in pieces, after interim ones, and broken."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.emulator.upstream import Unreachable, ask

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"


async def heard(*pieces: bytes) -> tuple[int, list[bytes], bytes]:
    """The status, the headers' names and the body of what a server says piece by piece."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(0.02)
        finally:
            writer.close()
            await writer.wait_closed()
            said.set()

    said = asyncio.Event()

    async with await asyncio.start_server(say, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        try:
            async with ask(f"http://127.0.0.1:{port}/v1/x", "GET", {}, b"") as (head, body):
                return head.status, [name for name, _ in head.headers], b"".join([piece async for piece in body])
        finally:
            await said.wait()


@pytest.mark.parametrize(
    ("pieces", "meant"),
    [
        ((OK,), (200, [b"content-length"], b"hi")),
        ((b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n", OK), (200, [b"content-length"], b"hi")),
        ((b"HTTP/1.1 100 Continue\r\n\r\n" + OK,), (200, [b"content-length"], b"hi")),
        ((b"HTTP/1.1 200 OK\r\n\r\n", b"until ", b"the end"), (200, list[bytes](), b"until the end")),
        ((b"HTTP/1.1 204 No Content\r\n\r\n",), (204, list[bytes](), b"")),
    ],
)
def test_heard(pieces: tuple[bytes, ...], meant: tuple[int, list[bytes], bytes]) -> None:
    assert asyncio.run(heard(*pieces)) == meant


@pytest.mark.parametrize("said", [b"", b"garbage", b"HTTP/1.1 103 Early Hints\r\n\r\n", OK[:-1]])
def test_what_is_no_answer(said: bytes) -> None:
    with pytest.raises(Unreachable):
        asyncio.run(heard(said))

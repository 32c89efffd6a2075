"""Much data over asyncio connections: a slow reader holds the server back, a slow server holds the upload back."""

from __future__ import annotations

import asyncio
import os
import resource
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest

from antiphon.transports.streams import StreamTransport

from .asking import aread_to_end, ask
from .looping import both_loops, hall_of, with_transport
from .rude import Peer, Rude, chunk, chunked_head, reply

pytestmark = [both_loops, pytest.mark.slow]

MiB = 1024 * 1024


def resident() -> int:
    """Bytes of this process in memory now, or at most where the system does not tell."""
    try:
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def flood(size: int) -> Any:
    def act(peer: Peer) -> None:
        block = chunk(bytes(MiB))
        peer.sock.sendall(chunked_head())
        for _ in range(size // MiB):
            peer.sock.sendall(block)
        peer.sock.sendall(chunk(b""))

    return act


def test_a_slow_reader_holds_the_server_back(loop: str) -> None:
    with Rude(flood(200 * MiB)) as server:

        async def main(transport: StreamTransport) -> None:
            reply = await transport.send(ask(server.url, stream=True))
            body: Any = reply.body
            before = resident()
            total = most = 0
            while chunk := await body.read_chunk():
                total += len(chunk)
                most = max(most, len(chunk))
                if total < 20 * MiB:
                    await asyncio.sleep(0.005)
            assert total == 200 * MiB
            assert most < 2 * MiB
            assert resident() - before < 32 * MiB

        with_transport(loop, main)


def test_many_open_streams_hold_no_more_than_their_share(loop: str) -> None:
    with Rude(flood(20 * MiB)) as server:

        async def main(transport: StreamTransport) -> None:
            replies = await asyncio.gather(*(transport.send(ask(server.url, stream=True)) for _ in range(10)))
            await asyncio.sleep(0.3)
            held = [reply.body._flow.size for reply in replies]
            assert max(held) < 2 * MiB
            totals = [sum(map(len, await aread_to_end(reply.body))) for reply in replies]
            assert totals == [20 * MiB] * 10
            assert hall_of(transport).pool.idle == 10

        with_transport(loop, main)


class File:
    """A body that is read from a file while it is sent."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.length = os.path.getsize(path)

    def __iter__(self) -> Iterator[bytes]:
        with open(self.path, "rb") as file:
            while block := file.read(256 * 1024):
                yield block

    def rewind(self) -> bool:
        """From the start, each time."""
        return True


@pytest.mark.parametrize("kind", ["file", "bytes", "async"])
def test_a_large_upload_flows(loop: str, kind: str) -> None:
    size = 200 * MiB

    async def produced() -> Any:
        for _ in range(200):
            yield bytes(MiB)

    with Rude(reply(b"{}"), keep_bodies=False) as server, tempfile.NamedTemporaryFile() as file:
        file.truncate(size)
        content: Any = {"file": lambda: File(file.name), "bytes": lambda: bytes(size), "async": produced}[kind]()

        async def main(transport: StreamTransport) -> None:
            before, most, over = resident(), 0, asyncio.Event()

            async def watch() -> None:
                nonlocal most
                while not over.is_set():
                    most = max(most, resident())
                    await asyncio.sleep(0.005)

            watcher = asyncio.ensure_future(watch())
            assert (await transport.send(ask(server.url, "POST", content))).content == b"{}"
            over.set()
            await watcher
            assert most - before < 40 * MiB
            assert hall_of(transport).pool.idle == 1

        with_transport(loop, main)
        assert server.uploaded == size

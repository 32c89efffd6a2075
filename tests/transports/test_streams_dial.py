"""Making asyncio connections: names, addresses, races, unix sockets, and what each step says when it fails."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from typing import Any

import pytest

from antiphon.core.timeout import Timeout
from antiphon.errors import APIConnectionError, ConnectError, ConnectTimeout, DeadlineExceeded
from antiphon.transports import dial, stream_dial
from antiphon.transports.streams import StreamTransport

from .asking import ask
from .looping import both_loops, hall_of, with_transport
from .rude import Rude, reply, reset

PATIENCE = Timeout(5.0, connect=0.3)

pytestmark = both_loops


# -- names and addresses -----------------------------------------------------------------------------------------------


def test_a_name_that_does_not_resolve(loop: str) -> None:
    async def main(transport: StreamTransport) -> None:
        with pytest.raises(ConnectError) as caught:
            await transport.send(ask("http://no-such-host.invalid/"))
        assert (type(caught.value), caught.value.phase, caught.value.sent) == (ConnectError, "dns", "no")

    with_transport(loop, main)


def slow_names(monkeypatch: pytest.MonkeyPatch, addresses: list[Any], seconds: float = 0.0) -> None:
    async def resolve(self: Any, host: str, port: int) -> list[Any]:
        self.phase = "dns"
        await asyncio.sleep(seconds)
        return addresses

    monkeypatch.setattr(stream_dial._Work, "_resolve", resolve)


def test_a_resolver_that_takes_too_long(loop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slow_names(monkeypatch, [], 30)

    async def main(transport: StreamTransport) -> None:
        with pytest.raises(ConnectTimeout) as caught:
            await transport.send(ask("http://slow.test/", timeout=PATIENCE))
        assert caught.value.phase == "dns"
        with pytest.raises(DeadlineExceeded):
            await transport.send(ask("http://slow.test/", deadline=time.monotonic() + 0.05))
        assert hall_of(transport).pool.held == 0

    with_transport(loop, main)


def test_localhost_by_either_family(loop: str) -> None:
    with Rude(reply(b"{}")) as server:

        async def main(transport: StreamTransport) -> None:
            assert (await transport.send(ask(f"http://localhost:{server.port}/"))).content == b"{}"

        with_transport(loop, main)


def black_hole() -> tuple[socket.socket, list[socket.socket]]:
    """A listener whose queue is full: further connections hang."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    fillers = []
    for _ in range(3):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())
        fillers.append(filler)
    return listener, fillers


def test_an_address_that_never_answers(loop: str) -> None:
    listener, fillers = black_hole()

    async def main(transport: StreamTransport) -> None:
        with pytest.raises(ConnectTimeout) as caught:
            await transport.send(ask(f"http://127.0.0.1:{listener.getsockname()[1]}/", timeout=PATIENCE))
        assert (caught.value.phase, caught.value.sent) == ("connect", "no")
        assert hall_of(transport).pool.held == 0

    with_transport(loop, main)
    for each in (listener, *fillers):
        each.close()


def test_addresses_are_raced(loop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    listener, fillers = black_hole()
    with Rude(reply(b"{}")) as server:
        hole = (socket.AF_INET, listener.getsockname())
        closed = (socket.AF_INET, ("127.0.0.1", 1))
        good = (socket.AF_INET, ("127.0.0.1", server.port))
        slow_names(monkeypatch, [hole, closed, good])
        monkeypatch.setattr(stream_dial, "STAGGER", 0.05)

        async def main(transport: StreamTransport) -> None:
            assert (await transport.send(ask("http://many.test/"))).content == b"{}"
            slow_names(monkeypatch, [closed, closed])
            with pytest.raises(ConnectError):
                await transport.send(ask("http://none.test/"))
            slow_names(monkeypatch, [])
            with pytest.raises(ConnectError, match="no address"):
                await transport.send(ask("http://empty.test/"))
            slow_names(monkeypatch, [hole, hole])
            with pytest.raises(ConnectTimeout):
                await transport.send(ask("http://holes.test/", timeout=PATIENCE))

        with_transport(loop, main)
    for each in (listener, *fillers):
        each.close()


def test_sockets_are_tuned(loop: str) -> None:
    with Rude(reply(b"{}")) as server:

        async def main(transport: StreamTransport) -> None:
            await transport.send(ask(server.url))
            (link,) = hall_of(transport).links
            sock = link.transport.get_extra_info("socket")
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            if hasattr(socket, "TCP_USER_TIMEOUT"):
                assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 120_000

        with_transport(loop, main)
        assert dial.STAGGER == 0.25


def test_a_connection_that_is_reset_as_soon_as_it_stands(loop: str) -> None:
    with Rude(greeting=reset) as server:

        async def main(transport: StreamTransport) -> None:
            for _ in range(20):
                with pytest.raises(APIConnectionError) as caught:
                    await transport.send(ask(server.url))
                assert caught.value.phase in ("head", "connect")

        with_transport(loop, main)


def test_a_unix_socket(loop: str, tmp_path: Any) -> None:
    path = os.fspath(tmp_path / "s")
    with Rude(reply(b"{}"), uds=path) as server:

        async def main(transport: StreamTransport) -> None:
            for _ in range(2):
                assert (await transport.send(ask("http://local.test/v1/models"))).content == b"{}"

        with_transport(loop, main, uds=path)
        assert server.connections == 1
        assert server.requests[0].headers["host"] == "local.test"

    async def gone(transport: StreamTransport) -> None:
        with pytest.raises(ConnectError):
            await transport.send(ask("http://local.test/v1/models"))

    with_transport(loop, gone, uds=path + "x")

"""An exchange is cut short from another thread, wherever it is, and nothing of it is left."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from antiphon.core.headers import Headers
from antiphon.core.limits import PoolLimits
from antiphon.core.request import Request
from antiphon.core.ticket import Ticket
from antiphon.core.timeout import Timeout
from antiphon.core.url import URL
from antiphon.errors import ClientClosed
from antiphon.transports.sockets import SocketTransport

from .rude import Rude, hang, reply

OPEN = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n"


def get(server: Rude, **options: Any) -> Request:
    return Request("GET", URL(server.url).origin, "/", Headers(), None, Timeout(10.0), **options)


def in_thread(transport: SocketTransport, request: Request, ticket: Ticket) -> tuple[threading.Thread, list[Any]]:
    outcome: list[Any] = []

    def work() -> None:
        try:
            outcome.append(transport.send(request, ticket))
        except BaseException as failure:
            outcome.append(failure)

    thread = threading.Thread(target=work)
    thread.start()
    return thread, outcome


def withdraw(transport: SocketTransport, ticket: Ticket) -> None:
    ticket.withdrawn = True
    transport.cut(ticket)


def test_an_exchange_that_hangs_is_cut_and_its_place_comes_back() -> None:
    transport, ticket = SocketTransport(limits=PoolLimits(max_connections=1)), Ticket()
    with Rude(hang, reply(b"{}")) as server:
        thread, outcome = in_thread(transport, get(server), ticket)
        assert server.wait_for(lambda: len(server.requests) == 1)
        withdraw(transport, ticket)
        thread.join(5)
        assert isinstance(outcome[0], ClientClosed)
        assert server.left(0)
        assert transport.send(get(server)).status_code == 200
        transport.close()


def test_who_is_withdrawn_in_line_sends_nothing_when_a_place_comes_free() -> None:
    transport, ticket = SocketTransport(limits=PoolLimits(max_connections=1)), Ticket()
    with Rude([OPEN, hang], reply(b"{}")) as server:
        holding = transport.send(get(server, stream=True))
        thread, outcome = in_thread(transport, get(server), ticket)
        assert server.wait_for(lambda: transport._pool.waiting == 1)
        withdraw(transport, ticket)
        assert holding.body is not None
        holding.body.close()  # type: ignore[unused-coroutine]
        thread.join(5)
        assert isinstance(outcome[0], ClientClosed)
        assert len(server.requests) == 1
        assert transport.send(get(server)).status_code == 200
        transport.close()


class Slow:
    """Opens connections so slowly that somebody loses patience.

    Args:
        opener: what opens them.
        meanwhile: what is done before one is there.
    """

    def __init__(self, opener: Any, meanwhile: Callable[[], None]) -> None:
        self._opener = opener
        self._meanwhile = meanwhile

    def open(self, *arguments: Any) -> Any:
        connection = self._opener.open(*arguments)
        self._meanwhile()
        return connection


def test_who_is_withdrawn_while_connecting_sends_nothing() -> None:
    transport, ticket = SocketTransport(), Ticket()
    opener: Any = Slow(transport._opener, lambda: withdraw(transport, ticket))
    transport._opener = opener
    with Rude(reply(b"{}")) as server:
        with pytest.raises(ClientClosed, match="cut short"):
            transport.send(get(server), ticket)
        assert server.left(0)
        assert server.requests == []
        transport.close()


def test_a_stream_is_cut_under_its_reader() -> None:
    transport, ticket = SocketTransport(), Ticket()
    with Rude([OPEN, hang]) as server:
        body: Any = transport.send(get(server, stream=True), ticket).body
        assert body.read_chunk() == b"hi"
        withdraw(transport, ticket)
        with pytest.raises(ClientClosed):
            body.read_chunk()
        assert server.left(0)
        transport.close()


def test_a_ticket_of_an_exchange_that_is_over_cuts_nobody_elses() -> None:
    transport, ticket = SocketTransport(), Ticket()
    with Rude(reply(b"{}")) as server:
        transport.send(get(server), ticket)
        withdraw(transport, ticket)
        assert transport.send(get(server)).status_code == 200
        assert server.connections == 1
        transport.close()

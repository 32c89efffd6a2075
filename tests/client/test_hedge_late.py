"""Before a request is late nothing is begun for it; once it is, a second one is sent, whatever the first one waits for."""

from __future__ import annotations

import _thread
import asyncio
import socket
import threading
import time
from typing import Any

import pytest

from antiphon.errors import ConnectError
from tests.transports.rude import Rude, hang

from .answer import create
from .colour import Colour, failure_of
from .test_hedge import FINE, Gated, client

CALLS = 1000


def test_calls_that_are_in_time_begin_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Any] = []
    start = _thread.start_new_thread

    def noted(*arguments: Any) -> int:
        begun.append(arguments)
        return start(*arguments)

    colour = Colour("sync", "own")
    with Rude(FINE) as server, client(colour, server, hedge := Patient()) as it:
        hedge.ready(it)
        monkeypatch.setattr(_thread, "start_new_thread", noted)
        monkeypatch.setattr(threading, "_start_new_thread", noted)
        for _ in range(CALLS):
            it(create)
        assert begun == []
        assert hedge.asked >= CALLS


def test_calls_that_are_in_time_begin_no_task() -> None:
    begun: list[Any] = []

    def factory(loop: Any, flow: Any, **options: Any) -> asyncio.Task[Any]:
        begun.append(flow)
        return asyncio.Task(flow, loop=loop, **options)

    async def whole(url: str, hedge: Patient) -> None:
        async with Colour("async", "own").make(url, policies=[hedge]) as client:
            for _ in range(3):
                await create(client)
            hedge.open = True
            asyncio.get_running_loop().set_task_factory(factory)
            for _ in range(CALLS):
                await create(client)
            assert begun == []
            assert hedge.asked >= CALLS

    with Rude(FINE) as server:
        asyncio.run(whole(server.url, Patient()))


class Patient(Gated):
    """One whose requests are never late, and which says how often it was asked whether one may be."""

    asked = 0

    def __init__(self) -> None:
        super().__init__()
        self._machine.__init__(30.0, 0.95, 0.0, 1.0)  # type: ignore[misc]
        self.only_if = self._count

    def _count(self, request: Any) -> bool:
        self.asked += 1
        return self.open


def test_one_that_waits_for_a_name_is_overtaken(own_colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once its idle connections are gone, the first request asks a resolver that does not answer."""
    resolve, go, asked = socket.getaddrinfo, threading.Event(), list[float]()

    def slowly(*arguments: Any, **options: Any) -> Any:
        if not options.get("flags"):
            asked.append(time.monotonic())
            if len(asked) == 1:
                go.wait(30)
        return resolve(*arguments, **options)

    with Rude(FINE) as server:
        colour = own_colour
        url = server.url.replace("127.0.0.1", "localhost")
        with colour.client(url, policies=[hedge := Gated()], timeout=20.0) as it:
            hedge.ready(it)
            before = len(server.requests)
            for peer in server.peers:
                peer.sock.shutdown(socket.SHUT_RDWR)
            monkeypatch.setattr(socket, "getaddrinfo", slowly)
            began = time.monotonic()
            assert it(create).id == "resp_1"
            assert time.monotonic() - began < 10
            assert len(asked) == 2
            assert len(server.requests) == before + 1
            go.set()


def test_an_error_of_both_says_that_the_second_may_have_been_sent(
    own_colour: Colour, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first never came as far as a connection; the second did, and was not answered."""
    resolve, asked = socket.getaddrinfo, list[float]()

    def slowly(*arguments: Any, **options: Any) -> Any:
        if not options.get("flags"):
            asked.append(time.monotonic())
            if len(asked) == 1:
                time.sleep(0.6)
                raise socket.gaierror(socket.EAI_AGAIN, "not now")
        return resolve(*arguments, **options)

    with Rude(FINE, FINE, FINE, hang) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        with own_colour.client(url, policies=[hedge := Gated()], max_retries=0) as it:
            hedge.ready(it)
            for peer in server.peers:
                peer.sock.shutdown(socket.SHUT_RDWR)
            monkeypatch.setattr(socket, "getaddrinfo", slowly)
            failure = failure_of(it, lambda client: create(client, timeout=1.0))
        assert isinstance(failure, ConnectError)
        assert failure.phase == "dns"
        assert failure.sent == "maybe"

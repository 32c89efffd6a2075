"""The end of a server: bounded, silent, and every open exchange is told or broken off."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
from typing import Any
from urllib.parse import urlsplit

import pytest

from antiphon.emulator import Emulator
from antiphon.emulator.house import House, _date
from antiphon.emulator.server import listen
from tests.emulator.asking import chat


def opened(server: Emulator, fault: str, stream: bool) -> socket.socket:
    """A connection with one request under way."""
    address, body = urlsplit(server.base_url), json.dumps(chat("Say: a b c d", stream=stream)).encode()
    sock = socket.create_connection((address.hostname, address.port), timeout=20)
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer k\r\n"
    fields = b"Content-Type: application/json\r\nX-Antiphon-Fault: %b\r\nContent-Length: %d\r\n\r\n"
    sock.sendall(head + fields % (fault.encode(), len(body)) + body)
    return sock


def rest(sock: socket.socket) -> bytes:
    found = b""
    with sock:
        try:
            while piece := sock.recv(65536):
                found += piece
        except ConnectionResetError:
            pass
    return found


@pytest.mark.parametrize("uvloop", [True, False])
def test_stop_is_silent_and_bounded(
    uvloop: bool, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not uvloop:
        monkeypatch.setitem(__import__("sys").modules, "uvloop", None)
    server = Emulator().start()
    late, slow, short = (opened(server, *asked) for asked in (("latency=50", False), ("pace=9", True), ("", False)))
    idle = socket.create_connection(("127.0.0.1", urlsplit(server.base_url).port), timeout=20)
    assert slow.recv(15) == b"HTTP/1.1 200 OK"
    assert short.recv(15) == b"HTTP/1.1 200 OK"
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    stopping.join(timeout=10)
    assert not stopping.is_alive()
    told = rest(late)
    assert told.startswith(b"HTTP/1.1 503")
    assert json.loads(told.partition(b"\r\n\r\n")[2])["error"]["code"] == "stopping"
    assert b"[DONE]" not in rest(slow)
    assert b'"finish_reason":"stop"' in rest(short)
    assert rest(idle) == b""
    assert capfd.readouterr() == ("", "")
    assert caplog.text == ""


def test_a_short_answer_under_way_is_finished() -> None:
    server = Emulator().start()
    soon = opened(server, "latency=0.1", False)
    reader = opened(server, "", False)
    assert reader.recv(10)
    reader.close()
    server.stop()
    assert rest(soon).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("closing", [True, False])
def test_accepting_again_after_the_stop_is_no_complaint(closing: bool, caplog: pytest.LogCaptureFixture) -> None:
    """asyncio, short of files, tries again in a second, and the socket may be closed by then."""

    async def run() -> None:
        loop: Any = asyncio.get_running_loop()
        house = House(_nothing)
        serving = asyncio.create_task(house.serve(listen("127.0.0.1", 0), lambda: None))
        await asyncio.sleep(0.01)
        closed = listen("127.0.0.1", 0)
        closed.close()
        house.closing = closing
        loop.call_soon(loop._start_serving, asyncio.Protocol, closed)
        await asyncio.sleep(0.01)
        house.stop()
        await serving

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(run())
    assert ("_start_serving" in caplog.text) is not closing


async def _nothing(scope: Any, receive: Any, send: Any) -> None:
    pass


def test_the_date_is_an_http_date() -> None:
    assert re.fullmatch(rb"date: [A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\r\n", _date())

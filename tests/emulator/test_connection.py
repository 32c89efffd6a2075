"""Rude clients on a raw socket: each gets an error in the API's shape or a closed connection, and the server lives on."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from antiphon.emulator import Emulator, Setting

TICK = 0.05
"""How often a house here looks for who is late."""
KEY = b"Host: localhost\r\nAuthorization: Bearer k\r\n"
GET = b"GET /v1/models/gpt-4o HTTP/1.1\r\n" + KEY
POST = b"POST /v1/responses HTTP/1.1\r\nContent-Type: application/json\r\n" + KEY
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module", autouse=True)
def often() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("antiphon.emulator.house.TICK", TICK)
        yield


@pytest.fixture(scope="module")
def hasty() -> Iterator[Emulator]:
    with Emulator(Setting(patience=0.6, max_json=100_000)) as running:
        yield running
        assert told(running, GET + b"Connection: close\r\n\r\n")[0] == 200


def talk(server: Emulator, *parts: bytes, pause: float = 0.0, shut: bool = False) -> bytes:
    """What comes back until the server closes; parts that can no longer be sent are left out."""
    found, address = b"", urlsplit(server.base_url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as sock:
        try:
            for part in parts:
                sock.sendall(part)
                time.sleep(pause)
            if shut:
                sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        try:
            while piece := sock.recv(65536):
                found += piece
        except OSError:
            pass
    return found


def told(server: Emulator, *parts: bytes, pause: float = 0.0, shut: bool = False) -> tuple[int, Any]:
    """The status and the JSON of the one answer."""
    head, _, body = talk(server, *parts, pause=pause, shut=shut).partition(b"\r\n\r\n")
    assert b"\r\n\r\n" not in body
    return int(head.split(b" ")[1]), json.loads(body) if body else None


def until(true: Callable[[], bool]) -> None:
    """Return when it is true."""
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("parts", "status", "code"),
    [
        pytest.param([GET, b"X: ", b"a" * 3_000_000, b"\r\n\r\n"], 431, "head_too_large", id="a huge field"),
        pytest.param([GET + b"X: " + b"a" * 66_000 + b"\r\n\r\n"], 431, "head_too_large", id="a field too large"),
        pytest.param([GET, b"X: y\r\n" * 30_000, b"\r\n"], 431, "head_too_large", id="too many fields"),
        pytest.param([b"GET /" + b"a" * 3_000_000], 431, "head_too_large", id="a huge path"),
        pytest.param([b"\x16\x03\x01\x02\x00\x01" * 20], 400, "invalid_http", id="TLS"),
        pytest.param([b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"], 400, "invalid_http", id="HTTP/2"),
        pytest.param([b"CONNECT a:1 HTTP/1.1\r\n" + KEY + b"\r\n"], 400, "invalid_http", id="CONNECT"),
        pytest.param([b"GET /v1/m\xc3\xb6 HTTP/1.1\r\n" + KEY + b"\r\n"], 400, "invalid_http", id="a raw path"),
        pytest.param([POST + b"Content-Length: -5\r\n\r\n"], 400, "invalid_http", id="a negative length"),
        pytest.param([POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n"], 400, "invalid_http", id="two lengths"),
        pytest.param([CHUNKED, b"zz\r\n"], 400, "invalid_http", id="a chunk without size"),
        pytest.param([CHUNKED, b"1;", b"a" * 3_000_000], 431, "head_too_large", id="an endless chunk extension"),
        pytest.param(
            [CHUNKED, b"1\r\n \r\n0\r\nX: ", b"a" * 3_000_000], 431, "head_too_large", id="an endless trailer"
        ),
        pytest.param([POST + b"Content-Length: 999999999999\r\n\r\n{"], 413, "request_too_large", id="a huge length"),
        pytest.param(
            [CHUNKED, *[b"8000\r\n" + b" " * 0x8000 + b"\r\n"] * 9], 413, "request_too_large", id="many chunks"
        ),
    ],
)
def test_refused(hasty: Emulator, parts: list[bytes], status: int, code: str) -> None:
    found, body = told(hasty, *parts)
    assert (found, body["error"]["code"]) == (status, code)
    assert set(body["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([b"GET /v1/models HTTP/1.1\r\n", *[b"X: y\r\n"] * 20], id="head"),
        pytest.param([POST + b"Content-Length: 99\r\n\r\n", *[b" "] * 20], id="body"),
        pytest.param([CHUNKED, *[b"1\r\n \r\n" * 2000] * 20], id="chunks"),
    ],
)
def test_row_72_a_request_that_drips_is_a_408(hasty: Emulator, parts: list[bytes]) -> None:
    status, body = told(hasty, *parts, pause=0.1)
    assert (status, body["error"]["code"]) == (408, "request_timeout")


def test_a_client_that_says_nothing_is_let_go(hasty: Emulator) -> None:
    assert talk(hasty) == b""


def test_a_body_that_is_broken_off_is_said_at_once(server: Emulator) -> None:
    status, body = told(server, POST + b"Content-Length: 99\r\n\r\n{", shut=True)
    assert (status, body["error"]["code"]) == (400, "incomplete_request")


def test_a_client_may_stop_sending_and_still_listen(server: Emulator) -> None:
    assert told(server, GET + b"X-Antiphon-Fault: latency=0.1\r\n\r\n", shut=True)[0] == 200


def test_pipelined_requests_are_answered_in_their_order(server: Emulator) -> None:
    last = GET.replace(b"4o", b"4") + b"Connection: close\r\n\r\n"
    found = talk(server, (GET + b"\r\n") * 500 + last)
    assert found.count(b'"id":"gpt-4o"') == 500
    assert found.endswith(b'"owned_by":"openai"}')
    assert found.rindex(b'"id":"gpt-4"') > found.rindex(b'"id":"gpt-4o"')


@pytest.mark.parametrize("late", [0.0, 100.0])
def test_the_time_a_request_waits_for_its_turn_is_not_its_senders(late: float) -> None:
    """The clock is this test's: it moves only while the second request waits, and at the end."""
    now, body = 1000.0, b'{"model":"gpt-4o","input":"Say: x"}'
    second = POST + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    with Emulator() as server:
        house = server._house
        assert house is not None
        house.clock = lambda: now
        address = urlsplit(server.base_url)
        with socket.create_connection((address.hostname, address.port), timeout=20) as sock:
            sock.sendall(GET + b"X-Antiphon-Fault: latency=0.5\r\n\r\n" + second + body[:5])
            until(lambda: any(connection._paused for connection in tuple(house.connections)))
            now += late
            found = sock.recv(65536)
            assert found.startswith(b"HTTP/1.1 200")
            for piece in (body[5:9], body[9:]):
                time.sleep(2.5 * TICK)
                sock.sendall(piece)
            while piece := sock.recv(65536):
                found += piece
        assert found.count(b"HTTP/1.1 200") == 2
        assert b"408" not in found


def test_a_request_that_waited_for_its_turn_must_still_arrive(hasty: Emulator) -> None:
    first = GET + b"X-Antiphon-Fault: latency=0.2\r\n\r\n"
    found = talk(hasty, first + POST + b"Content-Length: 99\r\n\r\n{")
    assert found.startswith(b"HTTP/1.1 200")
    assert found.count(b"HTTP/1.1 408") == 1


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        ("http://evil.example/v1/models", "localhost", 421),
        ("http://evil.example:{port}/v1/models", "localhost:{port}", 421),
        ("http://evil.example/v1/models", "evil.example", 403),
        ("http://localhost@evil.example/v1/models", "localhost", 421),
        ("http://localhost:1/v1/models", "localhost:{port}", 421),
        ("http://localhost:{port}/v1/models", "LOCALHOST:{port}", 200),
        ("http://localhost:{port}?/v1/models", "localhost:{port}", 404),
        ("/v1/models", "localhost:{port}", 200),
        ("/v1/models", "localhost:1", 421),
        ("/v1/models", "testserver", 403),
        ("/v1/models", "localhost:\xb2", 403),
        ("/v1/nothing", "evil.example", 403),
    ],
)
def test_row_69_requests_for_another_host_or_port(server: Emulator, target: str, host: str, status: int) -> None:
    asked = f"GET {target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer k\r\nConnection: close\r\n\r\n"
    found, body = told(server, asked.replace("{port}", str(urlsplit(server.base_url).port)).encode("latin-1"))
    assert found == status
    if status in (403, 421):
        assert body["error"]["code"] == "host_not_allowed"


def test_old_and_other_protocols(server: Emulator) -> None:
    assert told(server, GET.replace(b"1.1", b"1.0") + b"\r\n")[0] == 200
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    status, body = told(server, b"GET /v1/realtime HTTP/1.1\r\n" + KEY + upgrade)
    assert (status, body["error"]["code"]) == (404, "unknown_url")
    head = talk(server, GET.replace(b"GET", b"HEAD") + b"Connection: close\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 405")
    assert head.endswith(b"\r\n\r\n")


def test_a_body_is_asked_for_when_the_client_waits_for_that(server: Emulator) -> None:
    body = b'{"model":"gpt-4o","input":"Say: x"}'
    head = POST + b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    found = talk(server, head, body, pause=0.1)
    assert found.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")


def test_row_72_many_connections_that_come_to_nothing(server: Emulator) -> None:
    address = urlsplit(server.base_url)
    socks = [socket.create_connection((address.hostname, address.port), timeout=20) for _ in range(200)]
    for sock in socks:
        sock.close()
    assert told(server, GET + b"Connection: close\r\n\r\n")[0] == 200

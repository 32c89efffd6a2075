"""Faults as they look on the wire, with a raw socket."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from urllib.parse import urlsplit

import httpx
import pytest

from antiphon.emulator import Emulator, EmulatorApp, Setting
from tests.emulator.asking import Asking, chat

TEXT = "Say: one two three four five six"


def raw(server: Emulator, fault: str, stream: bool = False, keep: bool = False) -> tuple[bytes, bool]:
    """What arrives, and whether the connection was reset."""
    parts = urlsplit(server.base_url)
    body = json.dumps(chat(TEXT, stream=stream)).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer k\r\nX-Antiphon-Fault: {fault}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode()
    found = b""
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as sock:
        sock.sendall(head + body)
        try:
            while piece := sock.recv(65536):
                found += piece
        except ConnectionResetError:
            return found, True
    return found, False


def datas(found: bytes) -> list[bytes]:
    return [line[6:].strip() for line in found.split(b"\n") if line.startswith(b"data: ")]


ENTIRE = [
    ("redirect=http://x/", b"location: http://x/"),
    ("html=1", b"<!doctype html>"),
    ("error_200=1", b"as_asked"),
    ("empty=1", b"content-length: 0"),
    ("gzip_bomb=1", b"content-encoding: gzip"),
    ("gzip_cut=1", b"content-encoding: gzip"),
    ("wrong_encoding=1", b"content-encoding: gzip"),
]


@pytest.mark.parametrize(("fault", "sign"), ENTIRE)
def test_a_stream_can_be_something_else(server: Emulator, fault: str, sign: bytes) -> None:
    found, _ = raw(server, fault, stream=True)
    assert sign in found


@pytest.mark.parametrize(("fault", "sign"), [*ENTIRE, ("bad_utf8=1", b"\xff"), ("bad_chunk=1", b"no size")])
def test_a_file_can_be_something_else(server: Emulator, fault: str, sign: bytes) -> None:
    parts, key = urlsplit(server.base_url), {"Authorization": "Bearer k"}
    sent = {"file": ("x.txt", b"some bytes of a file")}
    made = httpx.post(f"{server.base_url}/files", data={"purpose": "assistants"}, files=sent, headers=key).json()["id"]
    head = f"GET /v1/files/{made}/content HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer k\r\nX-Antiphon-Fault: {fault}\r\n"
    found = b""
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as sock:
        sock.sendall(head.encode() + b"Connection: close\r\n\r\n")
        while piece := sock.recv(65536):
            found += piece
    assert sign in found


def test_reset_before_the_head(server: Emulator) -> None:
    assert raw(server, "reset=0") == (b"", True)


def test_reset_within_the_body(server: Emulator) -> None:
    found, reset = raw(server, "reset=10")
    assert reset
    assert len(found.partition(b"\r\n\r\n")[2]) == 10


def test_reset_within_a_stream(server: Emulator) -> None:
    whole, _ = raw(server, "pace=0", stream=True)
    found, reset = raw(server, "reset=400", stream=True)
    assert reset
    assert b"[DONE]" not in found
    assert 0 < len(datas(found)) < len(datas(whole))


def test_truncated_stream_ends_cleanly(server: Emulator) -> None:
    found, reset = raw(server, "truncate_sse=3", stream=True)
    assert not reset
    assert found.endswith(b"0\r\n\r\n")
    assert len(datas(found)) == 3


def test_stream_without_its_end(server: Emulator) -> None:
    whole, _ = raw(server, "times=1;pace=0", stream=True)
    found, reset = raw(server, "no_done=1", stream=True)
    assert not reset
    assert datas(whole)[-1] == b"[DONE]"
    assert len(datas(found)) == len(datas(whole)) - 1
    assert b"[DONE]" not in found


def test_bad_json_has_the_right_length(server: Emulator) -> None:
    head, _, body = raw(server, "bad_json=1")[0].partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head.lower()
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)


@pytest.mark.parametrize("number", [1, 3])
def test_bad_json_breaks_that_event_of_a_stream(server: Emulator, number: int) -> None:
    whole, (found, reset) = datas(raw(server, "pace=0", stream=True)[0]), raw(server, f"bad_json={number}", stream=True)
    assert not reset
    broken = datas(found)
    assert len(broken) == len(whole)
    for index, data in enumerate(broken[:-1], 1):
        if index == number:
            with pytest.raises(json.JSONDecodeError):
                json.loads(data)
        else:
            json.loads(data)


@pytest.mark.parametrize("stream", [False, True])
def test_status_latency_and_times_come_before_either_kind_of_answer(ask: Asking, stream: bool) -> None:
    body, path = chat(TEXT, stream=stream), "/v1/chat/completions"
    fault = f"status=503;code=c;type=t;message=m;retry_after=7;latency=0.05;times=1;id={stream}"
    started = time.monotonic()
    first, second = (ask("POST", path, body, headers={"X-Antiphon-Fault": fault}) for _ in range(2))
    assert time.monotonic() - started >= 0.05
    assert (first.status, first.headers["retry-after"]) == (503, "7")
    assert first.error == {"message": "m", "type": "t", "param": None, "code": "c"}
    assert second.status == 200
    assert second.headers["content-type"].startswith("text/event-stream" if stream else "application/json")


@pytest.mark.parametrize("stream", [False, True])
def test_a_reset_comes_even_behind_a_shorter_body(server: Emulator, stream: bool) -> None:
    found, reset = raw(server, "reset=1000000", stream=stream)
    assert reset
    assert b"six" in found


@pytest.mark.parametrize("fault", ["truncate_sse=1", "no_done=1", "pace=5"])
def test_what_is_about_streams_leaves_a_whole_answer_alone(server: Emulator, fault: str) -> None:
    found, reset = raw(server, fault)
    assert not reset
    assert json.loads(found.partition(b"\r\n\r\n")[2])["choices"]


def test_status_with_retry_after_a_limited_number_of_times(ask: Asking) -> None:
    fault = {"X-Antiphon-Fault": "status=429;retry_after=2;times=2;id=here"}
    seen = [ask("GET", "/v1/models", headers=fault) for _ in range(3)]
    assert [heard.status for heard in seen] == [429, 429, 200]
    assert seen[0].headers["retry-after"] == "2"
    assert seen[0].error["code"] == "rate_limit_exceeded"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 422, 429, 500, 502, 503, 504, 529])
def test_statuses(ask: Asking, status: int) -> None:
    heard = ask("POST", "/v1/responses", {}, headers={"X-Antiphon-Fault": f"status={status}"})
    assert heard.status == status
    assert set(heard.error) == {"message", "type", "param", "code"}


def test_latency_waits(ask: Asking) -> None:
    started = time.monotonic()
    assert ask("GET", "/v1/models", headers={"X-Antiphon-Fault": "latency=0.2"}).status == 200
    assert time.monotonic() - started >= 0.2


def test_pace_spreads_events(server: Emulator) -> None:
    started = time.monotonic()
    found, _ = raw(server, "pace=0.02", stream=True)
    assert time.monotonic() - started >= 0.02 * (len(datas(found)) - 1)


def test_file_downloads_can_be_cut(server: Emulator) -> None:
    with httpx.Client(base_url=server.base_url, headers={"Authorization": "Bearer k"}) as http:
        file = http.post("/files", data={"purpose": "user_data"}, files={"file": ("a.bin", b"x" * 600_000)}).json()
        with pytest.raises(httpx.TransportError):
            http.get(f"/files/{file['id']}/content", headers={"X-Antiphon-Fault": "reset=300000"})
        assert len(http.get(f"/files/{file['id']}/content").content) == 600_000


def test_faults_can_be_off() -> None:
    with Emulator(Setting(faults=False)) as server:
        asking = Asking(server.base_url)
        assert asking("GET", "/v1/models", headers={"X-Antiphon-Fault": "status=500"}).status == 200
        asking.close()


def test_without_a_socket_a_cut_is_an_exception() -> None:
    async def run() -> None:
        transport = httpx.ASGITransport(EmulatorApp())
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost/v1") as http:
            headers = {"Authorization": "Bearer k", "X-Antiphon-Fault": "reset=0"}
            assert (await http.get("/models", headers={"Authorization": "Bearer k"})).status_code == 200
            with pytest.raises(Exception, match="cut"):
                await http.get("/models", headers=headers)

    asyncio.run(run())

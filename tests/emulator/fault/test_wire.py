"""Every kind of fault as a raw socket sees it."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from dataclasses import fields

import pytest

from antiphon.emulator import Emulator, EmulatorApp, Setting
from antiphon.emulator.fault import Fault

from .wire import Seen, exchange

WHOLE: dict[str, tuple[str, Callable[[Seen], bool]]] = {
    "status": ("status=503", lambda s: b"HTTP/1.1 503 " in s.data),
    "retry_after": ("status=429;retry_after=2", lambda s: b"\r\nretry-after: 2\r\n" in s.data),
    "code": ("status=500;code=abc", lambda s: json.loads(s.body)["error"]["code"] == "abc"),
    "type": ("status=500;type=abc", lambda s: json.loads(s.body)["error"]["type"] == "abc"),
    "message": ("status=500;message=abc", lambda s: json.loads(s.body)["error"]["message"] == "abc"),
    "latency": ("latency=0.2", lambda s: s.seconds >= 0.2 and fine(s)),
    "jitter": ("latency=0.1;jitter=0.1", lambda s: s.seconds >= 0.1 and fine(s)),
    "hang": ("hang=1", lambda s: (s.data, s.end) == (b"", "open")),
    "reset": ("reset=10", lambda s: s.end == "reset" and len(s.body) == 10),
    "close": ("close=10", lambda s: s.end == "closed" and len(s.body) == 10 < s.lengths[0]),
    "bandwidth": ("bandwidth=2000", lambda s: s.seconds >= len(s.body) / 2000 * 0.8 and fine(s)),
    "slice": ("slice=5;slow_head=0", lambda s: s.pieces > 3 and fine(s)),
    "slow_body": ("slow_body=0.001", lambda s: s.seconds >= len(s.body) * 0.001 and fine(s)),
    "slow_head": ("slow_head=0.001", lambda s: s.seconds >= len(s.head) * 0.001 and fine(s)),
    "wrong_length": ("wrong_length=7", lambda s: s.lengths == [len(s.body) + 7] and s.end == "closed"),
    "two_lengths": ("two_lengths=1", lambda s: s.lengths == [len(s.body), len(s.body) + 1]),
    "bad_chunk": ("bad_chunk=1", lambda s: b"\r\nno size\r\n" in s.body and b"chunked" in s.head),
    "garbage": ("garbage=1", lambda s: s.data.startswith(b"\x16\x03\x01 this is not HTTP\r\nHTTP/1.1 200")),
    "informational": ("informational=30", lambda s: s.data.count(b"HTTP/1.1 103 ") == 30 and fine(s)),
    "header_flood": ("header_flood=300", lambda s: s.head.count(b"\r\nx-flood-") == 300 and fine(s)),
    "header_size": ("header_size=200000", lambda s: b"x" * 200_000 in s.head and fine(s)),
    "redirect": (
        "redirect=http://other.example/x",
        lambda s: b"HTTP/1.1 307 " in s.data and b"\r\nlocation: http://other.example/x\r\n" in s.data,
    ),
    "html": ("html=1", lambda s: b"text/html" in s.head and s.body.startswith(b"<!doctype html>")),
    "error_200": ("error_200=1", lambda s: "error" in json.loads(s.body) and b"HTTP/1.1 200" in s.data),
    "empty": ("empty=1", lambda s: (s.body, s.lengths) == (b"", [0])),
    "bad_utf8": ("bad_utf8=1", lambda s: b"\xff" in s.body and s.lengths == [len(s.body)]),
    "bad_json": ("bad_json=1", lambda s: s.lengths == [len(s.body)] and not is_json(s.body)),
    "gzip_bomb": ("gzip_bomb=32", lambda s: len(s.body) < 64_000 and len(gzip.decompress(s.body)) > 32 << 20),
    "gzip_cut": ("gzip_cut=1", lambda s: b"content-encoding: gzip" in s.head and not is_gzip(s.body)),
    "wrong_encoding": ("wrong_encoding=1", lambda s: b"content-encoding: gzip" in s.head and is_json(s.body)),
}
STREAM: dict[str, tuple[str, Callable[[Seen], bool]]] = {
    "truncate_sse": ("truncate_sse=3", lambda s: len(s.datas) == 3 and s.data.endswith(b"\r\n0\r\n\r\n")),
    "no_done": ("no_done=1", lambda s: b"[DONE]" not in s.data and s.data.endswith(b"\r\n0\r\n\r\n")),
    "duplicate": ("duplicate=3", lambda s: s.datas[2] == s.datas[3] and len(set(s.datas)) == len(s.datas) - 1),
    "skip": ("skip=2", lambda s: "".join(deltas(s)).split()[:2] == ["two", "three"]),
    "reorder": ("reorder=2", lambda s: [d.strip() for d in deltas(s)][1:4] == ["two", "one", "three"]),
    "giant_event": ("giant_event=300000", lambda s: len(s.datas[1]) > 300_000 and len(deltas(s)) > 3),
    "error_event": ("error_event=3", lambda s: "error" in json.loads(s.datas[2]) and len(s.datas) == 3),
    "pace": ("pace=0.02", lambda s: s.seconds >= 0.02 * (len(s.datas) - 2)),
    "bad_json": ("bad_json=2", lambda s: not is_json(s.datas[1]) and is_json(s.datas[2])),
    "bad_utf8": ("bad_utf8=2", lambda s: s.datas[1].startswith(b"\xff{") and is_json(s.datas[2])),
    "reset": ("reset=400", lambda s: s.end == "reset" and b"[DONE]" not in s.data),
    "close": (
        "close=400",
        lambda s: s.end == "closed" and not s.data.endswith(b"0\r\n\r\n") and len(s.unchunked) == 400,
    ),
    "slice": ("slice=7", lambda s: max(map(int, sizes(s))) <= 7 and s.datas[-1] == b"[DONE]"),
    "bad_chunk": ("bad_chunk=1", lambda s: b"\r\nno size\r\n" in s.body),
    "garbage": ("garbage=1", lambda s: s.data.startswith(b"\x16") and b"[DONE]" in s.data),
    "html": ("html=1", lambda s: s.body.startswith(b"<!doctype html>")),
    "error_200": ("error_200=1", lambda s: "error" in json.loads(s.body)),
}
APART = {"stale", "times", "id"}


def is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except ValueError:
        return False
    return True


def is_gzip(data: bytes) -> bool:
    try:
        gzip.decompress(data)
    except (EOFError, OSError, zlib.error):
        return False
    return True


def fine(seen: Seen) -> bool:
    return json.loads(seen.body)["choices"][0]["message"]["content"] == "one two three four five six"


def sizes(seen: Seen) -> list[int]:
    return [int(line, 16) for line in seen.body.split(b"\r\n")[::2] if line]


def deltas(seen: Seen) -> list[str]:
    found = [json.loads(data) for data in seen.datas if data != b"[DONE]"]
    return [event["choices"][0]["delta"].get("content") or "" for event in found if event.get("choices")]


def test_every_kind_is_here() -> None:
    assert {field.name for field in fields(Fault)} == {*WHOLE, *STREAM, *APART}


@pytest.mark.parametrize("kind", WHOLE)
def test_of_a_whole_answer(server: Emulator, kind: str) -> None:
    asked, seen_as = WHOLE[kind]
    seen = exchange(server, asked, patience=0.3 if kind == "hang" else 10)
    assert seen_as(seen), seen


@pytest.mark.parametrize("kind", STREAM)
def test_of_a_stream(server: Emulator, kind: str) -> None:
    asked, seen_as = STREAM[kind]
    seen = exchange(server, asked, stream=True)
    assert seen_as(seen), seen


def test_without_a_fault_both_are_well(server: Emulator) -> None:
    assert fine(exchange(server, ""))
    seen = exchange(server, "", stream=True)
    assert "".join(filter(None, deltas(seen))) == "one two three four five six"


def test_a_connection_that_was_promised_to_stay_goes(server: Emulator) -> None:
    seen = exchange(server, "stale=1", close=False)
    assert (seen.end, b"connection: close" in seen.data) == ("closed", False)
    assert fine(seen)
    assert exchange(server, "", close=False, patience=0.3).end == "open"


def test_a_fault_goes_with_its_number_of_times(server: Emulator) -> None:
    found = [exchange(server, "status=500;times=2;id=wire").data[9:12] for _ in range(3)]
    assert found == [b"500", b"500", b"200"]


def test_the_server_lives_on_after_all_of_them(server: Emulator) -> None:
    for asked, _ in (*WHOLE.values(), *STREAM.values()):
        if "hang" not in asked and "slow" not in asked:
            exchange(server, asked, stream=True)
    assert fine(exchange(server, ""))


def test_heads_that_break_http_need_the_own_server(caplog: pytest.LogCaptureFixture) -> None:
    import asyncio

    import httpx

    from antiphon.emulator.fault.wire import ConnectionCut

    async def main() -> None:
        transport = httpx.ASGITransport(EmulatorApp(Setting()))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost/v1") as http:
            headers = {"Authorization": "Bearer k", "X-Antiphon-Fault": "garbage=1"}
            with pytest.raises(ConnectionCut):
                await http.get("/models", headers=headers)
            assert (await http.get("/models", headers=headers | {"X-Antiphon-Fault": "slice=9"})).json()["data"]

    asyncio.run(main())

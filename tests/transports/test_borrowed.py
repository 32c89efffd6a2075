"""Clients that users hand in: httpx and httpx2, both colours, and transports of their own."""

from __future__ import annotations

import gc
import gzip
import subprocess
import sys
import zlib
from typing import Any

import httpx
import httpx2
import pytest

from antiphon.core.limits import WireLimits
from antiphon.core.timeout import Timeout
from antiphon.errors import ResponseTooLarge
from antiphon.transports.borrowed import borrow, borrowed_timeout
from antiphon.transports.memory import AsyncMemoryTransport, MemoryTransport

from .asking import KEY, Parts, ask
from .rude import Rude, chunk, chunked, chunked_head, hang, pause, reply

# -- exchanges ---------------------------------------------------------------------------------------------------------


def test_an_exchange(lend: Any) -> None:
    with Rude(reply(b"one", 200, "X-A: 1", "x-a: 2"), chunked(b"t", b"wo"), reply(b"no", 404)) as server:
        client = lend(headers={"x-theirs": "kept"})
        replies = [client.send(ask(f"{server.url}/v1/x%20y?a[]=b", "POST", b"{}")) for _ in range(3)]
        assert [(r.status_code, r.content) for r in replies] == [(200, b"one"), (200, b"two"), (404, b"no")]
        assert replies[0].headers["x-a"] == "1, 2"
        assert replies[0].http_version == "HTTP/1.1"
        assert replies[0].elapsed > 0
        seen = server.requests[0]
        assert seen.line == "POST /v1/x%20y?a[]=b HTTP/1.1"
        assert seen.headers["authorization"] == f"Bearer {KEY}"
        assert seen.headers["x-theirs"] == "kept"
        assert seen.body == b"{}"
        assert server.connections == 1


@pytest.mark.parametrize(
    ("content", "seen", "framing"),
    [
        (lambda: Parts([b"ab", b"c"]), b"abc", ("content-length", "3")),
        (lambda: Parts([b"ab", b"c"], sized=False), b"abc", ("transfer-encoding", "chunked")),
        (lambda: Parts([b"x" * 700_000] * 3), b"x" * 2_100_000, ("content-length", "2100000")),
    ],
)
def test_uploads(lend: Any, content: Any, seen: bytes, framing: tuple[str, str]) -> None:
    with Rude(reply(b"{}")) as server:
        lend().send(ask(server.url, "POST", content()))
        assert server.requests[0].body == seen
        assert server.requests[0].headers[framing[0]] == framing[1]
        assert len({"content-length", "transfer-encoding"} & server.requests[0].headers.keys()) == 1


def test_chunks_stream_as_they_come(lend: Any) -> None:
    with Rude([chunked_head(), chunk(b"one"), pause(0.2), chunk(b"two"), chunk(b"")]) as server:
        client = lend()
        reply = client.send(ask(server.url, stream=True))
        assert client.do(reply.body.read_chunk()) == b"one"
        assert client.read(reply) == b"two"
        again = client.send(ask(server.url, stream=True))
        assert client.read(again) == b"onetwo"
        assert server.connections == 1


@pytest.mark.parametrize("how", ["close", "finish", "collect"])
def test_a_body_that_is_left_closes_the_connection(lend: Any, how: str) -> None:
    with Rude([chunked_head(), chunk(b"one"), hang]) as server:
        client = lend()
        reply = client.send(ask(server.url, stream=True))
        assert client.do(reply.body.read_chunk()) == b"one"
        if how == "collect":
            del reply
            gc.collect()
        else:
            client.do(reply.body.finish()) if how == "finish" else reply.body.close()
            reply.body.close()
            assert client.do(reply.body.read_chunk()) == b""
        client.turn()
        assert server.wait_for(server.peers[0].gone.is_set, 2) or how == "collect"


def test_finish_keeps_the_connection_when_the_end_is_there(lend: Any) -> None:
    with Rude(reply(b"data: [DONE]\n\n")) as server:
        client = lend()
        for _ in range(3):
            got = client.send(ask(server.url, stream=True))
            client.do(got.body.read_chunk())
            client.do(got.body.finish())
        assert server.connections == 1


def test_no_redirect_is_followed(lend: Any) -> None:
    with Rude(reply(b"", 307, "Location: http://elsewhere.invalid/")) as server:
        got = lend(follow_redirects=True).send(ask(server.url, "POST", b"{}"))
        assert (got.status_code, got.headers["location"]) == (307, "http://elsewhere.invalid/")
        assert len(server.requests) == 1


def test_their_hooks_mounts_and_auth_are_trusted(lend: Any) -> None:
    seen: list[str] = []
    client = lend(auth=("user", "word"))

    async def note_later(request: Any) -> None:
        seen.append(request.method)

    client.client.event_hooks = {"request": [note_later if client.runner else lambda r: seen.append(r.method)]}
    with Rude(reply(b"{}")) as server:
        client.send(ask(server.url))
        assert seen == ["GET"]
        assert server.requests[0].headers["authorization"].startswith("Basic ")


def test_bounds(lend: Any) -> None:
    with Rude(reply(b"x" * 200), chunked(b"x" * 200), reply(b"x" * 200, 500), chunked(b"x" * 200)) as server:
        client = lend(WireLimits(body=100, error_body=10, stream=100))
        for _ in range(2):
            with pytest.raises(ResponseTooLarge):
                client.send(ask(server.url))
        assert client.send(ask(server.url)).content == b"x" * 10
        with pytest.raises(ResponseTooLarge):
            client.read(client.send(ask(server.url, stream=True, events=True)))
        assert len(client.read(client.send(ask(server.url, stream=True)))) == 200


def test_a_download_is_not_bounded(lend: Any) -> None:
    with Rude(reply(b"x" * 200)) as server:
        request = ask(server.url)
        request.download = True
        assert len(lend(WireLimits(body=100)).send(request).content) == 200


def test_what_announces_too_much_is_not_read(lend: Any) -> None:
    with Rude([reply(b"x", length=10_000), hang]) as server:
        with pytest.raises(ResponseTooLarge, match="larger than 100 bytes"):
            (client := lend(WireLimits(body=100))).send(ask(server.url))
        client.turn()
        assert server.peers[0].gone.wait(2)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("download", [False, True])
@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_bomb_is_refused(lend: Any, coding: str, download: bool, stream: bool) -> None:
    plain = bytes(1_000_000)
    packed = gzip.compress(plain) if coding == "gzip" else zlib.compress(plain)
    limits = WireLimits(ratio=200, ratio_after=500_000)
    with Rude(reply(packed, 200, f"Content-Encoding: {coding}")) as server:
        request = ask(server.url, stream=stream)
        request.download = download
        client = lend(limits)
        with pytest.raises(ResponseTooLarge, match="200-fold"):
            answer = client.send(request)
            client.read(answer)
        assert client.send(ask(server.url, stream=True)).status_code == 200
    with Rude(reply(packed, 200, f"Content-Encoding: {coding}")) as server:
        assert lend(WireLimits(ratio_after=2_000_000)).send(ask(server.url)).content == plain


# -- what may be handed in ---------------------------------------------------------------------------------------------


def test_transports_of_ones_own() -> None:
    memory, later = MemoryTransport([200]), AsyncMemoryTransport([200])
    assert borrow(memory, colour="sync") is memory
    assert borrow(later, colour="async") is later


class Impostor:
    """Looks like a session of another library."""

    __module__ = "requests.sessions"

    def send(self, request: Any) -> Any:
        return request


@pytest.mark.parametrize(
    ("thing", "colour", "named"),
    [
        (object(), "sync", "object"),
        ("http://proxy", "sync", "str"),
        (httpx2.AsyncClient(), "sync", "AsyncClient"),
        (httpx.Client(), "async", "Client"),
        (httpx2.Client, "sync", "the class"),
        (MemoryTransport([]), "async", "MemoryTransport"),
        (AsyncMemoryTransport([]), "sync", "AsyncMemoryTransport"),
        (Impostor(), "sync", "requests"),
    ],
)
def test_what_is_refused(thing: Any, colour: Any, named: str) -> None:
    with pytest.raises(TypeError, match=r"httpx2\.") as caught:
        borrow(thing, colour=colour)
    assert named in str(caught.value)


def test_their_timeout() -> None:
    assert borrowed_timeout(httpx2.Client()) is None
    assert borrowed_timeout(httpx.Client(timeout=None)) == Timeout(None)
    assert borrowed_timeout(httpx2.AsyncClient(timeout=httpx2.Timeout(9.0, connect=1.0))) == Timeout(9.0, connect=1.0)
    assert borrowed_timeout(MemoryTransport([])) is None
    assert borrowed_timeout(object()) is None


def test_neither_library_is_imported_by_us() -> None:
    script = "import sys, antiphon.transports.borrowed as b; b.borrow(type('T', (), {'send': lambda s, r: r})(), colour='sync')"
    script += "; sys.exit(bool({'httpx', 'httpx2', 'anyio', 'asyncio'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=30).returncode == 0

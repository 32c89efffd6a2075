"""The ASGI transport: what a server would do, without one. Each behaviour through the async and the blocking variant."""

from __future__ import annotations

import asyncio
import gc
import gzip
import threading
from typing import Any

import pytest

from antiphon.errors import APIConnectionError, ClientClosed, ProtocolError, TruncatedBody
from antiphon.transports.asgi_thread import BlockingASGITransport

from .asgi_hand import URL, Make, body, echo, start
from .asking import Parts, ask


@pytest.mark.parametrize(
    ("content", "body_seen", "names"),
    [
        (None, b"", b"host,authorization"),
        (b"abc", b"abc", b"host,content-length,authorization"),
        (Parts([b"a", b"bc"]), b"abc", b"host,content-length,authorization"),
        (Parts([b"a", b"bc"], sized=False), b"abc", b"host,transfer-encoding,authorization"),
    ],
)
def test_an_exchange(hands: Make, content: Any, body_seen: bytes, names: bytes) -> None:
    reply = hands(echo).send(ask(URL, "POST", content))
    assert reply.status_code == 201
    assert reply.content == b"limit=2|" + body_seen
    assert reply.headers["x-names"].encode() == names
    assert reply.headers["x-path"] == "/v1/mod els"


def test_chunks_stream_as_they_are_sent(hands: Make) -> None:
    gate = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await start(send)
        await body(send, b"one", True)
        while not gate.is_set():
            await asyncio.sleep(0.001)
        await body(send, b"two", True)
        await body(send, b"")

    driver = hands(app)
    reply = driver.send(ask(URL, stream=True))
    assert driver.chunk(reply) == b"one"
    gate.set()
    assert driver.chunk(reply) == b"two"
    assert driver.chunk(reply) == b""
    assert driver.chunk(reply) == b""


@pytest.mark.parametrize("how", ["close", "collect", "finish"])
def test_the_app_learns_that_the_reader_left(hands: Make, how: str) -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await start(send)
        await body(send, b"one", True)
        seen.append((await receive())["type"])
        try:
            await body(send, b"two", True)
        except OSError:
            seen.append("refused")
            raise

    driver = hands(app)
    reply = driver.send(ask(URL, stream=True))
    assert driver.chunk(reply) == b"one"
    if how == "close":
        reply.body.close()
    elif how == "finish":
        driver._do(reply.body.finish())
    else:
        del reply
        gc.collect()
    for _ in range(100):
        driver.turn()
        if len(seen) == 2:
            break
    assert seen == ["http.disconnect", "refused"]


def test_a_slow_reader_holds_the_app_back(hands: Make) -> None:
    sent: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await start(send)
        for number in range(200):
            await body(send, bytes(10_000), True)
            sent.append(number)
        await body(send, b"")

    driver = hands(app)
    reply = driver.send(ask(URL, stream=True))
    driver.turn()
    assert len(sent) < 20
    total = 0
    while chunk := driver.chunk(reply):
        total += len(chunk)
    assert total == 2_000_000


def test_lifespan(hands: Make) -> None:
    events: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for _ in range(2):
                kind = (await receive())["type"]
                events.append(kind)
                scope["state"]["word"] = "kept"
                await send({"type": f"{kind}.complete"})
            return
        await start(send)
        await body(send, scope["state"]["word"].encode())

    driver = hands(app, lifespan=True)
    assert [driver.send(ask(URL)).content for _ in range(2)] == [b"kept", b"kept"]
    assert events == ["lifespan.startup"]
    driver._do(driver.transport.aclose()) if driver.runner else driver.transport.close()
    assert events == ["lifespan.startup", "lifespan.shutdown"]
    with pytest.raises(ClientClosed):
        driver.send(ask(URL))


@pytest.mark.parametrize("message", [None, {"type": "lifespan.startup.failed", "message": "no database"}])
def test_a_startup_that_fails(hands: Make, message: Any) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        if message is None:
            raise LookupError("no database")
        await send(message)

    with pytest.raises(APIConnectionError, match="failed its startup"):
        hands(app, lifespan=True).send(ask(URL))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("encoding", "sent", "outcome"),
    [
        (b"gzip", gzip.compress(b"hello " * 99), b"hello " * 99),
        (b"gzip", gzip.compress(b"hello " * 99)[:-9], TruncatedBody),
        (b"gzip", b"hello", ProtocolError),
        (b"br", b"hello", ProtocolError),
    ],
)
def test_an_app_that_packs(hands: Make, encoding: bytes, sent: bytes, outcome: Any, stream: bool) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await start(send, 200, (b"content-encoding", encoding))
        for position in range(len(sent)):
            await body(send, sent[position : position + 1], True)
        await body(send, b"")

    driver = hands(app)
    found: Any
    try:
        reply = driver.send(ask(URL, stream=stream))
        found = reply.content if not stream else b""
        while stream and (chunk := driver.chunk(reply)):
            found += chunk
    except APIConnectionError as error:
        found = type(error)
    assert found == outcome


def test_head_has_no_body(hands: Make) -> None:
    assert hands(echo).send(ask(URL, "HEAD")).content == b""


def test_fastapi() -> None:
    fastapi = pytest.importorskip("fastapi")
    app = fastapi.FastAPI()

    @app.get("/v1/models")
    async def models() -> dict[str, str]:
        return {"object": "list"}

    with_thread = BlockingASGITransport(app)
    try:
        assert with_thread.send(ask("http://app.test/v1/models")).json() == {"object": "list"}
    finally:
        with_thread.close()

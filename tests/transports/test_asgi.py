"""The ASGI transport: what a server would do, without one. Each behaviour through the async and the blocking variant."""

from __future__ import annotations

import asyncio
import gc
import gzip
import os
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from antiphon.core.limits import WireLimits
from antiphon.errors import (
    APIConnectionError,
    ClientClosed,
    DeadlineExceeded,
    ProtocolError,
    ReadTimeout,
    ResponseTooLarge,
    TruncatedBody,
)
from antiphon.transports.asgi import ASGITransport
from antiphon.transports.asgi_thread import BlockingASGITransport

from .asking import Parts, aread_to_end, ask, read_to_end

URL = "http://app.test/v1/mod%20els?limit=2"


class Hands:
    """One way to drive a transport from a test: `send` and `read` block in either colour."""

    def __init__(self, colour: str, app: Any, **options: Any) -> None:
        self.colour = colour
        self.transport: Any = (ASGITransport if colour == "async" else BlockingASGITransport)(app, **options)
        self.runner = asyncio.Runner() if colour == "async" else None

    def _do(self, result: Any) -> Any:
        if self.runner is None:
            return result

        async def awaited() -> Any:
            return await result

        return self.runner.run(awaited())

    def send(self, request: Any) -> Any:
        return self._do(self.transport.send(request))

    def chunk(self, reply: Any) -> bytes:
        return self._do(reply.body.read_chunk())

    def turn(self) -> None:
        """Let the app run on."""
        self._do(asyncio.sleep(0.02)) if self.runner else time.sleep(0.02)

    def close(self) -> None:
        if self.runner is None:
            self.transport.close()
        else:
            self._do(self.transport.aclose())
            self.runner.close()


@pytest.fixture(params=["async", "blocking"])
def hands(request: pytest.FixtureRequest) -> Any:
    made: list[Hands] = []

    def make(app: Any, **options: Any) -> Hands:
        made.append(Hands(request.param, app, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


Make = Callable[..., Hands]


async def start(send: Any, status: int = 200, *headers: tuple[bytes, bytes]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})


async def body(send: Any, chunk: bytes, more: bool = False) -> None:
    await send({"type": "http.response.body", "body": chunk, "more_body": more})


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with what it was asked."""
    got, more = b"", True
    while more:
        message = await receive()
        got, more = got + message["body"], message["more_body"]
    names = b",".join(name for name, _ in scope["headers"])
    await start(send, 201, (b"X-Names", names), (b"x-path", scope["path"].encode()))
    await body(send, scope["query_string"] + b"|" + got)


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


async def fails_at_once(scope: Any, receive: Any, send: Any) -> None:
    raise LookupError("broken app")


async def fails_in_body(scope: Any, receive: Any, send: Any) -> None:
    await start(send)
    await body(send, b"half", True)
    raise LookupError("broken app")


async def says_nothing(scope: Any, receive: Any, send: Any) -> None:
    return


async def stops_in_body(scope: Any, receive: Any, send: Any) -> None:
    await start(send)
    await body(send, b"half", True)


async def body_first(scope: Any, receive: Any, send: Any) -> None:
    await body(send, b"x")


async def after_the_end(scope: Any, receive: Any, send: Any) -> None:
    await start(send)
    await body(send, b"whole")
    raise LookupError("broken app")


@pytest.mark.parametrize(
    ("app", "kind", "phase", "cause"),
    [
        (fails_at_once, APIConnectionError, "head", LookupError),
        (says_nothing, APIConnectionError, "head", None),
        (body_first, APIConnectionError, "head", RuntimeError),
        (fails_in_body, TruncatedBody, "body", LookupError),
        (stops_in_body, TruncatedBody, "body", None),
    ],
)
def test_a_broken_app_is_a_typed_error(hands: Make, app: Any, kind: Any, phase: str, cause: Any) -> None:
    with pytest.raises(kind) as caught:
        hands(app).send(ask(URL))
    assert type(caught.value) is kind
    assert caught.value.phase == phase
    assert (None if caught.value.__cause__ is None else type(caught.value.__cause__)) is cause


@pytest.mark.parametrize("app", [fails_at_once, fails_in_body, after_the_end])
def test_raise_app_exceptions(hands: Make, app: Any) -> None:
    with pytest.raises(LookupError, match="broken app"):
        hands(app, raise_app_exceptions=True).send(ask(URL))


def test_what_fails_after_the_reply_is_logged(hands: Make, caplog: pytest.LogCaptureFixture) -> None:
    assert hands(after_the_end).send(ask(URL)).content == b"whole"
    assert "after its reply was complete" in caplog.text


async def hangs(scope: Any, receive: Any, send: Any) -> None:
    await asyncio.sleep(3600)


async def hangs_in_body(scope: Any, receive: Any, send: Any) -> None:
    await start(send)
    await body(send, b"half", True)
    await asyncio.sleep(3600)


@pytest.mark.parametrize(("app", "phase"), [(hangs, "head"), (hangs_in_body, "body")])
def test_timeouts(hands: Make, app: Any, phase: str) -> None:
    driver = hands(app)
    with pytest.raises(ReadTimeout) as caught:
        driver.send(ask(URL, timeout=0.05))
    assert caught.value.phase == phase
    with pytest.raises(DeadlineExceeded):
        driver.send(ask(URL, timeout=None, deadline=time.monotonic() + 0.05))


def test_bounds(hands: Make) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await start(send, 500 if scope["path"] == "/bad" else 200)
        await body(send, bytes(100))

    driver = hands(app, limits=WireLimits(body=10, error_body=10))
    with pytest.raises(ResponseTooLarge):
        driver.send(ask(URL))
    assert driver.send(ask("http://app.test/bad")).content == bytes(10)


def test_an_app_that_packs_too_well(hands: Make) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await start(send, 200, (b"content-encoding", b"gzip"))
        await body(send, gzip.compress(bytes(1_000_000)))

    with pytest.raises(ResponseTooLarge, match="200-fold"):
        hands(app, limits=WireLimits(ratio_after=500_000)).send(ask(URL))


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


def test_many_at_once_and_several_loops() -> None:
    transport = ASGITransport(echo)

    async def main() -> None:
        replies = await asyncio.gather(*(transport.send(ask(URL, "POST", b"%d" % n)) for n in range(50)))
        assert [reply.content for reply in replies] == [b"limit=2|%d" % n for n in range(50)]

    asyncio.run(main())
    asyncio.run(main())


def test_a_cancelled_call_disconnects_the_app() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        seen.append((await receive())["type"])

    async def main() -> None:
        task = asyncio.ensure_future(ASGITransport(app).send(ask(URL)))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.01)
        assert seen == ["http.disconnect"]

    asyncio.run(main())


def test_threads_share_the_blocking_transport() -> None:
    transport = BlockingASGITransport(echo)
    results: list[bytes] = []
    threads = [
        threading.Thread(target=lambda n=n: results.append(transport.send(ask(URL, "POST", b"%d" % n)).content))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    transport.close()
    assert sorted(results) == [b"limit=2|%d" % n for n in range(8)]


def test_the_thread_ends_with_the_transport() -> None:
    before = threading.active_count()
    transport = BlockingASGITransport(echo)
    transport.send(ask(URL))
    assert threading.active_count() == before + 1
    del transport
    gc.collect()
    assert threading.active_count() == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_starts_its_own_thread() -> None:
    transport = BlockingASGITransport(echo)
    transport.send(ask(URL))
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if transport.send(ask(URL)).status_code == 201 else 1)
        except BaseException:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    transport.close()


def test_an_async_body_needs_the_async_variant() -> None:
    async def parts() -> Any:
        yield b"a"
        yield b"b"

    with pytest.raises(TypeError, match="async"):
        BlockingASGITransport(echo).send(ask(URL, "POST", parts()))
    reply = asyncio.run(ASGITransport(echo).send(ask(URL, "POST", parts())))
    assert reply.content == b"limit=2|ab"
    assert asyncio.run(_streamed()) == [b"limit=2|"]


async def _streamed() -> list[bytes]:
    reply = await ASGITransport(echo).send(ask(URL, stream=True))
    return await aread_to_end(reply.body)


def test_read_to_end_blocking() -> None:
    transport = BlockingASGITransport(echo)
    assert read_to_end(transport.send(ask(URL, stream=True)).body) == [b"limit=2|"]
    transport.close()

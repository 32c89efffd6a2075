"""Clients that users hand in: httpx and httpx2, both colours, and transports of their own."""

from __future__ import annotations

import asyncio
import gc
import gzip
import ssl
import subprocess
import sys
import time
import traceback
import zlib
from typing import Any

import httpx
import httpx2
import pytest

from antiphon.core.limits import DEFAULT_WIRE_LIMITS, WireLimits
from antiphon.core.timeout import Timeout
from antiphon.errors import (
    APIConnectionError,
    ClientClosed,
    ConnectError,
    ConnectTimeout,
    DeadlineExceeded,
    PoolTimeout,
    ProtocolError,
    ProxyError,
    ReadTimeout,
    ResponseTooLarge,
    TLSError,
    TruncatedBody,
    WriteTimeout,
)
from antiphon.transports.borrowed import borrow, borrowed_timeout
from antiphon.transports.memory import AsyncMemoryTransport, MemoryTransport

from .asking import KEY, Parts, aread_to_end, ask, read_to_end
from .rude import Rude, chunk, chunked, chunked_head, hang, hang_up, pause, reply, reset
from .rude_proxy import RudeProxy
from .trust import authority_file, good_tls, untrusted_tls

LIBRARIES = {"httpx": httpx, "httpx2": httpx2}


class Borrowed:
    """A borrowed client, driven in blocking fashion whatever its colour."""

    def __init__(self, library: str, colour: str, limits: WireLimits, options: dict[str, Any]) -> None:
        module = LIBRARIES[library]
        self.runner = asyncio.Runner() if colour == "async" else None
        options.setdefault("trust_env", False)
        self.client: Any = (module.AsyncClient if self.runner else module.Client)(**options)
        self.transport: Any = borrow(self.client, colour=colour, limits=limits)  # type: ignore[call-overload]

    def do(self, result: Any) -> Any:
        if self.runner is None:
            return result

        async def awaited() -> Any:
            return await result

        return self.runner.run(awaited())

    def send(self, request: Any) -> Any:
        return self.do(self.transport.send(request))

    def read(self, reply: Any) -> bytes:
        chunks = read_to_end(reply.body) if self.runner is None else self.do(aread_to_end(reply.body))
        return b"".join(chunks)

    def turn(self) -> None:
        if self.runner is not None:
            self.do(asyncio.sleep(0.01))

    def close(self) -> None:
        if self.runner is None:
            self.transport.close()
        else:
            self.do(self.transport.aclose())
            self.runner.close()


@pytest.fixture(params=[f"{library}-{colour}" for library in LIBRARIES for colour in ("sync", "async")])
def lend(request: pytest.FixtureRequest) -> Any:
    made: list[Borrowed] = []
    library, colour = request.param.split("-")

    def make(limits: WireLimits = DEFAULT_WIRE_LIMITS, **options: Any) -> Borrowed:
        made.append(Borrowed(library, colour, limits, options))
        return made[-1]

    yield make
    for each in made:
        each.close()


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


# -- what goes wrong ---------------------------------------------------------------------------------------------------

TROUBLE: list[tuple[str, Any, type[Exception], str]] = [
    ("silence", hang, ReadTimeout, "head"),
    ("silence in the body", [reply(b"abc", length=9), hang], ReadTimeout, "body"),
    ("hang up", hang_up, APIConnectionError, "head"),
    ("reset", reset, APIConnectionError, "head"),
    ("short body", [reply(b"abc", length=9), hang_up], TruncatedBody, "body"),
    ("reset in the body", [reply(b"abc", length=9), pause(0.05), reset], TruncatedBody, "body"),
    ("no last chunk", [chunked_head(), chunk(b"abc"), hang_up], TruncatedBody, "body"),
    ("nonsense", b"SSH-2.0-OpenSSH_9.6\r\n\r\n", ProtocolError, "head"),
    ("lying encoding", reply(b"plain", 200, "Content-Encoding: gzip"), ProtocolError, "body"),
]


@pytest.mark.parametrize(("answer", "kind", "phase"), [each[1:] for each in TROUBLE], ids=[each[0] for each in TROUBLE])
def test_trouble_is_ours(lend: Any, answer: Any, kind: type[APIConnectionError], phase: str) -> None:
    with Rude(answer) as server:
        with pytest.raises(APIConnectionError) as caught:
            lend().send(ask(server.url, "POST", b"{}", timeout=Timeout(5.0, read=0.2)))
        error = caught.value
        assert (type(error), error.phase, error.sent) == (kind, phase, "maybe")
        assert error.host == f"127.0.0.1:{server.port}"
        assert error.elapsed is not None
        assert error.__cause__ is not None
        report = traceback.TracebackException.from_exception(error, capture_locals=True)
        assert KEY not in "".join(report.format())


def test_connecting(lend: Any, tmp_path: Any) -> None:
    with Rude() as gone:
        pass
    client = lend(verify=ssl.create_default_context(cafile=authority_file(tmp_path)))
    with pytest.raises(ConnectError) as refused:
        client.send(ask(gone.url))
    assert (type(refused.value), refused.value.phase, refused.value.sent) == (ConnectError, "connect", "no")
    with pytest.raises(ConnectError) as unknown:
        client.send(ask("http://no-such-host.invalid/"))
    assert (type(unknown.value), unknown.value.phase) == (ConnectError, "dns")
    with Rude(reply(b"{}"), tls=untrusted_tls()) as server, pytest.raises(TLSError) as untrusted:
        client.send(ask(server.url))
    assert (untrusted.value.phase, untrusted.value.sent) == ("tls", "no")
    with Rude(reply(b"{}"), tls=good_tls()) as server:
        assert client.send(ask(server.url)).content == b"{}"


def test_proxies(lend: Any) -> None:
    with Rude(reply(b"{}"), tls=good_tls()) as server, RudeProxy(answer=b"HTTP/1.1 502 Bad\r\n\r\n") as proxy:
        with pytest.raises(ProxyError) as caught:
            lend(proxy=proxy.url).send(ask(server.url))
        assert (caught.value.phase, caught.value.sent) == ("proxy", "no")


class Raising:
    """A transport below their client that raises whatever a name says."""

    def __init__(self, module: Any) -> None:
        self.module = module

    def handle_request(self, request: Any) -> Any:
        raise getattr(self.module, request.url.host.split(".")[0])("theirs")

    async def handle_async_request(self, request: Any) -> Any:
        self.handle_request(request)

    def close(self) -> None: ...

    async def aclose(self) -> None: ...


@pytest.mark.parametrize(
    ("name", "kind", "phase", "sent"),
    [
        ("ConnectTimeout", ConnectTimeout, "connect", "no"),
        ("WriteTimeout", WriteTimeout, "write", "maybe"),
        ("PoolTimeout", PoolTimeout, "pool", "no"),
        ("WriteError", APIConnectionError, "write", "maybe"),
        ("ProxyError", ProxyError, "proxy", "no"),
        ("LocalProtocolError", ProtocolError, "write", "maybe"),
        ("UnsupportedProtocol", ConnectError, "connect", "no"),
        ("CloseError", APIConnectionError, "head", "maybe"),
    ],
)
@pytest.mark.parametrize("module", [httpx, httpx2])
def test_their_errors_by_name(module: Any, name: str, kind: type[APIConnectionError], phase: str, sent: str) -> None:
    raising: Any = Raising(module)
    client = borrow(module.Client(transport=raising), colour="sync")
    lowered = {each.lower(): each for each in dir(module)}
    raising.handle_request = lambda request: (_ for _ in ()).throw(getattr(module, lowered[name.lower()])("theirs"))
    with pytest.raises(APIConnectionError) as caught:
        client.send(ask("http://x.test/"))
    error = caught.value
    assert (type(error), error.phase, error.sent) == (kind, phase, sent)


def test_what_is_not_theirs_passes(lend: Any) -> None:
    client = lend()

    async def fail_later(request: Any) -> None:
        raise LookupError("the user's own")

    def fail(request: Any) -> None:
        raise LookupError("the user's own")

    client.client.event_hooks = {"request": [fail_later if client.runner else fail]}
    with pytest.raises(LookupError, match="own"):
        client.send(ask("http://x.test/"))


def test_the_deadline(lend: Any) -> None:
    with Rude([chunked_head(), *[chunk(b"x"), pause(0.05)] * 100]) as server:
        client = lend()
        started = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            client.send(ask(server.url, timeout=None, deadline=started + 0.2))
        assert time.monotonic() - started < 2
    with Rude(hang) as server, pytest.raises(DeadlineExceeded):
        lend().send(ask(server.url, timeout=None, deadline=time.monotonic() + 0.1))


def test_a_closed_client(lend: Any) -> None:
    client = lend()
    client.do(client.transport.aclose() if client.runner else client.transport.close())
    assert client.client.is_closed
    with pytest.raises(ClientClosed):
        client.send(ask("http://x.test/"))


def test_a_cancelled_call(recwarn: pytest.WarningsRecorder) -> None:
    with Rude([chunked_head(), chunk(b"a"), hang]) as server:

        async def main() -> None:
            async with httpx2.AsyncClient(trust_env=False) as theirs:
                transport = borrow(theirs, colour="async")
                for stream in (False, True):

                    async def call(stream: bool = stream) -> None:
                        reply = await transport.send(ask(server.url, stream=stream))
                        await aread_to_end(reply.body)

                    task = asyncio.ensure_future(call())
                    while len(server.requests) < 1 + stream:
                        await asyncio.sleep(0.005)
                    await asyncio.sleep(0.02)
                    task.cancel()
                    with pytest.raises(asyncio.CancelledError):
                        await task
                    await asyncio.to_thread(server.peers[-1].gone.wait, 2)
                    assert server.peers[-1].gone.is_set()

        asyncio.run(main())


def test_closing_after_the_loop_is_gone_is_silent() -> None:
    with Rude([chunked_head(), chunk(b"a"), hang]) as server:
        kept: list[Any] = []

        async def main() -> None:
            client = httpx2.AsyncClient(trust_env=False)
            kept.append(await borrow(client, colour="async").send(ask(server.url, stream=True)))
            await client.aclose()

        asyncio.run(main())
        kept.pop().body.close()


def test_trio() -> None:
    trio = pytest.importorskip("trio")
    with Rude(reply(b"{}"), [chunked_head(), chunk(b"a"), hang]) as server:

        async def main() -> None:
            async with httpx2.AsyncClient(trust_env=False) as theirs:
                transport = borrow(theirs, colour="async")
                assert (await transport.send(ask(server.url, "POST", Parts([b"x" * 999_999] * 2)))).content == b"{}"
                reply: Any = await transport.send(ask(server.url, stream=True))
                assert await reply.body.read_chunk() == b"a"
                reply.body.close()
                await trio.sleep(0.05)
            assert server.peers[0].gone.wait(2)

        trio.run(main)


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

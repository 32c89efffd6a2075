"""What goes wrong below a client that was handed in: told as our own errors, whatever the library."""

from __future__ import annotations

import asyncio
import ssl
import time
import traceback
from typing import Any

import httpx
import httpx2
import pytest

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
    TLSError,
    TruncatedBody,
    WriteTimeout,
)
from antiphon.transports.borrowed import borrow

from .asking import KEY, Parts, aread_to_end, ask
from .rude import Rude, chunk, chunked_head, hang, hang_up, pause, reply, reset
from .rude_proxy import RudeProxy
from .trust import authority_file, good_tls, untrusted_tls

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

"""The ASGI transports over loops, threads, forks and cancelled calls."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from typing import Any

import pytest

from antiphon.transports.asgi import ASGITransport
from antiphon.transports.asgi_thread import BlockingASGITransport

from .asgi_hand import URL, echo
from .asking import aread_to_end, ask, read_to_end


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

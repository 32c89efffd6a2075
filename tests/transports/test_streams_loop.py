"""One asyncio transport over several loops and processes, and at their ends. On both loops."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
import warnings
from typing import Any

import pytest

from antiphon.transports.streams import StreamTransport

from .asking import aread_to_end, ask
from .looping import both_loops, run, settled
from .rude import Rude, chunk, chunked_head, hang, pause, reply

pytestmark = both_loops


def test_one_transport_serves_loops_in_turn(loop: str) -> None:
    with Rude(reply(b"{}")) as server:
        transport = StreamTransport()

        async def main() -> None:
            await asyncio.gather(*(transport.send(ask(server.url)) for _ in range(3)))

        for _ in range(3):
            run(loop, main)
            assert not transport._halls
            assert server.wait_for(lambda: all(peer.gone.is_set() for peer in server.peers))


def test_one_transport_serves_loops_in_parallel(loop: str) -> None:
    with Rude(reply(b"{}")) as server:
        transport = StreamTransport()
        failures: list[BaseException] = []

        async def main() -> None:
            for _ in range(50):
                await transport.send(ask(server.url))

        def work() -> None:
            try:
                from .looping import LOOPS

                with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
                    runner.run(main())
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
        assert len(server.requests) == 150
        assert server.connections == 3


def test_a_loop_that_is_closed_without_warning_is_forgotten_in_silence(loop: str) -> None:
    from .looping import LOOPS

    with Rude(reply(b"{}"), [chunked_head(), chunk(b"a"), hang], reply(b"{}")) as server:
        transport = StreamTransport()

        async def two() -> None:
            await transport.send(ask(server.url))
            kept.append(await transport.send(ask(server.url, stream=True)))

        kept: list[Any] = []
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            dead = LOOPS[loop]()
            dead.run_until_complete(two())
            dead.close()
            body = kept.pop().body
            body.close()
            del body
            gc.collect()
            del dead
            run(loop, lambda: transport.send(ask(server.url)))
            gc.collect()
        # uvloop itself complains while it is closed with open connections; nobody else may.
        assert not [str(each.message) for each in caught if "unclosed resource <TCPTransport" not in str(each.message)]
        assert not transport._halls


def test_closing_from_another_loop(loop: str) -> None:
    with Rude(reply(b"{}")) as server:
        transport = StreamTransport()
        ready, over = threading.Event(), threading.Event()

        async def main() -> None:
            await transport.send(ask(server.url))
            ready.set()
            while not over.is_set():
                await asyncio.sleep(0.01)

        thread = threading.Thread(target=lambda: run(loop, main))
        thread.start()
        assert ready.wait(5)
        run(loop, transport.aclose)
        assert server.wait_for(server.peers[0].gone.is_set)
        over.set()
        thread.join()


def test_a_transport_that_is_dropped_closes_its_idle_connections(loop: str) -> None:
    with Rude(reply(b"{}"), [chunked_head(), chunk(b"a"), pause(0.2), chunk(b"b"), chunk(b"")]) as server:

        async def main() -> None:
            transport = StreamTransport()
            await asyncio.gather(*(transport.send(ask(server.url)) for _ in range(1)))
            reply = await transport.send(ask(server.url, stream=True))
            del transport
            gc.collect()
            assert b"".join(await aread_to_end(reply.body)) == b"ab"
            await settled(lambda: all(peer.gone.is_set() for peer in server.peers))

        run(loop, main)


# -- processes ---------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_connections_of_its_own(loop: str) -> None:
    with Rude(reply(b"{}")) as server:
        transport = StreamTransport()

        async def twice() -> None:
            await transport.send(ask(server.url))
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    run_in_child()
                    code = 0
                finally:
                    os._exit(code)
            await settled(lambda: os.waitpid(child, os.WNOHANG) != (0, 0))
            assert (await transport.send(ask(server.url))).content == b"{}"

        def run_in_child() -> None:
            asyncio._set_running_loop(None)
            from .looping import LOOPS

            runner = asyncio.Runner(loop_factory=LOOPS[loop])
            assert runner.run(transport.send(ask(server.url))).content == b"{}"
            runner.close()

        run(loop, twice)
        # 0: the parent before and after; 1: the child.
        assert [request.connection for request in server.requests] == [0, 1, 0]


def test_an_interpreter_that_exits_with_an_open_stream_exits_cleanly(loop: str) -> None:
    script = """
import asyncio, sys, uvloop
from antiphon.transports import stream_hall
from antiphon.transports.streams import StreamTransport
from tests.transports.asking import ask
from tests.transports.rude import Rude, chunk, chunked_head, hang
async def main():
    reply = await transport.send(ask(server.url, stream=True))
    assert await reply.body.read_chunk() == b"a"
    kept.append(reply)
kept, transport = [], StreamTransport()
server = Rude([chunked_head(), chunk(b"a"), hang]).__enter__()
asyncio.Runner(loop_factory=uvloop.new_event_loop if sys.argv[1] == "uvloop" else asyncio.new_event_loop).run(main())
"""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", script, loop], capture_output=True, text=True, timeout=30, check=False
    )
    noise = [line for line in done.stderr.splitlines() if "antiphon" in line or "closed" in line or "Error" in line]
    assert (done.returncode, noise) == (0, [])


def test_without_a_loop_of_asyncios_it_says_what_to_do(loop: str) -> None:
    """As under trio, whose own loop is no loop of asyncio's."""
    sending = StreamTransport().send(ask("http://127.0.0.1:9"))
    with pytest.raises(RuntimeError, match=r"trio pass http_client=httpx\.AsyncClient"):
        sending.send(None)

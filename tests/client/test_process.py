"""Signals, exits, forks, threads and loops, in processes of their own where they would disturb others."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.transports.rude import Rude, hang

from .answer import CHAT, chat, ok, retrieve, wrong
from .colour import Colour, FakeClock
from .script import ended, start
from .test_stream_life import OPEN

WAITS = {
    "call": "asyncio.run(retrieve(client)) if COLOUR == 'async' else retrieve(client)",
    "stream": """
        async def read():
            await drain(await chat(client))
        asyncio.run(read()) if COLOUR == 'async' else list(chat(client))
    """,
    "pause": "asyncio.run(retrieve(client)) if COLOUR == 'async' else retrieve(client)",
}


@pytest.mark.parametrize("what", WAITS)
def test_row_61_ctrl_c_ends_what_hangs_at_once(colour: Colour, what: str) -> None:
    answer = {"call": hang, "stream": OPEN, "pause": wrong(503, "Retry-After: 60")}[what]
    with Rude(answer) as server:
        process = start(WAITS[what], *colour, server.url, RETRIES="1")
        assert server.wait_for(lambda: len(server.requests) == 1, 20)
        server.stopping.wait(0.15)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        status, _, err = ended(process)
        assert status == -signal.SIGINT or (status == 130 or "KeyboardInterrupt" in err)
        assert "KeyboardInterrupt" in err
        # How httpx2 leaves its own sockets is its own business.
        assert not colour.own or "Exception ignored" not in err
        assert time.monotonic() - began < 5
        assert server.left(0)
        assert len(server.requests) == 1


@pytest.mark.parametrize("what", ["call", "stream"])
def test_row_61_sigalrm_ends_a_hanging_blocking_call_at_once(what: str) -> None:
    # Of asyncio the loop takes signals itself; Celery and the like interrupt blocking code.
    program = f"""
        class SoftLimit(Exception): pass
        def ring(*_): raise SoftLimit
        signal.signal(signal.SIGALRM, ring)
        try:
            {"retrieve(client)" if what == "call" else "list(chat(client))"}
        except SoftLimit:
            say("limit")
        say(retrieve(client).id)
    """
    for transport in ("own", "httpx2"):
        with Rude(hang if what == "call" else OPEN, ok()) as server:
            process = start(program, "sync", transport, server.url, RETRIES="2")
            assert server.wait_for(lambda: bool(server.requests), 20)
            time.sleep(0.1)  # it waits for an answer, or for more of it
            process.send_signal(signal.SIGALRM)
            status, out, err = ended(process)
            assert (status, out.split()) == (0, ["limit", "m"]), err
            assert server.left(0)
            assert len(server.requests) == 2


EXITS = {
    "open stream": """
        async def main():
            global stream
            stream = await chat(client)
            say((await anext(stream)).id)
        if COLOUR == 'async':
            asyncio.run(main())
        else:
            stream = chat(client)
            say(next(stream).id)
    """,
    "idle connection": """
        async def main():
            say((await retrieve(client)).id)
        asyncio.run(main()) if COLOUR == 'async' else say(retrieve(client).id)
    """,
    "system exit inside a stream": """
        async def main():
            async for item in await chat(client):
                say(item.id)
                sys.exit(0)
        if COLOUR == 'async':
            asyncio.run(main())
        for item in chat(client):
            say(item.id)
            sys.exit(0)
    """,
}


@pytest.mark.parametrize("what", EXITS)
def test_an_interpreter_exits_cleanly(own_colour: Colour, what: str) -> None:
    # Strictly, every socket left open or pending task would be told; that of a stream left open in a global rightly is.
    # httpx2's own sockets are its own business.
    with Rude(ok() if what == "idle connection" else OPEN) as server:
        status, out, err = ended(start(EXITS[what], *own_colour, server.url, strict=what != "open stream"))
        assert (status, err) == (0, "")
        assert out.strip() in ("c", "m")
        assert server.left(0)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_row_17_a_forked_child_makes_connections_of_its_own() -> None:
    # httpx2 shares its sockets with a child; ours knows the process.
    program = """
        say(retrieve(client).id)
        pid = os.fork()
        if pid == 0:
            retrieve(client); retrieve(client)
            os._exit(7)
        retrieve(client)
        say(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        retrieve(client)
    """
    with Rude(ok()) as server:
        status, out, err = ended(start(program, "sync", "own", server.url))
        assert (status, out.split()) == (0, ["m", "7"]), err
        by_connection = sorted(sum(r.connection == n for r in server.requests) for n in range(server.connections))
        assert by_connection == [2, 3]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_row_17_a_forked_child_of_an_async_client() -> None:
    program = """
        say(asyncio.run(retrieve(client)).id)
        pid = os.fork()
        if pid == 0:
            asyncio.run(retrieve(client))
            os._exit(7)
        say(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        say(asyncio.run(retrieve(client)).id)
    """
    with Rude(ok()) as server:
        status, out, err = ended(start(program, "async", "own", server.url))
        assert (status, out.split()) == (0, ["m", "7", "m"]), err
        assert server.connections == 3


def test_row_17_one_client_serves_three_event_loops() -> None:
    # The official client (and httpx2 itself) fails on the second loop with "Event loop is closed".
    with Rude(ok()) as server:
        client = Colour("async", "own").make(server.url)
        for number in range(3):
            assert asyncio.run(_twice(client)) == ["m", "m"]
            assert server.connections == number + 1
            assert server.left(number)
        with ThreadPoolExecutor(3) as threads:
            assert list(threads.map(lambda _: asyncio.run(_twice(client)), range(3))) == [["m", "m"]] * 3
        asyncio.run(client.close())


async def _twice(client: object) -> list[str]:
    return [(await retrieve(client)).id, (await retrieve(client)).id]


@pytest.mark.parametrize("transport", ["own", "httpx2"])
def test_one_client_serves_sixteen_threads(transport: str) -> None:
    gate = threading.Barrier(16)
    with Rude(CHAT, *[ok(), CHAT] * 200) as server:
        client = Colour("sync", transport).make(server.url, _clock=FakeClock())

        def work(_: int) -> int:
            gate.wait()
            done = 0
            for _ in range(10):
                done += client.get("/x", cast_to=str).count("m") > 0
            return done

        with client, ThreadPoolExecutor(16) as threads:
            assert sum(threads.map(work, range(16))) == 160
        assert len(server.requests) == 160
        assert server.connections <= 16


@pytest.mark.parametrize("transport", ["own", "httpx2"])
def test_many_tasks_share_one_client(transport: str) -> None:
    async def whole(url: str) -> list[str]:
        async with Colour("async", transport).make(url) as client:
            return [model.id for model in await asyncio.gather(*(retrieve(client) for _ in range(64)))]

    with Rude(ok(), backlog=256) as server:
        assert asyncio.run(whole(server.url)) == ["m"] * 64
        assert len(server.requests) == 64


@pytest.mark.parametrize("transport", ["own", "httpx2"])
def test_threads_may_stream_side_by_side(transport: str) -> None:
    with Rude(CHAT) as server:
        client = Colour("sync", transport).make(server.url)
        with client, ThreadPoolExecutor(8) as threads:
            assert list(threads.map(lambda _: len(list(chat(client))), range(24))) == [3] * 24

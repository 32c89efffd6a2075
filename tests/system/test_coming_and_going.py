"""Event loops, threads, processes, copies and pickles that come and go."""

from __future__ import annotations

import asyncio
import copy
import gc
import os
import pickle
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import antiphon
from soak.verse import Verse

from .house import client_of, connected, same, taken

MESSAGES: Any = [{"role": "user", "content": "x"}]


async def _used(client: Any) -> None:
    calls = [client.chat.completions.create(model="m", messages=MESSAGES) for _ in range(4)]
    await asyncio.gather(*calls)
    stream = await client.chat.completions.create(model="m", messages=MESSAGES, stream=True, extra_query={"count": 3})
    assert len([chunk async for chunk in stream]) == 3


def test_row_17_one_client_over_fifty_loops_leaves_nothing(port: int) -> None:
    client = client_of(port, asynchronous=True)
    asyncio.run(_used(client))
    warm = taken(None, 0)
    for _ in range(50):
        asyncio.run(_used(client))
    assert connected(port) == 0
    same(warm, taken(None, 50))
    asyncio.run(client.close())


def test_fifty_loops_each_with_a_client_that_nobody_closes(port: int) -> None:
    async def main() -> None:
        await _used(client_of(port, asynchronous=True))

    asyncio.run(main())
    warm = taken(None, 0)
    for _ in range(50):
        asyncio.run(main())
    assert connected(port) == 0
    same(warm, taken(None, 50))


def test_loops_that_end_with_calls_under_way(port: int) -> None:
    client = client_of(port, asynchronous=True)

    async def abandon() -> None:
        held = await client.chat.completions.create(
            model="m", messages=MESSAGES, stream=True, extra_query={"count": -1}
        )
        await anext(held)
        waiting = asyncio.ensure_future(anext(held))
        await asyncio.sleep(0)
        assert not waiting.done()

    asyncio.run(abandon())
    warm = taken(None, 0)
    for _ in range(50):
        asyncio.run(abandon())
    assert connected(port) == 0
    same(warm, taken(None, 50))
    asyncio.run(client.close())


def test_thirty_two_threads_share_a_client_and_leave_nothing(port: int) -> None:
    before = taken(None, 0)
    with client_of(port) as client:

        def work(_: int) -> int:
            for _ in range(20):
                client.chat.completions.create(model="m", messages=MESSAGES)
            stream = client.chat.completions.create(model="m", messages=MESSAGES, stream=True, extra_query={"count": 5})
            return len(list(stream))

        with ThreadPoolExecutor(32) as threads:
            assert list(threads.map(work, range(64))) == [5] * 64
        during = taken(client, 0)
        assert during.held == 0
        assert 0 < during.idle <= 32
    after = taken(None, 0)
    assert (after.files, after.threads) == (before.files, before.threads)
    assert connected(port) == 0


def test_thirty_two_threads_each_with_a_loop_leave_nothing(port: int) -> None:
    client = client_of(port, asynchronous=True)
    before = taken(None, 0)
    gate = threading.Barrier(32)

    def work() -> None:
        gate.wait()
        asyncio.run(_used(client))

    threads = [threading.Thread(target=work) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = taken(None, 0)
    assert (after.files, after.threads) == (before.files, before.threads)
    assert connected(port) == 0
    asyncio.run(client.close())


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_row_17_ten_forked_children_leave_the_parent_its_connections(port: int) -> None:
    with client_of(port) as client:
        client.chat.completions.create(model="m", messages=MESSAGES)
        stream = client.chat.completions.create(model="m", messages=MESSAGES, stream=True, extra_query={"count": 50})
        next(stream)
        before = taken(client, 0)
        for _ in range(10):
            child = os.fork()
            if child == 0:
                status = 3
                try:
                    client.chat.completions.create(model="m", messages=MESSAGES)
                    client.close()
                    status = 0
                finally:
                    os._exit(status)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert taken(client, 0).files == before.files
        assert len(list(stream)) == 49
        client.chat.completions.create(model="m", messages=MESSAGES)
        assert taken(client, 0).idle == before.idle + 1 or taken(client, 0).files == before.files
    assert connected(port) == 0


COPIES: dict[str, Any] = {
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("colour", ["sync", "async"])
def test_copied_clients_serve_and_leave_nothing(
    port: int, colour: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-system")  # a key that was an argument is not pickled
    client = client_of(port, asynchronous=colour == "async", api_key=None)

    def once() -> None:
        other = COPIES[how](client)
        if colour == "async":
            asyncio.run(_used(other))
        else:
            other.chat.completions.create(model="m", messages=MESSAGES)
        assert repr(other) == repr(client)
        del other

    once()
    warm = taken(None, 0)
    for _ in range(30):
        once()
    gc.collect()
    after = taken(None, 0)
    assert (after.files, after.threads) == (warm.files, warm.threads)
    assert after.objects < warm.objects * 1.05
    asyncio.run(client.close()) if colour == "async" else client.close()
    assert connected(port) == 0


@pytest.mark.parametrize("how", COPIES)
def test_copied_replies_and_errors_are_equal_and_leave_nothing(port: int, how: str) -> None:
    with client_of(port, path="/verse") as client:
        values = [
            client.chat.completions.create(model="m", messages=MESSAGES),
            client.chat.completions.parse(model="m", messages=MESSAGES, response_format=Verse),
            client.responses.parse(model="m", input="x", text_format=Verse),
        ]
        refused = client_of(1)
        with pytest.raises(antiphon.APIConnectionError) as caught:
            refused.models.list()

    def once() -> None:
        for value in values:
            other = COPIES[how](value)
            assert other.to_dict() == value.to_dict()
            assert type(other).__name__ == type(value).__name__
        assert COPIES[how](values[1]).choices[0].message.parsed == values[1].choices[0].message.parsed
        assert COPIES[how](values[2]).output_parsed == values[2].output_parsed
        error = COPIES[how](caught.value)
        assert (type(error), str(error)) == (type(caught.value), str(caught.value))

    once()
    warm = taken(None, 0)
    for _ in range(200):
        once()
    same(warm, taken(None, 200))


def test_clients_made_and_forgotten_leave_nothing(port: int) -> None:
    def once() -> None:
        client_of(port).chat.completions.create(model="m", messages=MESSAGES)
        client_of(port).with_options(timeout=3).chat.completions.create(model="m", messages=MESSAGES)

    once()
    warm = taken(None, 0)
    for _ in range(100):
        once()
    same(warm, taken(None, 100))
    assert connected(port) == 0

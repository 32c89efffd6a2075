"""Single flight in whole clients: what the server sees of many that ask the same, and who gets what."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import antiphon
from antiphon.policies.cache import Cache
from antiphon.policies.single_flight import SingleFlight
from tests.transports.rude import Peer, Rude

from .answer import ok, wrong
from .colour import Colour, Driven
from .script import ended, start
from .test_cache import CHAT, VECTOR, embed, streamed, text_of

CALLS = 20


class Gate:
    """An answer that waits until so many calls are aboard the policy's flight."""

    def __init__(self, policy: SingleFlight, aboard: int, answer: bytes) -> None:
        self.policy = policy
        self.aboard = aboard
        self.answer = answer
        self.asked = threading.Event()
        self.open = threading.Event()

    def __call__(self, peer: Peer) -> None:
        self.asked.set()
        while not self.open.is_set():
            flights = [*self.policy._flights._open.values()]
            if flights and len(flights[0].seats) >= self.aboard:
                break
            self.open.wait(0.001)
        peer.sock.sendall(self.answer)


def many(it: Driven, calls: int = CALLS) -> list[Any]:
    """So many calls at once: what each gave or raised."""

    def one() -> Any:
        try:
            return embed(it.raw)
        except antiphon.APIError as failure:
            return failure

    if it.runner is None:
        with ThreadPoolExecutor(calls) as threads:
            return [each.result() for each in [threads.submit(one) for _ in range(calls)]]

    async def together() -> list[Any]:
        return await asyncio.gather(*(embed(it.raw) for _ in range(calls)), return_exceptions=True)

    return it.runner.run(together())


def test_many_that_ask_the_same_are_one_request(colour: Colour) -> None:
    policy = SingleFlight()
    with Rude(Gate(policy, CALLS, ok(VECTOR))) as server, colour.client(server.url, policies=[policy]) as it:
        results = many(it)
        assert len(server.requests) == 1
        assert [each.to_dict() for each in results] == [VECTOR] * CALLS
        assert len({id(each) for each in results}) == CALLS
        results[0].data.clear()
        assert len(results[1].data) == 1
        assert sorted(bool(each.trace.of("SingleFlight")) for each in results) == [False] + [True] * (CALLS - 1)
        assert len(policy._flights) == 0


@pytest.mark.parametrize("status", [400, 500])
def test_a_refusal_is_everybodys_own_error(colour: Colour, status: int) -> None:
    policy = SingleFlight()
    with Rude(Gate(policy, CALLS, wrong(status))) as server:
        with colour.client(server.url, policies=[policy], max_retries=0) as it:
            failures = many(it)
            assert len(server.requests) == 1
            assert {type(each) for each in failures} == {
                antiphon.BadRequestError if status == 400 else antiphon.InternalServerError
            }
            assert len({id(each) for each in failures}) == CALLS


def test_with_a_cache_nobody_asks_twice(colour: Colour) -> None:
    policy = SingleFlight()
    with Rude(Gate(policy, CALLS, ok(VECTOR))) as server:
        with colour.client(server.url, policies=[Cache(), policy]) as it:
            many(it)
            again = many(it)
            assert len(server.requests) == 1
            assert [each.trace.of("Cache")[0].event for each in again] == ["hit"] * CALLS


def test_streams_are_each_readers_own(colour: Colour) -> None:
    with Rude(CHAT) as server, colour.client(server.url, policies=[SingleFlight()]) as it:
        first = it.wait(streamed(it.raw))
        second = it.wait(streamed(it.raw))
        assert len(server.requests) == 2
        assert text_of(it.items(lambda _: first)) == text_of(it.items(lambda _: second)) == "Hello"


@pytest.mark.parametrize("transport", ["own", "httpx2"])
def test_row_60_whoever_is_cancelled_the_others_are_answered_and_the_last_cuts_the_line(transport: str) -> None:
    policy = SingleFlight()
    gate = Gate(policy, 10_000, ok(VECTOR))

    async def main(url: str) -> None:
        async with Colour("async", transport).make(url, policies=[policy]) as client:
            tasks = [asyncio.ensure_future(embed(client)) for _ in range(9)]
            await asyncio.to_thread(gate.asked.wait, 10)
            for task in tasks[:5]:  # whoever asked is among them
                task.cancel()
            gate.open.set()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
            assert [type(end).__name__ for end in ends] == ["CancelledError"] * 5 + ["CreateEmbeddingResponse"] * 4

    with Rude(gate) as server:
        asyncio.run(main(server.url))
        assert len(server.requests) == 1


@pytest.mark.parametrize("transport", ["own", "httpx2"])
def test_when_all_have_left_the_server_sees_it(transport: str) -> None:
    policy = SingleFlight()
    gate = Gate(policy, 10_000, ok(VECTOR))

    async def main(server: Rude) -> None:
        async with Colour("async", transport).make(server.url, policies=[policy]) as client:
            tasks = [asyncio.ensure_future(embed(client)) for _ in range(3)]
            await asyncio.to_thread(gate.asked.wait, 10)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.sleep(0.05)
            gate.open.set()
            assert await asyncio.to_thread(server.peers[0].gone.wait, 5)
            assert len(policy._flights) == 0

    with Rude(gate) as server:
        asyncio.run(main(server))


FORKING = """
from antiphon.policies.single_flight import SingleFlight
policy = SingleFlight()
client = client.with_options(policies=[policy])
ask = dict(model="m", input="hi", encoding_format="float")
client.embeddings.create(**{**ask, "input": "so that everything is imported"})
asking = threading.Thread(target=client.embeddings.create, kwargs=ask)
asking.start()
while not len(policy._flights):
    time.sleep(0.001)
if os.fork() == 0:
    say(client.embeddings.create(**ask).data[0].embedding[0])
    os._exit(0)
os.wait()
asking.join()
"""


def test_row_17_a_forked_child_asks_for_itself() -> None:
    child_was_there = threading.Event()

    def first(peer: Peer) -> None:
        assert child_was_there.wait(20)
        peer.sock.sendall(ok(VECTOR))

    def second(peer: Peer) -> None:
        peer.sock.sendall(ok(VECTOR))
        child_was_there.set()

    with Rude(ok(VECTOR), first, second) as server:
        code, out, err = ended(start(FORKING, "sync", "own", server.url))
        assert (code, out.strip()) == (0, "0.5"), err
        assert len(server.requests) == 3

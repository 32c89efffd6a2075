"""Several keys at once: taken in turn, resting when they are sent away, none held longer than its attempt."""

from __future__ import annotations

import asyncio
import pickle
from collections import Counter
from typing import Any

import pytest

import antiphon
from antiphon.core.secret import Secret
from antiphon.credentials import CredentialNotFound, EnvKey, KeyPool
from antiphon.errors import AuthenticationError, RateLimitError
from tests.client.answer import retrieve
from tests.client.colour import Colour, failure_of
from tests.transports.rude import Rude, hang

from .gate import Gate

ONE, TWO, THREE = "sk-one-0123456789", "sk-two-0123456789", "sk-three-0123456789"
KEYS = [ONE, TWO, THREE]


def used(gate: Gate) -> list[str]:
    return [key for key, _ in gate.seen]


def test_attempts_take_turns(colour: Colour) -> None:
    with Gate(*KEYS) as gate, colour.client(gate.url, api_key=KeyPool(KEYS)) as it:
        for _ in range(6):
            it(retrieve)
        assert used(gate) == KEYS * 2


def test_the_least_used_under_load() -> None:
    pool = KeyPool(KEYS, choice="least_used")

    async def main(gate: Gate) -> None:
        async with antiphon.AsyncOpenAI(api_key=pool, base_url=f"{gate.url}/v1") as client:
            await asyncio.gather(*(retrieve(client) for _ in range(90)))

    with Gate(*KEYS) as gate:
        asyncio.run(main(gate))
        assert Counter(used(gate)) == dict.fromkeys(KEYS, 30)
    assert pool._roster.busy == [0, 0, 0]


def test_a_key_that_is_sent_away_rests_as_long_as_the_server_asks(colour: Colour) -> None:
    with Gate(*KEYS) as gate, colour.client(gate.url, api_key=KeyPool(KEYS)) as it:
        gate.answers[ONE] = (429, {"Retry-After": "30"}, "rate_limit_exceeded")
        it(retrieve)
        assert used(gate) == [ONE, TWO], "the attempt went on at once"
        assert it.clock.slept == []
        for _ in range(4):
            it(retrieve)
        assert used(gate)[2:] == [THREE, TWO, THREE, TWO]
        it.clock.slept.append(31)
        gate.answers.clear()
        for _ in range(3):
            it(retrieve)
        assert ONE in used(gate)[6:]


def test_where_all_rest_the_policies_hear_of_it(colour: Colour) -> None:
    with Gate() as gate, colour.client(gate.url, api_key=KeyPool(KEYS), max_retries=1) as it:
        for key in KEYS:
            gate.answers[key] = (429, {"Retry-After": "3"}, "rate_limit_exceeded")
        assert isinstance(failure_of(it, retrieve), RateLimitError)
        assert used(gate)[:3] == KEYS
        assert it.clock.slept == [3.0], "between the two attempts"


def test_row_25_a_key_without_credit_rests_for_an_hour(colour: Colour) -> None:
    with Gate(*KEYS) as gate, colour.client(gate.url, api_key=KeyPool([ONE, TWO])) as it:
        gate.answers[ONE] = (429, {}, "insufficient_quota")
        it(retrieve)
        assert used(gate) == [ONE, TWO]
        it.clock.slept.append(3500)
        it(retrieve)
        assert used(gate)[2:] == [TWO]
        it.clock.slept.append(200)
        gate.answers.clear()
        it(retrieve)
        it(retrieve)
        assert set(used(gate)[3:]) == {ONE, TWO}


def test_row_27_a_refused_key_rests_and_each_is_tried_once(colour: Colour) -> None:
    pool = KeyPool(KEYS, rest=60)
    with Gate(THREE) as gate, colour.client(gate.url, api_key=pool) as it:
        it(retrieve)
        it(retrieve)
        assert gate.seen == [(ONE, 401), (TWO, 401), (THREE, 200), (THREE, 200)]
        gate.taken = set()
        assert isinstance(failure_of(it, retrieve), AuthenticationError)
        assert gate.seen[4:] == [(THREE, 401)]
        it.clock.slept.append(61)
        gate.taken = {ONE}
        it(retrieve)
        assert pool._roster.busy == [0, 0, 0]


def test_a_use_is_given_back_on_every_way_out() -> None:
    pool = KeyPool(KEYS)

    async def main(url: str) -> None:
        async with antiphon.AsyncOpenAI(api_key=pool, base_url=f"{url}/v1", max_retries=0, timeout=30) as client:
            tasks = [asyncio.create_task(retrieve(client)) for _ in range(30)]
            while sum(pool._roster.busy) < 30:
                await asyncio.sleep(0.001)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            assert pool._roster.busy == [0, 0, 0]
        async with antiphon.AsyncOpenAI(api_key=pool, base_url="http://127.0.0.1:1/v1", max_retries=0) as client:
            with pytest.raises(antiphon.APIConnectionError):
                await retrieve(client)

    with Rude(hang) as server:
        asyncio.run(main(server.url))
    assert pool._roster.busy == [0, 0, 0]


def test_sources_without_a_key_are_passed_over() -> None:
    pool = KeyPool([EnvKey("NOT_SET"), ONE])
    assert pool() == pool() == Secret(ONE)
    with pytest.raises(CredentialNotFound, match="none of the sources"):
        KeyPool([EnvKey("NOT_SET")])()


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (([],), ValueError),
        (([5],), TypeError),
        (([ONE], {"choice": "random"}), ValueError),
        (([ONE], {"rest": -1}), ValueError),
    ],
)
def test_pools_that_cannot_be(arguments: Any, kind: type[Exception]) -> None:
    keys, *options = arguments
    with pytest.raises(kind):
        KeyPool(keys, **(options[0] if options else {}))


def test_it_travels_with_sources_only() -> None:
    pool = KeyPool([EnvKey("A"), EnvKey("B")], choice="least_used")
    again = pickle.loads(pickle.dumps(pool))
    assert repr(again) == repr(pool) == "KeyPool(2 keys, least_used)"
    assert again._roster.busy == [0, 0]

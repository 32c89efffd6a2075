"""Tokens that end: one fetch for all, before the end, and none that is noticed."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from math import inf
from types import SimpleNamespace
from typing import Any

import pytest

import antiphon
from antiphon.core.secret import Secret
from antiphon.credentials import TokenCredential
from antiphon.credentials.source import run
from antiphon.drivers.asynchronous import AsyncDriver
from antiphon.drivers.blocking import BlockingDriver
from antiphon.errors import InvalidCredential
from tests.client.answer import retrieve
from tests.client.colour import Colour
from tests.providers.test_keeper import Winding

from .gate import Gate

TASKS = 1000
THREADS = 64


class Mint:
    """A fetch that counts, and takes a moment."""

    __name__ = "mint"

    def __init__(self, life: float = 3600.0, moment: float = 0.02) -> None:
        self.life = life
        self.moment = moment
        self.count = 0
        self.failure: Exception | None = None

    def __call__(self) -> Any:
        self.count += 1
        number = self.count
        time.sleep(self.moment)
        if self.failure is not None:
            raise self.failure
        return f"token-{number}", self.life


def nobody(*_: Any) -> Any:
    raise AssertionError("nothing is sent here")


async def ask_async(source: TokenCredential, clock: Winding) -> str:
    return (await AsyncDriver(nobody, nobody, clock).run(source.key(None))).reveal()


def ask(source: TokenCredential, clock: Winding) -> str:
    return str(BlockingDriver(nobody, nobody, clock).run(source.key(None)).reveal())


def test_a_thousand_tasks_at_the_end_of_a_token_make_one_refresh() -> None:
    clock, mint = Winding(), Mint()
    source = TokenCredential(mint)

    async def storm() -> set[str]:
        return set(await asyncio.gather(*(ask_async(source, clock) for _ in range(TASKS))))

    assert asyncio.run(storm()) == {"token-1"}
    clock.now = 3600.0
    assert asyncio.run(storm()) == {"token-2"}
    assert mint.count == 2


def test_sixty_four_threads_too() -> None:
    clock, mint = Winding(), Mint()
    source = TokenCredential(mint)
    with ThreadPoolExecutor(THREADS) as threads:
        gate = threading.Barrier(THREADS)

        def one() -> str:
            gate.wait()
            return ask(source, clock)

        for number, now in ((1, 0.0), (2, 3600.0)):
            clock.now = now
            assert {each.result() for each in [threads.submit(one) for _ in range(THREADS)]} == {f"token-{number}"}
            assert mint.count == number


def test_a_thousand_tasks_whose_token_is_refused_make_one_refresh() -> None:
    mint = Mint(moment=0.05)
    source = TokenCredential(mint)

    async def main(gate: Gate) -> None:
        async with antiphon.AsyncOpenAI(api_key=source, base_url=f"{gate.url}/v1", max_retries=0) as client:
            await retrieve(client)
            gate.taken = {"token-2"}
            await asyncio.gather(*(retrieve(client) for _ in range(200)))

    with Gate("token-1") as gate:
        asyncio.run(main(gate))
    assert mint.count == 2
    assert {status for key, status in gate.seen if key == "token-2"} == {200}


@pytest.mark.parametrize(("life", "due"), [(3600.0, 3600 - 720), (36000.0, 36000 - 1200), (10.0, 8.0)])
def test_it_is_fetched_anew_before_its_end_while_the_old_one_serves(life: float, due: float) -> None:
    clock, mint = Winding(), Mint(life, moment=0)
    source = TokenCredential(mint)
    assert ask(source, clock) == "token-1"
    clock.now = due - 0.01
    assert ask(source, clock) == "token-1"
    clock.now, mint.failure = due, ConnectionError("the service is down")
    assert ask(source, clock) == "token-1", "the old one serves until its end"
    assert mint.count == 2
    assert ask(source, clock) == "token-1"
    assert mint.count == 2, "and is not asked for again at once"
    clock.now = due + 0.5
    assert ask(source, clock) == "token-1"
    assert mint.count == 3
    mint.failure = None
    clock.now = due + 1.51
    assert ask(source, clock) == "token-4"


def test_chance_spreads_the_refreshes_of_many_processes() -> None:
    clock, mint = Winding(), Mint(3600.0, moment=0)
    clock.random = lambda: 0.999  # type: ignore[method-assign]
    source = TokenCredential(mint)
    ask(source, clock)
    clock.now = 3600 - 720 * 1.1
    ask(source, clock)
    assert mint.count == 1
    clock.now = 3600 - 720 * 1.099
    ask(source, clock)
    assert mint.count == 2


def test_after_its_end_a_failure_is_raised() -> None:
    clock, mint = Winding(), Mint(moment=0)
    source = TokenCredential(mint)
    ask(source, clock)
    clock.now, mint.failure = 3600, ConnectionError("the service is down")
    with pytest.raises(ConnectionError, match="down"):
        ask(source, clock)


FORMS: dict[str, tuple[Any, float]] = {
    "text": ("tok-1", inf),
    "pair": (("tok-1", 60), 60.0),
    "list": (["tok-1", 60], 60.0),
    "OAuth": ({"access_token": "tok-1", "expires_in": 60, "token_type": "bearer"}, 60.0),
    "no number": ({"access_token": "tok-1", "expires_in": "soon"}, inf),
    "Azure": (SimpleNamespace(token="tok-1", expires_on=1_800_000_060), 60.0),
    "NaN": (("tok-1", float("nan")), inf),
    "huge": (("tok-1", 10**400), 1e9),
    "secret": (Secret("tok-1"), inf),
}


@pytest.mark.parametrize("form", FORMS)
def test_what_a_fetch_may_give(form: str) -> None:
    answer, life = FORMS[form]
    clock = Winding()
    clock.wall = lambda: 1_800_000_000.0  # type: ignore[method-assign]
    key, seconds = BlockingDriver(nobody, nobody, clock).run(TokenCredential(lambda: answer).fetch())
    assert (key.reveal(), seconds) == ("tok-1", life)


@pytest.mark.parametrize("answer", [None, "", 5, ("tok-1", 0), ("tok-1", -5), {}, ("", 60), "tok 1\n"])
def test_what_cannot_be_a_token(answer: Any) -> None:
    with pytest.raises(InvalidCredential, match="TokenCredential"):
        TokenCredential(lambda: answer)()


def test_a_lifetime_that_the_user_knows() -> None:
    assert run(TokenCredential(lambda: "tok-1", lifetime=60).fetch())[1] == 60
    for lifetime in (0, -1, float("nan"), "1"):
        with pytest.raises((ValueError, TypeError), match="lifetime"):
            TokenCredential(lambda: "tok-1", lifetime=lifetime)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="must be a function"):
        TokenCredential("tok-1")  # type: ignore[arg-type]


def test_an_async_fetch_for_an_async_client(own_colour: Colour) -> None:
    async def fetch() -> tuple[str, float]:
        await asyncio.sleep(0)
        return "token-1", 60

    with Gate("token-1") as gate, own_colour.client(gate.url, api_key=TokenCredential(fetch)) as it:
        if own_colour.is_async:
            it(retrieve)
        else:
            with pytest.raises(TypeError, match="async"):
                it(retrieve)


def test_row_27_a_refused_token_is_fetched_anew_once(colour: Colour) -> None:
    mint = Mint(moment=0)
    with Gate("token-1") as gate, colour.client(gate.url, api_key=TokenCredential(mint)) as it:
        it(retrieve)
        gate.taken = {"token-2"}
        it(retrieve)
        gate.taken = set()
        with pytest.raises(antiphon.AuthenticationError):
            it(retrieve)
        assert gate.seen == [("token-1", 200), ("token-1", 401), ("token-2", 200), ("token-2", 401), ("token-3", 401)]


def test_no_token_in_its_repr() -> None:
    source = TokenCredential(Mint(moment=0))
    source()
    assert "token-1" not in repr(source) + repr(vars(source)) + repr(vars(source._keeper)) + repr(
        vars(source._keeper._cache)
    )

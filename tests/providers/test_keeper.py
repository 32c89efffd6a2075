"""The keeper: one fetch for all who ask at once, in threads, tasks, several event loops; and what happens when it goes wrong."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from antiphon.core.credential import PENDING
from antiphon.core.effects import Invoke, Outside
from antiphon.core.headers import Headers
from antiphon.core.request import Request
from antiphon.core.secret import Secret
from antiphon.core.timeout import Timeout
from antiphon.core.url import URL
from antiphon.drivers.asynchronous import AsyncDriver
from antiphon.drivers.blocking import BlockingDriver
from antiphon.errors import APIConnectionError, OAuthError, OpenAIError
from antiphon.providers import keeper as keeper_module
from antiphon.providers.flight import Flight
from antiphon.providers.keeper import Keeper
from antiphon.providers.token_cache import Grant, Token

HOME = URL("https://api.example/v1/")
CROWD = 64


def request() -> Request:
    return Request("GET", HOME.origin, "/v1/x", Headers({"Authorization": PENDING.reveal()}), None, Timeout(5))


class Winding:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    wall = monotonic

    def random(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    async def asleep(self, seconds: float) -> None:
        self.now += seconds


class Mint:
    """A fetch that counts, takes a moment, and does what it is told."""

    def __init__(self, life: float = 3600.0) -> None:
        self.life = life
        self.count = 0
        self.failure: Exception | None = None
        self.before: Callable[[], Any] = lambda: None

    async def __call__(self, request: Request) -> Grant:
        self.count += 1
        number = self.count
        await Outside(self.before)
        if self.failure is not None:
            raise self.failure
        return Grant(Token(Secret(f"token-{number}")), self.life)


def nobody(*_: Any) -> Any:
    raise AssertionError("nothing is sent here")


def ask(keeper: Keeper, clock: Winding) -> str:
    return str(BlockingDriver(nobody, nobody, clock).run(keeper.token(request())).value.reveal())


async def ask_async(keeper: Keeper, clock: Winding) -> str:
    token = await AsyncDriver(nobody, nobody, clock).run(keeper.token(request()))
    return str(token.value.reveal())


def crowd(colour: str, keeper: Keeper, clock: Winding) -> list[Any]:
    """What many get that ask at once."""
    if colour == "sync":
        gate = threading.Barrier(CROWD)

        def one() -> Any:
            gate.wait()
            try:
                return ask(keeper, clock)
            except Exception as failure:
                return failure

        with ThreadPoolExecutor(CROWD) as threads:
            return [each.result() for each in [threads.submit(one) for _ in range(CROWD)]]

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*(ask_async(keeper, clock) for _ in range(CROWD)), return_exceptions=True)

    return asyncio.run(all_of_them())


COLOURS = pytest.mark.parametrize("colour", ["sync", "async"])


@COLOURS
def test_sixty_four_askers_make_one_fetch(colour: str) -> None:
    clock, mint = Winding(), Mint()
    mint.before = lambda: time.sleep(0.05)
    keeper = Keeper(mint, 1200)
    assert crowd(colour, keeper, clock) == ["token-1"] * CROWD
    assert mint.count == 1
    clock.now = 3600
    assert crowd(colour, keeper, clock) == ["token-2"] * CROWD
    assert mint.count == 2


@COLOURS
def test_a_due_token_is_fetched_once_while_the_old_one_serves(colour: str) -> None:
    clock, mint = Winding(), Mint()
    keeper = Keeper(mint, 1200)
    assert set(crowd(colour, keeper, clock)) == {"token-1"}
    mint.before = lambda: time.sleep(0.05)
    clock.now = 2400
    got = crowd(colour, keeper, clock)
    assert mint.count == 2
    assert set(got) <= {"token-1", "token-2"}
    assert got.count("token-1") >= 1, "those who ask meanwhile do not wait"
    assert set(crowd(colour, keeper, clock)) == {"token-2"}


@COLOURS
def test_those_who_wait_share_the_failure(colour: str) -> None:
    clock, mint = Winding(), Mint()
    mint.before = lambda: time.sleep(0.1)
    mint.failure = APIConnectionError(message="no way", request=request())
    keeper = Keeper(mint, 1200)
    got = crowd(colour, keeper, clock)
    assert all(isinstance(each, APIConnectionError) for each in got)
    assert mint.count < CROWD / 4, "not one after another"
    mint.failure, mint.before = None, lambda: None
    assert set(crowd(colour, keeper, clock)) == {f"token-{mint.count}"}


@COLOURS
def test_a_failure_is_passed_over_while_the_old_token_serves_but_a_refusal_is_not(colour: str) -> None:
    clock, mint = Winding(), Mint()
    keeper = Keeper(mint, 1200)
    crowd(colour, keeper, clock)
    clock.now, mint.failure = 2400, OpenAIError("status 503")
    assert set(crowd(colour, keeper, clock)) == {"token-1"}
    assert mint.count == 2
    clock.now, mint.failure = 2500, _refusal()
    got = crowd(colour, keeper, clock)
    assert mint.count == 3
    assert sum(isinstance(each, OAuthError) for each in got) == 1, "the one who asked hears it"
    clock.now, mint.failure = 3600, OpenAIError("status 503")
    assert {type(each) for each in crowd(colour, keeper, clock)} == {OpenAIError}


def _refusal() -> OAuthError:
    from antiphon.core.reply import Reply

    reply = Reply(401, Headers(), request=request(), content=b"{}")
    return OAuthError(response=reply, body={"error": "invalid_grant"})


def test_who_is_cancelled_hands_the_fetch_to_one_of_those_who_wait() -> None:
    clock, mint = Winding(), Mint()
    keeper = Keeper(mint, 1200)

    async def main() -> list[str]:
        gate = asyncio.Event()

        async def hold(request: Request) -> Grant:
            mint.count += 1
            if mint.count == 1:
                await Invoke(gate.wait)
            return Grant(Token(Secret(f"token-{mint.count}")), 3600)

        keeper._fetch = hold
        first = asyncio.create_task(ask_async(keeper, clock))
        await asyncio.sleep(0.01)
        others = [asyncio.create_task(ask_async(keeper, clock)) for _ in range(9)]
        await asyncio.sleep(0.01)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        return list(await asyncio.wait_for(asyncio.gather(*others), 5))

    assert asyncio.run(main()) == ["token-2"] * 9
    assert mint.count == 2


def test_who_waits_may_be_cancelled_without_harm() -> None:
    clock, mint = Winding(), Mint()
    mint.before = lambda: time.sleep(0.1)
    keeper = Keeper(mint, 1200)

    async def main() -> str:
        first = asyncio.create_task(ask_async(keeper, clock))
        await asyncio.sleep(0.01)
        second = asyncio.create_task(ask_async(keeper, clock))
        await asyncio.sleep(0.01)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        return await first

    assert asyncio.run(main()) == "token-1"
    assert mint.count == 1


def test_threads_and_event_loops_wait_for_the_same_fetch() -> None:
    clock, mint = Winding(), Mint()
    mint.before = lambda: time.sleep(0.1)
    keeper = Keeper(mint, 1200)
    with ThreadPoolExecutor(9) as threads:
        made = [threads.submit(ask, keeper, clock) for _ in range(5)]
        made += [threads.submit(lambda: asyncio.run(ask_async(keeper, clock))) for _ in range(4)]
        assert {each.result() for each in made} == {"token-1"}
    assert mint.count == 1


def test_a_fetch_that_nobody_flies_any_more_is_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper_module, "PATIENCE", 0.05)
    for colour in ("sync", "async"):
        clock, mint = Winding(), Mint()
        keeper = Keeper(mint, 1200)
        keeper._cache.ask(0, Flight())  # by an event loop that was stopped
        got = ask(keeper, clock) if colour == "sync" else asyncio.run(ask_async(keeper, clock))
        assert got == "token-1"


def test_a_fetch_of_the_parent_process_is_not_waited_for() -> None:
    for colour in ("sync", "async"):
        clock, mint = Winding(), Mint()
        keeper, flight = Keeper(mint, 1200), Flight()
        flight.owner = os.getpid() + 1
        keeper._cache.ask(0, flight)
        started = time.monotonic()
        got = ask(keeper, clock) if colour == "sync" else asyncio.run(ask_async(keeper, clock))
        assert got == "token-1"
        assert time.monotonic() - started < keeper_module.PATIENCE / 2


def test_it_works_on_trio() -> None:
    import trio

    clock, mint = Winding(), Mint()
    mint.before = lambda: time.sleep(0.05)
    keeper = Keeper(mint, 1200)
    got: list[str] = []

    async def one() -> None:
        flow = keeper.token(request())
        driver = AsyncDriver(nobody, nobody, clock)
        got.append(str((await driver.run(flow)).value.reveal()))

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for _ in range(8):
                nursery.start_soon(one)

    trio.run(main)
    assert got == ["token-1"] * 8
    assert mint.count == 1


def test_no_token_in_its_repr() -> None:
    clock, mint = Winding(), Mint()
    keeper = Keeper(mint, 1200)
    ask(keeper, clock)
    assert "token-1" not in repr(keeper) + repr(vars(keeper)) + repr(vars(keeper._cache))

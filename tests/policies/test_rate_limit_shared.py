"""One limit, several workers: what the server sees together, how often the store is asked, and what happens without it."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.core.effects import Send
from antiphon.errors import RateLimited
from antiphon.policies.chain import fold
from antiphon.policies.machines.pool import SPAN
from antiphon.policies.rate_limit import RateLimit
from antiphon.shared import Lease, MemoryStore, StoreError

from .throttle import Provider, ask


class Worker:
    """One worker's way to the store; it can be cut."""

    def __init__(self, store: MemoryStore, name: str) -> None:
        self.store = store
        self.name = name
        self.asked: list[float] = []
        self.cut = False

    def lease(self, *arguments: Any) -> Lease:
        self.asked.append(self.store.now())
        if self.cut:
            raise StoreError("it is cut")
        return self.store.lease(*arguments, worker=self.name)


class Fleet:
    """Workers that share limits before a provider that refuses nothing."""

    def __init__(
        self, workers: int, *, callers: int = 20, seconds: float = 30.0, tokens: int = 200, **limits: Any
    ) -> None:
        self.provider = Provider()
        store = MemoryStore(clock=lambda: self.provider.driver.now)
        self.ways = [Worker(store, str(n)) for n in range(workers)]
        said = {"source": "config", "safety": 1.0, "max_wait": 600, **limits}
        self.limiters = [RateLimit(store=way, **said) for way in self.ways]  # type: ignore[arg-type]
        for limiter in self.limiters:
            self.provider.press(limiter, callers, seconds, lambda: ask(tokens))
        self.seconds = seconds

    def run(self) -> list[float]:
        self.provider.driver.run(self.seconds)
        return [at for at, _ in self.provider.served]


def most(times: list[float], window: float) -> int:
    """The largest number within any window."""
    first, largest = 0, 0
    for last, at in enumerate(times):
        while times[first] < at - window:
            first += 1
        largest = max(largest, last - first + 1)
    return largest


def test_who_asks_the_store_and_need_not_wait_is_not_said_to_have_waited() -> None:
    provider = Provider()
    limiter = RateLimit(rpm=600, source="config", store=MemoryStore(clock=lambda: provider.driver.now))
    run = provider.driver.start(fold([limiter])(ask()))
    provider.driver.run()
    assert run.result is not None
    trace = run.result.request.trace
    assert trace is not None
    assert not trace.of("RateLimit")


@pytest.mark.parametrize("workers", [1, 2, 10])
def test_the_server_sees_one_limit_and_the_store_one_question_a_second(workers: int) -> None:
    fleet = Fleet(workers, callers=60 // workers + 5, rpm=3000, burst_seconds=1)
    times = fleet.run()
    assert len(times) == pytest.approx(50 * 30, rel=0.05)
    for window in (1.0, 5.0, 20.0):
        assert most(times, window) <= 1.02 * (50 + 50 * window)
    asked = sum(len(way.asked) for way in fleet.ways)
    assert asked <= workers * 30 * 1.3


def test_tokens_are_shared_as_well() -> None:
    fleet = Fleet(5, rpm=3000, tpm=60_000, burst_seconds=1)
    fleet.run()
    asked = len(fleet.provider.served) * 213
    assert asked == pytest.approx(1000 * 31, rel=0.05), "with so small a burst what comes back late is let go"
    fleet = Fleet(5, callers=60, rpm=3000, tpm=60_000, seconds=60.0)
    fleet.run()
    used = sum(tokens for _, tokens in fleet.provider.served) * 0.9  # as the replies say
    assert used == pytest.approx(1000 * 70, rel=0.08)


def test_nobody_is_starved_by_the_others() -> None:
    fleet = Fleet(4, rpm=600, burst_seconds=1, seconds=60.0)
    fleet.run()
    shares = [limiter._lane(ask())._number for limiter in fleet.limiters]
    assert min(shares) > 0.8 * max(shares)


def test_a_store_that_is_away_leaves_each_its_own_share() -> None:
    fleet = Fleet(4, callers=30, rpm=3000, burst_seconds=1, seconds=60.0)
    driver = fleet.provider.driver

    def cut(away: bool) -> None:
        for way in fleet.ways:
            way.cut = away

    driver.at(20.0, lambda: cut(True))
    driver.at(40.0, lambda: cut(False))
    times = fleet.run()
    during = [at for at in times if 22 <= at < 40]
    assert len(during) == pytest.approx(50 * 18, rel=0.1), "four shares are the whole"
    assert most(times, 10.0) <= 1.1 * (50 + 500)
    during_asked = [at for way in fleet.ways for at in way.asked if 20 <= at < 40]
    assert len(during_asked) <= 4 * 6, "it is left alone longer and longer"
    after = [at for way in fleet.ways for at in way.asked if at >= 57]
    assert after, "and used again once it is back"


def test_a_store_that_was_never_there_leaves_half() -> None:
    fleet = Fleet(1, callers=60, rpm=3000, burst_seconds=1, seconds=40.0)
    fleet.ways[0].cut = True
    assert len(fleet.run()) == pytest.approx(25 * 40, rel=0.05)


def test_the_trace_says_that_it_went_on_alone() -> None:
    fleet = Fleet(1, callers=0, rpm=60)
    fleet.ways[0].cut = True
    run = fleet.provider.driver.start(fleet.limiters[0](ask(), Send))
    fleet.provider.driver.run()
    steps = run.result.request.trace.of("RateLimit")  # type: ignore[union-attr]
    assert steps[0].event == "alone"
    assert steps[0].get("workers") == 2


def test_a_wait_the_call_has_no_time_for_is_told_and_takes_nothing() -> None:
    fleet = Fleet(1, callers=0, rpm=60, burst_seconds=1, max_wait=2)
    driver, limiter = fleet.provider.driver, fleet.limiters[0]
    runs = [driver.start(limiter(ask(), Send)) for _ in range(6)]
    driver.run()
    assert [type(run.failure).__name__ for run in runs].count("RateLimited") >= 3
    again = driver.start(limiter(ask(), Send), at=driver.now + 10)
    driver.run()
    assert again.failure is None


def test_row_61_who_leaves_while_the_store_is_asked_lets_the_next_ask() -> None:
    fleet = Fleet(1, callers=0, rpm=60)
    limiter = fleet.limiters[0]
    first, second = limiter(ask(), Send), limiter(ask(), Send)
    effects = [first.send(None), first.send(0.0)]
    assert [type(effect).__name__ for effect in effects] == ["Now", "Outside"]
    second.send(None)
    waits = second.send(0.0)
    assert type(waits).__name__ == "Wait"
    with pytest.raises(KeyboardInterrupt):
        first.throw(KeyboardInterrupt())
    assert waits.signal.is_set
    second.send(True)
    assert type(second.send(0.1)).__name__ == "Outside"
    second.close()
    lane = limiter._lane(ask())
    assert lane.queue.length == 0
    assert lane.pool is not None
    assert not lane.pool.asking


def test_quota_that_was_not_used_goes_back() -> None:
    fleet = Fleet(2, callers=0, rpm=600, burst_seconds=1)
    driver, (first, second) = fleet.provider.driver, fleet.limiters

    async def several(limiter: RateLimit, many: int) -> None:
        for _ in range(many):
            await limiter(ask(), Send)

    driver.start(several(first, 4))
    driver.start(several(first, 1), at=10 * SPAN)
    driver.start(several(second, 9), at=10 * SPAN + 0.1)
    run = driver.start(several(second, 1), at=10 * SPAN + 20)
    driver.run()
    assert run.failure is None


def test_a_deadline_holds_while_the_quota_is_waited_for() -> None:
    fleet = Fleet(2, callers=0, rpm=60, burst_seconds=1)
    driver = fleet.provider.driver
    taker = driver.start(fleet.limiters[0](ask(), Send))
    late = driver.start(fleet.limiters[1](ask(deadline=0.5), Send), at=0.01)
    driver.run()
    assert taker.failure is None
    assert isinstance(late.failure, RateLimited)
    assert late.ended <= 0.5

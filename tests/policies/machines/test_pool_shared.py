"""Workers that share a limit, beside the list of all that was ever used; and one whose store is gone, beside its own share."""

from __future__ import annotations

import math

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from antiphon.policies.machines.limit import MINUTE, Limit, Terms
from antiphon.policies.machines.pool import Pool
from antiphon.policies.machines.queue import Units
from antiphon.shared import Lease, Portion
from antiphon.shared.quota import fresh, lease

from .test_pool import NEVER, ONE, pool

TERMS = Terms(safety=1.0, request_burst=2.0, burst=3.0)
RATES = (10.0, 100.0)
BURSTS = (20.0, 300.0)
SMALL = 1e-6


def workers_pool() -> Pool:
    made = Pool()
    made.limits = [
        Limit(name, kind, MINUTE, TERMS, 60 * RATES[kind]) for kind, name in enumerate(("requests", "tokens"))
    ]
    return made


def units(tokens: float) -> Units:
    return (1.0, tokens, 0.0, 0.0)


class Shared(RuleBasedStateMachine):
    """What was used, by whom and when; what was given back was not used."""

    @initialize(workers=st.integers(1, 3))
    def begin(self, workers: int) -> None:
        self.pools = [workers_pool() for _ in range(workers)]
        self.state, self.now = fresh(1000.0), 1000.0
        self.used: list[tuple[float, Pool, list[float]]] = []

    @rule(seconds=st.sampled_from([0.05, 0.3, 1.0, 1.9, 2.5, 60.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(who=st.integers(0, 2), many=st.sampled_from([1, 5, 25]), tokens=st.sampled_from([0.0, 10.0, 180.0]))
    def use(self, who: int, many: int, tokens: float) -> None:
        mine, need = self.pools[who % len(self.pools)], units(tokens)
        for _ in range(many):
            if mine.wait(need, self.now) == NEVER:
                self.ask(mine, need, many)
            if mine.wait(need, self.now) > SMALL:
                return
            mine.take(need, self.now)
            self.used.append((self.now, mine, list(need)))

    @rule(who=st.integers(0, 2), tokens=st.sampled_from([0.0, 10.0, 180.0]))
    def use_as_soon_as_may_be(self, who: int, tokens: float) -> None:
        mine, need = self.pools[who % len(self.pools)], units(tokens)
        for _ in range(3):  # what there was of one kind may be gone once there is another; then both are asked for
            if mine.wait(need, self.now) == NEVER:
                self.ask(mine, need, 1)
            self.now += max(0.0, mine.wait(need, self.now))
        assert mine.wait(need, self.now) <= SMALL
        mine.take(need, self.now)
        self.used.append((self.now, mine, list(need)))

    def ask(self, mine: Pool, need: Units, many: int) -> None:
        quotas = mine.wish(need, [many * each for each in need], self.now)
        assert mine.asking
        granted = lease(self.state, str(id(mine)), quotas, 1e9, 1.0, self.now)
        mine.leased(quotas, granted, self.now)
        assert not mine.asking
        assert mine.workers == granted.workers
        wait = mine.wait(need, self.now)
        assert wait < NEVER
        if all(quota.need for quota in quotas):  # else what is left of another kind may have to wait for its own time
            assert wait <= granted.wait + SMALL, "what was leased may be used"

    @precondition(lambda self: self.used)
    @rule(kind=st.integers(0, 1), part=st.sampled_from([0.5, 1.0]))
    def give_the_last_back(self, kind: int, part: float) -> None:
        _, mine, took = self.used[-1]
        spare = took[kind] * part
        mine.give(kind, spare)
        took[kind] -= spare

    @rule(seconds=st.sampled_from([2.0, 5000.0]))
    def the_clock_is_set_back(self, seconds: float) -> None:
        self.now -= seconds
        self.used = [(at - seconds, mine, took) for at, mine, took in self.used]
        for each in self.pools:
            each.shift(-seconds)
        lease(self.state, "nobody", (), 0.0, 1.0, self.now)  # the store notices by itself

    @invariant()
    def no_window_has_more_than_burst_and_rate(self) -> None:
        for kind, (rate, burst) in enumerate(zip(RATES, BURSTS, strict=True)):
            worst = 0.0  # how much a bucket of this rate would hold by now
            before = -math.inf
            for at, _, took in getattr(self, "used", ()):
                worst = max(0.0, worst - rate * (at - before)) + took[kind]
                assert worst <= burst + 1 + SMALL
                before = at


TestShared = Shared.TestCase
TestShared.settings = settings(derandomize=True, deadline=None, max_examples=30, stateful_step_count=25)


class Alone(RuleBasedStateMachine):
    """A store that comes and goes; without it one debt in seconds, which runs down."""

    def __init__(self) -> None:
        super().__init__()
        self.pool, self.now = pool(rpm=600, seconds=4.0), 1000.0
        self.debt: float | None = None
        self.row, self.until = 0, 0.0

    @rule(seconds=st.sampled_from([0.1, 0.5, 1.0, 4.0, 35.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        if self.debt is not None:
            self.debt -= seconds

    @rule(workers=st.sampled_from([1, 2, 8, 100]))
    def the_store_fails(self, workers: int) -> None:
        self.pool.workers = workers
        self.pool.wish(ONE, (1.0, 0, 0, 0), self.now)
        self.pool.failed(self.now)
        if self.debt is None:
            self.debt = self.burst / self.rate
        self.until = self.now + min(30, 2**self.row)
        self.row += 1

    @rule()
    def the_store_answers(self) -> None:
        quotas = self.pool.wish(ONE, (1.0, 0, 0, 0), self.now)
        self.pool.leased(quotas, Lease((Portion(3.0, -0.5),), 0.0, 5), self.now)
        assert self.pool.wait((3.0, 0, 0, 0), self.now) == 0.0
        assert self.pool.wait((3.1, 0, 0, 0), self.now) == NEVER, "of what was held before nothing is left"
        self.pool.take((3.0, 0, 0, 0), self.now)
        self.debt, self.row = None, 0

    @rule(asked=st.integers(1, 12))
    def use(self, asked: int) -> None:
        if self.debt is not None:
            self.pool.take((asked, 5.0, 0, 0), self.now)
            self.debt = max(0.0, self.debt) + asked / self.rate

    @rule(spare=st.integers(-3, 3), kind=st.integers(0, 1))
    def give(self, spare: int, kind: int) -> None:
        if self.debt is not None:
            self.pool.give(kind, spare)
            self.debt -= 0 if kind else spare / self.rate

    @rule(seconds=st.sampled_from([-1000.0, -3.0]))
    def the_clock_is_set_back(self, seconds: float) -> None:
        if self.debt is not None:
            self.pool.shift(seconds)
            self.now += seconds

    @property
    def rate(self) -> float:
        return 10.0 / self.pool.workers

    @property
    def burst(self) -> float:
        return max(1.0, 40.0 / self.pool.workers)

    @invariant()
    def its_share_is_what_it_may_use_until_the_store_is_asked_again(self) -> None:
        if self.debt is None:
            assert self.pool.wait(ONE, self.now) == NEVER
            return
        asks = self.now >= self.until
        for many in (1.0, 5.0, 50.0):
            wait = max(0.0, self.debt) - max(0.0, self.burst - many) / self.rate
            self.pool.asking = True
            assert self.pool.wait((many, 7.0, 0, 0), self.now) == pytest.approx(max(0.0, wait), abs=SMALL)
            self.pool.asking = False
            told = self.pool.wait((many, 7.0, 0, 0), self.now)
            assert told == NEVER if asks else told == pytest.approx(max(0.0, wait), abs=SMALL)


TestAlone = Alone.TestCase
TestAlone.settings = settings(derandomize=True, deadline=None, max_examples=25, stateful_step_count=30)


def test_where_nothing_came_of_one_kind_what_is_left_of_it_keeps_its_times() -> None:
    mine = workers_pool()
    mine.leased(mine.wish(units(10), units(30), 0.0), Lease((Portion(1.0, -9.0), Portion(30.0, 0.2)), 0.3, 2), 0.0)
    mine.take(units(10), 0.4)
    for now in (0.4, 0.5):  # requests run out, and others have taken the tokens of the next ten seconds
        mine.leased(mine.wish(units(10), units(10), now), Lease((Portion(1.0, -1.0), Portion(0.0, 10.0)), 0.0, 2), now)
        assert mine.wait(units(10), now) == 0.0
        assert mine.wait(units(25), now) == NEVER
    assert mine.wait((0.0, 20.0, 0.0, 0.0), 0.45) == pytest.approx(0.05)
    assert mine.wait((0.0, 20.0, 0.0, 0.0), 60.0) == NEVER, "and go stale as they would have"


def test_what_is_left_of_one_lease_is_not_free_earlier_for_another() -> None:
    mine = pool()
    for now in (0.0, 0.1):
        mine.leased(mine.wish(ONE, (9.0, 0, 0, 0), now), Lease((Portion(4.0, 0.5 + 2 * now),), 0.0, 2), now)
    assert mine.wait(ONE, 0.1) == pytest.approx(0.5)
    assert mine.wait((4.0, 0, 0, 0), 0.1) == pytest.approx(0.8)
    mine.take((3.0, 0, 0, 0), 0.8)
    assert mine.wait(ONE, 0.8) == pytest.approx(0.1)
    assert mine.wait((2.0, 0, 0, 0), 0.8) == pytest.approx(0.1)
    mine.give(0, 3.0)
    assert mine.wait((2.0, 0, 0, 0), 0.6) == pytest.approx(0.1)


def test_what_is_given_back_after_another_lease_goes_stale_as_well() -> None:
    mine = pool()
    for now in (0.0, 0.1):
        mine.leased(mine.wish(ONE, (9.0, 0, 0, 0), now), Lease((Portion(4.0, -1.0),), 0.0, 2), now)
    mine.take((6.0, 0, 0, 0), 0.1)
    mine.give(0, 6.0)
    assert mine.wait((8.0, 0, 0, 0), 0.1) <= 0
    assert mine.wait(ONE, 60.0) == NEVER


def test_a_request_larger_than_what_goes_at_once_goes_when_that_would() -> None:
    mine = pool()
    mine.leased(mine.wish((15.0, 0, 0, 0), (15.0, 0, 0, 0), 0.0), Lease((Portion(15.0, -0.5),), 0.0, 1), 0.0)
    assert mine.wait((15.0, 0, 0, 0), 0.0) == pytest.approx(0.5)
    mine.take((15.0, 0, 0, 0), 0.5)
    assert mine.wait(ONE, 0.5) == NEVER

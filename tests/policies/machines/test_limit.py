"""One limit of a provider: what is said, what is told, and what is left of it."""

from __future__ import annotations

import math

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from antiphon.policies.machines.limit import DAY, MINUTE, Limit, Terms


def test_what_is_only_believed_is_used_in_part() -> None:
    limit = Limit("requests", 0, MINUTE, Terms(), said=600)
    assert limit.rate == pytest.approx(9.5)
    assert limit.burst == pytest.approx(9.5 * 5)
    assert Limit("tokens", 1, MINUTE, Terms(), said=600).burst == pytest.approx(9.5 * 10)


@pytest.mark.parametrize(
    ("said", "told", "synced", "strict", "rate"),
    [
        (None, 600, False, False, 9.5),
        (None, 600, True, False, 10.0),
        (None, 600, True, True, 9.5),
        (600, 600, True, False, 10.0),
        (300, 600, True, False, 4.75),
        (900, 600, True, False, 10.0),
        (900, 600, False, False, 9.5),
    ],
)
def test_the_smaller_limit_holds_and_the_server_is_trusted_once_it_tells_how_much_is_left(
    said: float | None, told: float, synced: bool, strict: bool, rate: float
) -> None:
    limit = Limit("requests", 0, MINUTE, Terms(strict=strict), said=said)
    limit.tell(told)
    if synced:
        limit.sync(0.0)
    assert limit.rate == pytest.approx(rate)
    assert limit.most == min(said or 1e9, told)


def test_a_new_limit_holds_at_once() -> None:
    limit = Limit("requests", 0, MINUTE, Terms())
    limit.tell(600)
    limit.sync(0.0)
    limit.tell(60)
    assert limit.rate == pytest.approx(1.0)
    assert limit.most == 60


def test_more_than_the_whole_limit_waits_for_ever() -> None:
    limit = Limit("tokens", 1, MINUTE, Terms(), said=600)
    assert limit.wait(600, 0.0) <= 0
    assert limit.wait(601, 0.0) == float("inf")


def test_what_others_use_is_waited_for() -> None:
    limit = Limit("requests", 0, MINUTE, Terms())
    limit.tell(600)
    limit.sync(100.0 + 29.0)
    assert limit.wait(1, 100.0) <= 0
    limit.take(10, 100.0)
    assert limit.wait(1, 100.0) == pytest.approx(0.1), "what was sent since is counted; half of the bucket is used"
    limit.sync(100.0)
    assert limit.wait(1, 100.0) <= 0


def test_where_others_take_all_a_twentieth_of_the_rate_is_kept() -> None:
    limit = Limit("requests", 0, MINUTE, Terms())
    limit.tell(600)
    sent, now = 0, 0.0
    while now < 60:
        limit.sync(now + 50.0)  # whatever this one does, the server's bucket stays so far from full
        wait = limit.wait(1, now)
        if wait <= 1e-6:
            limit.take(1, now)
            sent += 1
        now += 0.1
    assert 28 <= sent <= 32
    limit.sync(now + 59.9)
    assert limit.wait(1, now + 10) <= 0
    assert limit.wait(1, now + 2) > 0, "the server would refuse"


def test_a_days_worth_may_be_used_at_any_hour() -> None:
    limit = Limit("requests per day", 0, DAY, Terms(), said=200)
    for _ in range(190):
        assert limit.wait(1, 0.0) <= 0
        limit.take(1, 0.0)
    assert limit.wait(1, 0.0) == pytest.approx(DAY / 190)


def test_a_day_the_server_tells_of_is_used_to_its_end() -> None:
    limit = Limit("requests per day", 0, DAY, Terms())
    limit.tell(200)
    limit.sync(DAY - 10 * DAY / 200)
    for _ in range(10):
        assert limit.wait(1, 0.0) <= 1e-6
        limit.take(1, 0.0)
    assert limit.wait(1, 0.0) == pytest.approx(DAY / 200)


def test_settling_is_not_believed_of_the_server() -> None:
    limit = Limit("tokens", 1, MINUTE, Terms())
    limit.tell(6000)
    limit.sync(0.0)
    limit.take(1000, 0.0)
    server = limit.server_full
    limit.settle(900)
    assert limit.server_full == server
    assert limit.full == pytest.approx(1.0)
    limit.settle(-100)
    assert limit.server_full == pytest.approx(server + 1)


class TwoBuckets(RuleBasedStateMachine):
    """Beside it two debts in seconds that run down, and the rule by which a request may go, in words."""

    @initialize(
        period=st.sampled_from([MINUTE, DAY]),
        kind=st.integers(0, 1),
        said=st.sampled_from([None, 60.0, 600.0]),
        strict=st.booleans(),
    )
    def begin(self, period: float, kind: int, said: float | None, strict: bool) -> None:
        self.period, self.kind, self.said, self.strict = period, kind, said, strict
        self.limit = Limit("x", kind, period, Terms(0.8, 4.0, 8.0, strict), said)
        self.told: float | None = None
        self.synced = False
        self.now, self.own, self.server, self.kept = 1e6, -math.inf, -math.inf, -math.inf
        if said is None:
            self.tell(300.0)

    @rule(limit=st.sampled_from([30.0, 300.0, 600.0]))
    def tell(self, limit: float) -> None:
        self.limit.tell(limit)
        self.told = limit

    @rule(part=st.sampled_from([-0.1, 0.0, 0.2, 0.5, 0.7, 0.95, 1.2]))
    def sync(self, part: float) -> None:
        if self.told is not None:
            self.limit.sync(self.now + part * self.period)
            self.server, self.synced = part * self.period, True

    @rule(part=st.sampled_from([0.0001, 0.01, 0.05, 0.3, 2.0]))
    def wait(self, part: float) -> None:
        seconds = part * self.period
        self.now += seconds
        self.own -= seconds
        self.server -= seconds
        self.kept -= seconds

    @rule(units=st.sampled_from([1.0, 3.0, 40.0]))
    def take(self, units: float) -> None:
        self.limit.take(units, self.now)
        self.own = max(0.0, self.own) + units / self.rate
        if self.told:
            self.server = max(0.0, self.server) + units * self.period / self.told
            self.kept = 20 * units / self.rate

    @rule(units=st.sampled_from([1.0, 3.0, 40.0]))
    def give(self, units: float) -> None:
        self.limit.give(units)
        self.own -= units / self.rate
        if self.told:
            self.server -= units * self.period / self.told

    @rule(spare=st.sampled_from([-7.0, 1.0, 20.0]))
    def settle(self, spare: float) -> None:
        self.limit.settle(spare)
        self.own -= spare / self.rate
        if self.told and spare < 0:
            self.server -= spare * self.period / self.told

    @rule(seconds=st.sampled_from([-5000.0, 90.0]))
    def the_clock_is_set(self, seconds: float) -> None:
        self.limit.shift(seconds)
        self.now += seconds

    @property
    def most(self) -> float:
        return min(each for each in (self.said, self.told) if each is not None)

    @property
    def rate(self) -> float:
        sure = self.told == self.most and self.synced and not self.strict
        return self.most * (1.0 if sure else 0.8) / self.period

    @property
    def burst(self) -> float:
        seconds = self.period if self.period == DAY else 8.0 if self.kind else 4.0
        return max(1.0, self.rate * seconds)

    def goes(self, units: float, before: float, after: float) -> bool:
        own = (max(0.0, self.own) - after) * self.rate + before
        if min(units, self.burst) > self.burst - own:
            return False
        if not self.told or self.server <= 0:
            return True
        used = (self.server - after) * self.told / self.period + before
        if self.period == DAY:
            return used + units <= self.told
        if used + min(units, self.told / 2) <= self.told / 2:
            return True
        kept = self.kept + 20 * before / self.rate
        return after >= kept and used + units <= 0.9 * self.told

    @invariant()
    def nobody_waits_longer_or_shorter(self) -> None:
        for units in (1.0, 10.0, 29.0, 200.0, 580.0):
            for before in (0.0, 4.0):
                wait = self.limit.wait(units, self.now, before)
                if units > max(self.most, self.burst):
                    assert wait == math.inf
                    continue
                assert self.goes(units, before, max(0.0, wait) + 0.001)
                if wait > 0:
                    assert not self.goes(units, before, wait - 0.001)
        assert self.limit.most == self.most
        assert self.limit.rate == pytest.approx(self.rate)


TestTwoBuckets = TwoBuckets.TestCase
TestTwoBuckets.settings = settings(derandomize=True, deadline=None, max_examples=30, stateful_step_count=25)

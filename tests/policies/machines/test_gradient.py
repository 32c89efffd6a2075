"""Limits that move: by the numbers of the formulas, within their bounds, and towards what an endpoint bears."""

from __future__ import annotations

from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from antiphon.policies.machines.gradient import Aimd, Gradient


def test_aimd_adds_one_and_takes_a_tenth() -> None:
    rule = Aimd(100)
    rule.succeed(10, 5.0)
    assert rule.limit == 21
    rule.succeed(10, None)
    assert rule.limit == 21, "ten of twenty-one under way tell nothing about twenty-two"
    rule.drop()
    assert rule.limit == pytest.approx(18.9)
    for _ in range(18):
        rule.succeed(18, None)
    assert rule.limit == pytest.approx(19.9, abs=0.1), "after a drop, one more for going through it once"


@pytest.mark.parametrize("kind", [Aimd, Gradient])
@pytest.mark.parametrize(("most", "begin", "least"), [(100, 20, 4), (10, 10, 4), (2, 2, 2)])
def test_where_it_begins_and_between_what_it_moves(kind: type[Aimd], most: int, begin: int, least: int) -> None:
    rule = kind(most)
    assert rule.limit == begin
    for _ in range(2000):
        rule.succeed(most, 1.0)
    assert rule.limit == most
    for _ in range(200):
        rule.drop()
    assert rule.limit == least


def test_the_gradients_formula() -> None:
    rule = Gradient(1000)
    rule.succeed(20, 1.0)
    assert rule.limit == pytest.approx(20 + 0.2 * 4), "as quick as ever: a few more"
    for _ in range(9):
        rule.succeed(20, 1.0)
    assert rule.usual == pytest.approx(1.0)
    before = rule.limit
    rule.succeed(20, 3.0)
    usual = 1.0 + 2.0 * 2 / 601
    assert rule.usual == pytest.approx(usual)
    gradient = 1.5 * usual / 3.0
    assert rule.limit == pytest.approx(0.8 * before + 0.2 * (before * gradient + 4))
    before = rule.limit
    rule.succeed(20, 3000.0)
    assert rule.limit == pytest.approx(0.8 * before + 0.2 * (before * 0.5 + 4)), "by half at most"


def test_the_long_run_begins_as_the_mean_of_ten() -> None:
    rule = Gradient(1000)
    for seconds in [1.0] * 9 + [11.0]:
        rule.succeed(1, seconds)
    assert rule.usual == pytest.approx(2.0)
    rule.succeed(1, 11.0)
    assert rule.usual == pytest.approx(2.0 + 9.0 * 2 / 601)


def test_half_of_the_limit_is_enough_to_learn_from() -> None:
    rule = Gradient(1000)
    rule.succeed(10, 1.0)
    assert rule.limit == pytest.approx(20.8)


def test_a_time_within_the_tolerance_shrinks_nothing() -> None:
    rule = Gradient(1000)
    for _ in range(10):
        rule.succeed(20, 1.0)
    before = rule.limit
    rule.succeed(20, 1.45)
    assert rule.limit > before


def test_after_a_long_slow_time_the_long_run_comes_back_sooner() -> None:
    rule = Gradient(1000)
    for _ in range(10):
        rule.succeed(1, 10.0)
    rule.succeed(1, 1.0)
    assert rule.usual == pytest.approx((10.0 - 9.0 * 2 / 601) * 0.95)


def test_a_time_that_tells_nothing_moves_it_by_one() -> None:
    rule = Gradient(1000)
    rule.succeed(20, None)
    rule.succeed(20, 0.0)
    assert (rule.limit, rule.usual) == (22, 0.0)


def test_with_little_under_way_a_sample_is_learnt_and_moves_nothing() -> None:
    rule = Gradient(1000)
    rule.succeed(9, 1.0)
    assert (rule.limit, rule.usual) == (20, 1.0)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(
    st.sampled_from([Aimd, Gradient]),
    st.integers(1, 200),
    st.lists(st.one_of(st.none(), st.floats(0, 1e4), st.just("drop")), max_size=100),
    st.integers(0, 400),
)
def test_it_stays_within_its_bounds(kind: type[Aimd], most: int, told: list[float | str | None], inflight: int) -> None:
    rule = kind(most)
    for each in told:
        if isinstance(each, str):
            rule.drop()
        else:
            rule.succeed(inflight, each)
        assert min(4, most) <= rule.limit <= most


def test_it_finds_what_a_server_bears() -> None:
    """A server with fifty places, beyond which calls queue there; load comes and goes."""

    def seconds(inflight: int) -> float:
        return max(1.0, inflight / 50)

    rule = Gradient(1000)
    for _ in range(40):
        for _ in range(200):
            rule.succeed(1, 1.0)
        for _ in range(200):
            rule.succeed(int(rule.limit), seconds(int(rule.limit)))
        assert 20 <= rule.limit <= 200
    assert rule.limit >= 50


def test_aimd_finds_where_a_server_refuses() -> None:
    rule, drops = Aimd(1000), 0
    for turn in range(5000):
        if rule.limit > 50:
            rule.drop()
            drops += 1
        else:
            rule.succeed(int(rule.limit), None)
        assert turn < 40 or 44 <= rule.limit <= 51
    assert drops <= 0.01 * 5000


class Moved(RuleBasedStateMachine):
    """Both rules, told the same; beside them what each step has to come to, and all times that were told."""

    @initialize(most=st.sampled_from([1, 3, 25, 60]))
    def begin(self, most: int) -> None:
        self.most, self.least = float(most), float(min(4, most))
        self.aimd, self.gradient = Aimd(most), Gradient(most)
        self.dropped = False
        self.times: list[float] = []
        self.usual = 0.0
        self.limits = {self.aimd: min(20.0, most), self.gradient: min(20.0, most)}

    @rule(
        part=st.sampled_from([0.1, 0.49, 0.5, 0.51, 1.0]), seconds=st.sampled_from([None, 0.0]), many=st.integers(1, 9)
    )
    def succeed_untimed(self, part: float, seconds: float | None, many: int) -> None:
        for each in self.limits:
            for _ in range(many):
                inflight = round(part * each.limit)
                each.succeed(inflight, seconds)
                self.step(each, inflight)

    def step(self, each: Aimd, inflight: int) -> None:
        """What is told no time for."""
        before = self.limits[each]
        if inflight >= before / 2:
            self.move(each, before + (1 / before if self.dropped else 1.0))

    @rule(
        part=st.sampled_from([0.1, 0.5, 1.0]),
        seconds=st.sampled_from([0.2, 1.0, 1.4, 2.0, 90.0]),
        many=st.integers(1, 9),
    )
    def succeed_timed(self, part: float, seconds: float, many: int) -> None:
        for _ in range(many):
            inflight = round(part * self.aimd.limit)
            self.aimd.succeed(inflight, seconds)
            self.step(self.aimd, inflight)
            inflight = round(part * self.gradient.limit)
            self.gradient.succeed(inflight, seconds)
            self.times.append(seconds)
            self.learn(seconds)
            before = self.limits[self.gradient]
            if inflight >= before / 2:
                slower = seconds / self.usual / 1.5  # how much more than is tolerated
                target = before / min(2.0, max(1.0, slower)) + 4
                self.move(self.gradient, (4 * before + target) / 5)

    def learn(self, seconds: float) -> None:
        """The mean of all as long as they are ten, and then two parts of 601 for each."""
        count = len(self.times)
        weight = 1 / count if count <= 10 else 2 / 601
        before, self.usual = self.usual, (1 - weight) * self.usual + weight * seconds
        if self.usual > 2 * seconds:
            self.usual *= 0.95
        elif count == 1 or (count <= 10 and before == pytest.approx(mean(self.times[:-1]))):
            assert self.usual == pytest.approx(mean(self.times))

    @rule()
    def drop(self) -> None:
        self.dropped = True
        for each in self.limits:
            each.drop()
            self.move(each, 0.9 * self.limits[each])

    def move(self, each: Aimd, limit: float) -> None:
        self.limits[each] = min(self.most, max(self.least, limit))

    @invariant()
    def they_agree(self) -> None:
        for each, limit in getattr(self, "limits", {}).items():
            assert each.limit == pytest.approx(limit)
            assert self.least <= each.limit <= self.most
            self.limits[each] = each.limit  # no rounding adds up
        if hasattr(self, "gradient"):
            assert self.gradient.usual == pytest.approx(self.usual)


TestMoved = Moved.TestCase
TestMoved.settings = settings(derandomize=True, deadline=None, max_examples=30, stateful_step_count=30)

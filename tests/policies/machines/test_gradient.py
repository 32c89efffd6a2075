"""Limits that move: by the numbers of the formulas, within their bounds, and towards what an endpoint bears."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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

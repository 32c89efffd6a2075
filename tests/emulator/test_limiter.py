"""GCRA by columns of numbers, and the headers that publish its state."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.emulator.limiter import DAY, PERIOD, Bucket, Cost, Limiter, Limits, duration


def test_published_pairs_hold_exactly() -> None:
    """limit 5000, one taken: remaining 4999, reset 12 ms; limit 160000, 24 taken: 159976, 9 ms."""
    for limit, cost, remaining, reset in ((5000, 1, 4999, "12ms"), (160_000, 24, 159_976, "9ms")):
        bucket = Bucket(limit)
        bucket.take(100.0, cost)
        assert (bucket.remaining(100.0), duration(bucket.reset(100.0))) == (remaining, reset)


@given(st.integers(1, 100_000), st.lists(st.tuples(st.floats(0, 30), st.integers(1, 500)), max_size=40))
def test_never_more_than_burst_and_rate(limit: int, moves: list[tuple[float, int]]) -> None:
    bucket, now, taken = Bucket(limit), 1000.0, 0
    for gap, cost in moves:
        now += gap
        if bucket.wait(now, cost) == 0:
            bucket.take(now, cost)
            taken += cost
        assert taken <= limit + (now - 1000.0) * limit / PERIOD + 1e-6 * limit + 1e-3
        assert 0 <= bucket.remaining(now) <= limit
        assert abs(bucket.reset(now) - (limit - bucket.remaining(now)) * PERIOD / limit) <= PERIOD / limit + 1e-6


def test_waiting_as_long_as_told_is_enough() -> None:
    bucket = Bucket(60)
    for _ in range(60):
        assert bucket.wait(0.0, 1) == 0
        bucket.take(0.0, 1)
    wait = bucket.wait(0.0, 1)
    assert wait == pytest.approx(1.0)
    assert bucket.wait(wait, 1) == pytest.approx(0.0, abs=1e-9)
    assert bucket.wait(0.0, 61) == math.inf


def test_both_dimensions_or_none() -> None:
    limiter = Limiter(10, 100)
    assert limiter.admit(("k", "m"), 0.0, 90).wait == 0
    refused = limiter.admit(("k", "m"), 0.0, 20)
    assert (refused.dimension, refused.wait) == ("tokens", pytest.approx(6.0))
    assert refused.requests.remaining(0.0) == 9
    assert limiter.admit(("k", "other"), 0.0, 90).wait == 0
    assert limiter.admit(("other", "m"), 0.0, 90).wait == 0


def test_requests_run_out_first() -> None:
    limiter = Limiter(1, 100)
    assert limiter.admit(("k", ""), 0.0, 0).wait == 0
    assert limiter.admit(("k", ""), 0.0, 0).dimension == "requests"


def test_unused_buckets_leave() -> None:
    limiter = Limiter(1, 1, capacity=2)
    for name in "abc":
        limiter.admit((name, ""), 0.0, 0)
    assert limiter.admit(("c", ""), 0.0, 0).wait > 0
    assert limiter.admit(("a", ""), 0.0, 0).wait == 0


def test_a_limit_that_changes_keeps_what_was_used() -> None:
    bucket = Bucket(100)
    bucket.take(0.0, 40)
    bucket.resize(0.0, 50)
    assert (bucket.limit, bucket.remaining(0.0)) == (50, 10)
    assert bucket.reset(0.0) == pytest.approx(48.0)
    bucket.resize(0.0, 30)
    assert (bucket.remaining(0.0), bucket.wait(0.0, 1)) == (0, pytest.approx(22.0))


def test_limits_of_ones_own_have_more_dimensions_and_charge_all_or_none() -> None:
    limiter, key = Limiter(10, 100), ("proj", "m")
    limits = Limits(5, 100, requests_a_day=2, images=3)
    assert limiter.admit_within(limits, key, 0.0, Cost(10, 2)).wait == 0
    refused = limiter.admit_within(limits, key, 0.0, Cost(10, 2))
    assert (refused.dimension, refused.limit, refused.wait) == ("images", 3, pytest.approx(20.0))
    assert (refused.requests.remaining(0.0), refused.tokens.remaining(0.0)) == (4, 90)
    assert limiter.admit_within(limits, key, 0.0, Cost(10, 1)).wait == 0
    refused = limiter.admit_within(limits, key, 60.0, Cost(10))
    assert (refused.dimension, refused.limit, refused.wait) == ("requests per day", 2, pytest.approx(DAY / 2 - 60.0))
    assert limiter.admit_within(limits, key, DAY / 2, Cost(10)).wait == 0
    assert limiter.admit_within(limits, key, DAY, Cost(101)).dimension == "tokens"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (0.0004, "0s"), (0.012, "12ms"), (1.5, "1.5s"), (59.9996, "1m0s"), (360, "6m0s"), (3723.5, "1h2m3.5s")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text

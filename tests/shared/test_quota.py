"""The lease's arithmetic: against a list of all that was granted, and in Python as in the Redis server."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from antiphon.shared import Lease, Portion, Quota
from antiphon.shared.quota import State, fresh, lease, settled
from antiphon.shared.script import LEASE

from .server import Server

STEPS = st.lists(
    st.tuples(
        st.floats(0, 3),
        st.sampled_from(["a", "b", "c"]),
        st.floats(0, 8),
        st.floats(0, 20),
        st.sampled_from([0.0, 1.0, 60.0]),
        st.booleans(),
    ),
    max_size=25,
)


def quotas(need: float, want: float, both: bool) -> list[Quota]:
    first = Quota("requests", 2.0, 5.0, need, want)
    return [first, Quota("tokens", 10.0, 30.0, need * 6, want * 6)] if both else [first]


@settings(derandomize=True, deadline=None, max_examples=100)
@given(STEPS)
def test_no_window_has_more_than_burst_and_rate(
    steps: list[tuple[float, str, float, float, float, bool]],
) -> None:
    state, now = fresh(0.0), 0.0
    granted: list[tuple[float, float]] = []
    for pause, worker, need, want, patience, both in steps:
        now += pause
        asked = quotas(need, want, both)
        given_ = lease(state, worker, asked, patience, 1.0, now)
        assert given_.wait <= patience or not given_.portions
        for portion in given_.portions[:1]:
            assert portion.units >= need
            # In the smallest steps there are: each unit at the earliest it may be used.
            whole = int(portion.units)
            parts = [1.0] * whole + [portion.units - whole]
            for number in range(len(parts)):
                used = sum(parts[: number + 1])
                granted.append((now + max(given_.wait, portion.start + min(used, 5.0) / 2.0), parts[number]))
    granted.sort()
    for first in range(len(granted)):
        total = 0.0
        for at, units in granted[first:]:
            total += units
            assert total <= 5.0 + 8.0 + 2.0 * (at - granted[first][0]) + 1e-6, (
                "a need of 8 is 3 more than the burst, twice"
            )


@settings(derandomize=True, deadline=None, max_examples=60)
@given(STEPS)
def test_who_is_served_later_begins_no_earlier(
    steps: list[tuple[float, str, float, float, float, bool]],
) -> None:
    state, now, last = fresh(0.0), 0.0, 0.0
    for pause, worker, need, want, patience, both in steps:
        now += pause
        given_ = lease(state, worker, quotas(need, want, both), patience, 1.0, now)
        if given_.portions:
            assert now + given_.wait >= last - 1e-9
            last = now + given_.wait


def test_a_refusal_takes_nothing() -> None:
    state = fresh(0.0)
    lease(state, "a", quotas(5, 0, True), 0.0, 1.0, 0.0)
    before = dict(state["full"])
    assert not lease(state, "a", quotas(5, 0, True), 0.0, 1.0, 0.0).portions
    assert state["full"] == before


def test_what_is_only_wanted_holds_nobody_up() -> None:
    state = fresh(0.0)
    lease(state, "a", quotas(8, 0, False), 60.0, 1.0, 0.0)
    wanted = [Quota("requests", 2.0, 5.0, 0.0, 1.0), Quota("tokens", 10.0, 30.0, 6.0)]
    assert lease(state, "a", wanted, 0.0, 1.0, 0.0).wait == 0.0


def test_row_18_a_clock_that_is_set_back_keeps_debts_as_long_as_they_were() -> None:
    state = fresh(5000.0)
    lease(state, "a", quotas(5, 0, False), 0.0, 1.0, 5000.0)
    waits = lease(state, "b", quotas(2, 0, False), 60.0, 1.0, 1400.0)
    assert waits == Lease((Portion(2, pytest.approx(0.0)),), pytest.approx(1.0), 2)
    assert settled(state) == pytest.approx(3.5)


def test_workers_that_were_not_seen_lately_do_not_count() -> None:
    state = fresh(0.0)
    for name in "abc":
        assert lease(state, name, quotas(1, 0, False), 60.0, 1.0, 0.0).workers == "abc".index(name) + 1
    assert lease(state, "a", quotas(1, 0, False), 60.0, 1.0, 2.0).workers == 3
    assert lease(state, "a", quotas(1, 0, False), 60.0, 1.0, 2.1).workers == 1


def test_of_a_days_burst_a_hundredth_is_leased_at_once() -> None:
    day = Quota("requests per day", 10_000 / 86_400, 10_000, 1, 1e9)
    assert lease(fresh(0.0), "a", [day], 0.0, 1.0, 0.0).portions[0].units == 100


def same(expected: Lease, found: Lease) -> bool:
    return (
        expected.workers == found.workers
        and expected.wait == pytest.approx(found.wait, abs=1e-5)
        and [tuple(p) for p in expected.portions] == [pytest.approx(tuple(p), abs=1e-5) for p in found.portions]
    )


@settings(derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_the_redis_server_reckons_as_python_does(
    redis_server: Server, steps: list[tuple[float, str, float, float, float, bool]]
) -> None:
    redis = pytest.importorskip("redis")
    script = LEASE.replace("redis.call('TIME')", "{KEYS[3], KEYS[4]}")
    assert script != LEASE
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
        state: State = fresh(1000.0)
        now = 1000.0
        for pause, worker, need, want, patience, both in steps:
            now = round(now + pause, 6)
            asked = quotas(need, want, both)
            expected = lease(state, worker, asked, patience, 1.0, now)
            seconds, fraction = divmod(round(now * 1e6), 1_000_000)
            rows = [each for name, *numbers in asked for each in (name, *map(repr, numbers))]
            wait, workers, *rest = client.eval(
                script, 4, "k", "w", str(seconds), str(fraction), worker, repr(patience), "1.0", *rows
            )
            numbers = [float(each) for each in rest]
            portions = tuple(map(Portion, numbers[::2], numbers[1::2]))
            assert same(expected, Lease(portions, float(wait), workers)), (expected, wait, workers, portions)

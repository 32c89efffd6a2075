"""What all three stores do alike."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from antiphon.shared import Change, Quota


def quota(need: float, want: float = 0.0, **more: Any) -> Quota:
    return Quota(**{"name": "requests", "rate": 0.1, "burst": 5.0, "need": need, "want": want, **more})


def soon(condition: Callable[[], bool]) -> bool:
    """Whether it comes true within some seconds."""
    end = time.monotonic() + 10
    while not (seen := bool(condition())) and time.monotonic() < end:
        time.sleep(0.01)
    return seen


def test_a_value_ends(store: Any) -> None:
    store.put("k", b"1", 0.05)
    store.put("stays", b"1", 60)
    assert soon(lambda: store.get("k") is None)
    assert store.swap("k", None, b"2", 0.05)
    assert soon(lambda: store.swap("k", None, b"3"))
    assert store.get("k") == b"3"
    assert store.get("stays") == b"1"


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_what_would_end_before_it_began_is_refused(store: Any, seconds: float) -> None:
    with pytest.raises(ValueError, match="more than 0"):
        store.put("k", b"1", seconds)


def test_swap_looks_first(store: Any) -> None:
    assert not store.swap("k", b"old", b"new")
    assert store.swap("k", None, b"1")
    assert not store.swap("k", None, b"2")
    assert not store.swap("k", b"2", b"3")
    assert store.swap("k", b"1", b"")
    assert store.swap("k", b"", b"4", 60)
    assert store.get("k") == b"4"
    assert store.swap("k", b"4", None)
    assert store.get("k") is None
    assert store.swap("k", None, None)


def test_one_of_many_threads_takes_a_lock(store: Any) -> None:
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda n: store.swap("lock", None, b"%d" % n, 60), range(32)))
    assert taken.count(True) == 1
    assert store.get("lock") == b"%d" % taken.index(True)


def test_a_counter_counts(store: Any) -> None:
    assert store.count([Change("a", 5), Change("b", -2)]) == (True, (5, -2))
    assert store.count([Change("a", 0), Change("never", 0)]) == (True, (5, 0))
    assert store.count([Change("a", 2), Change("a", 3)]) == (True, (10, 10))
    assert store.count([]) == (True, ())


def test_a_bound_holds_for_all_changes_or_none(store: Any) -> None:
    assert store.count([Change("usd", 60, most=100), Change("tokens", 7)]).done
    assert store.count([Change("usd", 41, most=100), Change("tokens", 7)]) == (False, (60, 7))
    assert store.count([Change("tokens", 7), Change("usd", 41, most=100)]) == (False, (7, 60))
    assert store.count([Change("usd", 40, most=100)]) == (True, (100,))
    assert store.count([Change("usd", 0, most=0)]) == (True, (100,))
    assert store.count([Change("usd", -1, most=0)]) == (True, (99,))
    assert store.count([Change("usd", 1, most=100), Change("usd", 1, most=100)]) == (False, (99, 99))


def test_a_counter_is_exact_where_floats_end(store: Any) -> None:
    assert store.count([Change("big", 2**53 - 1)]).values == (2**53 - 1,)
    assert store.count([Change("big", 1, most=2**53)]) == (True, (2**53,))
    assert store.count([Change("big", -(2**52) + 1)]).values == (2**52 + 1,)


@pytest.mark.parametrize("amount", [1.5, "1", True, None])
def test_a_counter_takes_whole_numbers(store: Any, amount: Any) -> None:
    with pytest.raises(TypeError, match="whole"):
        store.count([Change("a", amount)])
    with pytest.raises(ValueError, match="2\\*\\*53"):
        store.count([Change("a", 2**53 + 1)])


def test_a_counter_lives_from_its_first_count(store: Any) -> None:
    store.count([Change("day", 1, seconds=0.05), Change("week", 1, seconds=60)])
    assert soon(lambda: store.count([Change("day", 0)]).values == (0,))
    assert store.count([Change("day", 5, seconds=60)]).values == (5,)
    store.count([Change("week", 1, seconds=0.01)])
    time.sleep(0.05)
    assert store.count([Change("week", 0)]).values == (2,), "what it lived for when it began holds"


def test_threads_race_for_the_last_cent(store: Any) -> None:
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: store.count([Change("cent", 3, most=100)]).done, range(64)))
    assert done.count(True) == 33
    assert store.count([Change("cent", 0)]).values == (99,)


def about(seconds: float) -> Any:
    """So many seconds, give or take what a crowded machine loses between two steps."""
    return pytest.approx(seconds, abs=8)


def test_a_lease_gives_what_is_needed_and_a_part_of_a_span(store: Any) -> None:
    lease = store.lease("limit", [quota(1, want=3)], patience=0, span=100)
    assert [portion.units for portion in lease.portions] == [3]
    assert lease.portions[0].start == about(-50)
    assert lease.wait == about(0)
    assert lease.workers == 1
    assert store.lease("limit", [quota(1, want=100)], 0, 100).portions[0].units == pytest.approx(10)


def test_what_is_not_there_is_waited_for_or_refused(store: Any) -> None:
    assert store.lease("limit", [quota(5)], patience=0).portions[0].units == 5
    refused = store.lease("limit", [quota(3)], patience=10)
    assert refused.portions == ()
    assert refused.wait == about(30)
    granted = store.lease("limit", [quota(3)], patience=100)
    assert granted.portions[0].units == 3
    assert granted.wait == about(30)
    assert granted.portions[0].start == about(0)


def test_dimensions_are_taken_together_or_not_at_all(store: Any) -> None:
    tokens = Quota("tokens", rate=1.0, burst=50.0, need=50.0)
    assert store.lease("limit", [quota(1), tokens], patience=0).portions
    assert not store.lease("limit", [quota(1), tokens], patience=0).portions
    assert store.lease("limit", [quota(4)], patience=0).portions, "the refusal took nothing of the requests"


def test_nobody_comes_before_whom_was_served_earlier(store: Any) -> None:
    big = Quota("tokens", rate=1.0, burst=50.0, need=80.0)
    store.lease("limit", [big, quota(1)], patience=0)
    waiting = store.lease("limit", [big, quota(1)], patience=6000)
    assert waiting.wait == about(80)
    small = store.lease("limit", [quota(1)], patience=6000)
    assert small.wait == about(80)


def test_more_than_the_burst_waits_for_a_full_bucket_and_leaves_a_debt(store: Any) -> None:
    assert store.lease("limit", [quota(12)], patience=0).portions[0].units == 12
    assert store.lease("limit", [quota(12)], patience=6000).wait == about(120)


def test_a_new_rate_holds_at_once(store: Any) -> None:
    store.lease("limit", [quota(5)], patience=0)
    assert store.lease("limit", [quota(5, rate=0.5)], patience=6000).wait == about(50)


def test_two_limits_know_nothing_of_each_other(store: Any) -> None:
    store.lease("one", [quota(5)], patience=0)
    assert store.lease("two", [quota(5)], patience=0).portions


def test_the_store_has_a_clock(store: Any) -> None:
    assert store.now() == pytest.approx(time.time(), abs=2)


def test_a_closed_store_opens_again(store: Any) -> None:
    store.put("k", b"1")
    store.close()
    store.close()
    assert store.get("k") == b"1"

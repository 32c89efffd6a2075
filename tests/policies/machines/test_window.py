"""A window of calls: what it holds is what came within its time, in steps of a tenth."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.policies.machines.window import Window

HOW = ["succeed", "fail", "crawl"]


def test_it_counts_and_forgets() -> None:
    window = Window(10)
    window.fail(0.0)
    window.succeed(0.5)
    window.succeed(5.0)
    assert (window.calls, window.failures) == (3, 1)
    window.succeed(9.9)
    assert (window.calls, window.failures) == (4, 1)
    window.succeed(10.0)
    assert (window.calls, window.failures) == (3, 0)
    window.fail(1e6)
    assert (window.calls, window.failures) == (1, 1)


def test_a_bucket_ends_where_the_next_begins() -> None:
    window = Window(10)
    for now in (0.0, 1.0, 10.0):
        window.fail(now)
    assert window.failures == 2


def test_without_a_clock_it_counts_with_the_latest() -> None:
    window = Window(10)
    window.succeed(3.0)
    window.fail(None)
    window.succeed(None)
    assert (window.calls, window.failures) == (3, 1)
    window.succeed(13.5)
    assert (window.calls, window.failures) == (1, 0)


def test_a_clock_that_goes_back_empties_nothing() -> None:
    window = Window(10)
    window.fail(100.0)
    window.fail(50.0)
    assert (window.calls, window.failures) == (2, 2)


def test_until_its_bucket_ends_a_success_is_one_more() -> None:
    window = Window(10)
    window.succeed(7.2)
    assert window.ends == 8.0
    window.fresh += 1
    assert window.calls == 2
    window.succeed(17.5)
    assert window.calls == 1


def test_cleared_it_holds_nothing() -> None:
    window = Window(10)
    window.fail(1.0)
    window.succeed(1.0)
    window.crawl(1.0)
    window.clear()
    assert (window.calls, window.failures, window.slow) == (0, 0, 0)
    window.fail(1.5)
    assert (window.calls, window.failures) == (1, 1)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.floats(0, 8), st.sampled_from(HOW)), max_size=60), st.sampled_from([1.0, 10.0, 30.0]))
def test_it_holds_what_a_list_would(steps: list[tuple[float, str]], seconds: float) -> None:
    window, calls, now = Window(seconds), list[tuple[int, str]](), 0.0
    for passed, how in steps:
        now += passed
        getattr(window, how)(now)
        slot = int(now // (seconds / 10))
        calls = [call for call in [*calls, (slot, how)] if call[0] > slot - 10]
        counts = Counter(each for _, each in calls)
        assert (window.calls, window.failures, window.slow) == (len(calls), counts["fail"], counts["crawl"])

"""A window of calls: what it holds is what came within its time, in steps of a tenth."""

from __future__ import annotations

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from antiphon.policies.machines.window import Window

HOW = ["succeed", "fail", "crawl"]
TENTHS = [0.0, 0.25, 1.0, 3.0, 8.0, 9.0, 10.0, 19.0, 500.0, -4.0]


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


class Listed(RuleBasedStateMachine):
    """Beside it the list of all calls, each with the tenth it was made in."""

    @initialize(seconds=st.sampled_from([1.0, 10.0, 32.0]))
    def begin(self, seconds: float) -> None:
        self.window, self.tenth = Window(seconds), seconds / 10
        self.calls: list[tuple[int, str]] = []
        self.now, self.latest = 5.0, 0

    @rule(tenths=st.sampled_from(TENTHS), how=st.sampled_from(HOW))
    def count(self, tenths: float, how: str) -> None:
        self.now = max(0.0, self.now + tenths * self.tenth)
        getattr(self.window, how)(self.now)
        self.latest = max(self.latest, int(self.now // self.tenth))  # a clock that goes back empties nothing
        self.calls.append((self.latest, how))

    @rule(how=st.sampled_from(HOW))
    def count_without_a_clock(self, how: str) -> None:
        getattr(self.window, how)(None)
        self.calls.append((self.latest, how))

    @rule()
    def count_quickly(self) -> None:
        if self.now < self.window.ends:
            self.window.fresh += 1
            self.calls.append((self.latest, "succeed"))

    @rule()
    def clear(self) -> None:
        self.window.clear()
        self.calls.clear()

    @invariant()
    def it_holds_what_the_list_holds(self) -> None:
        counts = Counter(how for at, how in self.calls if self.latest - at < 10)
        assert self.window.calls == counts.total()
        assert (self.window.failures, self.window.slow) == (counts["fail"], counts["crawl"])


TestListed = Listed.TestCase
TestListed.settings = settings(derandomize=True, deadline=None, max_examples=25, stateful_step_count=40)

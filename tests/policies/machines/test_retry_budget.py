"""The retry budget against a naive model: its bound on every prefix of every history, at every endpoint."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from antiphon.policies.machines.budget import RetryBudget

PLACES = st.sampled_from(["a", "b"])


class Histories(RuleBasedStateMachine):
    """Successes, retries, waits, retries that were taken back, and time, in any order."""

    @initialize(
        capacity=st.integers(1, 5), per_success=st.floats(0, 1), per_second=st.sampled_from([0.0, 0.25, 1.0, 3.0])
    )
    def begin(self, capacity: int, per_success: float, per_second: float) -> None:
        self.budget = RetryBudget(capacity=capacity, per_success=per_success, per_second=per_second)
        self.capacity, self.per_success, self.per_second = capacity, per_success, per_second
        self.now = 0.0
        self.successes = dict.fromkeys("ab", 0)
        self.retries: dict[str, list[float]] = {"a": [], "b": []}
        self.taken: list[str] = []
        self.waiting: list[tuple[str, float]] = []

    @rule(seconds=st.floats(0, 4))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @rule(place=PLACES)
    def succeed(self, place: str) -> None:
        self.budget.earn(place)
        self.successes[place] += 1

    @rule(place=PLACES)
    def spend(self, place: str) -> None:
        denied = self.budget.denied
        granted = self.budget.spend(self.now, place)
        assert granted == (self.budget.denied == denied)
        if granted:
            self.retries[place].append(self.now)
            self.taken.append(place)

    @rule(place=PLACES)
    def reserve(self, place: str) -> None:
        turn = self.budget.reserve(self.now, place)
        if turn is None:
            assert self.per_second == 0
        else:
            self.waiting.append((place, turn))

    @rule()
    def look(self) -> None:
        for waiting in list(self.waiting):
            place, turn = waiting
            if self.budget.wait(turn, self.now, place) == 0:
                self.waiting.remove(waiting)
                self.retries[place].append(self.now)

    @precondition(lambda self: bool(self.taken))
    @rule()
    def give_back(self) -> None:
        place = self.taken.pop()
        self.retries[place].pop()
        self.taken = [each for each in self.taken if each != place]  # only the last one is known to be the last one
        self.budget.give_back(place)

    @invariant()
    def retries_are_bounded_at_every_moment(self) -> None:
        for place, moments in getattr(self, "retries", {}).items():
            earned = self.capacity + self.per_success * self.successes[place]
            for number, moment in enumerate(sorted(moments), 1):
                assert number <= earned + self.per_second * moment + 1e-6

    @invariant()
    def a_bucket_never_overflows(self) -> None:
        if hasattr(self, "budget"):
            assert self.budget.left <= self.capacity


Histories.TestCase.settings = settings(derandomize=True, deadline=None, max_examples=60, stateful_step_count=40)
TestHistories = Histories.TestCase


def test_endpoints_do_not_draw_on_each_other() -> None:
    budget = RetryBudget(capacity=1, per_success=0.5, per_second=0)
    assert [budget.spend(0.0, place) for place in "aab"] == [True, False, True]
    budget.earn("b")
    budget.earn("b")
    assert [budget.spend(0.0, place) for place in "ab"] == [False, True]
    assert budget.denied == 2


def test_who_waits_gets_what_is_yet_to_come_in_order() -> None:
    budget = RetryBudget(capacity=1, per_success=0, per_second=0.5)
    places = [budget.reserve(0.0) for _ in range(3)]
    assert [budget.wait(place, 0.0) for place in places if place is not None] == [0.0, 2.0, 4.0]
    assert not budget.spend(3.9)
    budget.give_back()
    later = [budget.reserve(4.0) for _ in range(2)]
    assert [budget.wait(place, 4.0) for place in later if place is not None] == [0.0, 2.0]


def test_successes_bring_a_turn_forward() -> None:
    budget = RetryBudget(capacity=1, per_success=0.5, per_second=0.1)
    places = [place for place in (budget.reserve(0.0) for _ in range(3)) if place is not None]
    for waits in ([0.0, 10.0, 20.0], [0.0, 5.0, 15.0], [0.0, 0.0, 10.0], [0.0, 0.0, 5.0], [0.0, 0.0, 0.0]):
        assert [budget.wait(place, 0.0) for place in places] == pytest.approx(waits)
        budget.earn()


def test_where_time_gives_nothing_nobody_can_wait() -> None:
    budget = RetryBudget(capacity=1, per_success=1, per_second=0)
    assert [budget.reserve(0.0), budget.reserve(0.0)] == [0.0, None]
    assert budget.denied == 1
    budget.earn()
    assert budget.reserve(0.0) == 1.0


def test_endpoints_that_have_all_back_are_forgotten() -> None:
    budget = RetryBudget(capacity=1, per_success=0, per_second=1)
    for number in range(5000):
        assert budget.spend(float(number), f"endpoint {number}")
    assert len(budget._buckets) <= 1024


def test_as_many_retries_come_in_time_as_are_reserved() -> None:
    budget = RetryBudget(capacity=2, per_success=0, per_second=1)
    moments = [now + budget.wait(budget.reserve(now) or 0.0, now) for now in (0.0, 0.0, 0.1, 0.1, 5.0)]
    assert moments == pytest.approx([0.0, 0.0, 1.0, 2.0, 5.0])

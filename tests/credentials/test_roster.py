"""The roster, against a naive model: fair, never a parked place while another is free, and every use given back."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from antiphon.credentials.roster import Choice, Roster

SIZE = 4


def test_turns() -> None:
    roster = Roster(3, "round_robin")
    assert [roster.take(0) for _ in range(7)] == [0, 1, 2, 0, 1, 2, 0]


def test_the_least_used() -> None:
    roster = Roster(3, "least_used")
    assert [roster.take(0) for _ in range(3)] == [0, 1, 2]
    roster.give_back(1)
    assert roster.take(0) == 1, "nobody uses it"
    roster.give_back(1)
    roster.give_back(2)
    assert roster.take(0) == 2, "as idle as 1, and used less"


def test_parked_places_are_passed_over_until_their_time() -> None:
    roster = Roster(3, "round_robin")
    roster.park(1, 10)
    assert [roster.take(0) for _ in range(4)] == [0, 2, 0, 2]
    assert roster.take(10) == 0
    assert roster.take(10) == 1
    roster.park(1, 30)
    roster.park(1, 20)
    assert roster.parked[1] == 30, "never for a shorter time than was said"


def test_where_all_are_parked_the_first_to_be_free() -> None:
    roster = Roster(2, "round_robin")
    roster.park(0, 20)
    roster.park(1, 10)
    assert roster.take(0) == 1
    assert roster.take(0, without=[1]) == 0
    assert roster.take(0, without=[0, 1]) is None


@pytest.mark.parametrize("choice", ["round_robin", "least_used"])
def test_all_are_used_alike(choice: Choice) -> None:
    roster = Roster(5, choice)
    for _ in range(1000):
        place = roster.take(0)
        assert place is not None
        roster.give_back(place)
    assert roster.used == [200] * 5


class Model(RuleBasedStateMachine):
    """Uses, returns and parks places at random; says what may be taken."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.held: list[int] = []
        self.until = [0.0] * SIZE
        self.roster = Roster(SIZE, self.choice)

    choice: Choice = "round_robin"

    @rule(seconds=st.floats(0, 100))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(without=st.sets(st.integers(0, SIZE - 1)))
    def take(self, without: set[int]) -> None:
        before = self.roster.busy.copy()
        place = self.roster.take(self.now, without)
        left = set(range(SIZE)) - without
        free = {each for each in left if self.until[each] <= self.now}
        if not left:
            assert place is None
            return
        assert place is not None
        assert place in (free or left)
        if not free:
            assert self.until[place] == min(self.until[each] for each in left)
        elif self.choice == "least_used":
            assert before[place] == min(before[each] for each in free)
        self.held.append(place)

    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        if self.held:
            self.roster.give_back(self.held.pop(data.draw(st.integers(0, len(self.held) - 1))))

    @rule(place=st.integers(0, SIZE - 1), seconds=st.floats(0, 100))
    def park(self, place: int, seconds: float) -> None:
        self.roster.park(place, self.now + seconds)
        self.until[place] = max(self.until[place], self.now + seconds)

    @invariant()
    def counts_are_true(self) -> None:
        assert self.roster.busy == [self.held.count(place) for place in range(SIZE)]
        assert set(self.roster.free(self.now)) == {place for place in range(SIZE) if self.until[place] <= self.now}


class LeastUsed(Model):
    """The same, by use."""

    choice: Choice = "least_used"


BOUNDS = settings(derandomize=True, deadline=None, max_examples=20, stateful_step_count=25)
TestTurns = Model.TestCase
TestLeastUsed = LeastUsed.TestCase
TestTurns.settings = TestLeastUsed.settings = BOUNDS

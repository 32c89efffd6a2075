from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from antiphon.policies.machines.ejection import TRIAL, Ejection, Health

RULES = Ejection()


def ejected(at: float = 0.0) -> Health:
    health = Health()
    for _ in range(4):
        assert health.fail(at, RULES, room=True) is None
    assert health.fail(at, RULES, room=True) == 30
    return health


def test_five_failures_eject_for_half_a_minute() -> None:
    health = ejected()
    assert health.is_out(29.9)
    assert not health.is_out(30)


def test_five_of_ten_eject_though_never_two_in_a_row() -> None:
    health, out = Health(), None
    for _ in range(5):
        assert out is None
        health.succeed(0)
        out = health.fail(0, RULES, room=True)
    assert out == 30


def test_four_of_ten_do_not() -> None:
    health = Health()
    for n in range(100):
        if n % 10 < 4:
            assert health.fail(0, RULES, room=True) is None
        else:
            health.succeed(0)


def test_without_room_it_stays() -> None:
    health = Health()
    assert [health.fail(0, RULES, room=False) for _ in range(20)] == [None] * 20
    assert health.fail(0, RULES, room=True) == 30


def test_each_ejection_is_longer_up_to_five_minutes() -> None:
    health, now, lengths = ejected(), 30.0, list[float]()
    for _ in range(12):
        assert health.begin(now)
        length = health.fail(now, RULES, room=True)
        assert length is not None
        lengths.append(length)
        now += length
    assert lengths == [60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300, 300]


def test_good_times_make_up_for_bad_ones() -> None:
    health = ejected()
    assert health.begin(30)
    assert health.succeed(30)
    for _ in range(4):
        health.fail(70, RULES, room=True)
    assert health.fail(70, RULES, room=True) == 30


def test_who_came_back_lately_has_less_credit_and_stays_away_longer() -> None:
    health, told = ejected(), list[list[float | None]]()
    for now in (40.0, 41.0, 42.0):
        health.succeed(now)
        told.append([health.fail(now, RULES, room=True) for _ in range(2)])
    assert told == [[None, 60], [90, None], [120, None]]


def test_times_that_count_have_an_end() -> None:
    health = ejected()
    for _ in range(1000):
        health.succeed(1)
        health.fail(1, RULES, room=True)
    assert health.times == 10
    health.succeed(2)
    assert [health.fail(302, RULES, room=True) for _ in range(5)] == [None] * 4 + [30]


def test_a_failure_that_kept_its_request_waiting_is_known_as_such() -> None:
    health = Health()
    for began, slow in ((None, False), (8.0, True), (9.5, False)):
        health.fail(10, RULES, room=True, began=began)
        assert health.slow is slow


def test_one_is_on_trial_and_the_others_wait() -> None:
    health = ejected()
    assert health.begin(30)
    assert health.is_out(30)
    assert not health.begin(30)


def test_a_trial_that_told_nothing_makes_room_for_the_next() -> None:
    health = ejected()
    health.begin(30)
    health.leave()
    assert health.begin(31)


def test_a_trial_that_is_lost_stands_in_nobodys_way_for_ever() -> None:
    health = ejected()
    health.begin(30)
    assert health.is_out(30 + TRIAL - 1)
    assert health.begin(30 + TRIAL)


def test_a_success_in_need_brings_it_back_before_its_time() -> None:
    health = ejected()
    generation = health.generation
    assert health.succeed(1)
    assert not health.is_out(1)
    assert health.generation != generation


def test_failures_while_it_is_out_change_nothing() -> None:
    health = ejected()
    assert [health.fail(n, RULES, room=True) for n in range(29)] == [None] * 29
    assert not health.is_out(30)


def test_it_can_be_taken_back() -> None:
    health = ejected()
    generation = health.generation
    health.restore()
    assert not health.is_out(0)
    assert health.spotless
    assert health.generation != generation  # what began before is no news


def test_a_success_where_all_is_well_brings_nobody_back() -> None:
    assert not Health().succeed(0)


@pytest.mark.parametrize(("targets", "room"), [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2)])
def test_half_may_be_out_and_never_all(targets: int, room: int) -> None:
    assert RULES.room(targets) == room
    assert RULES._replace(most=1.0).room(targets) == targets - 1


def test_below_half_it_panics() -> None:
    assert [RULES.panics(well, 4) for well in range(5)] == [True, True, False, False, False]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"failures": 0}, "failures"),
        ({"failures": 11}, "last ten requests"),
        ({"failures": 2.5}, "failures"),
        ({"base": -1.0}, "base"),
        ({"base": 30.0, "longest": 29.0}, "longest must be base"),
        ({"most": 1.1}, "most must be a share"),
        ({"panic": -0.1}, "panic must be a share"),
        ({"panic": "0.5"}, "panic must be a share"),
    ],
)
def test_numbers_that_cannot_be_right(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises((ValueError, TypeError), match=told):
        Ejection(**wrong).check()


@pytest.mark.parametrize(
    "right",
    [
        {"failures": 1},
        {"failures": 10},
        {"base": 30.0, "longest": 30.0},
        {"most": 0, "panic": 0},
        {"most": 1, "panic": 1},
    ],
)
def test_numbers_at_the_edge(right: dict[str, Any]) -> None:
    Ejection(**right).check()


class Told(RuleBasedStateMachine):
    """Beside it the list of all that was told of a target since it was last in its place."""

    @initialize(failures=st.integers(1, 6), base=st.sampled_from([0.0, 10.0]))
    def begin(self, failures: int, base: float) -> None:
        self.policy = Ejection(failures, base, longest=35.0)
        self.health = Health()
        self.now = 1000.0
        self.told: list[bool] = []
        self.times, self.back, self.generation = 0, 0.0, 0
        self.end: float | None = None
        self.trial: float | None = None

    @rule(seconds=st.sampled_from([0.5, 4.0, 9.5, 10.0, 40.0, 60.0, 500.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(lasted=st.sampled_from([None, 0.5, 1.0, 7.0]), room=st.booleans(), many=st.integers(1, 5))
    def fail(self, lasted: float | None, room: bool, many: int) -> None:
        for _ in range(many):
            began = None if lasted is None else self.now - lasted
            seconds = self.health.fail(self.now, self.policy, room=room, began=began)
            assert seconds == self.sentence(room)
            assert self.health.slow == (lasted in (1.0, 7.0))
            if seconds is not None:
                self.end, self.trial = self.now + seconds, None
                self.generation += 1
                assert (self.health.since, self.health.until) == (self.now, self.end)

    def sentence(self, room: bool) -> float | None:
        """Seconds for which a failure ejects it."""
        base = self.policy.base
        if self.end is None:
            self.told.append(False)
            made_up_for = (self.now - self.back) // base if base else 99
            times = max(0, self.times - int(made_up_for))
            enough = max(1, self.policy.failures // 2**times)
            if self.told[-10:].count(False) < enough or not room:
                return None
            self.times = times
        elif self.now < self.end:
            return None
        self.times = min(self.times + 1, 3 if base else 1)
        return min(35.0, base * self.times)

    @rule(many=st.integers(1, 9))
    def succeed(self, many: int) -> None:
        for _ in range(many):
            assert self.health.succeed(self.now) == (self.end is not None)
            if self.end is None:
                self.told.append(True)
            else:
                self.in_its_place()

    @rule(seconds=st.sampled_from([0.0, 4.0, 9.5, 10.0, 21.0]), many=st.integers(1, 3))
    def come_back_and_fail_again(self, seconds: float, many: int) -> None:
        self.come_back()
        self.now += seconds
        self.fail(None, room=True, many=many)

    @rule()
    def come_back(self) -> None:
        self.health.come_back(self.now)
        self.in_its_place()

    @rule()
    def restore(self) -> None:
        self.health.restore()
        back = self.back
        self.in_its_place()
        self.times, self.back = 0, back

    def in_its_place(self) -> None:
        self.end = self.trial = None
        self.back = self.now
        self.told.clear()
        self.generation += 1

    @rule()
    def begin_a_request(self) -> None:
        tried = self.end is not None and not self.out
        assert self.health.begin(self.now) == tried
        if tried:
            self.trial = self.now

    @rule(seconds=st.sampled_from([0.0, 10.0, 20.0, 35.0]))
    def the_trial_fails(self, seconds: float) -> None:
        self.begin_a_request()
        self.fail(None, room=True, many=1)
        self.now += seconds

    @rule()
    def the_trial_tells_nothing(self) -> None:
        self.health.leave()
        self.trial = None

    @property
    def out(self) -> bool:
        if self.end is None:
            return False
        return self.now < self.end or (self.trial is not None and self.now - self.trial < TRIAL)

    @invariant()
    def they_agree(self) -> None:
        health = self.health
        assert health.is_out(self.now) == self.out
        assert (health.until, health.times, health.generation) == (self.end, self.times, self.generation)
        assert health.spotless == (self.end is None and all(self.told[-10:]))


TestTold = Told.TestCase
TestTold.settings = settings(derandomize=True, deadline=None, max_examples=40, stateful_step_count=40)

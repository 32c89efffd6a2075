"""A compartment: never more out than there are, first come first served, and nothing leaks whatever happens."""

from __future__ import annotations

import random
import threading
from collections import deque
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from antiphon.policies.machines.bulkhead import Compartment, Waiter
from antiphon.policies.machines.gradient import Aimd


def waiting(compartment: Compartment, until: float = 100.0, now: float = 0.0) -> Waiter:
    waiter = compartment.line_up(now, until)
    assert waiter is not None
    return waiter


def test_permits_are_numbers_and_come_back() -> None:
    compartment = Compartment(2, 0)
    assert [compartment.enter() for _ in range(3)] == [1, 2, 0]
    compartment.leave()
    assert (compartment.inflight, compartment.enter(), compartment.inflight) == (1, 3, 2)


def test_first_come_first_served() -> None:
    compartment = Compartment(1, 10)
    compartment.enter()
    first, second = waiting(compartment), waiting(compartment)
    compartment.leave()
    assert (first.permit, first.signal.is_set, second.permit) == (2, True, 0)
    assert not compartment.enter(), "nobody overtakes"
    assert (compartment.inflight, compartment.queued) == (1, 1)


def test_nobody_overtakes_who_waits_though_a_permit_is_free() -> None:
    compartment = Compartment(1, 10, Aimd(1))
    compartment.enter()
    waiter = waiting(compartment)
    compartment.limit = 2
    assert not compartment.enter()
    compartment.succeed(None)  # the limit is looked at again
    compartment.leave()
    assert waiter.permit


def test_a_place_in_the_queue_is_a_permit_where_one_is_free() -> None:
    compartment = Compartment(1, 0)
    waiter = waiting(compartment)
    assert (waiter.permit, compartment.inflight, compartment.queued) == (1, 1, 0)
    assert compartment.line_up(0.0, 10.0) is None
    assert compartment.refused == 1


def test_a_time_of_zero_is_enough_for_a_permit_that_is_free() -> None:
    assert waiting(Compartment(1, 0), until=0.0).permit == 1


def test_a_full_queue_first_loses_those_whose_time_is_over() -> None:
    compartment = Compartment(1, 3)
    compartment.enter()
    short, long, shorter = waiting(compartment, 10.0), waiting(compartment, 60.0), waiting(compartment, 5.0)
    assert compartment.line_up(5.0, 50.0) is None, "at the very end of it there is still time"
    newcomer = waiting(compartment, 70.0, now=20.0)
    assert [each.signal.is_set for each in (short, long, shorter, newcomer)] == [True, False, True, False]
    assert (short.permit, compartment.queued, compartment.refused) == (0, 2, 3)
    waiting(compartment, 90.0, now=21.0)
    assert compartment.line_up(59.0, 90.0) is None
    assert compartment.line_up(61.0, 90.0), "who is left is looked at again when his time comes"
    assert (compartment.queued, long.signal.is_set) == (3, True)
    compartment.leave()
    assert newcomer.permit


def test_a_permit_goes_past_those_whose_time_is_over() -> None:
    compartment = Compartment(1, 3)
    compartment.enter()
    late = waiting(compartment, 10.0)
    good = waiting(compartment, 60.0, now=20.0)
    compartment.leave()
    assert (late.permit, late.signal.is_set, good.permit) == (0, True, 2)
    assert (compartment.inflight, compartment.refused) == (1, 1)


def test_who_withdraws_makes_room() -> None:
    compartment = Compartment(1, 2)
    compartment.enter()
    first, second = waiting(compartment), waiting(compartment)
    compartment.withdraw(first)
    compartment.withdraw(first)
    assert (compartment.queued, first.signal.is_set) == (1, False)
    compartment.leave()
    assert second.permit


def test_a_permit_that_came_too_late_goes_to_the_next() -> None:
    compartment = Compartment(1, 2)
    compartment.enter()
    first, second = waiting(compartment), waiting(compartment)
    compartment.leave()
    assert first.permit
    compartment.withdraw(first)
    assert (second.permit > 0, compartment.inflight, compartment.queued) == (True, 1, 0)
    compartment.withdraw(first)
    assert compartment.inflight == 1, "given back once"


def test_a_finalizer_in_the_middle_of_a_method_waits_for_nobody() -> None:
    compartment = Compartment(2, 2)
    compartment.enter()
    compartment.enter()
    waiter, other = waiting(compartment), waiting(compartment)
    with compartment._lock:
        compartment.leave()
        compartment.withdraw(other)
        assert compartment.inflight == 2
    compartment.enter()
    assert (waiter.permit, compartment.inflight, compartment.queued) == (3, 2, 0)
    assert not compartment._late


def test_a_limit_that_shrinks_takes_nothing_away_and_one_that_grows_hands_out() -> None:
    compartment = Compartment(64, 10, Aimd(64))
    permits = [compartment.enter() for _ in range(20)]
    assert (permits[-1], compartment.enter()) == (20, 0)
    waiter = waiting(compartment)
    compartment.succeed(None)
    assert (waiter.permit, compartment.limit, compartment.inflight) == (21, 21, 21)
    compartment.drop(permits[0])
    assert (compartment.limit, compartment.inflight) == (18, 21)
    for _ in range(3):
        compartment.leave()
    assert (compartment.enter(), compartment.inflight) == (0, 18)


def test_all_that_failed_together_count_as_one() -> None:
    compartment = Compartment(64, 0, Aimd(64))
    permits = [compartment.enter() for _ in range(20)]
    for permit in permits:
        compartment.drop(permit)
        compartment.leave()
    assert compartment.limit == 18
    compartment.drop(compartment.enter())
    assert compartment.limit == 16


def test_a_fixed_limit_stays() -> None:
    compartment = Compartment(7, 0)
    compartment.drop(compartment.enter())
    compartment.succeed(1.0)
    assert compartment.limit == 7


class Model(RuleBasedStateMachine):
    """A compartment beside a list."""

    LIMIT, QUEUE = 3, 4

    def __init__(self) -> None:
        super().__init__()
        self.compartment = Compartment(self.LIMIT, self.QUEUE)
        self.now = self.seen = 0.0
        self.out = 0
        self.line: deque[Waiter] = deque()
        self.granted: list[Waiter] = []

    @rule(seconds=st.sampled_from([0.5, 3.0, 20.0]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def enter(self) -> None:
        may = self.out < self.LIMIT and not self.line
        assert bool(self.compartment.enter()) == may
        self.out += may

    @rule(patience=st.sampled_from([0.0, 1.0, 10.0, 30.0]))
    def line_up(self, patience: float) -> None:
        self.seen = self.now
        if len(self.line) >= self.QUEUE:
            self.line = deque(each for each in self.line if each.until >= self.now)
        waiter = self.compartment.line_up(self.now, self.now + patience)
        assert (waiter is not None) == (len(self.line) < self.QUEUE or self.out < self.LIMIT)
        if waiter is not None:
            self.line.append(waiter)
            self._hand_out()

    @precondition(lambda self: self.out)
    @rule()
    def leave(self) -> None:
        self.compartment.leave()
        self.out -= 1
        self._hand_out()

    @precondition(lambda self: self.line)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        waiter = self.line[data.draw(st.integers(0, len(self.line) - 1))]
        self.compartment.withdraw(waiter)
        self.line.remove(waiter)

    @precondition(lambda self: self.granted)
    @rule(data=st.data())
    def withdraw_with_a_permit(self, data: st.DataObject) -> None:
        waiter = self.granted.pop(data.draw(st.integers(0, len(self.granted) - 1)))
        self.compartment.withdraw(waiter)
        self.out -= 1
        self._hand_out()

    def _hand_out(self) -> None:
        while self.line and self.out < self.LIMIT:
            waiter = self.line.popleft()
            if waiter.until >= self.seen:
                self.out += 1
                self.granted.append(waiter)
                assert waiter.permit
            assert waiter.signal.is_set

    @invariant()
    def they_agree(self) -> None:
        assert (self.compartment.inflight, self.compartment.queued) == (self.out, len(self.line))
        assert self.out <= self.LIMIT
        assert not any(waiter.permit for waiter in self.line)


TestModel = Model.TestCase
TestModel.settings = settings(
    derandomize=True,
    deadline=None,
    max_examples=40,
    stateful_step_count=60,
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.mark.parametrize("adaptive", [False, True])
def test_after_a_hundred_thousand_steps_nothing_has_leaked(adaptive: bool) -> None:
    dice = random.Random(7)
    compartment = Compartment(16, 32, Aimd(16) if adaptive else None)
    out: list[int] = []
    line: list[Waiter] = []
    now = 0.0
    for _ in range(100_000):
        now += 0.01
        step = dice.random()
        if step < 0.3:
            out += [permit for permit in [compartment.enter()] if permit]
        elif step < 0.55:
            line += [waiter for waiter in [compartment.line_up(now, now + dice.random())] if waiter]
        elif step < 0.7 and line:
            compartment.withdraw(line.pop(dice.randrange(len(line))))
        elif step < 0.75:
            compartment.succeed(None)
        elif step < 0.76 and out:
            compartment.drop(out[-1])
        elif out:
            out.pop()
            compartment.leave()
        assert compartment.inflight <= 16
        out += [waiter.permit for waiter in line if waiter.signal.is_set and waiter.permit]
        line = [waiter for waiter in line if not waiter.signal.is_set]
    for waiter in line:
        compartment.withdraw(waiter)
    for _ in out:
        compartment.leave()
    assert (compartment.inflight, compartment.queued) == (0, 0)


def test_threads_hammer_it_and_never_are_more_inside_than_may_be() -> None:
    compartment = Compartment(5, 1000)
    inside, most, guard, wrong = [0], [0], threading.Lock(), list[Any]()

    def work(number: int) -> None:
        for turn in range(60):
            if not compartment.enter():
                woken = threading.Event()
                waiter = compartment.line_up(0.0, 10.0)
                assert waiter is not None
                waiter.signal.listen(woken.set)
                if (number + turn) % 5 == 0:
                    compartment.withdraw(waiter)
                    continue
                if not woken.wait(30):
                    wrong.append("nobody woke it")
                    return
            with guard:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            with guard:
                inside[0] -= 1
            compartment.leave()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert most[0] <= 5
    assert (compartment.inflight, compartment.queued) == (0, 0)

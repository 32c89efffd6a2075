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

from antiphon.policies.machines.bulkhead import Compartment, Permit
from antiphon.policies.machines.gradient import Aimd


def entered(compartment: Compartment) -> Permit:
    permit = Permit()
    assert compartment.enter(permit) == (permit.number > 0)
    return permit


def waiting(compartment: Compartment, until: float = 100.0, now: float = 0.0) -> Permit:
    waiter = Permit()
    assert compartment.line_up(waiter, now, until)
    return waiter


def told(waiter: Permit) -> bool:
    return waiter.signal is not None and waiter.signal.is_set


def test_permits_are_numbers_and_come_back() -> None:
    compartment = Compartment(2, 0)
    permits = [entered(compartment) for _ in range(3)]
    assert [each.number for each in permits] == [1, 2, 0]
    compartment.leave(permits[0])
    assert (compartment.inflight, entered(compartment).number, compartment.inflight) == (1, 3, 2)


def test_first_come_first_served() -> None:
    compartment = Compartment(1, 10)
    permit = entered(compartment)
    first, second = waiting(compartment), waiting(compartment)
    compartment.leave(permit)
    assert (first.number, told(first), second.number) == (2, True, 0)
    assert not entered(compartment).number, "nobody overtakes"
    assert (compartment.inflight, compartment.queued) == (1, 1)


def test_nobody_overtakes_who_waits_though_a_permit_is_free() -> None:
    compartment = Compartment(1, 10, Aimd(1))
    permit = entered(compartment)
    waiter = waiting(compartment)
    compartment.limit = 2
    assert not entered(compartment).number
    compartment.succeed(None)  # the limit is looked at again
    compartment.leave(permit)
    assert waiter.number


def test_a_place_in_the_queue_is_a_permit_where_one_is_free() -> None:
    compartment = Compartment(1, 0)
    waiter = waiting(compartment)
    assert (waiter.number, compartment.inflight, compartment.queued) == (1, 1, 0)
    assert compartment.line_up(Permit(), 0.0, 10.0) is False
    assert compartment.refused == 1


def test_a_time_of_zero_is_enough_for_a_permit_that_is_free() -> None:
    assert waiting(Compartment(1, 0), until=0.0).number == 1


def test_a_full_queue_first_loses_those_whose_time_is_over() -> None:
    compartment = Compartment(1, 3)
    permit = entered(compartment)
    short, long, shorter = waiting(compartment, 10.0), waiting(compartment, 60.0), waiting(compartment, 5.0)
    assert compartment.line_up(Permit(), 5.0, 50.0) is False, "at the very end of it there is still time"
    newcomer = waiting(compartment, 70.0, now=20.0)
    assert [told(each) for each in (short, long, shorter, newcomer)] == [True, False, True, False]
    assert (short.number, compartment.queued, compartment.refused) == (0, 2, 3)
    waiting(compartment, 90.0, now=21.0)
    assert compartment.line_up(Permit(), 59.0, 90.0) is False
    assert compartment.line_up(Permit(), 61.0, 90.0), "who is left is looked at again when his time comes"
    assert (compartment.queued, told(long)) == (3, True)
    compartment.leave(permit)
    assert newcomer.number


def test_a_permit_goes_past_those_whose_time_is_over() -> None:
    compartment = Compartment(1, 3)
    permit = entered(compartment)
    late = waiting(compartment, 10.0)
    good = waiting(compartment, 60.0, now=20.0)
    compartment.leave(permit)
    assert (late.number, told(late), good.number) == (0, True, 2)
    assert (compartment.inflight, compartment.refused) == (1, 1)


def test_who_withdraws_makes_room() -> None:
    compartment = Compartment(1, 2)
    permit = entered(compartment)
    first, second = waiting(compartment), waiting(compartment)
    compartment.leave(first)
    compartment.leave(first)
    assert (compartment.queued, told(first)) == (1, False)
    compartment.leave(permit)
    assert second.number


def test_a_permit_that_came_too_late_goes_to_the_next() -> None:
    compartment = Compartment(1, 2)
    permit = entered(compartment)
    first, second = waiting(compartment), waiting(compartment)
    compartment.leave(permit)
    assert first.number
    compartment.leave(first)
    assert (second.number > 0, compartment.inflight, compartment.queued) == (True, 1, 0)
    compartment.leave(first)
    assert compartment.inflight == 1, "given back once"


def test_a_finalizer_in_the_middle_of_a_method_waits_for_nobody() -> None:
    compartment = Compartment(2, 2)
    permit, _ = entered(compartment), entered(compartment)
    waiter, other = waiting(compartment), waiting(compartment)
    with compartment._lock:
        compartment.leave(permit)
        compartment.leave(other)
        assert (waiter.number, compartment.queued) == (0, 2)
    entered(compartment)
    assert (waiter.number, compartment.inflight, compartment.queued) == (3, 2, 0)
    assert not compartment._late


def test_a_limit_that_shrinks_takes_nothing_away_and_one_that_grows_hands_out() -> None:
    compartment = Compartment(64, 10, Aimd(64))
    permits = [entered(compartment) for _ in range(20)]
    assert (permits[-1].number, entered(compartment).number) == (20, 0)
    waiter = waiting(compartment)
    compartment.succeed(None)
    assert (waiter.number, compartment.limit, compartment.inflight) == (21, 21, 21)
    compartment.drop(permits[0])
    assert (compartment.limit, compartment.inflight) == (18, 21)
    for permit in permits[:3]:
        compartment.leave(permit)
    assert (entered(compartment).number, compartment.inflight) == (0, 18)


def test_all_that_failed_together_count_as_one() -> None:
    compartment = Compartment(64, 0, Aimd(64))
    permits = [entered(compartment) for _ in range(20)]
    for permit in permits:
        compartment.drop(permit)
        compartment.leave(permit)
    assert compartment.limit == 18
    compartment.drop(entered(compartment))
    assert compartment.limit == 16


def test_a_fixed_limit_stays() -> None:
    compartment = Compartment(7, 0)
    compartment.drop(entered(compartment))
    compartment.succeed(1.0)
    assert compartment.limit == 7


class Model(RuleBasedStateMachine):
    """A compartment beside a list."""

    LIMIT, QUEUE = 3, 4

    def __init__(self) -> None:
        super().__init__()
        self.compartment = Compartment(self.LIMIT, self.QUEUE)
        self.now = self.seen = 0.0
        self.out: list[Permit] = []
        self.line: deque[Permit] = deque()
        self.gone: list[Permit] = []

    @rule(seconds=st.sampled_from([0.5, 3.0, 20.0]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def enter(self) -> None:
        permit, may = Permit(), len(self.out) < self.LIMIT and not self.line
        assert self.compartment.enter(permit) == may
        (self.out if may else self.gone).append(permit)

    @rule(patience=st.sampled_from([0.0, 1.0, 10.0, 30.0]))
    def line_up(self, patience: float) -> None:
        self.seen = self.now
        if len(self.line) >= self.QUEUE:
            self.line = deque(each for each in self.line if each.until >= self.now)
        waiter, fits = Permit(), len(self.line) < self.QUEUE or len(self.out) < self.LIMIT
        assert self.compartment.line_up(waiter, self.now, self.now + patience) == fits
        if fits:
            self.line.append(waiter)
            self._hand_out()
        else:
            self.gone.append(waiter)

    @precondition(lambda self: self.out)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        self.gone.append(permit := self.out.pop(data.draw(st.integers(0, len(self.out) - 1))))
        self.compartment.leave(permit)
        self._hand_out()

    @precondition(lambda self: self.line)
    @rule(data=st.data())
    def leave_the_line(self, data: st.DataObject) -> None:
        self.gone.append(waiter := self.line[data.draw(st.integers(0, len(self.line) - 1))])
        self.compartment.leave(waiter)
        self.line.remove(waiter)

    @precondition(lambda self: self.gone)
    @rule(data=st.data())
    def leave_once_more(self, data: st.DataObject) -> None:
        self.compartment.leave(self.gone[data.draw(st.integers(0, len(self.gone) - 1))])

    def _hand_out(self) -> None:
        while self.line and len(self.out) < self.LIMIT:
            waiter = self.line.popleft()
            if waiter.until >= self.seen:
                self.out.append(waiter)
                assert waiter.number
            else:
                self.gone.append(waiter)
            assert told(waiter)

    @invariant()
    def they_agree(self) -> None:
        assert (self.compartment.inflight, self.compartment.queued) == (len(self.out), len(self.line))
        assert len(self.out) <= self.LIMIT
        assert not any(waiter.number for waiter in self.line)


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
    out: list[Permit] = []
    line: list[Permit] = []
    now = 0.0
    for _ in range(100_000):
        now += 0.01
        step = dice.random()
        if step < 0.3:
            out += [permit for permit in [entered(compartment)] if permit.number]
        elif step < 0.55:
            line += [waiter for waiter in [Permit()] if compartment.line_up(waiter, now, now + dice.random())]
        elif step < 0.7 and line:
            compartment.leave(line.pop(dice.randrange(len(line))))
        elif step < 0.75:
            compartment.succeed(None)
        elif step < 0.76 and out:
            compartment.drop(out[-1])
        elif out:
            compartment.leave(out.pop())
        assert compartment.inflight <= 16
        out += [waiter for waiter in line if told(waiter) and waiter.number]
        line = [waiter for waiter in line if not told(waiter)]
    for permit in [*line, *out]:
        compartment.leave(permit)
    assert (compartment.inflight, compartment.queued) == (0, 0)


def test_threads_hammer_it_and_never_are_more_inside_than_may_be() -> None:
    compartment = Compartment(5, 1000)
    inside, most, guard, wrong = [0], [0], threading.Lock(), list[Any]()

    def work(number: int) -> None:
        for turn in range(60):
            permit = Permit()
            if not compartment.enter(permit):
                woken = threading.Event()
                assert compartment.line_up(permit, 0.0, 10.0)
                assert permit.signal is not None
                permit.signal.listen(woken.set)
                if (number + turn) % 5 == 0:
                    compartment.leave(permit)
                    continue
                if not woken.wait(30):
                    wrong.append("nobody woke it")
                    return
            with guard:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            with guard:
                inside[0] -= 1
            compartment.leave(permit)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert most[0] <= 5
    assert (compartment.inflight, compartment.queued) == (0, 0)

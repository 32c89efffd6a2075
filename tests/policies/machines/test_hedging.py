from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from antiphon.policies.machines.hedging import ENOUGH, Hedging


def seasoned(times: int = 400, ratio: float = 0.05, delay: float | None = None) -> Hedging:
    """One that has seen requests of 1 to 100 seconds, each as often as any other."""
    machine = Hedging(delay, 0.95, 1.0, ratio)
    for n in range(times):
        machine.answered("kind", 1.0 + n % 100)
    return machine


def late(machine: Hedging, kind: Any, now: float) -> float | None:
    """When a request is late, if a second one could be sent then."""
    delay, objection = machine.delay(kind, now)
    assert delay is None or not objection
    return delay


def spends(machine: Hedging, kind: Any, now: float) -> bool:
    return not machine.spend(kind, now)


def test_each_objection_has_a_name() -> None:
    machine = seasoned()
    assert machine.delay("another", 0.0) == (None, "")
    machine.hold(10.0)
    assert machine.delay("kind", 0.0)[1] == machine.spend("kind", 0.0) == "the server asked for less"
    assert machine.delay("kind", 10.0)[1] == ""
    assert [machine.spend("kind", 10.0) for _ in range(4)] == [""] * 4
    assert machine.spend("kind", 10.0) == "many are late"
    machine.tokens = 0.5
    assert machine.delay("kind", 10.0)[1] == machine.spend("kind", 10.0) == "the share is used up"
    for _ in range(7):
        machine.failed("kind")
    assert machine.delay("kind", 10.0)[1] == "many fail"


def test_who_was_late_is_known_afterwards() -> None:
    machine = seasoned()
    assert machine.late("kind", 99.0) == pytest.approx(95, abs=2)
    assert machine.late("kind", 50.0) is None
    assert machine.late("another", 99.0) is None
    assert seasoned(delay=7.0).late("kind", 6.9) is None
    assert seasoned(delay=7.0).late("kind", 7.0) == 7.0


def test_what_was_not_sent_after_all_was_not_spent() -> None:
    machine = seasoned(50, ratio=0.05)
    assert spends(machine, "kind", 0.0)
    machine.unspent()
    assert machine.tokens == pytest.approx(2.5)
    full = seasoned(5000)
    full.unspent()
    assert full.tokens == 10


def test_late_is_what_most_are_not() -> None:
    assert late(seasoned(), "kind", 0.0) == pytest.approx(95, abs=2)
    assert late(seasoned(delay=7.0), "kind", 0.0) == 7.0


def test_nothing_is_late_below_the_floor() -> None:
    machine = Hedging(None, 0.95, 1.0, 1.0)
    for _ in range(ENOUGH):
        machine.answered("kind", 0.01)
    assert late(machine, "kind", 0.0) == 1.0


def test_what_took_as_long_as_the_floor_was_late() -> None:
    machine = Hedging(None, 0.95, 1.0, 1.0)
    for _ in range(ENOUGH):
        machine.answered("kind", 0.01)
    assert machine.late("kind", 0.999) is None
    assert machine.late("kind", 1.0) == 1.0


def test_one_that_was_earned_to_the_last_part_may_be_sent() -> None:
    machine = seasoned(50, ratio=0.03125)
    machine.tokens = 1.0
    assert machine.delay("kind", 0.0)[0] is not None
    assert spends(machine, "kind", 0.0)
    assert machine.tokens == 0


def test_who_was_answered_just_when_it_was_late_was_not_in_time() -> None:
    machine = seasoned(5000)
    for _ in range(6):
        spends(machine, "kind", 0.0)
    for _ in range(20):
        machine.answered("kind", 50.0, delay=50.0)
    assert not spends(machine, "kind", 0.0)


@pytest.mark.parametrize(("good", "bad", "objection"), [(17, 3, True), (18, 2, False), (16, 3, False), (17, 2, False)])
def test_more_than_a_tenth_of_twenty_is_many(good: int, bad: int, objection: bool) -> None:
    machine = Hedging(1.0, 0.95, 1.0, 1.0)
    for _ in range(good):
        machine.answered("kind", 5.0)
    for _ in range(bad):
        machine.failed("kind")
    assert (machine.delay("kind", 0.0)[1] == "many fail") is objection


def test_too_few_tell_nothing() -> None:
    machine = Hedging(None, 0.95, 1.0, 1.0)
    for _ in range(ENOUGH - 1):
        machine.answered("kind", 5.0)
    assert late(machine, "kind", 0.0) is None
    assert late(machine, "another", 0.0) is None
    machine.answered("kind", 5.0)
    assert late(machine, "kind", 0.0) == 5.0


def test_second_requests_are_earned() -> None:
    machine = seasoned(50, ratio=0.05)
    assert machine.tokens == pytest.approx(2.5)
    assert [spends(machine, "kind", 0.0) for _ in range(3)] == [True, True, False]
    assert late(machine, "kind", 0.0) is None


def test_no_more_than_ten_are_saved_up() -> None:
    assert seasoned(5000).tokens == 10


def test_where_many_are_late_none_is_sent() -> None:
    machine = seasoned(5000)
    assert [spends(machine, "kind", 0.0) for _ in range(7)] == [True] * 5 + [False] * 2
    for _ in range(20):
        machine.answered("kind", 1.0, delay=50.0)
    assert spends(machine, "kind", 0.0)


def test_who_is_not_in_time_is_not_counted_as_such() -> None:
    machine = seasoned(5000)
    for _ in range(6):
        spends(machine, "kind", 0.0)
    for _ in range(20):
        machine.answered("kind", 60.0, delay=50.0)
    assert not spends(machine, "kind", 0.0)


def test_where_a_tenth_fails_none_is_sent() -> None:
    machine = seasoned(1000)
    for _ in range(6):
        machine.failed("kind")
    assert late(machine, "kind", 0.0) is not None
    machine.failed("kind")
    assert late(machine, "kind", 0.0) is None
    for _ in range(64):
        machine.answered("kind", 5.0)
    assert late(machine, "kind", 0.0) is not None


def test_a_server_that_wants_less_is_heeded() -> None:
    machine = seasoned()
    machine.hold(30.0)
    machine.hold(20.0)
    assert late(machine, "kind", 29.0) is None
    assert not spends(machine, "kind", 29.0)
    assert late(machine, "kind", 30.0) is not None


def test_what_was_given_up_took_at_least_so_long() -> None:
    machine = seasoned(300)
    before = machine.tokens
    for _ in range(30):
        machine.given_up("kind", 500.0)
    assert late(machine, "kind", 0.0) == 500.0
    assert machine.tokens == before


def test_kinds_without_number_are_forgotten_the_oldest_first() -> None:
    machine = seasoned()
    for n in range(600):
        machine.answered(n, 1.0)
    assert late(machine, "kind", 0.0) is None
    assert len(machine._kinds) == 512


def test_many_threads_spend_what_was_earned_and_no_more() -> None:
    machine, spent = Hedging(1.0, 0.95, 0.0, 0.25, most=1e9), list[int]()

    def work() -> None:
        mine = 0
        for _ in range(500):
            machine.answered("kind", 0.1, delay=1.0)
            mine += spends(machine, "kind", 0.0)
            for _ in range(20):
                machine.answered("other", 0.1)
        spent.append(mine)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert machine.tokens + sum(spent) == pytest.approx(8 * 500 * 21 * 0.25)


class Hedgings(RuleBasedStateMachine):
    """Answers, failures and late requests in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.machine = Hedging(None, 0.95, 1.0, 0.05)
        self.now = 0.0
        self.answers = 0
        self.spent = 0
        self.held = 0.0

    @rule(count=st.integers(1, 60), seconds=st.floats(0, 100), delay=st.none() | st.floats(1, 50))
    def answer(self, count: int, seconds: float, delay: float | None) -> None:
        for _ in range(count):
            self.machine.answered("kind", seconds, delay)
        self.answers += count

    @rule(count=st.integers(1, 30))
    def fail(self, count: int) -> None:
        for _ in range(count):
            self.machine.failed("kind")

    @rule(seconds=st.floats(0, 60))
    def hold(self, seconds: float) -> None:
        self.machine.hold(self.now + seconds)
        self.held = max(self.held, self.now + seconds)

    @rule(seconds=st.floats(0, 60))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def be_late(self) -> None:
        sent = spends(self.machine, "kind", self.now)
        assert not (sent and self.now < self.held)
        self.spent += sent

    @invariant()
    def no_more_than_the_ratio_is_sent(self) -> None:
        assert self.spent <= self.answers * 0.05 + 1e-9
        assert 0 <= self.machine.tokens <= 10

    @invariant()
    def nothing_is_late_below_the_floor(self) -> None:
        delay = late(self.machine, "kind", self.now)
        assert delay is None or delay >= 1.0


Hedgings.TestCase.settings = settings(derandomize=True, deadline=None, max_examples=60, stateful_step_count=40)
TestHedgings = Hedgings.TestCase

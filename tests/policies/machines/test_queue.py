"""A line of tickets beside a plain list of who waits."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from antiphon.core.signal import Signal
from antiphon.policies.machines.queue import GONE, GRANTED, WAITING, Queue, Ticket


def ticket(*units: float, until: float = 9.0) -> Ticket:
    first, second, third, fourth = (*units, 0.0, 0.0, 0.0, 0.0)[:4]
    return Ticket((first, second, third, fourth), until)


class Line(RuleBasedStateMachine):
    """Who waits, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = Queue()
        self.waiting: list[Ticket] = []

    @rule(units=st.tuples(*[st.sampled_from([0.0, 0.1, 1.0, 700.0])] * 4))
    def add(self, units: tuple[float, float, float, float]) -> None:
        fresh = Ticket(units, 9.0)
        assert fresh.state is GONE
        fresh.due, fresh.signal = 3.0, Signal()  # of another time in line
        self.queue.add(fresh)
        self.waiting.append(fresh)
        assert (fresh.state, fresh.due) == (WAITING, float("inf"))
        assert not fresh.signal

    @precondition(lambda self: self.waiting)
    @rule(place=st.integers(0, 50), state=st.sampled_from([GRANTED, GONE]))
    def leave(self, place: int, state: int) -> None:
        one = self.waiting.pop(place % len(self.waiting))
        self.queue.leave(one, state)
        assert one.state is state

    @invariant()
    def the_line_is_the_list(self) -> None:
        assert self.queue.head is (self.waiting[0] if self.waiting else None)
        assert self.queue.length == len(self.waiting)
        for many in (0, 1, 3, 100):
            assert list(self.queue.first(many)) == self.waiting[:many]
        for kind, units in enumerate(self.queue.units):
            assert abs(units - sum(each.units[kind] for each in self.waiting)) < 1e-9
        if not self.waiting:
            assert self.queue.units == [0.0] * 4, "without a rounding error"
        assert len(self.queue._tickets) <= 2 * len(self.waiting) + 64


TestLine = Line.TestCase
TestLine.settings = settings(derandomize=True, deadline=None, max_examples=14, stateful_step_count=30)


def test_who_gives_up_behind_one_that_waits_long_is_not_kept() -> None:
    queue = Queue()
    queue.add(ticket(1))
    for _ in range(1000):
        other = ticket(1)
        queue.add(other)
        queue.leave(other, GONE)
    assert len(queue._tickets) < 100
    assert queue.length == 1


def test_one_that_leaves_while_the_first_are_looked_at_is_passed_over() -> None:
    queue, tickets = Queue(), [ticket(1) for _ in range(4)]
    for each in tickets:
        queue.add(each)
    seen = list[Ticket]()
    for each in queue.first(3):
        seen.append(each)
        queue.leave(each, GRANTED)
        if each is tickets[0]:
            queue.leave(tickets[1], GONE)
    assert seen == [tickets[0], tickets[2]]


def test_waking_needs_somebody_who_waits() -> None:
    one = ticket(1)
    Queue().add(one)
    one.wake()
    one.signal = Signal()
    one.wake()
    assert one.signal.is_set

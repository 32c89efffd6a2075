"""A lane against a naive list of all it ever granted."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from antiphon.errors import RateLimited, RequestTooLarge
from antiphon.policies.machines.lane import Lane
from antiphon.policies.machines.limit import MINUTE, Limit, Terms
from antiphon.policies.machines.queue import GONE, GRANTED, WAITING, Ticket
from antiphon.policies.machines.told import Told

TERMS = Terms(safety=1.0, request_burst=5.0, burst=10.0)


def lane(rpm: float | None = 60, tpm: float | None = None, **options: Any) -> Lane:
    limits = [Limit("requests", 0, MINUTE, TERMS, rpm)] if rpm else []
    limits += [Limit("tokens", 1, MINUTE, TERMS, tpm)] if tpm else []
    return Lane(limits, TERMS, **options)


def units(tokens: float = 0.0) -> tuple[float, float, float, float]:
    return (1.0, tokens, 0.0, tokens)


def enter(it: Lane, units: tuple[float, float, float, float], now: float, until: float) -> Ticket:
    ticket = Ticket(units, until)
    it.enter(ticket, now)
    return ticket


def look(it: Lane, tickets: list[Ticket], now: float) -> None:
    """What the waiting do: whoever was woken, or whose time has come, looks again, until nobody has to."""
    while True:
        ready = [t for t in tickets if t.state == WAITING and (t.signal is None or t.signal.is_set or t.due <= now)]
        if not ready or all(it.turn(ticket, now) > 1e-6 and ticket.state == WAITING for ticket in ready):
            return


class Naive(RuleBasedStateMachine):
    """Waiters, cancels, settlements, server's words and clocks in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.tickets: list[Ticket] = []
        self.order: list[Ticket] = []
        self.granted: list[tuple[float, Ticket]] = []

    @initialize(rpm=st.sampled_from([30, 60, 600]), tpm=st.sampled_from([600, 6000]), fair=st.booleans())
    def begin(self, rpm: float, tpm: float, fair: bool) -> None:
        self.lane = lane(rpm, tpm, fair=fair)
        self.fair = fair
        self.full = (rpm, tpm)

    def settle_down(self) -> None:
        look(self.lane, self.tickets, self.now)
        known = {id(ticket) for _, ticket in self.granted}
        fresh = [t for t in self.tickets if t.state == GRANTED and id(t) not in known]
        self.granted += [(self.now, ticket) for ticket in sorted(fresh, key=lambda t: t.number)]

    @rule(tokens=st.integers(0, 600))
    def enter(self, tokens: int) -> None:
        self.tickets.append(enter(self.lane, units(tokens), self.now, self.now + 1e6))
        self.settle_down()

    @rule(seconds=st.floats(0, 20))
    def wait(self, seconds: float) -> None:
        """Time passes; all that falls due meanwhile is looked at when it is due."""
        end = self.now + seconds
        while True:
            due = [
                t.due for t in self.tickets if t.state == WAITING and t.signal is not None and self.now < t.due <= end
            ]
            self.now = min(due, default=end)
            self.settle_down()
            if self.now >= end:
                return

    @precondition(lambda self: any(t.state == WAITING for t in self.tickets))
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        waiting = [ticket for ticket in self.tickets if ticket.state == WAITING]
        self.lane.leave(data.draw(st.sampled_from(waiting)))
        self.settle_down()

    @precondition(lambda self: bool(self.granted))
    @rule(part=st.floats(0, 1))
    def settle(self, part: float) -> None:
        """A reply says it used less; what it frees may be used, so the list forgets it too."""
        _, ticket = self.granted[-1]
        spare = int(ticket.units[1] * part)
        self.lane.settle(ticket, 1, ticket.units[1] - spare)
        used = (1.0, ticket.units[1] - spare, 0.0, 0.0)
        ticket.units = used
        self.settle_down()

    @precondition(lambda self: bool(self.granted))
    @rule(data=st.data(), kind=st.integers(0, 1), reset=st.floats(0, 60), more=st.sampled_from([1, 3]))
    def hear(self, data: st.DataObject, kind: int, reset: float, more: int) -> None:
        """A reply tells of the server's limit, in any order of replies; it is never below what is said."""
        sent, ticket = data.draw(st.sampled_from(self.granted))
        newest = self.lane._synced
        took = self.lane.learn(ticket, [Told(kind, self.full[kind] * more, reset, MINUTE, False)], sent, self.now)
        assert took == (ticket.number > newest)
        self.settle_down()

    @rule(seconds=st.floats(2, 5000))
    def clock_is_set_back(self, seconds: float) -> None:
        """A debt stays as long as it was: nobody waits longer for it."""
        self.now -= seconds
        self.granted = [(at - seconds, ticket) for at, ticket in self.granted]
        for ticket in self.tickets:
            if ticket.state == WAITING:
                ticket.due = self.now
        self.settle_down()

    @invariant()
    def no_window_has_more_than_burst_and_rate(self) -> None:
        for kind, (rate, burst) in enumerate(((self.full[0] / 60, 5.0), (self.full[1] / 60, 10.0))):
            most = max(1.0, rate * burst)
            for first in range(len(self.granted)):
                start = self.granted[first][0]
                total = 0.0
                for at, ticket in self.granted[first:]:
                    total += ticket.units[kind]
                    if not ticket.units[kind]:
                        continue
                    # One that is larger than the burst goes into a debt for which everything later waits.
                    debt = max(0.0, ticket.units[kind] - most)
                    assert total <= most + debt + rate * (at - start) + 1e-3, (kind, at - start, total)

    @invariant()
    def the_line_is_as_long_as_those_who_wait(self) -> None:
        if hasattr(self, "lane"):
            waiting = [ticket for ticket in self.tickets if ticket.state == WAITING]
            assert self.lane.queue.length == len(waiting)
            assert self.lane.queue.units[1] == pytest.approx(sum(t.units[1] for t in waiting), abs=1e-6)

    @invariant()
    def first_come_is_first_served(self) -> None:
        if getattr(self, "fair", False):
            places = [self.tickets.index(ticket) for _, ticket in self.granted]
            assert places == sorted(places)

    def teardown(self) -> None:
        """Nobody starves: given time and no more words from the server, all are let in."""
        if hasattr(self, "lane"):
            for ticket in self.tickets:
                if ticket.state == WAITING:
                    ticket.due = self.now
            self.settle_down()
            self.wait(60.0 + 70.0 * len(self.tickets))
            assert all(ticket.state in (GRANTED, GONE) for ticket in self.tickets)


Naive.TestCase.settings = settings(derandomize=True, deadline=None, max_examples=60, stateful_step_count=25)
TestNaive = Naive.TestCase


def test_all_dimensions_are_taken_or_none() -> None:
    it = lane(60, 600)
    assert enter(it, units(100), 0.0, 60.0).state == GRANTED
    blocked = enter(it, units(50), 0.0, 60.0)
    assert blocked.state == WAITING
    it.leave(blocked)
    assert [enter(it, units(0), 0.0, 60.0).state for _ in range(5)] == [GRANTED] * 4 + [WAITING]


def test_a_small_request_waits_behind_a_large_one_unless_it_may_overtake() -> None:
    for fair in (True, False):
        it = lane(600, 600, fair=fair)
        enter(it, units(100), 0.0, 60.0)
        large = enter(it, units(50), 0.0, 60.0)
        small = enter(it, units(0), 0.0, 60.0)
        assert large.state == WAITING
        assert small.state == (WAITING if fair else GRANTED)


def test_a_wait_that_would_be_too_long_is_told_at_once() -> None:
    it = lane(60)
    for _ in range(5):
        enter(it, units(), 0.0, 1.0)
    enter(it, units(), 0.0, 1.0)
    with pytest.raises(RateLimited) as caught:
        enter(it, units(), 0.0, 1.5)
    assert caught.value.retry_after == pytest.approx(2.0)
    assert caught.value.dimension == "requests"
    assert it.queue.length == 1


def test_the_line_has_an_end() -> None:
    it = lane(60, room=2)
    for _ in range(7):
        enter(it, units(), 0.0, 60.0)
    with pytest.raises(RateLimited, match="2 requests wait already"):
        enter(it, units(), 0.0, 60.0)


def test_more_than_the_whole_limit_is_told_at_once() -> None:
    with pytest.raises(RequestTooLarge) as caught:
        enter(lane(60, 600), units(600.5), 0.0, 60.0)
    assert (caught.value.needed, caught.value.limit, caught.value.dimension) == (601, 600, "tokens")


def test_a_limit_that_shrinks_below_a_request_that_waits_does_not_hold_up_the_others() -> None:
    it = lane(None)
    first = enter(it, units(10), 0.0, 60.0)
    it.learn(first, [Told(1, 6000, 59.0, MINUTE, False)], 0.0, 0.0)
    large, small = enter(it, units(3000), 0.0, 60.0), enter(it, units(10), 0.0, 60.0)
    it.turn(large, 0.0)
    it.turn(small, 0.0)
    assert large.state == WAITING
    second = Ticket(units(), 60.0)
    second.number, second.mark = 99, it._tokens
    it.learn(second, [Told(1, 600, 0.0, MINUTE, False)], 0.0, 0.0)
    assert large.signal is not None
    assert large.signal.is_set
    with pytest.raises(RequestTooLarge):
        it.turn(large, 0.1)
    it.leave(large)
    assert it.turn(small, 0.1) == 0.0


def test_a_waiter_that_leaves_lets_the_next_come_sooner() -> None:
    it = lane(60)
    for _ in range(5):
        enter(it, units(), 0.0, 60.0)
    first, second = enter(it, units(), 0.0, 60.0), enter(it, units(), 0.0, 60.0)
    it.turn(first, 0.0)
    it.turn(second, 0.0)
    it.leave(first)
    assert second.signal is not None
    assert second.signal.is_set
    assert it.turn(second, 0.0) == pytest.approx(1.0)
    assert it.turn(second, 1.0) == 0.0


def test_what_was_granted_and_not_sent_is_given_back_once() -> None:
    it = lane(60, 600)
    enter(it, units(60), 0.0, 60.0)
    ticket = enter(it, units(40), 0.0, 60.0)
    it.leave(ticket)
    it.leave(ticket)
    assert it.wait(units(40), 0.0)[0] == 0.0
    assert it.wait(units(41), 0.0)[0] == pytest.approx(0.1)
    assert it._tokens == 60


def test_row_34_a_reply_that_is_older_than_what_is_known_is_not_heeded() -> None:
    it = lane(None)
    tickets = [enter(it, units(), float(n), 99.0) for n in range(3)]
    assert it.learn(tickets[1], [Told(0, 600, 30.0, MINUTE, False)], 1.0, 3.0)
    full = it.gates[0].server_full  # type: ignore[attr-defined]
    assert full == pytest.approx(1.0 + 30.0 + 0.1), "one more was sent after it"
    assert not it.learn(tickets[0], [Told(0, 600, 0.0, MINUTE, False)], 0.0, 3.1)
    assert it.gates[0].server_full == full  # type: ignore[attr-defined]
    assert it.learn(tickets[2], [Told(0, 600, 5.0, MINUTE, False)], 2.0, 3.2)
    assert it.gates[0].server_full == pytest.approx(7.0)  # type: ignore[attr-defined]


def test_row_34_what_another_process_used_is_seen() -> None:
    it = lane(None)
    it.learn(enter(it, units(), 0.0, 99.0), [Told(0, 600, 55.0, MINUTE, False)], 0.0, 0.1)
    enter(it, units(), 0.1, 99.0)
    assert it.wait(units(), 0.1)[0] > 1.0


def test_where_the_server_asked_for_quiet_nobody_goes() -> None:
    it = lane(6000)
    it.hold(10.0)
    ticket = enter(it, units(), 0.0, 60.0)
    assert ticket.state == WAITING
    assert it.turn(ticket, 0.0) == pytest.approx(10.0)
    assert it.turn(ticket, 10.0) == 0.0


def test_a_spent_window_of_unknown_length_holds_all() -> None:
    it = lane(None)
    it.learn(enter(it, units(), 0.0, 99.0), [Told(0, 10, 20.0, None, True)], 0.0, 1.0)
    assert it.wait(units(), 1.0)[0] == pytest.approx(20.0)


def test_refusals_without_a_word_pace_the_requests() -> None:
    it = lane(None)
    for n in range(100):
        assert enter(it, units(), n / 10, 1e9).state == GRANTED
    assert it.refused(10.0) == pytest.approx(7, rel=0.1)
    assert [enter(it, units(), 10.0, 1e9).state for _ in range(8)].count(GRANTED) == 7
    it.took(13.0)
    assert it._pace is not None
    assert it._pace.rate > 7.0


def test_growth_past_a_million_tokens_is_slow() -> None:
    it = lane(None, 6_000_000, ramp=1_000_000.0)
    assert it.wait(units(0), 0.0)[0] == 0.0
    granted = 0
    while enter(it, units(10_000), 0.0, 1e9).state == GRANTED:
        granted += 1
    assert granted == pytest.approx(1_000_000 / 60 * 10 / 10_000, abs=1)
    assert lane(None, 900_000, ramp=1_000_000.0)._slope is None


def test_how_much_is_left() -> None:
    it = lane(60)
    assert it.left(0.0) == 1.0
    enter(it, units(), 0.0, 9.0)
    assert it.left(0.0) == pytest.approx(0.8)
    for _ in range(5):
        enter(it, units(), 0.0, 9.0)
    assert it.left(0.0) == 0.0
    assert lane(None).left(0.0) == 1.0


def test_a_ticket_nobody_waits_for_any_more_does_not_hold_up_the_others() -> None:
    it = lane(60)
    for _ in range(5):
        enter(it, units(), 0.0, 3.0)
    it.hold(2.0)
    lost, next_one = enter(it, units(), 0.0, 3.0), enter(it, units(), 0.0, 60.0)
    it.turn(lost, 0.0)
    it.hold(5.0)
    assert it.turn(next_one, 4.5) == pytest.approx(0.5)
    assert lost.state == GONE
    assert it.queue.length == 1


def test_row_18_a_clock_that_is_set_back_makes_no_quiet_longer() -> None:
    it = lane(6000)
    enter(it, units(), 5000.0, 5060.0)
    it.hold(5010.0)
    ticket = enter(it, units(), 1400.0, 1460.0)
    assert it.turn(ticket, 1400.0) == pytest.approx(10.0)


def test_a_stream_that_is_collected_in_the_midst_of_another_call_settles_too() -> None:
    it = lane(rpm=None, tpm=6000)
    ticket = enter(it, units(100.0), 0.0, 60.0)
    done: list[bool] = []

    def collect() -> None:
        with it.lock:  # as inside any method, when the collector comes by
            it.settle(ticket, 3, 10.0)
        done.append(True)

    worker = threading.Thread(target=collect, daemon=True)
    worker.start()
    worker.join(10)
    assert done

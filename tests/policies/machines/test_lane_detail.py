"""A lane's smaller promises: what it shows, whom it wakes, what it learns by the way, and growth that is kept slow."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from antiphon.errors import RateLimited
from antiphon.policies.machines.lane import Lane
from antiphon.policies.machines.limit import DAY, MINUTE, Limit, Terms
from antiphon.policies.machines.pool import Pool
from antiphon.policies.machines.queue import GRANTED, WAITING, Ticket
from antiphon.policies.machines.told import Told
from antiphon.shared.quota import fresh, lease

TERMS = Terms(safety=1.0, request_burst=5.0, burst=10.0)


def lane(rpm: float | None = 60, tpm: float | None = None, **options: Any) -> Lane:
    limits = [Limit("requests", 0, MINUTE, TERMS, rpm)] if rpm else []
    limits += [Limit("tokens", 1, MINUTE, TERMS, tpm)] if tpm else []
    return Lane(limits, TERMS, **options)


def enter(it: Lane, tokens: float = 0.0, now: float = 0.0, until: float = 1e6) -> Ticket:
    ticket = Ticket((1.0, tokens, 0.0, tokens), until)
    it.enter(ticket, now)
    return ticket


def waiting(it: Lane, now: float = 0.0, until: float = 1e6) -> Ticket:
    ticket = enter(it, now=now, until=until)
    assert ticket.state == WAITING
    return ticket


def test_the_scarcest_dimension_is_what_is_left() -> None:
    it = lane(60, 600)
    assert it.left(0.0) == 1.0
    enter(it, 75.0)
    assert it.left(0.0) == pytest.approx(0.25)  # of 100 tokens; of five requests there are four
    enter(it, 0.0)
    enter(it, 0.0)
    enter(it, 0.0)
    assert it.left(0.0) == pytest.approx(0.2)
    assert lane(None).left(0.0) == 1.0


def test_who_waits_too_long_is_told_to_wait_no_more() -> None:
    it = lane()
    for _ in range(5):
        enter(it)
    first, second = waiting(it, until=2.5), waiting(it, until=3.0)
    assert it.turn(second, 0.5) == pytest.approx(2.5)
    assert it.turn(first, 0.5) == pytest.approx(0.5)
    it.held = 10.0
    assert it.turn(first, 2.0) == pytest.approx(0.5)
    assert it.turn(first, 3.0) == 0.0
    assert first.state == WAITING


def test_nobody_is_woken_for_nothing() -> None:
    it = lane()
    for _ in range(5):
        enter(it)
    first, second = waiting(it), waiting(it)
    it.turn(first, 0.0)
    it.turn(second, 0.25)
    assert first.signal is not None
    assert not first.signal.is_set
    it.gates[0].give(0.5)
    it.turn(second, 0.25)
    assert first.signal.is_set, "it has half a second less to wait"


def test_who_is_no_longer_first_watches_no_clock() -> None:
    it = lane()
    for _ in range(5):
        enter(it)
    first, second = waiting(it), waiting(it)
    assert it.turn(first, 0.5) == pytest.approx(0.5)
    assert first.due == pytest.approx(1.0)
    second.due = 7.0
    it.turn(second, 0.0)
    assert second.due == float("inf")


def test_an_answer_moves_what_is_usual_by_a_tenth() -> None:
    it = lane()
    it.answered(1512.0)
    assert it.usual == pytest.approx(612.0)
    it.answered(112.0)
    assert it.usual == pytest.approx(562.0)


def test_it_learns_a_rate_only_once_it_was_refused() -> None:
    it = lane(None)
    assert not it.learns
    assert it.gates == []
    it.took(0.0)
    assert it.gates == []
    for turn in range(20):
        enter(it, now=turn * 4.0)
    assert it.refused(80.0) == pytest.approx(0.7 * 0.25, rel=0.1)
    (pace,) = it.gates
    assert it.learns
    assert (pace.burst, pace.rate) == (1.0, pytest.approx(0.7 * 0.25, rel=0.1))


def test_a_learnt_rate_that_grows_wakes_the_first_in_line() -> None:
    it = lane(None)
    for turn in range(20):
        enter(it, now=turn * 0.1)
    it.refused(2.0)
    before = it.gates[0].rate
    while enter(it, now=2.0).state == GRANTED:
        pass
    head = it.queue.head
    assert head is not None
    it.turn(head, 2.0)
    assert head.signal is not None
    assert not head.signal.is_set
    head.due = 1e9
    it.took(30.0)
    assert it.gates[0].rate > before
    assert it.gates[0].burst == pytest.approx(max(1.0, it.gates[0].rate))
    assert head.signal.is_set


def test_one_odd_dimension_does_not_hide_the_next() -> None:
    it = lane()
    odd, plain = Told(0, 10, 20.0, None, True), Told(1, 6000, 30.0, MINUTE, False)
    assert it.learn(enter(it), [odd, plain], 0.0, 1.0)
    assert it.held == 21.0
    assert [(gate.name, gate.kind) for gate in it.gates] == [("requests", 0), ("tokens", 1)]


def test_what_is_no_news_is_not_learnt() -> None:
    it = lane()
    first, second = enter(it), enter(it)
    assert it.learn(first, [], 0.0, 1.0) is False
    assert it.learn(second, [Told(1, 6000, 30.0, MINUTE, False)], 0.0, 1.0) is True
    assert it.learn(first, [Told(1, 1, 30.0, MINUTE, False)], 0.0, 1.0) is False


def test_a_limit_of_a_day_says_so() -> None:
    it = lane()
    it.learn(enter(it), [Told(0, 1000, 86.4, DAY, False), Told(1, 500, 0.0, MINUTE, False)], 0.0, 1.0)
    assert [gate.name for gate in it.gates] == ["requests", "requests per day", "tokens"]


def test_growth_past_what_is_free_is_kept_to_the_ramp() -> None:
    it = lane(None, 6_000_000, ramp=600_000.0)
    slope = it.gates[-1]
    assert (slope.name, slope.rate, slope.burst) == ("input tokens", 10_000.0, 100_000.0)
    enter(it, 100_000.0)
    with pytest.raises(RateLimited) as raised:
        enter(it, 50_000.0, until=1.0)
    assert "input tokens" in str(raised.value)
    for minute in range(3):
        for part in range(6):
            enter(it, 100_000.0, now=60.0 * minute + 10.0 * (part + 1))
    assert slope.rate > 10_000.0
    assert slope.rate == pytest.approx(10_000.0 * 1.5 ** (3 / 15), rel=0.1)
    assert slope.burst == pytest.approx(slope.rate * 10.0)


def test_growth_is_as_fast_whatever_the_clock_says_when_it_begins() -> None:
    rates = []
    for began in (0.0, 1e6):
        it = lane(None, 6_000_000, ramp=600_000.0)
        for second in range(0, 300, 10):
            enter(it, it.gates[-1].rate * 6.5, now=began + second)
        rates.append(it.gates[-1].rate)
    assert rates[0] == rates[1] > 10_000.0


def test_the_ramp_is_no_bound_of_its_own_where_it_is_one_token_a_second() -> None:
    slope = lane(None, 6000, ramp=60.0).gates[-1]
    assert (slope.rate, slope.burst) == (1.0, 10.0)


def test_a_request_may_take_the_whole_limit() -> None:
    it = lane(None, 600)
    assert enter(it, 600.0).state == GRANTED
    assert enter(it, 600.0).state == WAITING


def test_the_slightest_that_was_spare_is_news_for_the_first_in_line() -> None:
    it = lane(None, 600)
    taken = enter(it, 600.0)
    head = enter(it, 600.0)
    it.turn(head, 0.0)
    assert head.signal is not None
    it.settle(taken, 1, 599.5)
    assert head.signal.is_set


@pytest.mark.parametrize("fair", [False, True])
def test_where_it_may_a_small_request_overtakes_one_that_has_waited_longer(fair: bool) -> None:
    it = lane(60, 600, fair=fair)
    for _ in range(5):
        enter(it, 20.0)
    large, small, smaller = enter(it, 500.0), enter(it, 0.0), enter(it, 0.0)
    for ticket in (large, small, smaller):
        it.turn(ticket, 0.5)
    assert {large.state, small.state, smaller.state} == {WAITING}
    it.turn(large, 1.0)
    assert (large.state, small.state, smaller.state) == (WAITING, WAITING if fair else GRANTED, WAITING)
    assert small.signal is not None
    assert small.signal.is_set is not fair
    assert it.queue.length == (3 if fair else 2)


@pytest.mark.parametrize(("tpm", "guarded"), [(600_000, False), (600_001, True)])
def test_only_a_limit_past_what_is_free_needs_the_ramp(tpm: float, guarded: bool) -> None:
    limits = [Limit("requests", 0, MINUTE, TERMS, 10_000_000), Limit("tokens", 1, MINUTE, TERMS, tpm)]
    it = Lane([*limits, Limit("tokens per day", 1, DAY, TERMS, 5)], TERMS, ramp=600_000.0)
    assert (it.gates[-1].name == "input tokens") is guarded
    assert len(Lane(limits[:1], TERMS, ramp=600_000.0).gates) == 1


def shared() -> tuple[Lane, Pool]:
    pool = Pool()
    it = lane(600, pool=pool)
    first = Ticket((1.0, 0.0, 0.0, 0.0), 1e6)
    it.enter(first, 10.0)
    quotas = it.wish(first, 10.0)
    assert quotas is not None
    it.leased(quotas, lease(fresh(10.0), "me", quotas, 60.0, 1.0, 10.0), 10.0)
    it.turn(first, 10.0)
    assert first.state == GRANTED
    it.leave(first)
    return it, pool


def test_leased_quota_that_was_not_sent_is_there_again() -> None:
    it, pool = shared()
    assert pool.wait((1.0, 0.0, 0.0, 0.0), 10.0) == 0.0
    again = enter(it, now=10.0)
    assert again.state == GRANTED
    assert pool.wait((1.0, 0.0, 0.0, 0.0), 10.0) == float("inf")
    it.leave(again)
    assert pool.wait((1.0, 0.0, 0.0, 0.0), 10.0) == 0.0


def test_a_clock_that_trembles_takes_nothing_along() -> None:
    it = lane()
    it.hold(10.0)
    head = waiting(it, now=5.0)
    assert it.turn(head, 4.5) == pytest.approx(5.0), "it is no earlier than it was"
    assert it.turn(head, 6.0) == pytest.approx(4.0)


def test_a_clock_that_jumps_back_takes_leased_quota_along() -> None:
    it, pool = shared()
    it.queue.add(Ticket((1.0, 0.0, 0.0, 0.0), 1e6))
    head = it.queue.head
    assert head is not None
    it.turn(head, 4.0)
    assert head.state == GRANTED
    it.leave(head)
    assert pool.wait((1.0, 0.0, 0.0, 0.0), 4.0) == 0.0
    assert pool._rows["requests"].at == 4.0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_waits_behind_nobody_of_its_parents() -> None:
    """In a process of its own, with a thread in line and another that holds the lock at the fork."""
    code = """
import os, signal, threading
from antiphon.policies.machines.lane import Lane
from antiphon.policies.machines.limit import MINUTE, Limit, Terms
from antiphon.policies.machines.queue import GRANTED, WAITING, Ticket

terms = Terms(1.0, 1.0, 1.0, strict=False)
lane = Lane([Limit("requests", 0, MINUTE, terms, 60.0)], terms)
theirs = [Ticket((1.0, 0.0, 0.0, 0.0), 600.0) for _ in range(3)]
for ticket in theirs:
    lane.enter(ticket, 0.0)
assert theirs[-1].state == WAITING
held, go = threading.Event(), threading.Event()

def hold():
    with lane.lock:
        held.set()
        go.wait()

threading.Thread(target=hold).start()
held.wait()
child = os.fork()
if child == 0:
    signal.alarm(10)
    mine = Ticket((1.0, 0.0, 0.0, 0.0), 600.0)
    lane.enter(mine, 100.0)
    os._exit(0 if mine.state == GRANTED and not lane.queue.length else 1)
_, status = os.waitpid(child, 0)
go.set()
assert lane.queue.length
print(status)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "0", done.stderr

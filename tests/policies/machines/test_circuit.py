"""A circuit against tables and a naive model, and the promise that nothing keeps it from closing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from antiphon.policies.machines.circuit import HEALTHY_SECONDS, PROBE_SECONDS, Circuit, Rule

EVEN = 0.5
"""The dice that neither lengthen nor shorten."""


def opened(now: float = 0.0, random: float = EVEN, **rule: Any) -> Circuit:
    """A circuit that opened just now, by one failure."""
    circuit = Circuit(Rule(consecutive=1, **rule))
    assert circuit.fail(circuit.generation, now, random)
    return circuit


def test_failures_in_a_row_open_it() -> None:
    circuit = Circuit(Rule(consecutive=3))
    assert [circuit.fail(0, 0.0, EVEN) for _ in range(2)] == [False, False]
    assert [circuit.succeed(0, 0.0) for _ in range(2)] == [False, False]
    assert circuit.retry_in(0.0) == 0
    assert [circuit.fail(0, 0.0, EVEN) for _ in range(3)] == [False, False, True]
    assert not circuit.closed


@pytest.mark.parametrize(
    ("outcomes", "opens"),
    [
        ("ok bad " * 4 + "ok ok", False),  # ten calls, four failures
        ("ok bad " * 5, True),  # ten calls, five failures
        ("bad ok " * 4 + "bad", False),  # nine calls tell nothing
        ("bad ok " * 4 + "bad ok", False),  # a success opens nothing, even as the tenth
        ("bad ok " * 4 + "bad ok bad", True),
    ],
)
def test_a_share_of_failures_opens_it(outcomes: str, opens: bool) -> None:
    circuit = Circuit(Rule())
    for outcome in outcomes.split():
        if outcome == "ok":
            circuit.succeed(0, 1.0)
        else:
            circuit.fail(0, 1.0, EVEN)
    assert circuit.closed is not opens


@pytest.mark.parametrize(
    ("outcomes", "opens"),
    [
        ("slow " * 9, False),  # nine calls tell nothing
        ("slow " * 10, True),
        ("slow slow ok " * 4, True),  # two thirds of the answers
        ("slow ok " * 6, False),
        ("slow slow ok bad " * 3, True),  # what failed was no answer: two thirds of the others
        ("slow ok ok bad bad " * 2, False),
        ("slow bad " * 5, True),  # all answers there were
    ],
)
def test_a_share_of_slow_answers_opens_it(outcomes: str, opens: bool) -> None:
    circuit = Circuit(Rule(ratio=0.9, slow_ratio=0.6))
    for outcome in outcomes.split():
        if outcome == "ok":
            circuit.succeed(circuit.generation, 1.0)
        elif circuit.closed:
            (circuit.crawl if outcome == "slow" else circuit.fail)(circuit.generation, 1.0, EVEN)
    assert circuit.closed is not opens


def test_a_slow_answer_is_one_between_failures_in_a_row() -> None:
    circuit = Circuit(Rule(consecutive=2))
    told = [circuit.fail(0, 0.0, EVEN), circuit.crawl(0, 0.0, EVEN), circuit.fail(0, 0.0, EVEN)]
    assert told == [False, False, False]
    assert circuit.fail(0, 0.0, EVEN)


def test_a_slow_probe_is_no_reason_to_close_it() -> None:
    circuit = opened()
    probe = circuit.admit(5.0)
    assert probe is not None
    assert circuit.crawl(probe, 20.0, EVEN)
    assert circuit.retry_in(20.0) == 10.0
    assert not circuit.crawl(probe, 21.0, EVEN), "of the generation that ended when it opened again"


def test_successes_are_counted_where_they_belong() -> None:
    circuit = Circuit(Rule(window=10))
    for now in (0.5, 0.7, 1.0, 10.2):
        circuit.succeed(0, now)
    assert circuit.counts == (2, 0)


def test_old_failures_are_forgotten() -> None:
    circuit = Circuit(Rule(min_calls=4, consecutive=9))
    for now in (0.0, 10.0, 31.0, 42.0, 53.0, 75.0):  # never four within thirty seconds
        assert not circuit.fail(0, now, EVEN)
    assert circuit.counts == (2, 2)


@pytest.mark.parametrize(("random", "seconds"), [(0.0, 8.0), (0.5, 10.0), (0.999999, 12.0)])
def test_how_long_it_stays_open_is_a_matter_of_chance(random: float, seconds: float) -> None:
    circuit = opened(100.0, random, open_for=10)
    assert circuit.opened_at == 100.0
    assert circuit.retry_in(100.0) == pytest.approx(seconds, abs=0.001)
    assert circuit.state(100.0 + seconds - 0.01) == "open"
    assert circuit.state(100.0 + seconds + 0.01) == "half-open"


def test_each_time_it_opens_again_it_stays_open_twice_as_long() -> None:
    circuit, now, seconds = opened(), 0.0, list[float]()
    for _ in range(9):
        seconds.append(circuit.retry_in(now))
        now += seconds[-1]
        lease = circuit.admit(now)
        assert lease is not None
        assert circuit.fail(lease, now, EVEN)
    assert seconds == pytest.approx([5, 10, 20, 40, 80, 160, 300, 300, 300])
    assert opened(random=0.99, open_for=300).retry_in(0.0) == 300, "chance does not lengthen the longest"


@pytest.mark.parametrize(("healthy", "again"), [(HEALTHY_SECONDS - 1, 10), (HEALTHY_SECONDS, 5)])
def test_after_a_healthy_minute_it_begins_anew(healthy: float, again: float) -> None:
    circuit = opened(close_after=1)
    lease = circuit.admit(5.0)
    assert lease is not None
    assert circuit.succeed(lease, 6.0)
    assert circuit.closed
    circuit.fail(circuit.generation, 6.0 + healthy, EVEN)
    assert circuit.retry_in(6.0 + healthy) == again


def test_half_open_it_lets_so_many_through_and_two_successes_close_it() -> None:
    circuit = opened()
    assert circuit.admit(4.9) is None
    first = circuit.admit(5.0)
    assert first is not None
    assert (circuit.admit(5.0), circuit.admissible(5.0)) == (None, False)
    assert circuit.retry_in(5.0) == PROBE_SECONDS
    assert not circuit.succeed(first, 5.5)
    assert circuit.admissible(5.5)
    second = circuit.admit(5.5)
    assert second is not None
    assert circuit.succeed(second, 6.0)
    assert (circuit.closed, circuit.state(6.0), circuit.counts) == (True, "closed", (0, 0))


def test_several_probes() -> None:
    circuit = opened(probes=2)
    leases = [circuit.admit(now) for now in (5.0, 8.0, 9.0)]
    assert leases[2] is None
    assert circuit.retry_in(9.0) == 5.0 + PROBE_SECONDS - 9.0, "when the first of them has had its time"
    circuit.release(leases[0] or 0)
    assert circuit.admit(9.0) is not None


def test_a_probe_that_says_nothing_makes_room_and_still_counts() -> None:
    circuit = opened()
    slow = circuit.admit(5.0)
    assert slow is not None
    assert circuit.admit(5.0 + PROBE_SECONDS - 0.1) is None
    assert circuit.admit(5.0 + PROBE_SECONDS) is not None
    assert not circuit.succeed(slow, 40.0)
    assert circuit.succeed(slow, 41.0), "calls longer than a probe's time could not close it otherwise"


def test_a_probe_with_a_deadline_makes_room_then() -> None:
    circuit = opened()
    assert circuit.admit(5.0, lasts=0.5) is not None
    assert circuit.admit(5.4) is None
    assert [circuit.admit(5.5) is None for _ in range(2)] == [False, True], "for one, and no more"


def test_what_says_nothing_counts_nothing_and_gives_the_lease_back() -> None:
    circuit = opened()
    lease = circuit.admit(5.0)
    assert lease is not None
    for _ in range(3):
        circuit.release(lease)
    assert circuit.admit(5.0) is not None
    assert not circuit.closed


def test_a_result_from_before_it_opened_is_ignored() -> None:
    circuit = Circuit(Rule(consecutive=1, close_after=1))
    early = circuit.generation
    circuit.fail(early, 0.0, EVEN)
    assert not circuit.succeed(early, 6.0)
    assert not circuit.fail(early, 6.0, EVEN)
    assert (circuit.closed, circuit.openings) == (False, 1)
    probe = circuit.admit(6.0)
    assert probe is not None
    assert circuit.succeed(probe, 6.0)
    assert not circuit.fail(early, 7.0, EVEN)
    assert not circuit.fail(probe, 7.0, EVEN), "of the generation that ended when it closed"
    circuit.succeed_late(early)
    assert circuit.counts == (0, 0)
    circuit.succeed(circuit.generation, 7.0)
    circuit.succeed(early, 7.0)
    assert circuit.counts == (1, 0)


def test_who_insists_takes_no_probes_room() -> None:
    circuit = opened()
    lease = circuit.insist()
    assert not circuit.fail(lease, 1.0, EVEN), "as bad as was known"
    assert circuit.retry_in(1.0) == 4.0
    assert not circuit.succeed(circuit.insist(), 2.0)
    assert circuit.state(2.0) == "half-open", "one success is reason to try"
    probe = circuit.admit(2.0)
    assert probe is not None
    assert circuit.insist() > probe
    assert circuit.succeed(probe, 2.5)
    assert circuit.insist() == circuit.generation


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.lists(st.sampled_from(["wait", "admit", "ok", "bad", "drop", "insist", "leak"]), max_size=80), st.data())
def test_from_any_state_it_closes_once_the_server_is_healthy(steps: list[str], data: st.DataObject) -> None:
    rule = Rule(consecutive=2, probes=data.draw(st.integers(1, 3)), close_after=data.draw(st.integers(1, 3)))
    circuit, now, held = Circuit(rule), 0.0, list[int]()
    for step in steps:
        if step == "wait":
            now += data.draw(st.sampled_from([0.1, 3.0, 20.0, 100.0]))
        elif step == "admit" and (lease := circuit.admit(now)) is not None:
            held.append(lease)
        elif step == "insist":
            held.append(circuit.insist())
        elif held and step == "ok":
            circuit.succeed(held.pop(), now)
        elif held and step == "bad":
            circuit.fail(held.pop(), now, data.draw(st.sampled_from([0.0, 0.99])))
        elif held and step == "drop":
            circuit.release(held.pop())
    # What was never given back stays away for good.
    begun, probes = now, 0
    while not circuit.closed:
        now += circuit.retry_in(now)
        lease = circuit.admit(now)
        assert lease is not None, "it said that somebody may go now"
        circuit.succeed(lease, now)
        probes += 1
        assert probes <= rule.close_after
    assert now - begun <= rule.max_open + PROBE_SECONDS


class Model(RuleBasedStateMachine):
    """A circuit beside a naive one that keeps every call."""

    def __init__(self) -> None:
        super().__init__()
        self.rule = Rule(10, 4, consecutive=3, open_for=4, max_open=20, probes=2, close_after=2, slow_ratio=0.7)
        self.circuit = Circuit(self.rule)
        self.now = 0.0
        self.calls: list[tuple[float, str]] = []
        self.row = self.openings = self.successes = 0
        self.closed, self.until, self.closed_at = True, 0.0, float("-inf")
        self.held: list[tuple[int, int, bool]] = []  # lease, era, whether it is a probe
        self.probes: dict[int, float] = {}
        self.era = 0

    @rule(seconds=st.sampled_from([0.0, 0.3, 1.0, 2.0, 5.0, 40.0, 90.0]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def admit(self) -> None:
        free = len([end for end in self.probes.values() if end > self.now]) < self.rule.probes
        may = self.closed or (self.now >= self.until and free)
        assert self.circuit.admissible(self.now) == may
        lease = self.circuit.admit(self.now)
        assert (lease is not None) == may
        if lease is not None:
            self.held.append((lease, self.era, not self.closed))
            if not self.closed:
                self.probes[lease] = self.now + PROBE_SECONDS

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        lease, _, _ = self._take(data)
        self.circuit.release(lease)
        self.probes.pop(lease, None)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def succeed(self, data: st.DataObject) -> None:
        lease, era, _ = self._take(data)
        self.circuit.succeed(lease, self.now)
        if era != self.era:
            return
        if self.closed:
            self.calls.append((self.now, "ok"))
            self.row = 0
        else:
            self.probes.pop(lease, None)
            self.successes += 1
            if self.successes == self.rule.close_after:
                self._turn(closed=True)
                self.closed_at = self.now

    @precondition(lambda self: self.held)
    @rule(data=st.data(), slow=st.booleans())
    def fail(self, data: st.DataObject, slow: bool) -> None:
        lease, era, _ = self._take(data)
        self._failed(lease, era, slow=slow)

    @rule()
    def storm(self) -> None:
        for _ in range(self.rule.consecutive):
            self._failed(self.circuit.insist(), self.era)

    def _failed(self, lease: int, era: int, *, slow: bool = False) -> None:
        (self.circuit.crawl if slow else self.circuit.fail)(lease, self.now, EVEN)
        if era != self.era:
            return
        if self.closed:
            self.calls.append((self.now, "slow" if slow else "bad"))
            self.row = 0 if slow else self.row + 1
            bucket = self.now // 1.0
            lately = [how for at, how in self.calls if at // 1.0 > bucket - 10]
            answers = [how for how in lately if how != "bad"]
            crawling = "slow" in answers and answers.count("slow") >= 0.7 * len(answers)
            many = len(lately) >= self.rule.min_calls and (crawling or lately.count("bad") >= len(lately) / 2)
            if not many and self.row < self.rule.consecutive:
                return
            if self.now - self.closed_at >= HEALTHY_SECONDS:
                self.openings = 0
        elif self.now < self.until:
            return  # it was let through all the same
        self.openings += 1
        self.until = self.now + min(self.rule.max_open, self.rule.open_for * 2 ** (self.openings - 1))
        self._turn(closed=False)

    @rule()
    def pardon(self) -> None:
        assert self.circuit.pardon(self.now) != self.closed
        if not self.closed:
            self._turn(closed=True)
            self.closed_at, self.row = self.now, 1

    def _take(self, data: st.DataObject) -> tuple[int, int, bool]:
        return self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))

    def _turn(self, *, closed: bool) -> None:
        self.closed = closed
        self.era += 1
        self.calls.clear()
        self.probes.clear()
        self.row = self.successes = 0

    @invariant()
    def they_agree(self) -> None:
        circuit = self.circuit
        assert circuit.closed == self.closed
        assert circuit.openings == self.openings
        assert circuit.is_well == (self.closed and not self.row)
        assert len([end for end in circuit._leases.values() if end > self.now]) <= self.rule.probes
        if not self.closed:
            assert circuit.state(self.now) == ("open" if self.now < self.until else "half-open")


TestModel = Model.TestCase
TestModel.settings = settings(
    derandomize=True,
    deadline=None,
    max_examples=40,
    stateful_step_count=60,
    suppress_health_check=[HealthCheck.too_slow],
)

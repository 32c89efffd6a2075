"""What a finalizer brings is never waited for, and never forgotten."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from antiphon.policies.machines.bulkhead import Compartment, Permit
from antiphon.policies.machines.circuit import Circuit, Rule
from antiphon.policies.machines.gradient import Aimd
from antiphon.policies.machines.late import Late


class Counter(Late):
    """Counts under the lock, and in no other place."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def add(self) -> None:
        with self._lock:
            self._one()
        if self._late:
            self._settle()

    def add_late(self) -> None:
        self._leave(self._one)

    def _one(self) -> None:
        assert self._lock.locked()
        before = self.count
        for _ in range(20):
            pass
        self.count = before + 1


def test_with_nobody_there_it_is_done_at_once() -> None:
    counter = Counter()
    counter.add_late()
    assert counter.count == 1
    assert not counter._lock.locked()


def test_within_the_lock_it_is_put_down_and_done_afterwards() -> None:
    counter = Counter()
    with counter._lock:
        counter.add_late()
        counter.add_late()
        assert counter.count == 0
    counter.add()
    assert counter.count == 3


def test_threads_lose_nothing() -> None:
    counter = Counter()

    def work() -> None:
        for turn in range(500):
            (counter.add if turn % 3 else counter.add_late)()

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.count == 16 * 500
    assert not counter._late


CIRCUIT: dict[str, Callable[[Circuit], object]] = {
    "admit": lambda circuit: circuit.admit(1.0),
    "insist": lambda circuit: circuit.insist(),
    "retry_in": lambda circuit: circuit.retry_in(1.0),
    "succeed": lambda circuit: circuit.succeed(circuit.generation, 99.0),
    "fail": lambda circuit: circuit.fail(circuit.generation, 99.0, 0.5),
    "crawl": lambda circuit: circuit.crawl(circuit.generation, 99.0, 0.5),
    "invite": lambda circuit: circuit.invite(1.0),
    "close": lambda circuit: circuit.close(1.0),
    "open": lambda circuit: circuit.open(1.0, 5.0),
}
COMPARTMENT: dict[str, Callable[[Compartment], object]] = {
    "enter": lambda compartment: compartment.enter(Permit()),
    "line_up": lambda compartment: compartment.line_up(Permit(), 0.0, 1.0),
    "leave": lambda compartment: compartment.leave(Permit()),
    "succeed": lambda compartment: compartment.succeed(1.0),
    "drop": lambda compartment: compartment.drop(Permit()),
}


@pytest.mark.parametrize("method", CIRCUIT)
def test_every_method_of_a_circuit_sees_to_what_was_left_meanwhile(method: str) -> None:
    _sees_to_it(Circuit(Rule()), CIRCUIT[method])


@pytest.mark.parametrize("method", COMPARTMENT)
def test_every_method_of_a_compartment_sees_to_what_was_left_meanwhile(method: str) -> None:
    _sees_to_it(Compartment(5, 5, Aimd(5)), COMPARTMENT[method])


def _sees_to_it(machine: Any, method: Callable[[Any], object]) -> None:
    done: list[str] = []
    with machine._lock:
        machine._leave(lambda: done.append("left"))
        assert done == []
    method(machine)
    assert done == ["left"]
    assert not machine._lock.locked()


class Left(RuleBasedStateMachine):
    """Beside it the list of what was left, in order; a holder of the lock comes and goes."""

    def __init__(self) -> None:
        super().__init__()
        self.late = Late()
        self.left: list[int] = []
        self.done: list[int] = []
        self.held = False

    @precondition(lambda self: not self.held)
    @rule()
    def somebody_takes_the_lock(self) -> None:
        assert self.late._lock.acquire(False)
        self.held = True

    @precondition(lambda self: self.held)
    @rule(settles=st.booleans())
    def and_gives_it_back(self, settles: bool) -> None:
        self.late._lock.release()
        self.held = False
        if settles and self.late._late:
            self.late._settle()

    @rule(leaves=st.integers(0, 3))
    def leave(self, leaves: int) -> None:
        """Work that leaves more work, as where the collector comes while it is being done."""
        self.late._leave(self.work(leaves))
        if not self.held:
            assert self.done == self.left, "with nobody there all is done at once"

    def work(self, leaves: int) -> Callable[[], object]:
        number = len(self.left)
        self.left.append(number)

        def done() -> None:
            assert self.late._lock.locked()
            self.done.append(number)
            if leaves:
                self.late._leave(self.work(leaves - 1))
                assert self.done[-1] == number, "not within other work"

        return done

    @rule()
    def work_that_fails_stops_no_other(self) -> None:
        def fail() -> None:
            raise KeyError

        if self.held:
            return
        with pytest.raises(KeyError):
            self.late._leave(fail)
        self.late._settle()

    @rule()
    def settle(self) -> None:
        self.late._settle()
        if not self.held:
            assert self.done == self.left

    @invariant()
    def what_is_done_is_done_once_and_in_order(self) -> None:
        assert self.done == self.left[: len(self.done)]
        assert len(self.late._late) == len(self.left) - len(self.done)
        assert self.late._lock.locked() == self.held


TestLeft = Left.TestCase
TestLeft.settings = settings(derandomize=True, deadline=None, max_examples=25, stateful_step_count=25)

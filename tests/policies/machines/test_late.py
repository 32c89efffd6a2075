"""What a finalizer brings is never waited for, and never forgotten."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from antiphon.policies.machines.bulkhead import Compartment
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
    "invite": lambda circuit: circuit.invite(1.0),
    "close": lambda circuit: circuit.close(1.0),
    "open": lambda circuit: circuit.open(1.0, 5.0),
}
COMPARTMENT: dict[str, Callable[[Compartment], object]] = {
    "enter": lambda compartment: compartment.enter(),
    "line_up": lambda compartment: compartment.line_up(0.0, 1.0),
    "leave": lambda compartment: compartment.leave(),
    "succeed": lambda compartment: compartment.succeed(1.0),
    "drop": lambda compartment: compartment.drop(1),
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

"""What a circuit hears from finalizers, which have no clock, and from others: health checks and other processes."""

from __future__ import annotations

from antiphon.policies.machines.circuit import Circuit, Rule

from .test_circuit import EVEN, opened


def test_an_opening_nobody_timed_lasts_from_when_it_is_asked_about() -> None:
    circuit = Circuit(Rule(consecutive=2))
    circuit.succeed(0, 1.0)
    circuit.fail_late(0, EVEN)
    circuit.fail_late(0, EVEN)
    assert circuit.state(1000.0) == "open"
    assert circuit.retry_in(1000.0) == 5.0
    assert (circuit.opened_at, circuit.admissible(1005.0)) == (1000.0, True)


def test_a_late_success_ends_a_row() -> None:
    circuit = Circuit(Rule(consecutive=2))
    circuit.fail_late(0, EVEN)
    circuit.succeed_late(0)
    circuit.fail_late(0, EVEN)
    assert (circuit.closed, circuit.counts) == (True, (3, 2))
    circuit.fail_late(0, EVEN)
    circuit.succeed_late(0)
    assert (circuit.closed, circuit.counts) == (False, (0, 0))


def test_what_others_found_out() -> None:
    circuit = opened()
    circuit.invite(1.0)
    assert circuit.admissible(1.0)
    circuit.close(2.0)
    assert circuit.closed
    circuit.invite(2.0)
    circuit.close(2.0)
    assert circuit.closed
    circuit.open(3.0, 7.0)
    assert circuit.retry_in(3.0) == 7.0
    circuit.open(3.0, 70.0)
    assert circuit.retry_in(3.0) == 7.0, "what is open stays as it is"


def test_a_finalizer_in_the_middle_of_a_method_waits_for_nobody() -> None:
    circuit = opened()
    lease = circuit.admit(5.0)
    assert lease is not None
    with circuit._lock:  # as where the collector comes in between
        circuit.release(lease)
        circuit.fail_late(circuit.generation, EVEN)
        assert len(circuit._late) == 2
    assert circuit.admit(6.0) is None, "the next to come sees to it: released, and then failed"
    assert circuit.openings == 2
    assert not circuit._late

"""A board: whose fault counts against whom, and the call that goes through while everything is open."""

from __future__ import annotations

import math

import pytest

from antiphon.policies.machines import board as module
from antiphon.policies.machines.board import Board, Pair
from antiphon.policies.machines.circuit import Circuit, Rule

EVEN = 0.5


def made(*, per_model: bool = True, panic: float | None = 1.0, **rule: int) -> Board:
    return Board(Rule(consecutive=1, close_after=1, **rule), per_model=per_model, panic=panic)


def pair_of(board: Board, endpoint: str = "a", model: str = "m") -> Pair:
    return board.pair(endpoint, endpoint, model)


def fail(circuit: Circuit, now: float = 0.0) -> None:
    assert circuit.fail(circuit.generation, now, EVEN)


def test_models_of_one_endpoint_share_its_connections() -> None:
    board = made()
    one, other = pair_of(board, model="m"), pair_of(board, model="n")
    assert (one.transport is other.transport, one.service is other.service) == (True, False)
    assert board.pairs["a", "m"] is one
    fail(one.service)
    assert (one.closed, other.closed) == (False, True)
    fail(one.transport)
    assert not other.closed
    assert [one.name(one.transport), one.name(one.service)] == ["a", "a for m"]


def test_where_models_are_not_told_apart_both_are_one() -> None:
    board = made(per_model=False, min_calls=2)
    pair = board.pair("a", "a", "")
    assert pair.service is pair.transport
    assert not pair.answered((0, 0), 0.0)
    assert not pair.succeed((0, 0), 0.0)
    assert pair.transport.counts == (1, 0), "one call counts once"
    fail(pair.service)
    leases = pair.admit(5.0, 30.0)
    assert leases is not None
    assert leases[0] == leases[1]
    assert pair.admit(5.0, 30.0) is None
    pair.release(leases)
    assert pair.insist()[0] == pair.transport.last
    assert pair.succeed(pair.insist(), 6.0)


def test_leases_of_both_or_of_none() -> None:
    board = made()
    pair = pair_of(board)
    fail(pair.transport, 0.0)
    fail(pair.service, 3.0)
    assert (pair.admit(4.0, 30.0), pair.admit(6.0, 30.0)) == (None, None)
    assert not pair.transport._leases, "the first was given back"
    assert pair.retry_in(6.0) == 2.0
    leases = pair.admit(8.0, 30.0)
    assert leases is not None
    pair.release(leases)
    leases = pair.admit(8.0, 30.0)
    assert leases is not None
    assert pair.answered(leases, 9.0), "an answer is enough for the connections"
    assert (pair.transport.closed, pair.service.closed) == (True, False)
    assert pair.succeed(leases, 9.0)
    assert pair.closed


def test_one_call_a_second_while_everything_is_open() -> None:
    board = made()
    pair = pair_of(board)
    fail(pair.transport, 10.0)
    assert board.panic_in(pair, 10.4) == pytest.approx(0.6)
    assert board.panic_in(pair, 11.0) == 0
    assert board.panic_in(pair, 11.0) == 1.0, "that was it for this second"
    assert board.panic_in(pair, 12.5) == 0


def test_no_panic_while_one_endpoint_would_do() -> None:
    board = made()
    one, other = pair_of(board, "a"), pair_of(board, "b")
    fail(one.transport)
    assert board.panic_in(one, 3.0) == math.inf
    fail(other.service)
    assert board.panic_in(one, 3.0) == 0
    assert board.panic_in(pair_of(board, "a", "n"), 3.0) == math.inf, "that model is served at b"
    assert made(panic=None).panic_in(one, 3.0) == math.inf


def test_each_model_is_asked_for_by_itself_and_dead_connections_together() -> None:
    board = made()
    one, other = pair_of(board, model="m"), pair_of(board, model="n")
    fail(one.service)
    fail(other.service)
    assert [board.panic_in(pair, 2.0) for pair in (one, other)] == [0, 0]
    fail(one.transport, 2.0)
    assert [board.panic_in(pair, 3.5) for pair in (one, other)] == [0, 1.0]


def test_connections_are_dead_to_the_last_moment_for_all_models_together() -> None:
    board = made()
    one, other = pair_of(board, model="m"), pair_of(board, model="n")
    fail(one.transport)
    late = one.transport.retry_in(0.0) - 0.5
    assert [board.panic_in(pair, late) for pair in (one, other)] == [0, 1.0]


@pytest.mark.parametrize("per_model", [True, False])
def test_a_success_counts_once_for_each_circuit(per_model: bool) -> None:
    board = Board(Rule(window=10, min_calls=100, consecutive=9), per_model=per_model, panic=1.0)
    pair = board.pair("a", "a", "m")
    circuits = {pair.transport, pair.service}
    for circuit in circuits:
        circuit.fail(circuit.generation, 0.0, EVEN)
    assert not any(circuit.is_well for circuit in circuits)
    leases = (pair.transport.generation, pair.service.generation)
    for now in (0.1, 0.5, 0.9, 1.0):  # the last one in the next tenth of the window
        assert pair.succeed(leases, now) is False
        assert all(circuit.is_well for circuit in circuits)
    assert [circuit.counts for circuit in circuits] == [(5, 1)] * len(circuits)
    assert pair.succeed(leases, 10.2) is False
    assert [circuit.counts for circuit in circuits] == [(2, 0)] * len(circuits), "the first tenth is too old"
    for circuit in circuits:
        circuit.open(10.3, 5.0)
        circuit.close(10.4)
    pair.succeed(leases, 10.5)
    assert [circuit.counts for circuit in circuits] == [(0, 0)] * len(circuits), "of a generation that is over"


def test_the_circuits_of_a_pair_may_be_in_different_tenths() -> None:
    """A failure of one alone begins a new tenth of its window."""
    board = Board(Rule(window=10, min_calls=100), per_model=True, panic=1.0)
    pair = board.pair("a", "a", "m")
    leases = (pair.transport.generation, pair.service.generation)
    pair.succeed(leases, 0.5)
    for ahead in (pair.transport, pair.service):
        ahead.fail(ahead.generation, ahead.window.ends + 0.5, EVEN)
        pair.succeed(leases, ahead.window.ends - 0.1)
    assert (pair.transport.counts, pair.service.counts) == ((4, 1), (4, 1))
    pair.succeed(leases, 10.2)
    assert (pair.transport.counts, pair.service.counts) == ((4, 1), (4, 1)), "the first tenth is too old"


def test_when_the_last_one_fails_the_others_are_on_trial() -> None:
    board = made()
    one, other, third = (pair_of(board, name) for name in "abc")
    fail(one.transport, 0.0)
    fail(other.service, 0.0)
    assert board.rally(third, 1.0) == ["a", "b"]
    assert (one.closed, other.closed, third.closed) == (True, True, True)
    assert (one.transport.is_well, one.service.is_well, other.transport.is_well) == (False, True, True)
    assert board.rally(third, 1.0) == [], "they are on trial already"
    one.transport.succeed(one.transport.generation, 2.0)
    assert one.transport.is_well
    fail(other.transport, 2.0)
    assert board.rally(third, 2.0) == [], "one of them is well"
    assert not other.closed


def test_whoever_is_on_trial_has_one_failure_to_its_name() -> None:
    board = Board(Rule(consecutive=3), per_model=False, panic=1.0)
    one, other = board.pair("a", "a", ""), board.pair("b", "b", "")
    for _ in range(3):
        one.transport.fail(one.transport.generation, 0.0, EVEN)
    assert board.rally(other, 1.0) == ["a"]
    told = [one.transport.fail(one.transport.generation, 1.0, EVEN) for _ in range(2)]
    assert told == [False, True]
    assert one.transport.openings == 2
    assert board.rally(one, 1.0) == [], "the other one is well"


def test_answers_for_other_models_say_nothing_unless_no_other_name_is_known() -> None:
    board = made()
    one, other = pair_of(board, "a", "m"), pair_of(board, "b", "m")
    elsewhere = pair_of(board, "b", "n")
    fail(other.service)
    fail(elsewhere.service)
    assert board.rally(one, 1.0) == ["b"]
    assert (other.closed, elsewhere.closed) == (True, False)
    assert board.rally(pair_of(board, "a", "o"), 1.0) == ["b"], "it may call that model otherwise"
    assert elsewhere.closed
    fail(elsewhere.service, 1.0)
    assert board.rally(pair_of(board, "b", "o"), 1.0) == [], "nobody else"
    assert not elsewhere.closed


def test_without_panic_nobody_is_on_trial() -> None:
    board = made(panic=None)
    one, other = pair_of(board, "a"), pair_of(board, "b")
    fail(one.transport)
    assert board.rally(other, 1.0) == []
    assert not one.closed


def test_a_health_check_closes_the_connections_and_lets_the_models_be_tried() -> None:
    board = made()
    pair, elsewhere = pair_of(board), pair_of(board, "b")
    for circuit in (pair.transport, pair.service, elsewhere.service):
        fail(circuit)
    assert (board.is_well("a"), board.is_well("b")) == (False, False)
    board.healed("a", 1.0)
    assert (pair.transport.closed, pair.service.closed, pair.service.admissible(1.0)) == (True, False, True)
    assert not elsewhere.service.admissible(1.0)
    assert not board.is_well("a")
    pair.service.close(1.0)
    assert board.is_well("a")


def test_what_is_told() -> None:
    board = made()
    pair = pair_of(board)
    pair_of(board, "b")
    pair.transport.succeed(0, 0.0)
    fail(pair.service)
    assert board.told(1.0) == {
        "a": {
            "state": "closed",
            "calls": 1,
            "failures": 0,
            "models": {"m": {"state": "open", "calls": 0, "failures": 0, "retry_in": 4.0, "openings": 1}},
        },
        "b": {"state": "closed", "calls": 0, "failures": 0},
    }
    assert board.told(1.0004)["a"]["models"]["m"]["retry_in"] == 4.0, "in milliseconds"
    assert (board.retry_in("a", "m", 1.0), board.retry_in("a", "n", 1.0), board.retry_in("?", "", 1.0)) == (4.0, 0, 0)


def test_many_models_are_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 10)
    board = made()
    fail(pair_of(board, model="bad").service)
    for number in range(50):
        pair_of(board, model=str(number))
    assert len(board.pairs) <= 10
    assert len(board.services) <= 11
    assert not pair_of(board, model="bad").closed

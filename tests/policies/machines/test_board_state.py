"""A board whose circuits open and close in any order: what it says is what they say, and a call has leases of both or of none."""

from __future__ import annotations

import math

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from antiphon.policies.machines import board as module
from antiphon.policies.machines.board import Board, Leases, Pair
from antiphon.policies.machines.circuit import Circuit, Rule

ENDPOINTS, MODELS = st.sampled_from("ab"), st.sampled_from("mno")
EVEN = 0.5


class Circuits(RuleBasedStateMachine):
    """Every circuit there is, as it was handed out, and when somebody went in a panic."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(module, "MOST", 7)

    def teardown(self) -> None:
        self.patch.undo()

    @initialize(per_model=st.booleans(), panic=st.sampled_from([None, 1.0]))
    def begin(self, per_model: bool, panic: float | None) -> None:
        terms = Rule(window=1e9, consecutive=1, close_after=1, open_for=8)
        self.board = Board(terms, per_model=per_model, panic=panic)
        self.per_model, self.every = per_model, panic
        self.now = 100.0
        self.known: dict[tuple[str, str], Circuit] = {}
        self.held: list[tuple[Pair, Leases]] = []
        self.panics: list[tuple[str, float]] = []

    @rule(seconds=st.sampled_from([0.25, 1.0, 5.0, 8.0, 30.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    def pair(self, endpoint: str, model: str, key: int = 0) -> Pair:
        """As a policy gets it; what is open is still known, and what is known is the same for everybody."""
        pair = self.board.pair((key, endpoint), endpoint, model)
        assert self.board.pairs[(key, endpoint), model] is pair
        assert len(self.board.pairs) <= 7
        assert pair.transport is self.known.setdefault((endpoint, ""), pair.transport)
        if self.per_model:
            before = self.known.get((endpoint, model))
            assert before in (None, pair.service) or before.closed
            self.known[endpoint, model] = pair.service
            assert pair.service is not pair.transport
            assert pair.name(pair.service) == f"{endpoint} for {model}"
        else:
            assert pair.service is pair.transport
        assert pair.name(pair.transport) == endpoint
        return pair

    def each(self, pair: Pair) -> list[Circuit]:
        return list({id(circuit): circuit for circuit in (pair.transport, pair.service)}.values())

    @rule(endpoint=ENDPOINTS, model=MODELS, key=st.integers(0, 2))
    def admit(self, endpoint: str, model: str, key: int) -> None:
        pair = self.pair(endpoint, model, key)
        may = [circuit.admissible(self.now) for circuit in self.each(pair)]
        assert pair.retry_in(self.now) == max(circuit.retry_in(self.now) for circuit in self.each(pair))
        leases = pair.admit(self.now, 20.0)
        assert (leases is not None) == all(may)
        if leases is None:
            assert [circuit.admissible(self.now) for circuit in self.each(pair)] == may, "nothing is kept"
            return
        for circuit, lease in zip((pair.transport, pair.service), leases, strict=True):
            assert lease == (circuit.generation if circuit.closed else circuit.last)
            assert circuit.closed or circuit.retry_in(self.now) == 20.0
        self.held.append((pair, leases))

    @rule(endpoint=ENDPOINTS, model=MODELS)
    def insist(self, endpoint: str, model: str) -> None:
        pair = self.pair(endpoint, model)
        leases = pair.insist()
        assert list(leases) == [
            each.generation if each.closed else each.last for each in (pair.transport, pair.service)
        ]
        self.held.append((pair, leases))

    @precondition(lambda self: self.held)
    @rule(how=st.sampled_from(["succeed", "answered", "release", "transport", "service"]), last=st.booleans())
    def tell(self, how: str, last: bool) -> None:
        pair, leases = self.held.pop(-1 if last else 0)
        if self.per_model and self.board.services.get((pair.endpoint, pair.model)) is not pair.service:
            return  # forgotten while it was closed
        circuits = self.each(pair)
        told = circuits if how == "succeed" else circuits[:1] if how == "answered" and len(circuits) > 1 else []
        current = [lease >= each.generation for each, lease in zip(circuits, leases, strict=False)]
        before = [(each.closed, each.counts) for each in circuits]
        match how:
            case "release":
                pair.release(leases)
                assert not any(lease in each._leases for each, lease in zip(circuits, leases, strict=False))
            case "transport":
                pair.transport.fail(leases[0], self.now, EVEN)
                return
            case "service":
                pair.service.fail(leases[1], self.now, EVEN)
                return
            case _:
                closed = getattr(pair, how)(leases, self.now)
                opened = [each for each, (was, _) in zip(circuits, before, strict=True) if not was]
                assert closed == any(each.closed for each in opened)
        for each, (was, (calls, failures)), news in zip(circuits, before, current, strict=True):
            counts = each in told and news
            assert each.closed == (was or counts)
            if was:
                assert each.counts == (calls + counts, failures), "each of its circuits counts a call once"

    @rule(endpoint=ENDPOINTS, model=MODELS)
    def fail_now(self, endpoint: str, model: str) -> None:
        pair = self.pair(endpoint, model)
        pair.service.fail(pair.service.insist(), self.now, EVEN)

    def retry_in(self, endpoint: str, model: str) -> float:
        circuits = [self.known.get((endpoint, "")), self.board.services.get((endpoint, model))]
        return max(0.0 if circuit is None else circuit.retry_in(self.now) for circuit in circuits)

    @rule(endpoint=ENDPOINTS, model=MODELS, often=st.integers(1, 3))
    def panic(self, endpoint: str, model: str, often: int) -> None:
        pair = self.pair(endpoint, model)
        for _ in range(often):
            told = self.board.panic_in(pair, self.now)
            if self.every is None or any(self.retry_in(each, model) == 0 for each in self.board.endpoints):
                assert told == math.inf
                return
            whom = "" if pair.transport.retry_in(self.now) > 0 else model
            events = [at for name, at in self.panics if name == whom] + [each.opened_at for each in self.each(pair)]
            assert told == pytest.approx(max(0.0, max(events) + self.every - self.now))
            if told == 0:
                self.panics.append((whom, self.now))

    @rule(endpoint=ENDPOINTS, model=MODELS)
    def rally(self, endpoint: str, model: str) -> None:
        pair = self.pair(endpoint, model)
        names = {name for name, _ in self.known if name != endpoint}
        kept = self.board.services
        mine = {
            name: [self.known[name, ""]]
            + [each for (n, m), each in kept.items() if n == name and (m == model or (name, model) not in kept)]
            for name in names
        }
        well = [name for name, each in mine.items() if all(one.closed and not one.row for one in each)]
        open_ones = {name for name, each in mine.items() if not all(one.closed for one in each)}
        before = {name: each.closed for name, each in self.known.items()}
        told = self.board.rally(pair, self.now)
        if self.every is None or well:
            assert told == []
            assert before == {name: each.closed for name, each in self.known.items()}
        else:
            assert set(told) == open_ones
            assert all(one.closed for each in mine.values() for one in each)
            assert all(self.known[name].closed == was for name, was in before.items() if name[0] == endpoint)

    @rule(endpoint=ENDPOINTS)
    def heal(self, endpoint: str) -> None:
        self.pair(endpoint, "m")
        others = {name: each.state(self.now) for name, each in self.known.items() if name[0] != endpoint}
        self.board.healed(endpoint, self.now)
        assert self.known[endpoint, ""].closed
        for (name, _), each in self.board.services.items():
            assert name != endpoint or each.state(self.now) != "open"
        assert {name: each.state(self.now) for name, each in self.known.items() if name[0] != endpoint} == others

    @invariant()
    def it_says_what_the_circuits_say(self) -> None:
        if not hasattr(self, "board"):
            return
        told = self.board.told(self.now)
        open_ones = {name for name, each in self.known.items() if not each.closed}
        assert set(told) == {endpoint for endpoint, model in self.known if not model}
        for endpoint in told:
            models = {model for name, model in open_ones if name == endpoint and model}
            assert set(told[endpoint].get("models", {})) == models
            assert (told[endpoint]["state"] == "closed") == ((endpoint, "") not in open_ones)
            assert self.board.is_well(endpoint) == (not models and (endpoint, "") not in open_ones)
            for model in "mno":
                assert self.board.retry_in(endpoint, model, self.now) == self.retry_in(endpoint, model)
        for pair in self.board.pairs.values():
            assert pair.closed == all(each.closed for each in self.each(pair))


TestCircuits = Circuits.TestCase
TestCircuits.settings = settings(derandomize=True, deadline=None, max_examples=30, stateful_step_count=30)

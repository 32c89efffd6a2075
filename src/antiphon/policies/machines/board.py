"""A board of circuits: for each endpoint one for its connections, and one for each model it answers for.

A call goes through a *pair* of them. A connection that fails says nothing of the model; an answer that says the server failed
says that the connection is well. The board also keeps the panic rule: while every endpoint it knows is open, one call goes
through now and then. Arithmetic only; names are text and mean nothing here.
"""

from __future__ import annotations

from _thread import allocate_lock
from typing import Any

from ...core.forked import inherit
from .circuit import Circuit, Rule

MOST = 4096
"""How many pairs are kept; beyond, closed ones are forgotten."""

Leases = tuple[int, int]


class Pair:
    """The circuits of one endpoint and one of its models; both are one where models are not told apart.

    Attributes:
        endpoint, model: their names.
        transport: the circuit of the connections.
        service: that of the answers.
    """

    __slots__ = ("endpoint", "model", "service", "transport")

    def __init__(self, endpoint: str, model: str, transport: Circuit, service: Circuit) -> None:
        self.endpoint = endpoint
        self.model = model
        self.transport = transport
        self.service = service

    @property
    def closed(self) -> bool:
        """Whether everybody may go."""
        return self.transport.closed and self.service.closed

    def name(self, circuit: Circuit) -> str:
        """What one of the two is called."""
        return self.endpoint if circuit is self.transport or not self.model else f"{self.endpoint} for {self.model}"

    def admit(self, now: float, lasts: float) -> Leases | None:
        """Leases of both, or of none."""
        first = self.transport.admit(now, lasts)
        if first is None or self.service is self.transport:
            return None if first is None else (first, first)
        second = self.service.admit(now, lasts)
        if second is None:
            self.transport.release(first)
            return None
        return first, second

    def insist(self) -> Leases:
        """Leases of both, whatever their state."""
        first = self.transport.insist()
        return first, first if self.service is self.transport else self.service.insist()

    def retry_in(self, now: float) -> float:
        """Seconds until a call may go; 0 for now."""
        return max(self.transport.retry_in(now), self.service.retry_in(now))

    def succeed(self, leases: Leases, now: float) -> bool:
        """The call went well; whether that closed a circuit."""
        transport, service = self.transport, self.service
        one, other = transport.window, service.window
        if (
            (transport.closed and service.closed)
            and leases == (transport.generation, service.generation)
            and (now < one.ends and now < other.ends)
        ):
            # What nearly every call comes to takes no lock: should two threads count at once, one success more or less
            # tells nothing.
            one.fresh += 1
            transport.row = 0
            if one is not other:
                other.fresh += 1
                service.row = 0
            return False
        closed = transport.succeed(leases[0], now)
        return closed if service is transport else service.succeed(leases[1], now) or closed

    def answered(self, leases: Leases, now: float) -> bool:
        """There was an answer, good or bad; whether that closed a circuit. It says nothing where both are one."""
        return self.service is not self.transport and self.transport.succeed(leases[0], now)

    def release(self, leases: Leases) -> None:
        """Nothing more will be said."""
        self.transport.release(leases[0])
        self.service.release(leases[1])


class Board:
    """All circuits of one policy.

    Args:
        rule: theirs.
        per_model: whether models are told apart.
        panic: seconds between calls that go through while every endpoint is open; `None` for none.
    """

    def __init__(self, rule: Rule, *, per_model: bool, panic: float | None) -> None:
        self._rule = rule
        self._per_model = per_model
        self._panic = panic
        self._panicked: dict[str, float] = {}
        self._lock = allocate_lock()
        inherit(self)
        self.endpoints: dict[str, Circuit] = {}
        self.services: dict[tuple[str, str], Circuit] = {}
        self.pairs: dict[tuple[Any, str], Pair] = {}
        """By whatever tells endpoints apart quickest, and the model; for whoever has both at hand."""

    def forget(self) -> None:
        """Nobody holds the lock any more."""
        self._lock = allocate_lock()

    def pair(self, key: Any, endpoint: str, model: str) -> Pair:
        """The circuits of an endpoint and a model, and in `pairs` from now on."""
        with self._lock:
            if len(self.pairs) >= MOST:
                self.pairs.clear()
                self.services = {name: each for name, each in self.services.items() if not each.closed}
            transport = self.endpoints.get(endpoint)
            if transport is None:
                transport = self.endpoints[endpoint] = Circuit(self._rule)
            service = transport if not self._per_model else self.services.get((endpoint, model))
            if service is None:
                service = self.services[endpoint, model] = Circuit(self._rule)
            pair = self.pairs[key, model] = Pair(endpoint, model, transport, service)
        return pair

    def retry_in(self, endpoint: str, model: str, now: float) -> float:
        """Seconds until a call would be let through, other than in a panic; 0 for now."""
        circuits = self.endpoints.get(endpoint), self.services.get((endpoint, model))
        return max(0.0 if circuit is None else circuit.retry_in(now) for circuit in circuits)

    def is_closed(self, endpoint: str, model: str) -> bool:
        """Whether the circuits of an endpoint and one of its models are closed, as those are that are not known."""
        circuits = self.endpoints.get(endpoint), self.services.get((endpoint, model))
        return all(circuit is None or circuit.closed for circuit in circuits)

    def panic_in(self, pair: Pair, now: float) -> float:
        """Seconds until one call may go although every endpoint is open, infinite if one is not; at 0 that call is taken."""
        if self._panic is None or any(self.retry_in(name, pair.model, now) == 0 for name in [*self.endpoints]):
            return float("inf")
        # Who cannot connect asks for the endpoints; who can, for the model.
        whom = "" if pair.transport.retry_in(now) > 0 else pair.model
        with self._lock:
            last = max(self._panicked.get(whom, float("-inf")), pair.transport.opened_at, pair.service.opened_at)
            if now - last < self._panic:
                return self._panic - (now - last)
            self._panicked[whom] = now
            return 0.0

    def rally(self, pair: Pair, now: float) -> list[str]:
        """An endpoint that was well begins to fail: where no other one is well, circuits that are open are closed on trial.

        What is known of those is old, and nobody is better. An endpoint's answers are judged by those for the same model, or by
        all of them where it knows none of that name, since targets may call it otherwise. Answers with the names of who is on trial.
        """
        if self._panic is None:
            return []
        model, services = pair.model, [*self.services.items()]
        others = {name: [circuit] for name, circuit in [*self.endpoints.items()] if name != pair.endpoint}
        for (name, whose), circuit in services:
            if name in others and (whose == model or (name, model) not in self.services):
                others[name].append(circuit)
        if any(all(circuit.is_well for circuit in each) for each in others.values()):
            return []
        return [name for name, each in others.items() if sum(circuit.pardon(now) for circuit in each)]

    def healed(self, endpoint: str, now: float) -> None:
        """An endpoint answers again: its connections are well, and its models may be tried."""
        self.endpoints[endpoint].close(now)
        for (name, _), circuit in [*self.services.items()]:
            if name == endpoint:
                circuit.invite(now)

    def is_well(self, endpoint: str) -> bool:
        """Whether all circuits of an endpoint are closed."""
        return self.endpoints[endpoint].closed and all(
            circuit.closed for (name, _), circuit in [*self.services.items()] if name == endpoint
        )

    def told(self, now: float) -> dict[str, Any]:
        """Each endpoint's state and counts, and those of its models that are not served."""
        told: dict[str, Any] = {name: _told(circuit, now) for name, circuit in [*self.endpoints.items()]}
        for (name, model), circuit in [*self.services.items()]:
            if not circuit.closed:
                told[name].setdefault("models", {})[model] = _told(circuit, now)
        return told


def _told(circuit: Circuit, now: float) -> dict[str, Any]:
    calls, failures = circuit.counts
    state = circuit.state(now)
    more = {} if state == "closed" else {"retry_in": round(circuit.retry_in(now), 3), "openings": circuit.openings}
    return {"state": state, "calls": calls, "failures": failures, **more}

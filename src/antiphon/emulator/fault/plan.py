"""Which requests meet which faults, over time: phases of rules. Pure: a choice depends on the seed, the request's key and
its attempt alone, never on what else happens, so that a run can be repeated whatever its concurrency.

    {"seed": 7, "phases": [
        {"seconds": 60, "rules": [{"faults": ["status=503"], "rate": 1.0}]},
        {"rules": [{"match": {"operation": "chat.*"}, "faults": ["reset=0", "latency=2"], "rate": 0.2, "once": true}]}]}

A rule meets requests whose operation and path fit `match` (with * and ?), a share `rate` of them: of attempts, or,
with `once`, of requests, and then in their first attempt only. `after` and `times` count the rule's own requests. The
first rule that meets wins. A phase without `seconds` lasts; with `repeat` the phases begin again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final

from ..problem import invalid
from ..shape import is_array, is_object
from .kind import Fault, parse

_MATCHED: Final = ("operation", "path")


@dataclass(slots=True)
class Rule:
    """One rule and how many requests fitted it so far."""

    number: int
    faults: tuple[Fault, ...]
    match: dict[str, str] = field(default_factory=dict[str, str])
    rate: float = 1.0
    once: bool = False
    after: int = 0
    times: int | None = None
    seen: int = 0
    met: int = 0

    def fits(self, facts: Mapping[str, str]) -> bool:
        """Whether the rule is about such a request."""
        return all(fnmatchcase(facts.get(name, ""), pattern) for name, pattern in self.match.items())

    def choose(self, seed: int, key: str, attempt: int) -> Fault | None:
        """The fault this request meets; counts it."""
        self.seen += 1
        if self.seen <= self.after or (self.times is not None and self.met >= self.times):
            return None
        if self.once and attempt > 1:
            return None
        draw = chance(seed, self.number, key, 0 if self.once else attempt)
        if draw >= self.rate:
            return None
        self.met += 1
        return self.faults[int(draw / self.rate * len(self.faults))]


@dataclass(slots=True)
class Phase:
    """Rules for a while; without an end they last."""

    rules: list[Rule]
    seconds: float | None = None


class Plan:
    """Phases that follow each other from a moment on."""

    def __init__(self, phases: list[Phase], *, seed: int, began: float, repeat: bool = False) -> None:
        self.phases = phases
        self.seed = seed
        self._began = began
        self._repeat = repeat

    def add(self, rules: list[Rule]) -> None:
        """Try these rules before all others, in every phase; they draw for themselves."""
        known = [rule.number for phase in self.phases for rule in phase.rules]
        for number, rule in enumerate(rules, 1 + max(known, default=-1)):
            rule.number = number
        for phase in self.phases:
            phase.rules = [*rules, *phase.rules]

    def phase(self, now: float) -> int | None:
        """The number of the phase at a time; None when the last one is over."""
        lasting = [phase.seconds for phase in self.phases]
        past = now - self._began
        if self._repeat and all(lasting):
            past %= sum(seconds or 0.0 for seconds in lasting)
        for number, seconds in enumerate(lasting):
            if seconds is None or past < seconds:
                return number
            past -= seconds
        return None

    def choose(self, now: float, key: str, attempt: int, facts: Mapping[str, str]) -> Fault | None:
        """The fault that a request meets."""
        number = self.phase(now)
        if number is None:
            return None
        for rule in self.phases[number].rules:
            if rule.fits(facts) and (fault := rule.choose(self.seed, key, attempt)) is not None:
                return fault
        return None


def chance(seed: int, rule: int, key: str, attempt: int) -> float:
    """A number from 0 up to 1, the same for the same arguments wherever and whenever it is asked."""
    text = f"{seed}\0{rule}\0{attempt}\0{key}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=7).digest()) / (1 << 56)


def read(spec: Any, *, seed: int, now: float) -> Plan:
    """The plan that a JSON value spells, beginning now; raises 400 for what it cannot mean."""
    phases = spec.get("phases", [spec]) if is_object(spec) else None
    known = {"seed", "phases", "repeat"} if is_object(spec) and "phases" in spec else {"seed", "rules", "seconds"}
    if not is_array(phases) or spec.keys() - known:
        raise _wrong("Give an object with 'rules', or with 'phases' that have them.")
    found = spec.get("seed", seed)
    if type(found) is not int:
        raise _wrong("'seed' is an integer.")
    return Plan([_phase(phase) for phase in phases], seed=found, began=now, repeat=spec.get("repeat") is True)


def only(plan: Plan) -> Phase:
    """The phase of a plan that is to be added to another; raises 400 where it has several."""
    if len(plan.phases) != 1 or plan.phases[0].seconds is not None:
        raise _wrong("Rules can be added to a plan; phases cannot.")
    return plan.phases[0]


def joined(rules: list[Any], spec: dict[str, Any]) -> dict[str, Any]:
    """How a plan is spelled that has these rules too."""
    if "phases" in spec:
        return {**spec, "phases": [joined(rules, phase) for phase in spec["phases"]]}
    return {**spec, "rules": [*rules, *spec["rules"]]}


def _phase(spec: Any) -> Phase:
    if not is_object(spec) or not is_array(spec.get("rules")) or spec.keys() - {"seconds", "rules", "seed"}:
        raise _wrong("A phase has 'rules' and, where it ends, 'seconds'.")
    seconds = spec.get("seconds")
    if seconds is not None and not (type(seconds) in (int, float) and seconds > 0):
        raise _wrong("'seconds' is a positive number.")
    return Phase([_rule(number, rule) for number, rule in enumerate(spec["rules"])], seconds)


def _rule(number: int, spec: Any) -> Rule:
    known = {"match", "faults", "rate", "once", "after", "times"}
    if not is_object(spec) or spec.keys() - known or not (faults := spec.get("faults")):
        raise _wrong(f"A rule has 'faults' and may have {', '.join(sorted(known - {'faults'}))}.")
    if not is_array(faults) or not all(isinstance(text, str) for text in faults):
        raise _wrong("'faults' is a list of texts such as 'status=503'.")
    match, rate = spec.get("match", {}), spec.get("rate", 1.0)
    if not is_object(match) or match.keys() - set(_MATCHED) or not all(isinstance(v, str) for v in match.values()):
        raise _wrong("'match' may name operation and path.")
    if type(rate) not in (int, float) or not 0 < rate <= 1:
        raise _wrong("'rate' is above 0 and at most 1.")
    counts = spec.get("after", 0), spec.get("times")
    if not all(count is None or (type(count) is int and count >= 0) for count in counts):
        raise _wrong("'after' and 'times' are counts.")
    return Rule(
        number,
        tuple(map(parse, faults)),
        match,
        rate,
        spec.get("once") is True,
        counts[0] or 0,
        counts[1],
    )


def _wrong(message: str) -> Exception:
    return invalid("faults", message, "invalid_fault")

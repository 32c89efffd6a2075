"""Where a request's fault comes from: its own header, or the plan that the control plane or a scenario file gave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .kind import Fault, parse
from .ledger import Ledger
from .plan import Plan, joined, only, read


class Faults:
    """The plan and the ledger of one world, and what the header's `times` counted."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.plan: Plan | None = None
        self.spec: Any = None
        """The plan as it was given."""
        self._spent: dict[tuple[str, str, str], int] = {}

    def begin(self, spec: Any, *, seed: int, now: float) -> None:
        """Follow another plan from now on; None ends it."""
        self.plan = None if spec is None else read(spec, seed=seed, now=now)
        self.spec = spec

    def add(self, spec: Any, *, seed: int, now: float) -> None:
        """Follow these rules before those that are there, which go on counting where they were."""
        fresh = read(spec, seed=seed, now=now)
        if self.plan is None or self.plan.phase(now) is None:
            self.plan, self.spec = fresh, spec
        else:
            self.plan.add(only(fresh).rules)
            self.spec = joined(spec.get("phases", [spec])[0]["rules"], self.spec)

    def planned(self, now: float, key: str, number: int, facts: Mapping[str, str]) -> Fault | None:
        """The fault the plan has for a request; `number`: of the attempt, or of the request where it has no key."""
        return None if self.plan is None else self.plan.choose(now, key, number, facts)

    def ask(self, header: bytes, key: str, path: str) -> Fault | None:
        """The fault a header asks for, or None when it has happened often enough."""
        text = header.decode("latin-1")
        fault = parse(text)
        if fault.times is None:
            return fault
        seen = self._spent.get((key, path, text), 0)
        if seen >= fault.times:
            return None
        self._spent[key, path, text] = seen + 1
        if len(self._spent) > 10_000:
            del self._spent[next(iter(self._spent))]
        return fault

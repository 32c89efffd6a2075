"""How far a call has come with its attempts: which count, which is free, what is repeated once only. Counts, and nothing else."""

from __future__ import annotations

from .rule import Rule

UNBOUNDED = 1 << 30
"""As many as it takes."""
SPENT = "no retries are left"
BUDGET = "retry_budget"
"""The reason in a trace, where a retry was not made for want of budget."""
USED_UP = "it was not tried again: the retry budget is used up"


class Course:
    """The attempts of one call.

    Args:
        allowed: how many retries may count.
        patient: whether what is repeated once otherwise is repeated as often as anything else.

    Attributes:
        attempts: how many were made.
        taken: how many retries counted.
        is_free: whether the next attempt counts for none.
    """

    __slots__ = ("_once", "_patient", "_was_free", "allowed", "attempts", "is_free", "taken")

    def __init__(self, allowed: int, *, patient: bool = False) -> None:
        self.allowed = allowed
        self.attempts = 0
        self.taken = 0
        self.is_free = False
        self._patient = patient
        self._was_free = False
        self._once: set[tuple[str, str]] = set()

    @property
    def is_spent(self) -> bool:
        """Whether no retry is left."""
        return self.taken >= self.allowed

    def objection(self, rule: Rule, endpoint: str) -> str | None:
        """Why no other attempt follows one that a rule was about, or `None`; settles whether it would be free."""
        self.is_free = rule.verdict == "free" and not self._was_free
        if rule.stops:
            return rule.reason
        if self.is_spent and not self.is_free:
            return SPENT
        if rule.verdict == "once" and not self._patient and (rule.reason, endpoint) in self._once:
            return f"{rule.reason}, again"
        self._once.add((rule.reason, endpoint))
        return None

    def go(self) -> None:
        """Another attempt follows."""
        if self.is_free:
            self._was_free = True
        else:
            self.taken += 1

"""A course beside the list of the attempts that followed, and of the rules each was about."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from antiphon.policies.machines.course import SPENT, Course
from antiphon.policies.machines.rule import Rule

RULES = [
    Rule("retry", "busy"),
    Rule("once", "cut"),
    Rule("once", "odd"),
    Rule("free", "not sent"),
    Rule("stop", "final"),
]


class Listed(RuleBasedStateMachine):
    """Which rule and endpoint every further attempt was about."""

    @initialize(allowed=st.integers(0, 6), patient=st.booleans())
    def begin(self, allowed: int, patient: bool) -> None:
        self.course, self.allowed, self.patient = Course(allowed, patient=patient), allowed, patient
        self.asked: list[tuple[str, str]] = []  # about which there was no objection
        self.went: list[bool] = []  # of each further attempt, whether it was free

    @rule(about=st.sampled_from(RULES), endpoint=st.sampled_from(["a", "b"]), goes=st.booleans())
    def judge(self, about: Rule, endpoint: str, goes: bool) -> None:
        objection = self.course.objection(about, endpoint)
        free = about.verdict == "free" and True not in self.went
        assert self.course.is_free == free
        assert objection == self.objection(about, endpoint, free)
        if objection is None:
            self.asked.append((about.reason, endpoint))
            if goes:
                self.course.go()
                self.went.append(free)

    def objection(self, about: Rule, endpoint: str, free: bool) -> str | None:
        if about.verdict == "stop":
            return "final"
        if self.went.count(False) >= self.allowed and not free:
            return SPENT
        again = about.verdict == "once" and (about.reason, endpoint) in self.asked
        return f"{about.reason}, again" if again and not self.patient else None

    @invariant()
    def what_was_not_free_counts(self) -> None:
        if hasattr(self, "course"):
            assert self.course.taken == self.went.count(False) <= self.allowed
            assert self.course.is_spent == (self.course.taken == self.allowed)
            assert self.went.count(True) <= 1
            assert (self.course.allowed, self.course.attempts) == (self.allowed, 0), "attempts are for others to count"


TestListed = Listed.TestCase
TestListed.settings = settings(derandomize=True, deadline=None, max_examples=40, stateful_step_count=15)

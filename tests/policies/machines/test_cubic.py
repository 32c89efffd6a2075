"""CUBIC beside the list of all that was sent, refused and taken."""

from __future__ import annotations

import math

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from antiphon.policies.machines.cubic import Cubic


class Listed(RuleBasedStateMachine):
    """What was told when, and the curve that begins at the last refusal."""

    def __init__(self) -> None:
        super().__init__()
        self.cubic = Cubic()
        self.now, self.number = 100.0, 0
        self.marks: list[tuple[float, int]] = []  # when it was told how many were sent in all
        self.rate: float | None = None
        self.lost, self.most = -math.inf, 0.0

    @rule(seconds=st.sampled_from([0.1, 0.4, 0.5, 0.6, 2.0, 7.0, 500.0]), many=st.sampled_from([0, 1, 30]))
    def send(self, seconds: float, many: int) -> None:
        self.now += seconds
        self.number += many

    @rule(seconds=st.sampled_from([0.0, 0.3, 1.0]))
    def tell(self, seconds: float) -> None:
        self.now += seconds
        self.number += 1
        self.cubic.sent(self.number, self.now)
        self.marks.append((self.now, self.number))
        assert self.cubic.due == self.now + 0.5

    @property
    def measured(self) -> float:
        """Each pace between two marks, four fifths of the latest and four fifths of what is left for those before."""
        paces = [
            (number - before) / (at - begun)
            for (begun, before), (at, number) in zip(self.marks, self.marks[1:], strict=False)
            if at > begun
        ]
        return math.fsum(0.8 * 0.2**age * pace for age, pace in enumerate(reversed(paces)))

    @rule(seconds=st.sampled_from([0.0, 0.4, 0.5, 3.0]))
    def refuse(self, seconds: float) -> None:
        self.now += seconds
        self.cubic.refused(self.number, self.now)
        if self.rate is not None and self.now < self.lost + 0.5:
            return
        at, number = self.marks[-1] if self.marks else (0.0, 0)
        sent = self.measured or (self.number - number) / max(0.5, self.now - at)
        self.most = max(0.1, min(sent, self.rate or math.inf))
        self.rate, self.lost = max(0.1, 0.7 * self.most), self.now

    @rule(seconds=st.sampled_from([0.0, 0.2, 1.0, 2.5]))
    def take(self, seconds: float) -> None:
        self.now += seconds
        self.cubic.took(self.now)
        if self.rate is not None:
            flat = math.cbrt(self.most * 0.3 / 0.4)  # seconds until the curve is level, at what was too much
            grown = self.most + 0.4 * (self.now - self.lost - flat) ** 3
            self.rate = max(0.1, min(grown, max(2 * self.measured, 0.7 * self.most)))

    @invariant()
    def they_agree(self) -> None:
        assert self.cubic.measured == pytest.approx(self.measured)
        assert self.cubic.rate == (None if self.rate is None else pytest.approx(self.rate, rel=1e-5))
        self.rate = self.cubic.rate  # no rounding adds up


TestListed = Listed.TestCase
TestListed.settings = settings(derandomize=True, deadline=None, max_examples=25, stateful_step_count=30)

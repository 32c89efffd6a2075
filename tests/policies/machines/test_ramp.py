"""The ramp beside the list of all that was sent, gone through minute by minute each time it is asked."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from antiphon.policies.machines.ramp import Ramp

FREE = 1000.0


class Listed(RuleBasedStateMachine):
    """Tokens by the minute, since ever."""

    def __init__(self) -> None:
        super().__init__()
        self.ramp = Ramp(FREE)
        self.now = self.first = 3600.0
        self.sent = defaultdict[int, float](float)
        self.ramp.ceiling(self.now)

    @rule(seconds=st.sampled_from([1.0, 20.0, 60.0, 150.0, 840.0, 900.0, 5000.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(parts=st.lists(st.sampled_from([0.0, 0.3, 0.59, 0.61, 1.0]), min_size=1, max_size=9))
    def use_for_minutes(self, parts: list[float]) -> None:
        for part in parts:
            self.use(part * self.ceiling())
            self.now += 60

    @rule(tokens=st.sampled_from([1.0, 500.0, 2000.0]))
    def use(self, tokens: float) -> None:
        self.ramp.used(tokens, self.now)
        self.sent[int(self.now // 60)] += tokens

    @rule(seconds=st.sampled_from([61.0, 10_000.0]))
    def a_clock_that_goes_back_changes_nothing(self, seconds: float) -> None:
        assert self.ramp.ceiling(self.now) == self.ramp.ceiling(self.now - seconds)

    def ceiling(self) -> float:
        """Minute by minute from the first."""
        ceiling, first = FREE, int(self.first // 60)
        for minute in range(first, int(self.now // 60)):
            if self.sent[minute] >= 0.6 * ceiling:
                ceiling *= 1.5 ** (1 / 15)
            if minute >= first + 14:
                busiest = max(self.sent[each] for each in range(minute - 14, minute + 1))
                ceiling = max(FREE, min(ceiling, 1.5 * busiest))
        return ceiling

    @invariant()
    def they_agree(self) -> None:
        assert self.ramp.ceiling(self.now) == pytest.approx(self.ceiling())


TestListed = Listed.TestCase
TestListed.settings = settings(derandomize=True, deadline=None, max_examples=15, stateful_step_count=20)

"""A rest beside the list of failures since it last worked."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from antiphon.policies.machines.rest import Rest


class Listed(RuleBasedStateMachine):
    """When it failed, one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.rest, self.now = Rest(), 0.5
        self.failures: list[float] = []

    @rule(seconds=st.sampled_from([0.5, 1.0, 2.0, 7.5, 15.0, 30.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def fail(self) -> None:
        self.rest.failed(self.now)
        self.failures.append(self.now)

    @rule(many=st.integers(4, 9))
    def fail_often(self, many: int) -> None:
        for _ in range(many):
            self.fail()

    @rule()
    def work(self) -> None:
        self.rest.worked()
        self.failures.clear()

    @invariant()
    def the_last_of_a_row_counts_for_twice_the_one_before(self) -> None:
        seconds = [1, 2, 4, 8, 16, 30]
        ends = [at + seconds[min(n, 5)] for n, at in enumerate(self.failures)]
        for later in (0.0, 0.5, 1.0, 29.5, 30.0):
            assert self.rest.over(self.now + later) == (not ends or self.now + later >= ends[-1])
        assert repr(self.rest) == f"Rest({len(self.failures)} failures)"


TestListed = Listed.TestCase
TestListed.settings = settings(derandomize=True, deadline=None, max_examples=20, stateful_step_count=25)

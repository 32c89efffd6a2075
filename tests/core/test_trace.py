"""A trace tells what was decided, in order; two that decided alike are equal."""

from __future__ import annotations

import pickle

from antiphon.core.trace import Step, Trace


def test_steps_are_kept_in_order_and_printed() -> None:
    trace = Trace()
    trace.note("Retry", "wait", seconds=0.123456789, reason="503")
    trace.note("attempt", "200")
    assert str(trace) == "Retry: wait seconds=0.123457 reason=503\nattempt: 200"
    assert trace.of("Retry") == [Step("Retry", "wait", (("seconds", 0.123456789), ("reason", "503")))]
    assert trace.steps[0].get("reason") == "503"
    assert trace.steps[0].get("other") is None


def test_traces_that_decided_alike_are_equal_also_in_another_process() -> None:
    one, other = Trace(), Trace()
    one.note("Retry", "wait", seconds=1)
    assert one != other
    other.note("Retry", "wait", seconds=1)
    assert one == other == pickle.loads(pickle.dumps(one))

"""Attempts, read off a trace: which were refused, and of which nobody knows."""

from __future__ import annotations

import pytest

from antiphon.core.trace import Trace
from antiphon.policies.machines.lost import Attempts, lost_attempts


def trace(*events: tuple[str, str | None], more: int = 0) -> Trace:
    made = Trace()
    for event, phase in events:
        made.note("Retry", "wait", seconds=1.0)
        made.note("attempt", event, endpoint="e", phase=phase)
    made.attempts = len(events) + more
    return made


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (trace(), Attempts(0, 0, 0)),
        (trace(("200", None)), Attempts(1, 0, 1)),
        (trace(("503", None), ("429", None), ("200", None)), Attempts(3, 2, 1)),
        (trace(("ConnectError", "dns"), ("TLSError", "tls"), ("PoolTimeout", "pool")), Attempts(3, 0, 0)),
        (trace(("ReadTimeout", "head"), ("TruncatedBody", "body"), ("APIConnectionError", None)), Attempts(3, 0, 3)),
        (trace(("500", None), more=2), Attempts(3, 1, 2)),
    ],
)
def test_what_became_of_them(made: Trace, expected: Attempts) -> None:
    assert lost_attempts(made, 0, 0) == expected


def test_only_those_since_a_moment_count() -> None:
    made = trace(("ReadTimeout", "head"), ("500", None))
    steps, attempts = len(made.steps), made.attempts
    assert lost_attempts(made, steps, attempts) == (0, 0, 0)
    made.note("attempt", "200", endpoint="e")
    made.attempts += 1
    assert lost_attempts(made, steps, attempts) == (1, 0, 1)

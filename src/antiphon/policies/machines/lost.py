"""Lost attempts: those that were sent, may have been worked on and billed, and were never answered; read off a call's trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ...core.trace import Step, Trace

NOT_SENT = frozenset({"pool", "dns", "connect", "proxy", "tls"})
"""Phases in which an attempt fails that the server never saw."""


class Attempts(NamedTuple):
    """What became of a call's attempts.

    Attributes:
        sent: how many there were.
        refused: how many the server answered, but with no success.
        unclear: how many may have been worked on: broken off, or answered with a success.
    """

    sent: int
    refused: int
    unclear: int


def lost_attempts(trace: Trace, steps: int, attempts: int) -> Attempts:
    """What became of the attempts since a moment.

    Args:
        trace: of the call.
        steps: how many steps it had then.
        attempts: how many attempts had been made then.
    """
    sent = trace.attempts - attempts
    noted: Sequence[Step] = [step for step in trace.steps[steps:] if step.policy == "attempt"] if sent else ()
    refused = unclear = 0
    for step in noted:
        if step.event.isdecimal():
            success = step.event[0] == "2"
            unclear += success
            refused += not success
        elif step.get("phase") not in NOT_SENT:
            unclear += 1
    # What was sent and not noted was broken off from outside, or is still under way.
    return Attempts(sent, refused, unclear + sent - len(noted))

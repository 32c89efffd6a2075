"""Independent faults: every attempt meets one with the same chance, so 1/(1-p) attempts are needed, and no more are made."""

from __future__ import annotations

from .figure import Figure
from .lossless import KINDS, Case, drill_of
from .question import Question


def _case(n: int, p: float, seed: int) -> Case:
    from ..policies.policy import Policy

    # The least there can be, and 5.6 standard deviations of chance.
    most = 1 / (1 - p) + 5.6 * (p**0.5 / (1 - p)) / n**0.5
    return Case(
        [Question(number, f"q-{number}") for number in range(n)],
        lambda: Policy(retry=Policy.bulk().retry),
        {"seed": seed, "rules": [{"faults": list(KINDS), "rate": p}]},
        lambda sent: Figure.at_most("attempts a request", sent / n, round(most, 4)),
    )


drill = drill_of(_case)

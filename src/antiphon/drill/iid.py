"""Independent faults: every attempt meets one with the same chance, so 1/(1-p) attempts are needed, and no more are made."""

from __future__ import annotations

from collections.abc import Sequence

from .figure import Figure, Result
from .lossless import KINDS, compared, runs, told
from .official import beside as other
from .question import Question


def drill(
    *,
    n: int = 100_000,
    p: float = 0.2,
    seed: int = 1,
    drivers: Sequence[str] = ("sync", "asyncio", "virtual"),
    official: bool = False,
) -> list[Result]:
    """The figures.

    Args:
        n: how many requests.
        p: the chance of each attempt to meet a fault.
        seed: of faults and chance.
        drivers: which of "sync", "asyncio" and "virtual".
        official: whether the official package gets a twentieth of the questions, too.
    """
    from ..policies.policy import Policy

    questions = [Question(number, f"q-{number}") for number in range(n)]
    plan = {"seed": seed, "rules": [{"faults": list(KINDS), "rate": p}]}
    # The least there can be, and 5.6 standard deviations of chance.
    most = 1 / (1 - p) + 5.6 * (p**0.5 / (1 - p)) / n**0.5
    made = runs(questions, lambda: Policy(retry=Policy.bulk().retry), plan, drivers, seed)
    results = [
        told(run, n, lambda sent: Figure.at_most("attempts a request", sent / n, round(most, 4))) for run in made
    ]
    beside = [other(questions[: max(n // 20, 1)], plan)] if official else []
    return [*results, *compared(made), *beside]

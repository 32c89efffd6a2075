"""One fault: a fifth of all requests meet exactly one fault, and everything is answered at exactly 1.2 attempts a request."""

from __future__ import annotations

import random
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
        p: the share that meets a fault.
        seed: of faults and chance.
        drivers: which of "sync", "asyncio" and "virtual".
        official: whether the official package gets a twentieth of the questions, too.
    """
    from ..policies.policy import Policy

    dice = random.Random(seed)  # noqa: S311
    faulty = set(dice.sample(range(n), round(n * p)))
    questions = [
        Question(number, f"q-{number}", f"{dice.choice(KINDS)};times=1;id={number}" if number in faulty else "")
        for number in range(n)
    ]
    wanted = n + len(faulty)
    made = runs(questions, lambda: Policy(retry=Policy.interactive().retry), None, drivers, seed)
    results = [told(run, n, lambda sent: Figure.exactly("attempts", sent, wanted)) for run in made]
    beside = [other(questions[: max(n // 20, 1)], None)] if official else []
    return [*results, *compared(made), *beside]

"""One fault: a fifth of all requests meet exactly one fault, and everything is answered at exactly 1.2 attempts a request."""

from __future__ import annotations

import random

from .figure import Figure
from .lossless import KINDS, Case, drill_of
from .question import Question


def _case(n: int, p: float, seed: int) -> Case:
    from ..policies.policy import Policy

    dice = random.Random(seed)  # noqa: S311
    faulty = set(dice.sample(range(n), round(n * p)))
    questions = [
        Question(number, f"q-{number}", f"{dice.choice(KINDS)};times=1;id={number}" if number in faulty else "")
        for number in range(n)
    ]
    return Case(
        questions,
        lambda: Policy(retry=Policy.interactive().retry),
        None,
        lambda sent: Figure.exactly("attempts", sent, n + len(faulty)),
    )


drill = drill_of(_case)

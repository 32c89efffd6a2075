"""What one-fault and iid have in common: every question answered rightly, exactly once, at a known number of attempts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from .figure import Figure, Result
from .house import House
from .question import Question
from .simulation import Simulation
from .stage import Chain, Run, blocking, concurrent, virtual

KINDS = (
    "status=500",
    "status=502",
    "status=503",
    "status=504",
    "status=429;retry_after=1",
    "reset=20",
    "close=20",
    "bad_json=1",
)
"""The faults that are drawn from: answers that say no, bodies that break, and one that is no JSON."""


def runs(
    questions: Sequence[Question], chain: Chain, plan: dict[str, Any] | None, drivers: Sequence[str], seed: int
) -> list[Run]:
    """The questions through each of the drivers, each against a server of its own."""
    made: list[Run] = []
    for driver in drivers:
        if driver == "virtual":
            made.append(virtual(questions, chain, Simulation(plan), seed))
            continue
        with House("--journal", "1") as house:
            house.break_with(plan)
            made.append((blocking if driver == "sync" else concurrent)(questions, chain, house, seed))
    return made


def told(run: Run, count: int, attempts: Callable[[int], Figure]) -> Result:
    """One run's figures.

    Args:
        run: what came of it.
        count: how many questions there were.
        attempts: judges the number of attempts.
    """
    accounts = [account for key, account in run.ledger.items() if key.startswith("q-")]
    sent = sum(account["attempts"] for account in accounts)
    errors = Counter(outcome.error for outcome in run.outcomes if outcome.error)
    lost = count - sum(outcome.right is not None for outcome in run.outcomes)
    return Result(
        f"{run.driver}: {count:,} requests in {run.seconds:.1f} s",
        [
            Figure.exactly("lost", lost, 0),
            Figure.exactly("wrong answers", sum(outcome.right is False for outcome in run.outcomes), 0),
            Figure.exactly("answered more than once", sum(account["answered"] > 1 for account in accounts), 0),
            Figure.exactly("never answered, says the ledger", sum(not account["answered"] for account in accounts), 0),
            attempts(sent),
            *(Figure(f"errors: {name}", number) for name, number in errors.most_common(4)),
        ],
    )


def compared(runs: Sequence[Run]) -> list[Result]:
    """Whether all drivers decided alike."""
    if len(runs) < 2:
        return []
    first, *others = runs
    figures: list[Figure] = []
    for other in others:
        pairs = zip(first.outcomes, other.outcomes, strict=True)
        differ = sum(one.decisions != two.decisions for one, two in pairs)
        figures.append(Figure.exactly(f"decisions of {first.driver} and {other.driver} that differ", differ, 0))
    return [Result("the decision logs", figures)]

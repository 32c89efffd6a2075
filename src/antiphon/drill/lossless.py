"""What one-fault and iid have in common: every question answered rightly, exactly once, at a known number of attempts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .comparison import compared
from .figure import Figure, Result
from .house import House
from .official import beside
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


@dataclass(frozen=True)
class Case:
    """What a drill is of.

    Attributes:
        questions: what is asked.
        chain: makes the policies.
        plan: of faults, as the emulator takes it; `None` where the questions say what they meet.
        attempts: judges the number of attempts.
    """

    questions: Sequence[Question]
    chain: Chain
    plan: dict[str, Any] | None
    attempts: Callable[[int], Figure]


def drill_of(case: Callable[[int, float, int], Case]) -> Callable[..., list[Result]]:
    """A drill out of what it is of, given how many requests there are, how many faults, and the seed."""

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
            p: the share of requests that meets a fault, or the chance of each attempt to meet one.
            seed: of faults and chance.
            drivers: which of "sync", "asyncio" and "virtual".
            official: whether the official package gets a twentieth of the questions, too.
        """
        made = case(n, p, seed)
        runs = [_run(driver, made, seed) for driver in drivers]
        logs = {run.driver: [outcome.decisions for outcome in run.outcomes] for run in runs}
        others = [beside(made.questions[: max(n // 20, 1)], made.plan)] if official else []
        return [*(_told(run, n, made.attempts) for run in runs), *compared(logs), *others]

    return drill


def _run(driver: str, case: Case, seed: int) -> Run:
    """The questions through a driver, against a server of its own."""
    if driver == "virtual":
        return virtual(case.questions, case.chain, Simulation(case.plan), seed)
    with House("--journal", "1") as house:
        house.break_with(case.plan)
        return (blocking if driver == "sync" else concurrent)(case.questions, case.chain, house, seed)


def _told(run: Run, count: int, attempts: Callable[[int], Figure]) -> Result:
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

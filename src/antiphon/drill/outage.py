"""Outage: the server answers 503 to everything for a minute. Retries must not multiply its load, and success must come back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .figure import Figure, Result
from .official import beside as other
from .question import Question
from .traffic import Flow, run

DOWN = 60.0
"""Seconds for which the server is down."""
AFTER = 30.0
"""Seconds of traffic that follow."""


def drill(
    *,
    rps: int = 100,
    seed: int = 1,
    speed: float = 10.0,
    drivers: Sequence[str] = ("sync", "asyncio", "virtual"),
    official: bool = False,
) -> list[Result]:
    """The figures.

    Args:
        rps: requests a second.
        seed: of chance.
        speed: how many of the drill's seconds pass in one.
        drivers: which of "sync", "asyncio" and "virtual".
        official: whether the official package asks the server while it is down, too.
    """
    from ..policies.policy import Policy

    chains: dict[str, tuple[Callable[[], Any], float]] = {
        "a retry budget alone": (lambda: Policy(retry=Policy.interactive().retry), 1.03),
        "and a circuit breaker": (
            lambda: Policy(retry=Policy.interactive().retry, circuit_breaker=Policy.interactive().circuit_breaker),
            0.1,
        ),
    }
    questions = [Question(number, f"q-{number}") for number in range(int(rps * (DOWN + AFTER)))]

    def plan(speed: float) -> dict[str, Any]:
        down = {"seconds": DOWN / speed, "rules": [{"faults": ["status=503"]}]}
        return {"phases": [down, {"rules": []}]}

    results = [
        _told(
            run(driver, questions, lambda number: number / rps, chain, plan, seed=seed, speed=speed), title, rps, most
        )
        for driver in drivers
        for title, (chain, most) in chains.items()
    ]
    down: dict[str, Any] = {"rules": [{"faults": ["status=503"]}]}
    return [*results, *([other(questions[:300], down)] if official else [])]


def _told(flow: Flow, title: str, rps: int, most: float) -> Result:
    during = int(rps * DOWN)
    refused = sum(account["faults"] for account in flow.ledger.values())
    return Result(
        f"{flow.driver}, {title}: {during:,} requests while the server is down",
        [
            Figure.at_most("requests sent for each", refused / during, most),
            Figure.at_most("seconds until 95 % succeed again", _recovery(flow), 10.0),
            Figure("requests that failed after that", _late_failures(flow)),
        ],
    )


def _recovery(flow: Flow) -> float:
    """Seconds from the end of the outage to the first whole second in which 95 % of the requests that begin succeed."""
    for second in range(int(AFTER)):
        begun = [sample for sample in flow.samples if second <= sample.at - DOWN < second + 1]
        if begun and sum(not sample.error for sample in begun) >= 0.95 * len(begun):
            return float(second)
    return float("inf")


def _late_failures(flow: Flow) -> int:
    return sum(bool(sample.error) for sample in flow.samples if sample.at >= DOWN + 10)

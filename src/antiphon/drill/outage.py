"""Outage: the server answers 503 to everything for a minute. Retries must not multiply its load, and success must come back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .figure import Figure, Result
from .official import beside as other
from .question import Question
from .script import Script, decisions
from .simulation import Simulation
from .traffic import Flow, run

DOWN = 60.0
"""Seconds for which the server is down."""
AFTER = 30.0
"""Seconds of traffic that follow."""
_DOWN: list[dict[str, Any]] = [{"faults": ["status=503"]}]
_MOST = {"a retry budget alone": 1.03, "and a circuit breaker": 0.1}
"""What is tried, and how many requests may be sent for each."""


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
    made: list[Result] = []
    played = scripts(rps, seed)
    for driver in drivers:
        for title, script in played.items():
            flow = run(driver, script.questions, script.times, script.chain, _plan, seed=seed, speed=speed)
            made.append(_told(flow, title, rps))
    for title, script in played.items():
        made += decisions(script, drivers, title)
    return [*made, *([other(_questions(300), {"rules": _DOWN})] if official else [])]


def scripts(rps: int, seed: int) -> dict[str, Script]:
    """A minute of outage and the half minute after it, by what is tried.

    Args:
        rps: requests a second.
        seed: of chance.
    """
    from ..policies.policy import Policy

    questions = _questions(int(rps * (DOWN + AFTER)))
    chains: list[Callable[[], Any]] = [
        lambda: Policy(retry=Policy.interactive().retry),
        lambda: Policy(retry=Policy.interactive().retry, circuit_breaker=Policy.interactive().circuit_breaker),
    ]
    return {
        title: Script(
            questions,
            lambda number: number / rps,
            chain,
            lambda: Simulation(_plan(1.0), seconds=0.001, jitter=0.3),
            seed,
        )
        for title, chain in zip(_MOST, chains, strict=True)
    }


def _questions(count: int) -> list[Question]:
    return [Question(number, f"q-{number}") for number in range(count)]


def _plan(speed: float) -> dict[str, Any]:
    return {"phases": [{"seconds": DOWN / speed, "rules": _DOWN}, {"rules": []}]}


def _told(flow: Flow, title: str, rps: int) -> Result:
    during = int(rps * DOWN)
    refused = sum(account["faults"] for account in flow.ledger.values())
    return Result(
        f"{flow.driver}, {title}: {during:,} requests while the server is down",
        [
            Figure.at_most("requests sent for each", refused / during, _MOST[title]),
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

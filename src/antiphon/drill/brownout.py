"""Brownout: some answers take ten times as long. A second request for those that are late halves the slowest, for few more.

The arithmetic bounds what can be shown: with a share p of slow answers, halving the 99th percentile needs a second request for
at least p - 1 % of all. A budget of 5 % therefore helps up to p = 6 %; `--p 0.3` shows what it cannot do.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from .figure import Figure, Result
from .question import Question
from .script import Script, decisions
from .simulation import Simulation
from .traffic import Flow, run

_USUAL = 0.5
"""Seconds a usual answer takes, give or take 30 %."""
_EARNED = 60
"""So many calls are answered in time before the first that is late."""
_LATE = ("latency=2;times=1", "latency=2;times=1", "latency=2")
"""Either the second request is answered at once, or it is as late as the first."""


def drill(
    *,
    n: int = 6_000,
    p: float = 0.03,
    rps: int = 200,
    seed: int = 1,
    drivers: Sequence[str] = ("sync", "asyncio", "virtual"),
) -> list[Result]:
    """The figures.

    Args:
        n: how many requests.
        p: the share of slow answers.
        rps: requests a second.
        seed: of chance.
        drivers: which of "sync", "asyncio" and "virtual".
    """
    from ..policies.hedge import Hedge
    from ..policies.policy import Policy

    questions = [Question(number, f"q-{number}") for number in range(n)]

    def plan(speed: float) -> dict[str, Any]:
        return {"seed": seed, "rules": [{"faults": [f"latency={9 * _USUAL / speed}"], "rate": p}]}

    def flow(driver: str, chain: Callable[[], Any]) -> Flow:
        options = ("--first-token", str(_USUAL), "--jitter", "0.3")
        return run(
            driver,
            questions,
            lambda number: number / rps,
            chain,
            plan,
            seed=seed,
            speed=1.0,  # races are run by the machine's own clock
            seconds=_USUAL,
            house_options=options,
        )

    results = [
        _told(driver, flow(driver, Policy.none), flow(driver, lambda: Policy(hedge=Hedge())), n) for driver in drivers
    ]
    return [*results, *decisions(script(seed), drivers)]


def script(seed: int, n: int = 160, slow: int = 12) -> Script:
    """Calls of which some are late by far: half of those in a row, which is more than may be sent twice, the others anywhere.

    The blocking driver times a race by the machine's clock. So an answer comes long before a second request is due, or long
    after: at a hundredth of a second or at two, and it is due at one. A percentile of measured times would not be the same twice.

    Args:
        seed: of chance.
        n: how many calls; more than 60, since the first are not late and earn second requests.
        slow: how many are late.
    """
    from ..policies.hedge import Hedge
    from ..policies.policy import Policy

    dice = random.Random(seed)  # noqa: S311
    late = {*range(_EARNED, _EARNED + slow // 2), *dice.sample(range(_EARNED, n), slow - slow // 2)}
    questions = [
        Question(number, f"q-{number}", dice.choice(_LATE) + f";id={number}" if number in late else "")
        for number in range(n)
    ]
    return Script(
        questions,
        lambda number: number * 10.0,
        lambda: Policy(hedge=Hedge(1.0)),
        lambda: Simulation(seconds=0.01, jitter=0.3),
        seed,
        races=True,
    )


def _told(driver: str, without: Flow, hedged: Flow, n: int) -> Result:
    extra = sum(account["attempts"] for account in hedged.ledger.values()) - n
    before, after = _percentile(without, 0.99), _percentile(hedged, 0.99)
    return Result(
        f"{driver}: {n:,} requests",
        [
            Figure("99th percentile without hedging, in seconds", before),
            Figure("99th percentile with it", after),
            Figure.at_most("share of it that is left", after / before, 0.5),
            Figure.at_most("requests more, for each", extra / n, 0.05),
            Figure.exactly("lost", sum(bool(sample.error) for sample in hedged.samples), 0),
        ],
    )


def _percentile(flow: Flow, share: float) -> float:
    times = sorted(sample.seconds for sample in flow.samples)
    return times[int(share * (len(times) - 1))]

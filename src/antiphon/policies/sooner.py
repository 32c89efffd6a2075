"""Sooner: where a request would wait less for its rate limit than at the target that was chosen.

Knows what each limiter further in would make a request wait; refuses to know who is well and who may be asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .gates import Gates
from .round import Round


async def sooner(
    gates: Gates, way: Round, member: int, others: Iterable[int], patience: float, now: float
) -> int | None:
    """Who would have the request wait less than the one that was chosen; `None` where nobody would, or not by enough. A flow.

    An equal one of the same group is taken for any gain; another group, or another target than the one whose prompt cache is warm,
    for one of more than `patience` only.

    Args:
        gates: what stands between here and the network.
        way: the request's.
        member: who was chosen.
        others: who is well besides, and may be asked.
        patience: seconds.
        now: the time.
    """
    chosen = way.targets[member]
    way.made = await chosen.request(way.request)
    wait = gates.wait(way.made, now)
    found: list[tuple[int, float, int]] = []
    for n in others if wait > 0 else ():
        group = way.targets[n].group
        there = await way.targets[n].request(way.request)
        less = gates.wait(there, now)
        enough = 0.0 if group == chosen.group and way.key is None else patience
        if wait - less > enough and not gates.is_troubled(there):
            found.append((group, less, n))
    if not found:
        return None
    _note(way, "passed over", target=chosen.name, because="its rate limit", wait=round(wait, 3))
    way.reason, way.made = "less to wait", None
    return min(found)[2]


async def is_worth_it(gates: Gates, way: Round, pause: float, now: float) -> bool:
    """Whether somebody else would serve sooner than one whose limit is used up for so many seconds. A flow."""
    if not gates.limiters or not way.allowed:
        return True
    waits = [gates.wait(await way.targets[n].request(way.request), now) for n in way.allowed]
    if min(waits) < pause:
        return True
    _note(way, "stop", reason="nobody else has less to wait", seconds=round(pause, 3))
    return False


def _note(way: Round, event: str, **figures: Any) -> None:
    if way.request.trace is not None:
        way.request.trace.note("Failover", event, **figures)

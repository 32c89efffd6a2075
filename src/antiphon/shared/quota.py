"""The arithmetic of a lease, for the stores that reckon in Python; the Redis script says the same in Lua, and a test holds both.

Each dimension is a GCRA: one number, the time at which all of it will be free again. What is granted for later is reckoned as
if it came then, in all dimensions at once, and nobody comes before whom was served earlier. Knows no file and no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from .store import Lease, Portion, Quota


class State(TypedDict):
    """What is kept of one limit; times in seconds on the store's clock.

    Attributes:
        at: when it was last asked.
        front: when the last one served may begin; nobody comes before.
        full: for each dimension, when all of it is free again.
        seen: when each worker last came.
    """

    at: float
    front: float
    full: dict[str, float]
    seen: dict[str, float]


def fresh(now: float) -> State:
    """Of a limit that nobody used yet."""
    return State(at=now, front=now, full={}, seen={})


def lease(state: State, worker: str, quotas: Sequence[Quota], patience: float, span: float, now: float) -> Lease:
    """Grant or refuse, and change the state accordingly."""
    _shift(state, now)
    seen = state["seen"]
    seen[worker] = now
    for name in [name for name, at in seen.items() if at < now - 2 * span]:
        del seen[name]
    begin = max(now, state["front"])
    full = {q.name: _free(state, q, now) for q in quotas}
    start = max((begin, *(full[q.name] - max(0.0, q.burst - q.need) / q.rate for q in quotas if q.need > 0)))
    granted = start - now <= patience
    portions: list[Portion] = []
    for quota in quotas if granted else ():
        part = max(quota.rate * span, quota.burst / 100) / len(seen)
        units = max(quota.need, min(quota.want, part))
        base = max(full[quota.name], start) if units > 0 else full[quota.name]
        full[quota.name] = base + units / quota.rate
        portions.append(Portion(units, base - quota.burst / quota.rate - now))
    state["full"].update(full)
    if granted:
        state["front"] = start
    return Lease(tuple(portions), start - now, len(seen))


def _free(state: State, quota: Quota, now: float) -> float:
    """When all of a dimension is free again."""
    return max(state["full"].get(quota.name, now), now)


def _shift(state: State, now: float) -> None:
    """Where the clock was set back, times move along with it: a debt stays as long as it was, and no longer."""
    back = now - state["at"]
    state["at"] = now
    if back < 0:
        state["front"] += back
        state["full"] = {name: time + back for name, time in state["full"].items()}
        state["seen"] = {name: time + back for name, time in state["seen"].items()}


def settled(state: State) -> float:
    """Seconds after `at` until nothing is left to remember."""
    return max([0.0, state["front"] - state["at"], *(time - state["at"] for time in state["full"].values())])

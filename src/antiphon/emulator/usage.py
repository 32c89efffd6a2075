"""What the traffic came to: counts for each minute, project, key, user, model and whatever else the API groups by.

Rows lie on one shelf for each hour, so that many hours fit; what was spent in a month is kept ready beside them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from . import price
from .access import ORGANIZATION
from .exchange import Caller

if TYPE_CHECKING:
    from .world import World

ROWS: Final = "admin.usage"
SPENT: Final = "admin.spent"
TOLD: Final = ("model", "batch", "service_tier", "size", "source", "vector_store_id", "context_level", "api_source")
"""What a request's usage may say of itself besides numbers."""
Row = dict[str, Any]


class Meter:
    """Counts what requests came to, on the shelves of one world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def add(self, caller: Caller, usage: Row, now: float) -> None:
        """Count one request, or as many as it says."""
        minute = int(now) // 60 * 60
        hour = minute // 3600 * 3600
        name = _name(minute, usage["kind"], caller.project, caller.id, caller.user, *map(usage.get, TOLD))
        shelf = self._world.shelf(f"{ROWS}/{hour}")
        row = shelf.get(name)
        if row is None:
            row = self._row(name, minute, caller, usage)
            self._world.shelf(ROWS).put(str(hour), {"id": str(hour), "start": hour})
        if "requests" not in usage:
            row["requests"] += 1
        for measure, value in usage.items():
            if value.__class__ is int or value.__class__ is float:
                row[measure] = row.get(measure, 0) + value
        shelf.put(name, row)
        if cost := price.cost(usage):
            self._spend(caller.project, now, cost)

    def rows(self, start: float, end: float) -> Iterator[Row]:
        """What was counted in the minutes that begin in [start, end), oldest hour first."""
        for hour in self._world.shelf(ROWS):
            if hour["start"] + 3600 > start and hour["start"] < end:
                yield from (r for r in self._world.shelf(f"{ROWS}/{hour['id']}") if start <= r["start"] < end)

    def spent(self, owner: str, now: float) -> int:
        """What a project or the organisation spent since the month began, in nano-dollars."""
        known: Row | None = self._world.shelf(SPENT).get(f"{owner}/{_month(int(now) // 3600)}")
        return known["amount"] if known else 0

    def _row(self, name: str, minute: int, caller: Caller, usage: Row) -> Row:
        told = {dimension: usage[dimension] for dimension in TOLD if usage.get(dimension) is not None}
        whose = {"project_id": caller.project, "api_key_id": caller.id, "user_id": caller.user}
        return {"id": name, "start": minute, "kind": usage["kind"], **whose, **told, "requests": 0}

    def _spend(self, project: str, now: float, cost: int) -> None:
        month, shelf = _month(int(now) // 3600), self._world.shelf(SPENT)
        for owner in (project, ORGANIZATION):
            name = f"{owner}/{month}"
            known: Row = shelf.get(name) or {"id": name, "amount": 0}
            known["amount"] += cost
            shelf.put(name, known)
            self._world.organization.alert(owner, month, known["amount"])


@lru_cache(256)
def _name(*whose: Any) -> str:
    """A row's id: all that rows are told apart by."""
    return "|".join(map(str, whose))


@lru_cache(64)
def _month(hour: int) -> str:
    return time.strftime("%Y-%m", time.gmtime(hour * 3600))

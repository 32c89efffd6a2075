"""A shared book: a ledger's sums as counters that several processes or machines change together.

Knows which counters there are and how each step changes them; whoever has a store makes the changes. There is one counter that is
bounded, `taken`: a reservation adds its upper bound, if there is room, and settling it takes away what was not used. So a process
that dies with reservations open leaves them taken, and the limit holds without anybody having to clean up. To tell what is still
under way from what was lost so, open reservations are counted a second time, under the slot of time in which each one ends at
the latest; those of past slots are no longer open.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...shared.store import Change
from .ledger import UNITS, Amount, Limits

_SLOTS = 12
"""Slots of time that one lifetime of a reservation is cut into."""
_KEPT = {"run": None, "hour": 40 * 86_400.0, "day": 40 * 86_400.0, "month": 400 * 86_400.0}
"""Seconds for which counters are kept, by the kind of period."""


class Book:
    """Makes the changes of one budget's counters.

    >>> [change.key for change in Book("team", "day", (50, None, None), 60.0).reserve("2026-11-21", Amount(usd=7), 0.0)]
    ['budget:team:2026-11-21:taken:usd', 'budget:team:2026-11-21:open:13:usd']

    Args:
        name: all who share a budget give it the same.
        per: the kind of period.
        limits: of each unit.
        lifetime: seconds after which a reservation that nobody settled is no longer taken for open.
    """

    def __init__(self, name: str, per: str, limits: Limits, lifetime: float) -> None:
        self._name = name
        self.limits = limits
        self._kept = _KEPT[per]
        self._slot = lifetime / _SLOTS

    def reserve(self, label: str, bound: Amount, now: float) -> list[Change]:
        """Set an upper bound aside; refused as a whole where a limit would be exceeded."""
        changes = list[Change]()
        for n, unit in enumerate(UNITS):
            if bound[n]:
                changes += [
                    Change(self._key(label, "taken", unit), bound[n], self.limits[n], self._kept),
                    self._open(label, unit, bound[n], now),
                ]
        return changes

    def short(self, label: str, changes: Sequence[Change], values: Sequence[int]) -> tuple[int, int]:
        """Of a refused reservation: the place in `UNITS` of what is short, and what is taken of it."""
        for change, value in zip(changes, values, strict=True):
            if change.most is not None and value + change.amount > change.most:
                return UNITS.index(change.key.rpartition(":")[2]), value
        raise ValueError(f"nothing is short in {label}")

    def crossed(self, soft: Limits, changes: Sequence[Change], values: Sequence[int]) -> bool:
        """Whether what is taken after a reservation reaches one of the soft limits."""
        for change, value in zip(changes, values, strict=True):
            mark = soft[UNITS.index(change.key.rpartition(":")[2])] if ":taken:" in change.key else None
            if mark is not None and value >= mark:
                return True
        return False

    def settle(self, label: str, bound: Amount, spent: Amount, certain: bool, reserved_at: float) -> list[Change]:
        """Write down what a reservation came to."""
        changes = list[Change]()
        for n, unit in enumerate(UNITS):
            steps = {"taken": spent[n] - bound[n], "spent": spent[n], "uncertain": 0 if certain else spent[n]}
            steps["over"] = max(0, spent[n] - bound[n])
            changes += [Change(self._key(label, w, unit), step, None, self._kept) for w, step in steps.items() if step]
            if bound[n]:
                changes.append(self._open(label, unit, -bound[n], reserved_at))
        return changes

    def spent(self, label: str, unit: int) -> list[Change]:
        """Change nothing, to read what is spent of a unit."""
        return [Change(self._key(label, "spent", UNITS[unit]), 0)]

    def told(self, label: str) -> list[Change]:
        """Be the one who tells that the soft limit was crossed; refused where another was."""
        return [Change(self._key(label, "told", "soft"), 1, 1, self._kept)]

    def look(self, label: str, now: float) -> list[Change]:
        """Change nothing, to read all; one slot more than there are, for clocks that are a little ahead."""
        whats = [
            *("taken", "spent", "uncertain", "over"),
            *map(self._named, range(self._at(now), self._at(now) + _SLOTS + 3)),
        ]
        return [Change(self._key(label, what, unit), 0) for what in whats for unit in UNITS]

    def seen(self, values: Sequence[int]) -> dict[str, Amount]:
        """What was read: `taken`, `spent`, `reserved`, `uncertain` and `over`; what was lost counts as uncertain and spent."""
        rows = [Amount(*values[n : n + 3]) for n in range(0, len(values), 3)]
        taken, spent, uncertain, over, *slots = rows
        reserved = Amount(*(max(0, min(sum(row[n] for row in slots), taken[n] - spent[n])) for n in range(3)))
        lost = [taken[n] - spent[n] - reserved[n] for n in range(3)]
        return {
            "taken": taken,
            "spent": Amount(*(spent[n] + lost[n] for n in range(3))),
            "reserved": reserved,
            "uncertain": Amount(*(uncertain[n] + lost[n] for n in range(3))),
            "over": over,
        }

    def _key(self, label: str, what: str, unit: str) -> str:
        return f"budget:{self._name}:{label}:{what}:{unit}"

    def _at(self, now: float) -> int:
        return int(now // self._slot)

    def _named(self, slot: int) -> str:
        return f"open:{slot}"

    def _open(self, label: str, unit: str, amount: int, now: float) -> Change:
        slot = self._at(now) + _SLOTS + 1
        return Change(self._key(label, self._named(slot), unit), amount, None, self._slot * (_SLOTS + 3))

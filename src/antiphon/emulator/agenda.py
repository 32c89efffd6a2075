"""What is to happen later: jobs by the time they are due. Knows no clock and no jobs' insides.

An entry names its job and holds plain values, so that it can be kept and taken up again after a restart.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from math import inf
from typing import Any, Final, NamedTuple

from .identity import Identity
from .store import Shelf

_SLACK: Final = 64


class Entry(NamedTuple):
    """One thing to do."""

    due: float
    id: str
    job: str
    arguments: dict[str, Any]


class Agenda:
    """The entries, soonest first; those due at the same time in the order they were made.

    An entry that was taken stays on the shelf until it is `done`: what a crash breaks off is taken up again.
    """

    def __init__(self, shelf: Shelf[dict[str, Any]], identity: Identity) -> None:
        self._shelf = shelf
        self._identity = identity
        self._heap: list[tuple[float, int, str]] = []
        self._made = 0
        for kept in shelf:
            self._push(kept["due"], kept["id"])

    def __len__(self) -> int:
        return len(self._shelf)

    @property
    def due(self) -> float:
        """When the next one is due; infinite when there is none."""
        while self._heap and self._shelf.get(self._heap[0][2]) is None:
            heappop(self._heap)  # it was cancelled
        return self._heap[0][0] if self._heap else inf

    def add(self, due: float, job: str, arguments: dict[str, Any]) -> str:
        """Note something for a time; gives an id to cancel it by."""
        made = self._identity.draw("job_", 16)
        self._shelf.put(made, {"id": made, "due": due, "job": job, "arguments": arguments})
        self._push(due, made)
        return made

    def cancel(self, id: str) -> None:
        """Forget an entry, if it is still there."""
        self._shelf.pop(id)

    def take(self, now: float) -> Entry | None:
        """The next entry that is due by now, for the caller alone."""
        if self.due > now:
            return None
        kept = self._shelf.get(heappop(self._heap)[2])
        assert kept is not None
        return Entry(kept["due"], kept["id"], kept["job"], kept["arguments"])

    def done(self, entry: Entry) -> None:
        """Forget an entry that was taken."""
        self._shelf.pop(entry.id)

    def put_back(self, entry: Entry) -> None:
        """Have an entry that was taken done by somebody else."""
        self._push(entry.due, entry.id)

    def _push(self, due: float, id: str) -> None:
        if len(self._heap) > 2 * len(self._shelf) + _SLACK:  # mostly cancelled ones, some due in a month
            self._heap = [known for known in self._heap if self._shelf.get(known[2]) is not None]
            heapify(self._heap)
        self._made += 1
        heappush(self._heap, (due, self._made, id))

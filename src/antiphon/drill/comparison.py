"""Comparison: whether all drivers decided alike, and where they did not, the first step in which two of them part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest

from .figure import Figure, Result

Log = Sequence[str]
"""For each call, in order, what was decided: one step a line."""


def compared(logs: Mapping[str, Log], of: str = "") -> list[Result]:
    """The logs of all drivers, each against the first; nothing where there is only one.

    Args:
        logs: of each driver.
        of: what they are the logs of, where there are several.
    """
    if len(logs) < 2:
        return []
    (name, first), *others = logs.items()
    figures: list[Figure] = []
    parted: set[int] = set()
    for other, log in others:
        apart = [number for number, (one, two) in enumerate(zip_longest(first, log)) if one != two]
        parted.update(apart)
        figures.append(Figure.exactly(f"decisions of {name} and {other} that differ", len(apart), 0))
        for number in apart[:1]:
            figures += _parting(number, {name: first, other: log})
    calls = max(len(log) for log in logs.values())
    return [Result(f"the decision logs{of and f', {of}'}: {calls:,} calls, {len(parted):,} differ", figures)]


def _parting(number: int, logs: Mapping[str, Log]) -> list[Figure]:
    """The first step of a call that is not the same in both logs."""
    steps = [log[number].splitlines() if number < len(log) else [] for log in logs.values()]
    for pair in zip_longest(*steps, fillvalue="(nothing)"):
        if len(set(pair)) > 1:
            return [Figure(f"call {number}, {driver}", step) for driver, step in zip(logs, pair, strict=True)]
    return []

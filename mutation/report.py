"""What is said about the mutants."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from .child import End
from .harness import Outcome

_HEAD = ("file", "mutants", "killed", "late", "survived", "not made", "score")


def score(outcomes: Sequence[Outcome]) -> float:
    """The share that was noticed, of those that could be made, in per cent. One that never ends is noticed."""
    ends = Counter(outcome.end for outcome in outcomes)
    noticed = ends[End.KILLED] + ends[End.TIMEOUT]
    made = noticed + ends[End.SURVIVED]
    return 100 * noticed / made if made else 100.0


def table(outcomes: Sequence[Outcome], root: Path) -> Iterator[str]:
    """A line for each file, and one for all."""
    files: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        files[outcome.mutant.path.relative_to(root).as_posix()].append(outcome)
    width = max(map(len, [*files, _HEAD[0]]))
    yield f"{_HEAD[0]:{width}}" + "".join(f"{title:>10}" for title in _HEAD[1:])
    for name, part in [*sorted(files.items()), ("all", [*outcomes])]:
        ends = Counter(outcome.end for outcome in part)
        numbers = [len(part), *(ends[end] for end in (End.KILLED, End.TIMEOUT, End.SURVIVED, End.NOT_MADE))]
        yield f"{name:{width}}" + "".join(f"{number:>10}" for number in numbers) + f"{score(part):>9.1f}%"


def survivors(outcomes: Sequence[Outcome], root: Path) -> list[str]:
    """One line for each mutant that nobody noticed or that could not be made, by file and line."""
    left = [outcome for outcome in outcomes if outcome.end in (End.SURVIVED, End.NOT_MADE)]
    left.sort(key=lambda outcome: (outcome.mutant.path, outcome.mutant.change.line))
    return [line(outcome, root) for outcome in left]


def line(outcome: Outcome, root: Path) -> str:
    """Where, by what, who could have noticed, and the code before and after."""
    change = outcome.mutant.change
    why = "not made" if outcome.end is End.NOT_MADE else f"{outcome.tests} tests" if outcome.tests else "no test"
    place = f"{outcome.mutant.path.relative_to(root).as_posix()}:{change.line}"
    return f"{place}: {change.function}: {change.operator} [{why}]: {change}"

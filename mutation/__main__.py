"""`python -m mutation [--only GLOB ...] [--sample N --seed S] [--floor PERCENT] [--survivors FILE] [--jobs N]`: make every
small mistake in `policies/`, one at a time, and see whether a test of that room notices.

Prints a line for each file and fails under the floor. A mistake is made inside of functions only; default arguments, class
attributes and module constants stay as they are. POSIX only: each mutant is a fork of one process that has all tests loaded.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import sys
import time
from contextlib import redirect_stdout
from fnmatch import fnmatch
from pathlib import Path

import pytest

from .child import End
from .harness import Harness, Mutant, Outcome, Source
from .report import line, score, survivors, table


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m mutation", description="Does some test notice?")
    parser.add_argument("--source", type=Path, default=Path("src/antiphon/policies"), help="what is made wrong")
    parser.add_argument("--tests", nargs="+", default=["tests/policies"], help="who should notice")
    parser.add_argument("--only", nargs="+", metavar="GLOB", help="files of the source, such as 'machines/*'")
    parser.add_argument("--sample", type=int, metavar="N", help="this many mutants, drawn by the seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--floor", type=float, default=90.0, metavar="PERCENT", help="fail below (90)")
    parser.add_argument("--survivors", type=Path, metavar="FILE", help="write them here instead of printing them")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    return parser.parse_args(words)


def _drawn(mutants: list[Mutant], sample: int | None, seed: int) -> list[Mutant]:
    if sample is None or sample >= len(mutants):
        return mutants
    chosen = random.Random(seed).sample(range(len(mutants)), sample)  # noqa: S311 - to be drawn again
    return [mutants[number] for number in sorted(chosen)]


def main(words: list[str] | None = None) -> int:
    """What to exit with: 0 at the floor or above it, 1 under it, 2 if the tests do not pass as they are."""
    wanted, began = _arguments(words), time.monotonic()
    root = wanted.source.resolve()
    paths = [path for path in sorted(root.rglob("*.py")) if _fits(path.relative_to(root).as_posix(), wanted.only)]
    sources = {path: Source(path) for path in paths}
    mutants = _drawn([mutant for source in sources.values() for mutant in source.mutants], wanted.sample, wanted.seed)
    outcomes: list[Outcome] = []
    if wanted.survivors:
        wanted.survivors.write_text("")

    def say(outcome: Outcome) -> None:
        outcomes.append(outcome)
        _progress(outcomes, len(mutants), began)
        if wanted.survivors and outcome.end in (End.SURVIVED, End.NOT_MADE):
            with wanted.survivors.open("a") as file:
                print(line(outcome, root), file=file)

    harness = Harness(sources, mutants, wanted.jobs, say)
    options = ["-p", "no:xdist", "-p", "no:cacheprovider", "-p", "no:faulthandler", "--capture=sys", "--quiet"]
    with redirect_stdout(io.StringIO()) as told:
        pytest.main([*options, *wanted.tests], plugins=[harness])
    if harness.failures:
        print(told.getvalue(), "without any mutant:", *harness.failures, sep="\n", file=sys.stderr)
        return 2
    left = survivors(outcomes, root)
    if wanted.survivors:
        wanted.survivors.write_text("".join(f"{each}\n" for each in left))
    else:
        print(*left, sep="\n", end="\n\n")
    print(*table(outcomes, root), sep="\n")
    print(f"{time.monotonic() - began:.0f} s; floor {wanted.floor:g} %")
    whole = 0 < len(outcomes) == len(mutants)  # one that was interrupted proves nothing
    return 0 if whole and score(outcomes) >= wanted.floor else 1


def _fits(name: str, globs: list[str] | None) -> bool:
    return globs is None or any(fnmatch(name, glob) for glob in globs)


def _progress(outcomes: list[Outcome], total: int, began: float) -> None:
    if len(outcomes) % 100 == 0:
        late = sum(outcome.end is End.TIMEOUT for outcome in outcomes)
        figures = f"{len(outcomes)}/{total}  {score(outcomes):.1f} %  {late} late  {time.monotonic() - began:.0f} s"
        print(figures, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

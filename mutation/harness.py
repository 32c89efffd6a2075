"""A plugin of pytest that runs no test itself: first a copy of the process runs all and says which reaches what, then a copy
for each mutant runs those that reach it, until one fails.

The libraries that do this either wrap every function, which a test that throws into coroutines does not survive, or start
an interpreter for each mutant, which takes days.
"""

from __future__ import annotations

import ast
import os
import pickle
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest

from .child import Child, End, Slot, crowd, fork
from .mutators import Change, changes
from .reach import Reach
from .swap import Bodies

PATIENCE, GRACE = 10.0, 3.0


@dataclass(frozen=True)
class Mutant:
    """One mistake in one file."""

    path: Path
    change: Change


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant; `tests` is how many could have noticed."""

    mutant: Mutant
    end: End
    tests: int


class Source:
    """A file as it was when the tests imported it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tree = ast.parse(path.read_bytes())
        self.code = compile(self.tree, str(path), "exec", dont_inherit=True)
        self.mutants = [Mutant(path, change) for change in changes(self.tree)]

    def load(self) -> None:
        """Import it, if no test has: what is imported on use only has no functions yet."""
        names, folder = [self.path.stem], self.path.parent
        while (folder / "__init__.py").exists():
            names, folder = [folder.name, *names], folder.parent
        with suppress(ImportError):
            import_module(".".join(name for name in names if name != "__init__"))


class Harness:
    """Give it to `pytest.main`; `outcomes` are then complete, unless `failures` of the tests as they are kept it from beginning."""

    def __init__(
        self, sources: dict[Path, Source], mutants: Sequence[Mutant], jobs: int, say: Callable[[Outcome], None]
    ) -> None:
        self._sources = sources
        self._mutants = mutants
        self._jobs = jobs
        self._say = say
        self._on_failure: Callable[[str], None] = lambda test: None
        self._killers: dict[tuple[Path, str], list[int]] = defaultdict(list)
        self.failures: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """What an example fails with need not be the smallest, and tomorrow's examples are today's."""
        import hypothesis  # not before pytest's plugin of that name

        hypothesis.settings.register_profile(
            "mutants",
            hypothesis.settings(),
            derandomize=True,
            database=None,
            phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
            report_multiple_bugs=False,
        )
        hypothesis.settings.load_profile("mutants")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Nobody reads how it failed; to describe that takes longer than most tests."""
        if call.excinfo is None or call.excinfo.errisinstance((pytest.skip.Exception, pytest.xfail.Exception)):
            return
        if not item.get_closest_marker("xfail"):
            self._on_failure(item.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Only in children."""
        if report.failed:
            self._on_failure(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In place of pytest's own: the tests as they are, then every mutant."""
        if session.testsfailed:
            self.failures = ["the tests could not be collected"]
            return True
        reach, self.failures = self._baseline(session.items)
        if not self.failures:
            self._all(session.items, reach)
        return True

    def _baseline(self, items: list[pytest.Item]) -> tuple[Reach, list[str]]:
        reach, failed = Reach(frozenset(str(path) for path in self._sources)), list[str]()
        with tempfile.TemporaryDirectory() as folder:
            found = Path(folder, "reach")

            def run(_: Slot) -> End:
                self._on_failure = failed.append
                for test in range(len(items)):
                    with reach.watching(test):
                        _run(items, test, test + 1)
                found.write_bytes(pickle.dumps((reach.tests, reach.seconds, failed)))
                return End.SURVIVED

            for _ in crowd(iter([fork(0, run, first=float("inf"))]), 1):
                pass
            if not found.exists():
                return reach, ["the tests end the process"]
            reach.tests, reach.seconds, failed = pickle.loads(found.read_bytes())  # noqa: S301 - our own
        return reach, failed

    def _all(self, items: list[pytest.Item], reach: Reach) -> None:
        for source in self._sources.values():
            source.load()
        bodies = Bodies()
        tests = [self._tests(mutant, reach) for mutant in self._mutants]

        def children() -> Iterator[Child]:
            for number, mutant in enumerate(self._mutants):
                if tests[number]:
                    order = self._likely(mutant, tests[number])
                    yield fork(number, lambda slot: self._try(mutant, bodies, items, order, reach, slot), first=60.0)  # noqa: B023
                else:
                    self._say(Outcome(mutant, End.SURVIVED, 0))

        for child, end in crowd(children(), self._jobs):
            mutant = self._mutants[child.work]
            if end in (End.KILLED, End.TIMEOUT):
                self._killers[mutant.path, mutant.change.function].insert(0, child.slot.read()[1])
            self._say(Outcome(mutant, end, len(tests[child.work])))

    def _tests(self, mutant: Mutant, reach: Reach) -> list[int]:
        return reach.of(str(mutant.path), mutant.change.lines)

    def _likely(self, mutant: Mutant, tests: list[int]) -> list[int]:
        """The tests that noticed something in the same function go first."""
        able = set(tests)
        first = [test for test in dict.fromkeys(self._killers[mutant.path, mutant.change.function]) if test in able]
        return list(dict.fromkeys([*first[:5], *tests]))

    def _try(
        self, mutant: Mutant, bodies: Bodies, items: list[pytest.Item], order: list[int], reach: Reach, slot: Slot
    ) -> End:
        source = self._sources[mutant.path]
        try:
            with mutant.change.made():
                code = compile(source.tree, str(source.path), "exec", dont_inherit=True)
        except SyntaxError:
            return End.NOT_MADE
        if not bodies.swap(source.code, code):
            return End.NOT_MADE
        self._on_failure = lambda test: os._exit(End.KILLED)
        for place, test in enumerate(order):
            slot.write(time.monotonic() + PATIENCE * reach.seconds[test] + GRACE, test)
            _run(items, test, order[place + 1] if place + 1 < len(order) else None)
        return End.SURVIVED


def _run(items: list[pytest.Item], test: int, following: int | None) -> None:
    item = items[test]
    nextitem = items[following] if following is not None and following < len(items) else None
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=nextitem)

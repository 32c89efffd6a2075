"""Which test runs which line, and for how long."""

from __future__ import annotations

import sys
import threading
import time
from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class Reach:
    """The lines of some files that each test runs, and each test's seconds. Tests are numbers, files their absolute paths."""

    def __init__(self, files: frozenset[str]) -> None:
        self._files = files
        self.tests: dict[tuple[str, int], set[int]] = defaultdict(set)
        self.seconds: dict[int, float] = {}

    @contextmanager
    def watching(self, test: int) -> Generator[None]:
        """What runs within, on any thread that begins within too, is `test`."""
        seen: set[tuple[str, int]] = set()

        def line(frame: FrameType, event: str, _: Any) -> Any:
            if event == "line":
                seen.add((frame.f_code.co_filename, frame.f_lineno))
            return line

        def call(frame: FrameType, _event: str, _: Any) -> Any:
            return line if frame.f_code.co_filename in self._files else None

        before, began = sys.gettrace(), time.perf_counter()
        threading.settrace(call)
        sys.settrace(call)
        try:
            yield
        finally:
            sys.settrace(before)
            threading.settrace(before)
            self.seconds[test] = time.perf_counter() - began
            for place in seen:
                self.tests[place].add(test)

    def of(self, file: str, lines: range) -> list[int]:
        """The tests that run one of these lines, the quickest first."""
        found = set[int]().union(*(self.tests.get((file, line), ()) for line in lines))
        return sorted(found, key=lambda test: (self.seconds[test], test))

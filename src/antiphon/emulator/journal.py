"""What was asked and answered, newest last: bounded, without bodies and without keys."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import msgspec


class Line(msgspec.Struct):
    """One request and its answer."""

    id: str
    time: float
    verb: str
    path: str
    operation: str
    status: int
    seconds: float
    key: str
    project: str
    usage: dict[str, Any] | None = None
    """What it cost, where the operation says so: `kind`, `model`, and numbers such as `input_tokens`."""


class Journal:
    """The newest `keep` lines; `enter` is told of each, to keep them longer."""

    def __init__(self, keep: int, enter: Callable[[Line], None] | None = None, known: list[Any] | None = None) -> None:
        self._lines: deque[Line] = deque((msgspec.convert(line, Line) for line in known or ()), maxlen=keep)
        self._enter = enter
        self.count = len(self._lines)

    def __iter__(self) -> Iterator[Line]:
        return iter(tuple(self._lines))

    def add(self, line: Line) -> None:
        """One more."""
        self._lines.append(line)
        self.count += 1
        if self._enter is not None:
            self._enter(line)

    def clear(self) -> None:
        """Forget them all."""
        self._lines.clear()

"""Changes to a text, and remarks about it. Knows positions; refuses to know what the text means."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")


class Edit(NamedTuple):
    """Characters `start` to `end` become `text`."""

    start: int
    end: int
    text: str


class Finding(NamedTuple):
    """Something that is left to a person; `line` counts from 1."""

    line: int
    reason: str


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text with all changes made; a change that stands twice counts once."""
    for edit in sorted(set(edits), reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


class Lines:
    """Turns the syntax tree's positions (a line, and bytes of UTF-8 in it) into positions in the text.

    >>> Lines("a\\r\\né = b").offset(2, 5)
    7
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [found.start() for found in _LINE.finditer(text)] or [0]

    def offset(self, line: int, column: int) -> int:
        """The position of a place in the tree."""
        start = self.starts[line - 1]
        end = self.starts[line] if line < len(self.starts) else len(self.text)
        return start + len(self.text[start:end].encode()[:column].decode(errors="ignore"))

    def line_of(self, offset: int) -> int:
        """The line a position is in."""
        from bisect import bisect_right

        return bisect_right(self.starts, offset)

    def indent(self, line: int) -> str:
        """The white space a line begins with."""
        rest = self.text[self.starts[line - 1] :]
        return rest[: len(rest) - len(rest.lstrip(" \t\f"))]

    @property
    def ending(self) -> str:
        """How this text ends its lines."""
        found = re.search(r"\r\n|\r|\n", self.text)
        return found[0] if found else "\n"

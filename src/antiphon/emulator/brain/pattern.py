"""A shortest string for a regular expression: literals, classes, groups, alternation, repetition, anchors.

Reads the everyday part of the syntax. What it cannot read it refuses; callers check the result with `re`.
"""

from __future__ import annotations

import re
from typing import Final

_CLASSES: Final = {"d": "0", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a", "n": "\n", "t": "\t", "r": "\r"}
_REPEAT: Final = re.compile(r"\{(\d+)(?:,(\d*))?\}")
MOST: Final = 256


class Unwritable(ValueError):
    """The expression uses something this reading does not know."""


def example(pattern: str, shortest: int = 0) -> str | None:
    """A string that the pattern finds, at least so long where the pattern lets it; None when none was made."""
    for extra in (0, shortest, 1, 2):
        try:
            made = _Writer(pattern, extra).alternatives()
        except (Unwritable, IndexError, ValueError):
            return None
        if len(made) >= shortest and _finds(pattern, made):
            return made
    return None


def _finds(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return False


class _Writer:
    def __init__(self, pattern: str, extra: int) -> None:
        self._pattern = pattern
        self._at = 0
        self._extra = extra

    def alternatives(self) -> str:
        first = self._sequence()
        while self._peek() == "|":
            self._at += 1
            other = self._sequence()
            first = first or other
        return first

    def _peek(self) -> str:
        return self._pattern[self._at] if self._at < len(self._pattern) else ""

    def _sequence(self) -> str:
        made: list[str] = []
        while (sign := self._peek()) and sign not in "|)":
            unit = self._unit()
            made.append(unit * self._times())
        return "".join(made)

    def _unit(self) -> str:
        sign = self._pattern[self._at]
        self._at += 1
        match sign:
            case "^" | "$":
                return ""
            case ".":
                return "a"
            case "[":
                return self._set()
            case "(":
                return self._group()
            case "\\":
                return self._escape()
            case _:
                return sign

    def _escape(self) -> str:
        sign = self._pattern[self._at]
        self._at += 1
        if sign in "bBAZz":
            return ""
        if sign in "pPkuxN" or sign.isdigit():
            raise Unwritable(sign)
        return _CLASSES.get(sign, sign)

    def _group(self) -> str:
        rest = self._pattern[self._at :]
        if rest.startswith(("?=", "?!", "?<=", "?<!")):
            raise Unwritable("lookaround")
        if (head := re.match(r"\?(?::|P?<\w+>)", rest)) is not None:
            self._at += head.end()
        made = self.alternatives()
        if self._peek() != ")":
            raise Unwritable("group")
        self._at += 1
        return made

    def _set(self) -> str:
        start = self._at
        negated = self._peek() == "^"
        self._at += negated
        members: list[str] = []
        while self._peek() != "]" or not members:
            sign = self._pattern[self._at]
            self._at += 1
            members.append(self._escape() if sign == "\\" else sign)
        self._at += 1
        if not negated:
            return next((m for m in members if m.isalnum()), members[0])
        inside = re.compile(f"[{self._pattern[start : self._at - 1]}]")
        return next(sign for sign in "a0A -_.~" if inside.match(sign))

    def _times(self) -> int:
        sign = self._peek()
        if (match := _REPEAT.match(self._pattern, self._at)) is not None:
            self._at = match.end()
            low = int(match[1])
            high = low if match[2] is None else int(match[2] or MOST)
        elif sign and sign in "*+?":
            self._at += 1
            low, high = (1 if sign == "+" else 0), (1 if sign == "?" else MOST)
        else:
            return 1
        self._at += self._peek() == "?"
        if low > 10_000:
            raise Unwritable("repetition")
        return max(low, min(low + self._extra, high))

"""Linear equations in one unknown, such as 8x + 7 = -23, solved step by step with exact fractions."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final, NamedTuple

from .arithmetic import written

_SIDE: Final = r"[-+]?\s*(?:\d+(?:\.\d+)?\s*\*?\s*)?[a-z]?(?:\s*[-+]\s*(?:\d+(?:\.\d+)?\s*\*?\s*[a-z]?|[a-z]))*"
_EQUATION: Final = re.compile(rf"(?<![\w.])({_SIDE})\s*=\s*({_SIDE})(?![\w.]*[*/^(])(?!\w)")
_TERM: Final = re.compile(r"([-+]?)\s*(\d+(?:\.\d+)?)?\s*\*?\s*([a-z]?)")


class Step(NamedTuple):
    """One step: what is done, and the equation it leaves."""

    explanation: str
    result: str


class _Line(NamedTuple):
    """A side of the equation: slope times the unknown, plus a constant."""

    slope: Fraction
    constant: Fraction


def solve(text: str) -> list[Step] | None:
    """The steps of the first linear equation in a text; None when there is none."""
    for match in _EQUATION.finditer(text):
        names = set(re.findall(r"[a-z]", match[0]))
        if len(names) == 1 and match[1].strip() and match[2].strip():
            return _steps(names.pop(), match[0].strip(), _line(match[1]), _line(match[2]))
    return None


def _line(side: str) -> _Line:
    slope = constant = Fraction(0)
    for sign, number, name in _TERM.findall(side):
        if number or name:
            value = Fraction(number or 1) * (-1 if sign == "-" else 1)
            slope, constant = (slope + value, constant) if name else (slope, constant + value)
    return _Line(slope, constant)


def _steps(name: str, spelled: str, left: _Line, right: _Line) -> list[Step]:
    slope, constant = left.slope - right.slope, right.constant - left.constant
    steps = [Step("Start with", spelled)]
    if not slope:
        told = "every value solves it" if not constant else "there is no solution"
        return [*steps, Step("The unknown cancels out", told)]
    gathered = f"{_times(slope, name)} = {written(constant)}"
    if left.constant or right.slope:
        steps.append(Step(f"Bring {name} to the left and numbers to the right", gathered))
    value = constant / slope
    if slope != 1:
        steps.append(Step(f"Divide both sides by {written(slope)}", f"{name} = {value}"))
    if value.denominator != 1:
        steps.append(Step("As a decimal", f"{name} = {written(value)}"))
    return steps


def _times(slope: Fraction, name: str) -> str:
    return {1: name, -1: f"-{name}"}.get(int(slope) if slope.denominator == 1 else 0, f"{written(slope)}{name}")

"""Sums found in a text and worked out exactly. Its own small parser: nothing is ever evaluated as code.

Whole numbers are worked with as such, since most sums have no others; fractions appear where they must.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Final

_WORDS: Final = (
    (re.compile(r"\bmultiplied by\b|\btimes\b", re.IGNORECASE), "*"),
    (re.compile(r"\bdivided by\b|\bover\b", re.IGNORECASE), "/"),
    (re.compile(r"\bplus\b", re.IGNORECASE), "+"),
    (re.compile(r"\bminus\b", re.IGNORECASE), "-"),
    (re.compile(r"\bto the power of\b|\*\*", re.IGNORECASE), "^"),
    (re.compile(r"(?<=[\d\s)])[x×·](?=[\d\s(])", re.IGNORECASE), "*"),
    (re.compile(r"÷"), "/"),
    (re.compile(r"−"), "-"),
    (re.compile(r"(?<=\d),(?=\d{3}\b)"), ""),
)
_SPOKEN: Final = re.compile(r"times|plus|minus|over|by|power|[x×·÷−,]|\*\*", re.IGNORECASE)
"""What a text holds where one of them is to be replaced."""
_SUM: Final = re.compile(r"[(\s]*-?\d[\d.]*[\d.\s()+\-*/^%]*[\d)]")
_TOKEN: Final = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+|[-+*/^%()])")
_SIGN: Final = re.compile(r"[+\-*/^%]")
_DIGIT: Final = re.compile(r"\d")
_DATE: Final = re.compile(r"^\d{1,4}-\d{1,2}-\d{1,4}$|^\d{3}-\d{3,4}(-\d+)?$")
LIMIT: Final = 10**30
DEPTH: Final = 40

Number = int | Fraction
_LEVELS: Final = (("+", "-"), ("*", "/", "%"))
_BINARY: Final[dict[str, Callable[[Number, Number], Number]]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: Fraction(a) / b,
    "%": lambda a, b: a % b,
}


class Unreadable(ValueError):
    """Not a sum, or one that is too large to be meant."""


def find(text: str) -> tuple[str, str] | None:
    """The first sum in a text and its result, such as ("12*7+3", "87"); None when there is none."""
    if _DIGIT.search(text) is None:
        return None
    for pattern, sign in _WORDS if _SPOKEN.search(text) else ():
        text = pattern.sub(sign, text)
    for match in _SUM.finditer(text):
        spelled = match[0].strip()
        if not _SIGN.search(spelled.lstrip("-(")) or _DATE.match(spelled):
            continue
        try:
            return " ".join(spelled.split()), written(evaluate(spelled))
        except ZeroDivisionError:
            return spelled, "undefined (division by zero)"
        except Unreadable:
            continue
    return None


def evaluate(text: str) -> Number:
    """The exact value; raises Unreadable or ZeroDivisionError."""
    if len(text) > 500:
        raise Unreadable(text[:20])
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != "".join(text.split()):
        raise Unreadable(text)
    reading = _Reading(tokens)
    value = reading.level(0, 0)
    if reading.tokens:
        raise Unreadable(text)
    return value


class _Reading:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens[::-1]

    def level(self, level: int, depth: int) -> Number:
        if level == len(_LEVELS):
            return self.power(depth)
        value = self.level(level + 1, depth)
        while self.tokens and self.tokens[-1] in _LEVELS[level]:
            operator = self.tokens.pop()
            value = _bounded(_BINARY[operator](value, self.level(level + 1, depth)))
        return value

    def power(self, depth: int) -> Number:
        if self.tokens and self.tokens[-1] == "-":
            self.tokens.pop()
            return -self.power(_deeper(depth))
        base = self.atom(depth)
        if self.tokens and self.tokens[-1] == "^":
            self.tokens.pop()
            exponent = self.power(_deeper(depth))
            if exponent.denominator != 1 or not -100 <= exponent <= 100:
                raise Unreadable("exponent")
            return _bounded(Fraction(base) ** int(exponent))
        return base

    def atom(self, depth: int) -> Number:
        sign = self.tokens.pop() if self.tokens else ""
        if sign == "(":
            value = self.level(0, _deeper(depth))
            if not self.tokens or self.tokens.pop() != ")":
                raise Unreadable("parenthesis")
            return value
        try:
            return int(sign) if sign.isdecimal() else Fraction(sign)
        except ValueError:
            raise Unreadable(sign) from None


def _deeper(depth: int) -> int:
    if depth >= DEPTH:
        raise Unreadable("depth")
    return depth + 1


def _bounded(value: Number) -> Number:
    if abs(value.numerator) > LIMIT or value.denominator > LIMIT:
        raise Unreadable("size")
    return value


def written(value: Number) -> str:
    """Whole numbers whole, the rest rounded to six places."""
    if value.denominator == 1:
        return str(value.numerator)
    return f"{float(value):.6f}".rstrip("0").rstrip(".")

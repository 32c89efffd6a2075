"""How likely a statement about a text is, which option fits it best, how far up a scale it is. Rules; the same each time."""

from __future__ import annotations

from functools import lru_cache
from math import exp
from operator import mul
from typing import Final

from ..brain.embedding import vector
from ..brain.recall import stem
from ..brain.summary import STOP_WORDS
from .decision_word import SIGNS, denies, stems, words_of

_ASKING: Final = stems(
    "input text message user customer author writer statement contains says mentions about expresses whether likely"
    " following conversation question is does answer the"
)
_DIMENSIONS: Final = 512
_SHARPNESS: Final = 7.0
_MIDDLE: Final = 0.42
SURE: Final = 0.98


def belief(statement: str, text: str) -> float:
    """How likely a statement about a text is true, between 0.02 and 0.98."""
    words = words_of(statement)
    found = affinity(statement, text)
    likely = 1 / (1 + exp(-_SHARPNESS * (found - _MIDDLE)))
    return min(SURE, max(1 - SURE, 1 - likely if denies(words) else likely))


def affinity(wanted: str, text: str) -> float:
    """How much of what is wanted a text shows, from 0 to 1: by signs where it is one that is known, else by its words."""
    asked = {stem(word) for word in words_of(wanted)}
    shown = [_shown(number, text) for number, (words, _) in enumerate(SIGNS) if words & asked]
    spoken = _spoken(wanted, text)
    return max([*shown, spoken * 0.8]) if shown else spoken


def _spoken(wanted: str, text: str) -> float:
    """The share of the wanted words that a text has, and how alike the two are on the whole."""
    content = {stem(word) for word in words_of(wanted) if word not in STOP_WORDS} - _ASKING
    if not content:
        return 0.0
    share = len(content & _said(text)) / len(content)
    likeness: float = sum(map(mul, vector(wanted, _DIMENSIONS), _vector(text)))
    return 0.75 * share + 0.25 * max(0.0, likeness)


# One text is asked about many times over.


@lru_cache(maxsize=256)
def _shown(number: int, text: str) -> float:
    return SIGNS[number][1](text)


@lru_cache(maxsize=16)
def _said(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in words_of(text))


@lru_cache(maxsize=16)
def _vector(text: str) -> list[float]:
    return vector(text, _DIMENSIONS)


def shares(weights: list[float]) -> list[float]:
    """Weights as probabilities, that sum to one."""
    raised = [exp(_SHARPNESS * weight) for weight in weights]
    return [each / sum(raised) for each in raised]


def scaled(position: float, count: int) -> list[float]:
    """How near each of so many levels is to a position between the lowest (0) and the highest (1)."""
    return [1 - abs(position - level / (count - 1)) for level in range(count)]

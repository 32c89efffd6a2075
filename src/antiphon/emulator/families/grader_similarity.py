"""How like two texts are, from 0 to 1, by the measures that graders name. Words are compared without their case."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from difflib import SequenceMatcher
from functools import partial
from itertools import pairwise
from typing import Final

from ..brain.embedding import vector
from ..brain.recall import stem

_WORD: Final = re.compile(r"\w+|[^\w\s]")
MOST_WORDS: Final = 2_000
"""Of each text; the measures that compare every word with every other take no more."""
Grams = Counter[tuple[str, ...]]


def similarity(metric: str, text: str, reference: str) -> float:
    """The measure of that name."""
    if text == reference:
        return 1.0
    return round(min(1.0, max(0.0, _METRICS[metric](text, reference))), 6)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())[:MOST_WORDS]


def _grams(words: list[str], size: int) -> Grams:
    return Counter(tuple(words[at : at + size]) for at in range(len(words) - size + 1))


def _fuzzy(text: str, reference: str) -> float:
    return SequenceMatcher(None, text.lower()[:5_000], reference.lower()[:5_000], autojunk=False).ratio()


def _cosine(text: str, reference: str) -> float:
    return sum(a * b for a, b in zip(vector(text, 1536), vector(reference, 1536), strict=True))


def _bleu(text: str, reference: str) -> float:
    """The geometric mean of how many runs of one to four words recur, less when the text is short."""
    said, wanted = _words(text), _words(reference)
    if not said or not wanted:
        return 0.0
    logs: list[float] = []
    most = min(4, len(said), len(wanted))
    for size in range(1, most + 1):
        grams = _grams(said, size)
        common = (grams & _grams(wanted, size)).total()
        if size == 1 and not common:
            return 0.0
        logs.append(math.log((common or 0.5) / grams.total()))  # one missing run does not make it all naught
    brevity = min(0.0, 1 - len(wanted) / len(said))
    return math.exp(brevity + sum(logs) / len(logs))


def _gleu(text: str, reference: str) -> float:
    """The smaller of precision and recall over all runs of one to four words."""
    said, wanted = _words(text), _words(reference)
    common = in_text = in_reference = 0
    for size in range(1, 5):
        left, right = _grams(said, size), _grams(wanted, size)
        common += (left & right).total()
        in_text += left.total()
        in_reference += right.total()
    return common / max(in_text, in_reference, 1)


def _meteor(text: str, reference: str) -> float:
    """Words that match by their stems, recall counting most, less when they come in another order."""
    said, wanted = [stem(word) for word in _words(text)], [stem(word) for word in _words(reference)]
    free: dict[str, list[int]] = {}
    for place, word in reversed(list(enumerate(wanted))):
        free.setdefault(word, []).append(place)
    places = [free[word].pop() for word in said if free.get(word)]
    if not places:
        return 0.0
    precision, recall = len(places) / len(said), len(places) / len(wanted)
    mean = 10 * precision * recall / (recall + 9 * precision)
    chunks = 1 + sum(right != left + 1 for left, right in pairwise(places))
    return mean * (1 - 0.5 * (chunks / len(places)) ** 3) if chunks > 1 else mean


def _rouge(size: int, text: str, reference: str) -> float:
    """How the runs of so many words agree: the harmonic mean of precision and recall."""
    left, right = _grams(_words(text), size), _grams(_words(reference), size)
    return _harmonic((left & right).total(), left.total(), right.total())


def _rouge_l(text: str, reference: str) -> float:
    """The same for the longest sequence of words both have, gaps allowed."""
    said, wanted = _words(text), _words(reference)
    row = [0] * (len(wanted) + 1)
    for word in said:
        before = 0
        for place, other in enumerate(wanted, 1):
            before, row[place] = row[place], before + 1 if word == other else max(row[place], row[place - 1])
    return _harmonic(row[-1], len(said), len(wanted))


def _harmonic(common: int, left: int, right: int) -> float:
    return 2 * common / (left + right) if left + right else 0.0


_METRICS: Final[dict[str, Callable[[str, str], float]]] = {
    "fuzzy_match": _fuzzy,
    "cosine": _cosine,
    "bleu": _bleu,
    "gleu": _gleu,
    "meteor": _meteor,
    "rouge_l": _rouge_l,
    **{f"rouge_{size}": partial(_rouge, size) for size in range(1, 6)},
}

"""Texts as vectors: hashed words, word stems, concepts and character trigrams, so that like texts lie close.

Deterministic and independent of the process. Shorter vectors are the longer one's beginning, normalised again, as the API
has it. Knows spelling and a small thesaurus; it does not know what a text means.
"""

from __future__ import annotations

import math
import re
from array import array
from collections import defaultdict
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from typing import Final

from .recall import stem
from .summary import STOP_WORDS

SIZE: Final = 3072
SPREAD: Final = 16
_WORD: Final = re.compile(r"[^\W_]+")
_GROUPS: Final = (
    "dog puppy canine hound", "cat kitten feline", "car automobile vehicle truck", "bike bicycle cycling", "king queen prince royal monarch",
    "happy glad joyful cheerful delighted", "sad unhappy sorrow miserable", "big large huge enormous giant", "small little tiny",
    "fast quick rapid speedy swift", "slow sluggish", "money cash dollar price cost pay payment", "buy purchase order shop",
    "food meal dish eat lunch dinner breakfast", "fruit apple banana orange pear", "cook bake recipe kitchen", "doctor physician nurse hospital medical",
    "sick ill disease fever", "house home apartment building", "city town village", "sea ocean water wave beach", "rain snow weather storm sunny forecast",
    "computer laptop software program code programming", "python javascript rust java", "phone mobile call", "music song melody guitar piano",
    "film movie cinema", "book novel read author", "teacher school student university learn", "football soccer goal match", "refund return reimburse",
    "password login account sign", "ship deliver delivery shipping package parcel", "error bug crash fail failure", "child kid baby", "man male boy",
    "woman female girl", "sun star moon planet space", "tree forest plant flower garden", "road street highway", "plane flight airport fly aircraft",
)  # fmt: skip
_CONCEPTS: Final = {stem(word): number for number, group in enumerate(_GROUPS) for word in group.split()}


def vector(text: str, dimensions: int) -> list[float]:
    """The text's unit vector; at most 3072 dimensions."""
    values = [0.0] * SIZE
    for feature, weight in _features(text).items():
        for place in _places(feature):
            if place >= 0:
                values[place] += weight
            else:
                values[~place] -= weight
    return _unit(values[:dimensions])


def token_text(tokens: list[int]) -> str:
    """A text that stands for token numbers, which this server has no vocabulary for."""
    return " ".join(f"t{token}" for token in tokens)


def _features(text: str) -> dict[str, float]:
    words = [word.lower() for word in _WORD.findall(text)] or list(text.strip()) or [""]
    counts: defaultdict[str, float] = defaultdict(float)
    for word in words:
        plain = 0.25 if word in STOP_WORDS else 1.0
        root = stem(word)
        counts[f"w:{root}"] += plain * 1.0
        if (concept := _CONCEPTS.get(root)) is not None:
            counts[f"c:{concept}"] += 1.6
        padded = f"^{word}$"
        share = plain * 0.9 / max(1, len(padded) - 2) ** 0.5
        for start in range(len(padded) - 2):
            counts[f"g:{padded[start : start + 3]}"] += share
    for left, right in pairwise(words):
        counts[f"b:{left} {right}"] += 0.35
    return {feature: math.copysign(math.log1p(abs(weight)), weight) for feature, weight in counts.items()}


@lru_cache(maxsize=65_536)
def _places(feature: str) -> array[int]:
    """Where a feature counts; those where it counts against are inverted. An array, for many thousands are remembered."""
    digest = blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=SPREAD * 3).digest()
    places = array("h")
    for at in range(0, SPREAD * 3, 3):
        place = int.from_bytes(digest[at : at + 2], "little") % SIZE
        places.append(place if digest[at + 2] & 1 else ~place)
    return places


def _unit(values: list[float]) -> list[float]:
    length = math.sqrt(sum(value * value for value in values))
    if not length:
        return [1.0, *values[1:]]
    return [value / length for value in values]

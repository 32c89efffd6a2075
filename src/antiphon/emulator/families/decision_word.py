"""What a text shows, by its words and marks: moods, urgency, questions, thanks, harm, private data. Each from 0 to 1.

Knows words, not meanings: irony passes for praise here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from ..brain.recall import stem
from .moderation_rule import scores

Sign = Callable[[str], float]
_WORD: Final = re.compile(r"[a-z]+(?:'[a-z]+)?")
_NOT: Final = frozenset({"not", "no", "never", "without", "hardly", "cannot", "neither", "nor"})
_REACH: Final = 3
"""How many words back a negation is looked for."""


def words_of(text: str) -> list[str]:
    """The words, small; a contracted `not` is one of its own."""
    return _WORD.findall(text.lower().replace("n't", " not"))


def stems(text: str) -> set[str]:
    """The stems of a list of words, as tables are written."""
    return {stem(word) for word in text.split()}


def has(words: set[str]) -> Sign:
    """How much a text says any of these words without taking them back."""

    def sign(text: str) -> float:
        said = words_of(text)
        found = [index for index, word in enumerate(said) if stem(word) in words]
        kept = [index for index in found if not _NOT & {*said[max(0, index - _REACH) : index]}]
        return (1 - 0.35 ** len(kept)) - (1 - 0.6 ** (len(found) - len(kept))) * 0.5 if found else 0.0

    return lambda text: max(0.0, sign(text))


def matches(pattern: str) -> Sign:
    """Whether a text holds this anywhere."""
    compiled = re.compile(pattern, re.IGNORECASE)
    return lambda text: 0.95 if compiled.search(text) else 0.0


def harms(*categories: str) -> Sign:
    """How harmful a text is in these categories; in any when none is named."""

    def sign(text: str) -> float:
        found = scores(text[:8_192])
        return max(score for category, score in found.items() if not categories or category in categories)

    return sign


_GOOD: Final = stems(
    "good great excellent amazing awesome love loved lovely wonderful fantastic happy glad pleased delighted perfect best nice"
    " enjoy enjoyed helpful brilliant superb satisfied recommend friendly fast easy beautiful impressed thank thanks"
)
_BAD: Final = stems(
    "bad terrible awful horrible hate hated worst poor disappointed disappointing broken useless angry furious annoyed slow rude"
    " never refund waste unacceptable unhappy sad frustrated frustrating fail failed fails wrong problem complaint late damaged"
)
_CROSS: Final = stems(
    "angry furious annoyed outraged unacceptable ridiculous hate fed livid mad disgusting terrible worst rude frustrated"
)
_HASTE: Final = stems(
    "urgent urgently asap immediately emergency now critical deadline today hurry quickly outage down"
)
_PRIVATE: Final = r"[\w.+-]+@[\w-]+\.\w+|\b(?:\d[ -]?){13,16}\b|\+?\d[\d ()-]{8,}\d|\b\d{3}-\d{2}-\d{4}\b"
_CODE: Final = r"```|\bdef \w+\(|\bfunction\b.*[({]|#include|;\s*$|\bimport \w+|</\w+>"
_ASKS: Final = r"\?|\b(?:how|what|when|where|who|why|which|can you|could you)\b"

SIGNS: Final[tuple[tuple[set[str], Sign], ...]] = (
    (stems("positive happy satisfied pleased praise compliment good favorable glad content"), has(_GOOD)),
    (
        stems("negative unhappy dissatisfied complaint complain complains sad bad disappointed critical unfavorable"),
        has(_BAD),
    ),
    (stems("angry anger furious upset frustrated hostile annoyed"), has(_CROSS)),
    (stems("urgent urgency emergency immediate asap priority escalate"), has(_HASTE)),
    (stems("question asks asking inquiry query"), matches(_ASKS)),
    (stems("thanks thankful grateful gratitude"), has(stems("thank thanks grateful appreciate appreciated"))),
    (stems("greeting greets hello"), has(stems("hello hi hey greetings welcome"))),
    (stems("harmful unsafe toxic abusive offensive dangerous policy violates"), harms()),
    (stems("violent violence threat threatening threatens"), harms("violence", "harassment/threatening")),
    (stems("insult harassment harassing bullying"), harms("harassment")),
    (stems("sexual explicit"), harms("sexual")),
    (stems("illegal illicit criminal crime"), harms("illicit", "illicit/violent")),
    (stems("pii personal private email phone contact"), matches(_PRIVATE)),
    (stems("code program script snippet"), matches(_CODE)),
    (stems("link url website"), matches(r"https?://|\bwww\.")),
    (stems("refund reimburse chargeback"), has(stems("refund refunded reimburse money chargeback return"))),
    (stems("cancel cancellation unsubscribe"), has(stems("cancel cancelled unsubscribe terminate stop quit"))),
    (
        stems("billing payment invoice charge price"),
        has(stems("bill billing invoice charge charged pay payment card price")),
    ),
    (
        stems("technical bug error crash support login"),
        has(stems("bug error crash crashes broken login fail install app")),
    ),
    (
        stems("shipping delivery order package"),
        has(stems("ship shipped shipping deliver delivery package order parcel")),
    ),
)
"""The words a question asks with, and what then is looked for."""


def denies(words: list[str]) -> bool:
    """Whether a statement says that something is not so."""
    return bool(_NOT & {*words})

"""The modest reply when nothing else is understood: what was said, in short, by the words that carry it."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

STOP_WORDS: Final = frozenset(
    [
        "a",
        "about",
        "all",
        "also",
        "am",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "be",
        "been",
        "but",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "for",
        "from",
        "had",
        "has",
        "have",
        "he",
        "her",
        "here",
        "him",
        "his",
        "how",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "just",
        "like",
        "me",
        "my",
        "no",
        "not",
        "of",
        "on",
        "one",
        "or",
        "our",
        "out",
        "please",
        "say",
        "she",
        "should",
        "so",
        "some",
        "tell",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "to",
        "us",
        "use",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "will",
        "with",
        "would",
        "write",
        "you",
        "your",
    ]
)
_WORD: Final = re.compile(r"[^\W\d_][\w'’-]*")
_SENTENCE: Final = re.compile(r"[^.!?\n]+[.!?]*")
_GREETING: Final = re.compile(
    r"^\s*(hi|hello|hey|good (?:morning|afternoon|evening)|greetings)\b[\s!,.]*(.*)$", re.IGNORECASE | re.DOTALL
)


def keywords(text: str, most: int = 5) -> list[str]:
    """The words that carry a text, the most frequent first, earlier ones before later ones."""
    words = [word for word in _WORD.findall(text) if word.lower() not in STOP_WORDS and len(word) > 2]
    first = {word.lower(): word for word in reversed(words)}
    ranked = Counter(word.lower() for word in words).most_common()
    order = {word.lower(): index for index, word in reversed(list(enumerate(words)))}
    ranked.sort(key=lambda pair: (-pair[1], order[pair[0]]))
    return [first[word] for word, _ in ranked[:most]]


def summarise(text: str, sentences: int = 2) -> str:
    """The sentences richest in keywords, in their own order."""
    found = [match[0].strip() for match in _SENTENCE.finditer(text) if match[0].strip()]
    if len(found) <= sentences:
        return " ".join(found)
    weights = {word.lower(): 5 - rank for rank, word in enumerate(keywords(text))}
    scored = sorted(
        range(len(found)),
        key=lambda i: (-sum(weights.get(w.lower(), 0) for w in _WORD.findall(found[i])), i),
    )
    return " ".join(found[i] for i in sorted(scored[:sentences]))


def reply(text: str, variant: int) -> str:
    """One or two sentences about the text, made from it; `variant` turns the phrasing."""
    if (greeting := _GREETING.match(text)) is not None and len(greeting[2]) < 20:
        return f"{greeting[1].capitalize()}! What would you like to work on?"
    topics = keywords(text)
    if not topics:
        shown = text.strip()[:80]
        return f"You wrote “{shown}”." if shown else "There is no text to answer."
    if len(text.split()) > 40:
        return f"In short: {summarise(text)}"
    listed = topics[0] if len(topics) == 1 else f"{', '.join(topics[:-1])} and {topics[-1]}"
    if text.rstrip().endswith("?"):
        openings = ("You ask about {}.", "The question is about {}.", "This asks about {}.")
    else:
        openings = ("This is about {}.", "I read this as being about {}.", "The subject here is {}.")
    opening = openings[variant % len(openings)].format(listed)
    return f"{opening} I am a local emulator and know only what the prompt says: “{summarise(text, 1)[:160]}”"

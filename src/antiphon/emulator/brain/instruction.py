"""Instructions a text can give about a text: say, repeat, reverse, count, upper case, extract, sort.

Each is one small reading: it takes the request and gives an answer or None. Knows English patterns, no conversation.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from . import extraction

Reading = Callable[[str], str | None]

_QUOTES: Final = "\"'“”‘’`"
_QUOTED: Final = re.compile(r"[\"“`](.+?)[\"”`]|(?<!\w)['‘](.+?)['’](?!\w)", re.DOTALL)
_SAY: Final = re.compile(
    r"(?:^|[.!?,:\n]\s*|\bplease\s+|\bjust\s+|\byou\s+)(?:say|echo|repeat|print|respond with|reply with|output)\b"
    r"(?:\s+(?:back|after me|exactly|only|just|verbatim|the\s+(?:following|words?|phrase|text|sentence)|this))*\s*:?\s+(.+)",
    re.IGNORECASE | re.DOTALL,
)
_REVERSE: Final = re.compile(
    r"\breverse\b\s*(?:the\s+)?(?:string|word|text|phrase|letters(?: of| in)?)?\s*:?\s*(.+)", re.IGNORECASE | re.DOTALL
)
_COUNT: Final = re.compile(
    r"\b(?:count|how many)\b[^:\"“]*?\b(words?|characters?|letters?|sentences?|lines?|vowels?)\b(?:[^:\"“]*?[:]|.*?(?=[\"“])|.*?\bin\b)?\s*(.+)",
    re.IGNORECASE | re.DOTALL,
)
_LETTER: Final = re.compile(
    r"how many\s+(?:letter\s+)?[\"'“]?([a-z])[\"'”]?(?:'?s)?\s+(?:are|is|do|does)?\b.*?\bin\s+(?:the word\s+)?(\S+)",
    re.IGNORECASE,
)
_CASE: Final = re.compile(
    r"\b(upper|lower|title)[\s-]?case\b\s*:?\s*(.*)|(?:^|\s)(capitali[sz]e)\s*:?\s*(.+)", re.IGNORECASE | re.DOTALL
)
_SORT: Final = re.compile(
    r"\bsort\b(?P<what>[^:]*?):\s*(?P<items>.+)|\bsort\b\s+(?:the\s+)?(?:numbers\s+|words\s+)?(?P<bare>[^:]+,.+)",
    re.IGNORECASE | re.DOTALL,
)
_EXTRACT: Final = re.compile(
    r"\b(?:extract|find|list|get|pull out|what are (?:the|all)|which)\b.*?\b(e-?mails?|numbers?|dates?|names?|urls?|links?|phone)\b",
    re.IGNORECASE,
)


def follow(text: str) -> str | None:
    """The answer to the first instruction that is understood, or None."""
    for reading in READINGS:
        if (answer := reading(text)) is not None:
            return answer
    return None


def say(text: str) -> str | None:
    """`Say: hello` gives hello."""
    if (match := _SAY.search(text)) is None:
        return None
    return _subject(match[1])


def reverse(text: str) -> str | None:
    """`Reverse "abc"` gives cba; words are put in reverse order when words are meant."""
    if (match := _REVERSE.search(text)) is None:
        return None
    if re.search(r"\b(order of|word order|the words)\b", text, re.IGNORECASE):
        return " ".join(reversed(_subject(re.sub(r"^.*?:", "", match[1], flags=re.DOTALL)).split()))
    return _subject(match[1])[::-1]


def count(text: str) -> str | None:
    """Words, characters, letters, sentences, lines or vowels, or one letter in a word."""
    if (match := _LETTER.search(text)) is not None:
        return str(match[2].lower().count(match[1].lower()))
    if (match := _COUNT.search(text)) is None:
        return None
    return str(_COUNTERS[match[1].lower().rstrip("s")](_subject(match[2])))


def case(text: str) -> str | None:
    """Upper, lower or title case."""
    if (match := _CASE.search(text)) is None:
        return None
    quoted = _QUOTED.search(text)
    subject = _subject(quoted[0] if quoted else (match[2] or match[4] or ""))
    if not subject:
        return None
    wanted = (match[1] or "title").lower()
    return {"upper": subject.upper(), "lower": subject.lower(), "title": subject.title()}[wanted]


def sort(text: str) -> str | None:
    """Numbers by size, words by letter; descending when that is said."""
    if (match := _SORT.search(text)) is None:
        return None
    items = [item for item in re.split(r"[,;\s]+", (match["items"] or match["bare"]).strip(" .")) if item]
    numeric = all(re.fullmatch(r"-?\d+(\.\d+)?", item) for item in items)
    down = bool(re.search(r"descending|largest first|reverse", match["what"] or "", re.IGNORECASE))
    return ", ".join(sorted(items, key=float if numeric else str.lower, reverse=down))


def extract(text: str) -> str | None:
    """E-mail addresses, numbers, dates, names or links in the text behind the instruction."""
    if (match := _EXTRACT.search(text)) is None:
        return None
    kind = match[1].lower().replace("-", "").rstrip("s")
    _, colon, behind = text[match.end() :].partition(":")
    found = _EXTRACTORS[kind](behind if colon else text[match.end() :])
    return ", ".join(found) if found else f"No {match[1].lower()} found."


def _subject(text: str) -> str:
    """The text that is meant: what is quoted, or all of it without the full stop."""
    text = text.strip()
    if (quoted := _QUOTED.match(text)) is not None:
        return str(quoted[1] or quoted[2])
    return text.strip(_QUOTES).rstrip() if text.count("\n") or not text.endswith(".") else text[:-1].strip(_QUOTES)


_COUNTERS: Final[dict[str, Callable[[str], int]]] = {
    "word": lambda s: len(s.rstrip("?").split()),
    "character": len,
    "letter": lambda s: sum(c.isalpha() for c in s),
    "sentence": lambda s: len(re.findall(r"[^.!?]+[.!?]*", s.strip())),
    "line": lambda s: len(s.splitlines()),
    "vowel": lambda s: sum(c in "aeiou" for c in s.lower()),
}
_EXTRACTORS: Final[dict[str, Callable[[str], list[str]]]] = {
    "email": extraction.emails,
    "number": extraction.numbers,
    "date": extraction.dates,
    "name": extraction.names,
    "url": extraction.urls,
    "link": extraction.urls,
    "phone": extraction.phones,
}
READINGS: Final[tuple[Reading, ...]] = (say, count, reverse, case, sort, extract)

"""Facts of simple shape in a text: addresses, numbers, dates, names, places, links. Knows patterns, no meaning."""

from __future__ import annotations

import re
from typing import Final

_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_URL: Final = re.compile(r"https?://[^\s<>\"')\]]+[^\s<>\"')\].,;!?]")
_PHONE: Final = re.compile(r"(?<!\w)\+?\d[\d ()./-]{6,}\d(?!\w)")
_NUMBER: Final = re.compile(r"(?<![\w.])-?\d+(?:,\d{3})*(?:\.\d+)?(?!\w)")
_MONTH: Final = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATE: Final = re.compile(
    rf"\b\d{{4}}-\d{{2}}-\d{{2}}\b|\b\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}\b"
    rf"|\b{_MONTH}\.?\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s+\d{{4}})?\b|\b\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH}(?:\s+\d{{4}})?\b",
    re.IGNORECASE,
)
_TIME: Final = re.compile(r"\b\d{1,2}:\d{2}(?::\d{2})?\b")
_NAME: Final = re.compile(r"\b[A-Z][a-zà-öø-ÿ'’]+(?:[ -][A-Z][a-zà-öø-ÿ'’]+)*\b")
_PLACE: Final = re.compile(r"\b(?:in|at|for|from|to|near)\s+([A-Z][\wà-öø-ÿ'’]+(?:[ -][A-Z][\wà-öø-ÿ'’]+)*)")
_COMMON: Final = frozenset(
    [
        "A",
        "An",
        "And",
        "Are",
        "As",
        "At",
        "Be",
        "But",
        "By",
        "Can",
        "Could",
        "Did",
        "Do",
        "Does",
        "Extract",
        "Find",
        "For",
        "From",
        "Get",
        "Give",
        "Good",
        "Has",
        "Have",
        "He",
        "Hello",
        "Her",
        "Hi",
        "His",
        "How",
        "I",
        "If",
        "In",
        "Is",
        "It",
        "Its",
        "Let",
        "List",
        "Make",
        "May",
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
        "January",
        "February",
        "March",
        "April",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
        "My",
        "Name",
        "No",
        "Of",
        "On",
        "Or",
        "Our",
        "Please",
        "Return",
        "She",
        "Should",
        "So",
        "Some",
        "Tell",
        "Thank",
        "Thanks",
        "That",
        "The",
        "Their",
        "Then",
        "There",
        "These",
        "They",
        "This",
        "Those",
        "To",
        "Use",
        "Was",
        "We",
        "Were",
        "What",
        "When",
        "Where",
        "Which",
        "Who",
        "Why",
        "Will",
        "With",
        "Would",
        "Write",
        "Yes",
        "You",
        "Your",
        "Remember",
        "Summarize",
        "Summarise",
        "Json",
        "JSON",
    ]
)
_NUMERALS: Final = dict(
    zip(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"],
        range(13),
        strict=True,
    )
)


def emails(text: str) -> list[str]:
    """Addresses such as a.b@example.org."""
    return _EMAIL.findall(text)


def urls(text: str) -> list[str]:
    """Links with their scheme."""
    return _URL.findall(text)


def phones(text: str) -> list[str]:
    """Telephone numbers."""
    return [found.strip() for found in _PHONE.findall(text)]


def numbers(text: str) -> list[str]:
    """Numbers as written, without the commas between thousands."""
    return [found.replace(",", "") for found in _NUMBER.findall(text)]


def numerals(text: str) -> list[int]:
    """Small numbers spelled as words."""
    return [_NUMERALS[word] for word in re.findall(r"[a-z]+", text.lower()) if word in _NUMERALS]


def dates(text: str) -> list[str]:
    """Dates in the usual spellings."""
    return _DATE.findall(text)


def times(text: str) -> list[str]:
    """Times of day such as 14:30."""
    return _TIME.findall(text)


def names(text: str) -> list[str]:
    """Runs of capitalised words that are not common words; in the order they come, each once."""
    found: dict[str, None] = {}
    for match in _NAME.finditer(_EMAIL.sub(" ", text)):
        words = match[0].split(" ")
        while words and words[0] in _COMMON:
            words.pop(0)
        while words and words[-1] in _COMMON:
            words.pop()
        if words:
            found[" ".join(words)] = None
    return list(found)


def places(text: str) -> list[str]:
    """Names behind in, at, for, from, to, near."""
    return [place for place in _PLACE.findall(text) if place not in _COMMON]

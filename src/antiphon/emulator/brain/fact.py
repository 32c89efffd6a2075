"""Values a text holds for a named field: said outright ("age: 30"), or known by the kind of its name.

`Facts` reads one text for one JSON value and does not hand out the same number or name twice for different fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from . import extraction
from .arithmetic import find
from .equation import Step, solve
from .summary import keywords, summarise

_SPLIT: Final = re.compile(r"[_\W]+|(?<=[a-z0-9])(?=[A-Z])")
_AGE: Final = re.compile(
    r"\b(\d{1,3})[\s-]*(?:years?[\s-]old|yo\b|y/o)|\b(?:aged?|turn(?:s|ed|ing)?)\s+(\d{1,3})\b", re.IGNORECASE
)
_MONEY: Final = re.compile(
    r"[$€£]\s?(\d[\d,]*(?:\.\d+)?)|\b(\d[\d,]*(?:\.\d+)?)\s?(?:dollars?|euros?|pounds?|usd|eur|gbp)\b", re.IGNORECASE
)
_WEEKDAY: Final = re.compile(
    r"\b(?:next |this |on )?((?:mon|tues|wednes|thurs|fri|satur|sun)day|today|tomorrow|tonight|yesterday)\b",
    re.IGNORECASE,
)
_EVENT: Final = re.compile(
    r"\b(?:going to|go to|attend(?:ing|s)?|visit(?:ing|s)?|at|for|have|having|schedule|planning|plan|host(?:ing)?)\s+(?:an?|the)\s+"
    r"([a-z][\w' -]*?)(?=\s+(?:on|at|in|with|for|next|this|tomorrow|today|from|by)\b|[.,;!?]|$)",
    re.IGNORECASE,
)
_GOOD: Final = re.compile(
    r"\b(good|great|love[sd]?|like[sd]?|excellent|amazing|happy|wonderful|best|fantastic|delight\w*|enjoy\w*)\b",
    re.IGNORECASE,
)
_BAD: Final = re.compile(
    r"\b(bad|hate[sd]?|awful|terrible|worst|sad|angry|horribl\w+|poor|disappoint\w*|broken|slow)\b", re.IGNORECASE
)
_NO: Final = re.compile(r"\b(no|not|never|n't|isn't|false|without)\b", re.IGNORECASE)
_LIST: Final = re.compile(
    r":\s*([^.;\n]+(?:,|\band\b)[^.;\n]+)|\b(?:buy|like|need|have|want|add|bring|love|using|with)\s+([^.;\n]*(?:,|\band\b)[^.;\n]+)",
    re.IGNORECASE,
)

PEOPLE: Final = frozenset(
    [
        "name",
        "names",
        "person",
        "people",
        "participants",
        "attendees",
        "author",
        "user",
        "customer",
        "employee",
        "first",
        "last",
        "full",
        "who",
    ]
)
PLACES: Final = frozenset(
    [
        "city",
        "cities",
        "location",
        "place",
        "places",
        "country",
        "town",
        "destination",
        "origin",
        "where",
        "capital",
        "state",
        "region",
        "address",
    ]
)
DATES: Final = frozenset(["date", "day", "when", "birthday", "deadline", "due"])
MONEY: Final = frozenset(["price", "cost", "amount", "total", "salary", "budget", "fee"])
WHOLE: Final = frozenset(
    ["text", "message", "content", "input", "body", "query", "question", "prompt", "sentence", "original", "note"]
)
SHORT: Final = frozenset(
    [
        "summary",
        "description",
        "explanation",
        "reason",
        "reasoning",
        "abstract",
        "details",
        "comment",
        "thought",
        "output",
    ]
)
TOPIC: Final = frozenset(["title", "topic", "subject", "category", "keyword", "heading", "label", "theme", "tag"])
RESULT: Final = frozenset(["answer", "result", "value", "solution", "final", "sum", "product", "response", "reply"])


def words_of(name: str) -> list[str]:
    """The words a field's name is made of: `firstName` and `first_name` are first, name."""
    return [word.lower() for word in _SPLIT.split(name) if word]


class Facts:
    """What one text says."""

    def __init__(self, text: str, answer: Callable[[], str] = lambda: "") -> None:
        self.text = text[:20_000]
        self._answer = answer
        self._spent: set[str] = set()
        self.steps: list[Step] = (solve(self.text) or []) if "=" in self.text else []

    def string(self, name: str, siblings: tuple[str, ...] = ()) -> str | None:
        """A text for the field, or None when nothing fits."""
        words = set(words_of(name))
        if (labelled := self._labelled(name)) is not None:
            self._spent.add(labelled)
            return labelled
        if "email" in words or "mail" in words:
            return self._fresh(extraction.emails(self.text))
        if words & {"url", "link", "website", "uri"}:
            return self._fresh(extraction.urls(self.text))
        if words & {"phone", "telephone", "mobile"}:
            return self._fresh(extraction.phones(self.text))
        if words & DATES:
            return self._fresh(extraction.dates(self.text)) or self._fresh(_WEEKDAY.findall(self.text))
        if "time" in words:
            return self._fresh(extraction.times(self.text))
        if words & PLACES:
            return self._fresh(extraction.places(self.text)) or self._fresh(extraction.names(self.text))
        if "event" in words or ("name" in words and {"participants", "attendees"} & set(siblings)):
            return self._fresh([match.strip() for match in _EVENT.findall(self.text)])
        if words & PEOPLE:
            return self._fresh(
                [name for name in extraction.names(self.text) if name not in extraction.places(self.text)]
            )
        return self._worded(words)

    def _worded(self, words: set[str]) -> str | None:
        if words & RESULT:
            return self.steps[-1].result if self.steps else self._answer() or None
        if words & {"expression", "equation", "formula", "calculation"}:
            found = find(self.text)
            return found[0] if found else None
        if words & WHOLE:
            return self.text.strip() or None
        if words & SHORT:
            return summarise(self.text, 1) or None
        if words & TOPIC:
            return " ".join(keywords(self.text, 3)) or None
        if words & {"sentiment", "mood", "tone"}:
            return self.sentiment()
        return None

    def number(self, name: str) -> str | None:
        """A number for the field as it is written, or None when nothing fits."""
        words = set(words_of(name))
        labelled = self._labelled(name)
        if labelled is not None and (numbers := extraction.numbers(labelled)):
            self._spent.add(numbers[0])
            return numbers[0]
        if "age" in words:
            return self._fresh([a or b for a, b in _AGE.findall(self.text)])
        if words & RESULT and (found := find(self.text)) is not None:
            return extraction.numbers(found[1])[0] if extraction.numbers(found[1]) else None
        if words & MONEY and (money := _MONEY.findall(self.text)):
            return self._fresh([(a or b).replace(",", "") for a, b in money])
        return self._counted(words) or self._fresh(self._plain_numbers())

    def boolean(self, name: str) -> bool:
        """Yes unless the text denies it near the field's words."""
        words = [word for word in words_of(name) if word not in ("is", "has", "was", "are", "can")]
        for sentence in re.split(r"[.!?\n]", self.text):
            if any(word in sentence.lower() for word in words):
                return _NO.search(sentence) is None
        return bool(words) and _NO.search(self.text) is None and not _BAD.search(self.text)

    def strings(self, name: str) -> list[str]:
        """Several texts for a list field."""
        words = {word.rstrip("s") for word in words_of(name)} | set(words_of(name))
        if words & {"email", "mail"}:
            return extraction.emails(self.text)
        if words & {"url", "link"}:
            return extraction.urls(self.text)
        if words & PLACES:
            return extraction.places(self.text)
        if words & (PEOPLE | {"participant", "attendee", "member", "guest"}):
            return [found for found in extraction.names(self.text) if found not in extraction.places(self.text)]
        if words & {"keyword", "topic", "tag", "word"}:
            return keywords(self.text)
        if words & {"sentence", "step", "point", "line"}:
            return [s.strip() for s in re.split(r"(?<=[.!?])\s+|\n", self.text) if s.strip()][:5]
        return self._listed()

    def chosen(self, options: list[Any], name: str) -> Any:
        """The option the text names, or the first."""
        lowered = self.text.lower()
        ranked = [(lowered.find(str(option).lower().replace("_", " ")), option) for option in options]
        named = sorted((at, index) for index, (at, option) in enumerate(ranked) if at >= 0 and isinstance(option, str))
        if named:
            return options[named[0][1]]
        if (mood := self.sentiment()) in options:
            return mood
        for option in options:
            if isinstance(option, str) and option.lower() in ("c", "celsius", "metric") and "°f" not in lowered:
                return option
        return options[0]

    def sentiment(self) -> str:
        """positive, negative or neutral, by the words used."""
        balance = len(_GOOD.findall(self.text)) - len(_BAD.findall(self.text))
        return "positive" if balance > 0 else "negative" if balance < 0 else "neutral"

    def _labelled(self, name: str) -> str | None:
        label = r"[\s_-]+".join(re.escape(word) for word in words_of(name))
        if not label:
            return None
        value = r"[\"'“]?([^\"'”\n,;]+?)[\"'”]?(?=\s*(?:[,;\n]|\.(?:\s|$)|[!?]|$|\band\b))"
        found = re.search(
            rf"\b{label}\b\s*(?:[:=]|\bis\b|\bare\b|\bof\b|\bnamed\b|\bto\b)\s*{value}", self.text, re.IGNORECASE
        )
        if found is None or len(found[1]) > 200:
            return None
        text = re.sub(r"^(?:an?|the)\s+", "", found[1].strip(), flags=re.IGNORECASE)
        return text or None

    def _counted(self, words: set[str]) -> str | None:
        for word in words - {"count", "number", "num", "of", "total", "quantity"}:
            stem = re.escape(word.rstrip("s"))
            if (
                found := re.search(rf"(?<![\w.])(\d+(?:\.\d+)?)\s+(?:\w+\s+)?{stem}", self.text, re.IGNORECASE)
            ) is not None:
                return self._fresh([found[1]])
        return None

    def _plain_numbers(self) -> list[str]:
        dated = extraction.dates(self.text)
        found = [n for n in extraction.numbers(self.text) if not any(n.lstrip("-") in date for date in dated)]
        return found + [str(n) for n in extraction.numerals(self.text)]

    def _listed(self) -> list[str]:
        if (match := _LIST.search(self.text)) is None:
            return []
        items = re.split(r"\s*(?:,\s*and\b|,|\band\b)\s*", match[1] or match[2])
        return [re.sub(r"^(?:an?|the|some)\s+", "", item.strip(" ?!")) for item in items if item.strip(" ?!")][:20]

    def _fresh(self, found: list[str]) -> str | None:
        for value in found:
            if value not in self._spent:
                self._spent.add(value)
                return value
        return None

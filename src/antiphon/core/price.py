"""What models cost by OpenAI's public price list: one table, dated, for the client's budgets and the emulator's bills.

Money is whole nano-dollars here, so that sums are exact: a dollar per million tokens is 1,000 nano-dollars per token. The table
is a snapshot; it knows neither discounts nor taxes, and no other house's prices. A model that is not in it has no price, which
is not the same as costing nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple, Self

VERSION: Final = "2026-11-10"
"""The day the table stands for. Compared with the data of genai-prices 0.2.3 (MIT) of that day."""
NANO: Final = 1_000_000_000
"""Nano-dollars in a dollar."""
_LONG: Final = 272_000


class Price(NamedTuple):
    """What a model costs, in nano-dollars.

    >>> Price.per_million(1.25, cached=0.125, output=10)
    Price(input=1250, cached=125, output=10000, written=0, audio=None, image=None, long_from=0, characters=0, seconds=0, images=0)

    Attributes:
        input: per token of input.
        cached: per token of input that was read from the prompt cache.
        output: per token of output, thoughts included.
        written: per token of input that was written to the prompt cache; 0: as `input`.
        audio: per audio token of input and of output; `None`: as other tokens.
        image: per image token of input and of output; `None`: as other tokens.
        long_from: a prompt of more tokens costs twice as much, and its output half as much again; 0: none does.
        characters: per letter of speech made from text.
        seconds: per second of speech that is written down.
        images: per picture, where pictures are not counted in tokens.
    """

    input: int = 0
    cached: int = 0
    output: int = 0
    written: int = 0
    audio: tuple[int, int] | None = None
    image: tuple[int, int] | None = None
    long_from: int = 0
    characters: int = 0
    seconds: int = 0
    images: int = 0

    @classmethod
    def per_million(cls, input: float, *, output: float = 0.0, cached: float | None = None) -> Self:
        """A price as price lists state it, in dollars for a million tokens; fractions of a nano-dollar are rounded up.

        Args:
            input: for input.
            output: for output.
            cached: for input from the prompt cache; as `input` when left out.

        Raises:
            TypeError, ValueError: an amount is no number, or below 0.
        """
        return cls(_nano("input", input), _nano("cached", input if cached is None else cached), _nano("output", output))


def _nano(name: str, dollars: Any) -> int:
    if isinstance(dollars, bool) or not isinstance(dollars, (int, float)):
        raise TypeError(f"a price's {name} must be dollars per million tokens; got {dollars!r}")
    if not 0 <= dollars <= 1e6:
        raise ValueError(f"a price's {name} must be 0 dollars per million tokens or more; got {dollars}")
    return -int(-round(dollars * 1000, 6) // 1)


PRICES: Final[Mapping[str, Price]] = {
    "babbage-002": Price(400, 400, 400),
    "chatgpt-4o-latest": Price(5_000, 5_000, 15_000),
    "chatgpt-image-latest": Price(5_000, 1_250, 10_000, image=(8_000, 32_000)),
    "codex-mini": Price(1_500, 375, 6_000),
    "computer-use-preview": Price(3_000, 3_000, 12_000),
    "davinci-002": Price(2_000, 2_000, 2_000),
    "gpt-3.5-turbo": Price(500, 500, 1_500),
    "gpt-3.5-turbo-0613": Price(1_500, 1_500, 2_000),
    "gpt-3.5-turbo-1106": Price(1_000, 1_000, 2_000),
    "gpt-3.5-turbo-16k": Price(3_000, 3_000, 4_000),
    "gpt-3.5-turbo-instruct": Price(1_500, 1_500, 2_000),
    "gpt-4": Price(30_000, 30_000, 60_000),
    "gpt-4-32k": Price(60_000, 60_000, 120_000),
    "gpt-4-turbo": Price(10_000, 10_000, 30_000),
    "gpt-4.1": Price(2_000, 500, 8_000),
    "gpt-4.1-mini": Price(400, 100, 1_600),
    "gpt-4.1-nano": Price(100, 25, 400),
    "gpt-4.5-preview": Price(75_000, 37_500, 150_000),
    "gpt-4o": Price(2_500, 1_250, 10_000),
    "gpt-4o-2024-05-13": Price(5_000, 5_000, 15_000),
    "gpt-4o-audio-preview": Price(2_500, 2_500, 10_000, audio=(40_000, 80_000)),
    "gpt-4o-mini": Price(150, 75, 600),
    "gpt-4o-mini-audio-preview": Price(150, 150, 600, audio=(10_000, 20_000)),
    "gpt-4o-mini-transcribe": Price(1_250, 1_250, 5_000, audio=(3_000, 5_000)),
    "gpt-4o-mini-tts": Price(600, 600, 12_000),
    "gpt-4o-search-preview": Price(2_500, 2_500, 10_000),
    "gpt-4o-transcribe": Price(2_500, 2_500, 10_000, audio=(6_000, 10_000)),
    "gpt-5": Price(1_250, 125, 10_000),
    "gpt-5-mini": Price(250, 25, 2_000),
    "gpt-5-nano": Price(50, 5, 400),
    "gpt-5-pro": Price(15_000, 15_000, 120_000),
    "gpt-5-search-api": Price(1_250, 125, 10_000),
    "gpt-5.1": Price(1_250, 125, 10_000),
    "gpt-5.1-codex-mini": Price(250, 25, 2_000),
    "gpt-5.2": Price(1_750, 175, 14_000),
    "gpt-5.2-pro": Price(21_000, 21_000, 168_000),
    "gpt-5.3": Price(1_750, 175, 14_000),
    "gpt-5.3-codex": Price(1_750, 175, 14_000),
    "gpt-5.4": Price(2_500, 250, 15_000, long_from=_LONG),
    "gpt-5.4-mini": Price(750, 75, 4_500),
    "gpt-5.4-nano": Price(200, 20, 1_250),
    "gpt-5.4-pro": Price(30_000, 30_000, 180_000, long_from=_LONG),
    "gpt-5.5": Price(5_000, 500, 30_000, long_from=_LONG),
    "gpt-5.5-cyber": Price(12_500, 1_250, 75_000),
    "gpt-5.5-pro": Price(30_000, 30_000, 180_000, long_from=_LONG),
    "gpt-5.6-cyber": Price(12_500, 1_250, 75_000, written=15_625),
    "gpt-5.6-luna": Price(200, 20, 1_200, written=250, long_from=_LONG),
    "gpt-5.6-sol": Price(4_000, 400, 20_000, written=5_000, long_from=_LONG),
    "gpt-5.6-terra": Price(2_000, 200, 12_000, written=2_500, long_from=_LONG),
    "gpt-6-astra": Price(10_000, 1_000, 50_000, written=12_500, long_from=_LONG),
    "gpt-6-cyber": Price(20_000, 2_000, 100_000, written=25_000),
    "gpt-6-luna": Price(100, 10, 500, written=125, long_from=_LONG),
    "gpt-6-rosalind": Price(15_000, 1_500, 75_000, written=18_750, long_from=_LONG),
    "gpt-6-sol": Price(2_000, 200, 10_000, written=2_500, long_from=_LONG),
    "gpt-6.1-sol": Price(2_000, 100, 10_000, written=2_500, long_from=_LONG),
    "gpt-6.1-terra": Price(1_000, 50, 5_000, written=1_250, long_from=_LONG),
    "gpt-audio": Price(2_500, 2_500, 10_000, audio=(32_000, 64_000)),
    "gpt-audio-mini": Price(600, 600, 2_400, audio=(10_000, 20_000)),
    "gpt-chat-latest": Price(5_000, 500, 30_000),
    "gpt-image-1": Price(5_000, 1_250, 40_000, image=(10_000, 40_000)),
    "gpt-image-1-mini": Price(2_000, 200, 8_000, image=(2_500, 8_000)),
    "gpt-image-1.5": Price(5_000, 1_250, 10_000, image=(8_000, 32_000)),
    "gpt-image-2": Price(5_000, 1_250, 30_000, image=(8_000, 30_000)),
    "gpt-image-2.5-flare": Price(5_000, 1_250, 30_000, image=(8_000, 30_000)),
    "gpt-image-2.5-sunburst": Price(5_000, 1_250, 30_000, image=(8_000, 30_000)),
    "gpt-rosalind-discovery": Price(5_000, 500, 25_000),
    "gpt-rosalind-research": Price(5_000, 500, 25_000),
    "o1": Price(15_000, 7_500, 60_000),
    "o1-mini": Price(1_100, 550, 4_400),
    "o1-preview": Price(15_000, 7_500, 60_000),
    "o1-pro": Price(150_000, 150_000, 600_000),
    "o3": Price(2_000, 500, 8_000),
    "o3-deep-research": Price(10_000, 2_500, 40_000),
    "o3-mini": Price(1_100, 550, 4_400),
    "o3-pro": Price(20_000, 20_000, 80_000),
    "o4-mini": Price(1_100, 275, 4_400),
    "o4-mini-deep-research": Price(2_000, 500, 8_000),
    "text-embedding-3-large": Price(130, 130, 0),
    "text-embedding-3-small": Price(20, 20, 0),
    "text-embedding-ada-002": Price(100, 100, 0),
    "tts-1": Price(characters=15_000),
    "tts-1-hd": Price(characters=30_000),
    "whisper-1": Price(seconds=100_000),
    "gpt-transcribe": Price(seconds=75_000),
    "dall-e-2": Price(images=20_000_000),
    "dall-e-3": Price(images=40_000_000),
    "omni-moderation": Price(),
    "text-moderation": Price(),
}
"""By the model's plain name; names with a date cost what the name without it does."""

CALLS: Final = {
    "web_search_calls": 10_000_000,
    "file_search_calls": 2_500_000,
    "code_interpreter_sessions": 30_000_000,
}
"""Per call of a hosted tool, whatever the model."""

TIERS: Final = {"flex": (1, 2), "batch": (1, 2), "priority": (2, 1)}
"""What part of the price a service tier takes; priority is 1.7 to 2 times as dear, and taken for twice."""

_OTHER: Final = {
    "chat-latest": "gpt-chat-latest",
    "gpt-35-turbo": "gpt-3.5-turbo",
    "gpt-35-turbo-16k": "gpt-3.5-turbo-16k",
    "gpt-4-0125-preview": "gpt-4-turbo",
    "gpt-4-1106-preview": "gpt-4-turbo",
    "gpt-4-turbo-preview": "gpt-4-turbo",
    "gpt-4o-mini-search-preview": "gpt-4o-mini",
    "gpt-4o-transcribe-diarize": "gpt-4o-transcribe",
    "gpt-5.1-mini": "gpt-5.1-codex-mini",
    "gpt-5.6": "gpt-5.6-sol",
    "gpt-audio-1.5": "gpt-audio",
}
_THINKS: Final = re.compile(r"o\d|gpt-[5-9]")
_DATE: Final = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{4}|latest)$")
_SAME: Final = re.compile(r"-(?:chat|codex|codex-max|high)$")
_MOST: Final = (
    ("gpt-5-pro", 272_000),
    ("gpt-5-chat", 16_384),
    ("gpt-4.1", 32_768),
    ("gpt-4.5", 16_384),
    ("gpt-4o", 16_384),
    ("chatgpt-4o", 16_384),
    ("gpt-4-turbo", 4_096),
    ("gpt-4-32k", 32_768),
    ("gpt-4", 8_192),
    ("gpt-3.5", 4_096),
    ("gpt-audio", 16_384),
    ("gpt-image", 16_384),
    ("text-embedding", 0),
    ("omni-moderation", 0),
    ("o1-mini", 65_536),
    ("o1-preview", 32_768),
    ("o", 100_000),
)


def price_of(model: str, own: Mapping[str, Price] | None = None) -> Price | None:
    """What a model costs; `None` where nobody said.

    >>> price_of("gpt-4.1-mini-2025-04-14") == price_of("gpt-4.1-mini")
    True

    Args:
        model: its name, with or without a date.
        own: prices that go before the table's, by exact name.
    """
    if own is not None and model in own:
        return own[model]
    return _listed(model)


@lru_cache(512)
def _listed(model: str) -> Price | None:
    name = model
    while name:
        name = _OTHER.get(name, name)
        if name in PRICES:
            return PRICES[name]
        shorter = _SAME.sub("", _DATE.sub("", name))
        if shorter == name:
            return None
        name = shorter
    return None


@lru_cache(512)
def most_output(model: str) -> int:
    """How many tokens a model's answer may have when nobody says; of a model that is not known, what the largest may."""
    return next((most for begin, most in _MOST if model.startswith(begin)), 128_000)


def thinks(model: str) -> bool:
    """Whether a model, by its name, thinks before it answers; its thoughts are output that no stream shows.

    >>> thinks("o4-mini"), thinks("gpt-5.2"), thinks("gpt-5-chat-latest"), thinks("gpt-4.1")
    (True, True, False, False)
    """
    return _THINKS.match(model) is not None and "-chat" not in model


def dollars(nano: int) -> float:
    """Nano-dollars as dollars, for people to read."""
    return nano / NANO

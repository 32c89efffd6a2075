"""What models cost by their public price lists, in nano-dollars; what is not listed costs nothing here.

Names with a date cost what the name without it does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

Row = Mapping[str, Any]


class Item(NamedTuple):
    """One line of a bill."""

    name: str
    quantity: int
    unit: str
    cost: int


_TOKENS: Final[dict[str, tuple[int, int, int]]] = {
    "gpt-5.2": (1750, 175, 14_000),
    "gpt-5.1": (1250, 125, 10_000),
    "gpt-5": (1250, 125, 10_000),
    "gpt-5-mini": (250, 25, 2_000),
    "gpt-5-nano": (50, 5, 400),
    "gpt-5-pro": (15_000, 15_000, 120_000),
    "gpt-4.1": (2_000, 500, 8_000),
    "gpt-4.1-mini": (400, 100, 1_600),
    "gpt-4.1-nano": (100, 25, 400),
    "gpt-4o": (2_500, 1_250, 10_000),
    "gpt-4o-2024-05-13": (5_000, 5_000, 15_000),
    "gpt-4o-mini": (150, 75, 600),
    "gpt-4-turbo": (10_000, 10_000, 30_000),
    "gpt-4": (30_000, 30_000, 60_000),
    "gpt-3.5-turbo": (500, 500, 1_500),
    "gpt-3.5-turbo-instruct": (1_500, 1_500, 2_000),
    "o1": (15_000, 7_500, 60_000),
    "o1-pro": (150_000, 150_000, 600_000),
    "o3": (2_000, 500, 8_000),
    "o3-mini": (1_100, 550, 4_400),
    "o3-pro": (20_000, 20_000, 80_000),
    "o4-mini": (1_100, 275, 4_400),
    "davinci-002": (2_000, 2_000, 2_000),
    "babbage-002": (400, 400, 400),
    "text-embedding-3-small": (20, 20, 0),
    "text-embedding-3-large": (130, 130, 0),
    "text-embedding-ada-002": (100, 100, 0),
    "gpt-image-1": (5_000, 1_250, 40_000),
}
"""Per token: input, cached input, output."""
_UNITS: Final[dict[tuple[str, str], int]] = {
    ("tts-1", "characters"): 15_000,
    ("tts-1-hd", "characters"): 30_000,
    ("whisper-1", "seconds"): 100_000,
    ("dall-e-2", "images"): 20_000_000,
    ("dall-e-3", "images"): 40_000_000,
}
_CALLS: Final = {
    "web_search_calls": 10_000_000,
    "file_search_calls": 2_500_000,
    "code_interpreter_sessions": 30_000_000,
}
"""Per call of a hosted tool, whatever the model."""
_MEASURES: Final = {"characters": "characters", "seconds": "duration_seconds", "images": "images"}


def items(row: Row) -> Iterator[Item]:
    """The lines that a row of usage puts on the bill; batches cost half."""
    model: str = row.get("model") or ""
    if (call := _CALLS.get(row["kind"])) is not None:
        calls = row.get("num_requests") or row.get("num_sessions") or row.get("requests", 1)
        yield Item(row["kind"], calls, "calls", calls * call)
        return
    share = 2 if row.get("batch") else 1
    if (price := _priced(model)) is not None:
        names = ("input_tokens", "input_cached_tokens", "output_tokens")
        for name, count, each in zip(names, _counts(row), price, strict=True):
            if count:
                yield Item(f"{model}, {name}", count, "tokens", count * each // share)
    for measure, unit in _MEASURES.items():
        if (count := row.get(measure, 0)) and (rate := _UNITS.get((model, measure))):
            yield Item(f"{model}, {measure}", count, unit, count * rate // share)


def cost(row: Row) -> int:
    """What a row of usage costs, in nano-dollars."""
    price = _priced(row.get("model") or "")
    if price is None or row["kind"] in _CALLS:
        return sum(item.cost for item in items(row))
    # Every request comes this way: the same sum, without its lines.
    fresh, cached, output = _counts(row)
    total = fresh * price[0] + cached * price[1] + output * price[2]
    return total // 2 if row.get("batch") else total


def _counts(row: Row) -> tuple[int, int, int]:
    """Tokens of input that were new and cached, and of output."""
    whole = row.get("input_tokens", 0)
    cached = min(row.get("input_cached_tokens", 0), whole)
    return whole - cached, cached, row.get("output_tokens", 0)


@lru_cache(512)
def _priced(model: str) -> tuple[int, int, int] | None:
    known = _TOKENS.get(model)
    base = model
    while known is None and base[-1:].isdigit() and "-" in base:
        base = base.rpartition("-")[0]
        known = _TOKENS.get(base)
    return known

"""A tally: what a usage object says was used, read with suspicion.

Servers spell usage in several ways, leave it out, and sometimes send nonsense. A count that is no whole number from 0 to a hundred
million is not believed, and a usage whose main counts are not believed is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

LARGEST = 100_000_000
"""Tokens or seconds that one request may have used; no model takes near as many."""

_NONE: dict[str, Any] = {}


class Tally(NamedTuple):
    """What was used.

    Attributes:
        input: tokens of input, all kinds together.
        output: tokens of output, all kinds together.
        cached: of the input, read from the prompt cache.
        written: of the input, written to the prompt cache.
        audio: of input and output, audio tokens.
        image: of input and output, image tokens.
        seconds: of audio, where audio is counted so.
        odd: whether something in it was not believed.
    """

    input: int = 0
    output: int = 0
    cached: int = 0
    written: int = 0
    audio: tuple[int, int] = (0, 0)
    image: tuple[int, int] = (0, 0)
    seconds: int = 0
    odd: bool = False


def tally(usage: Mapping[str, Any] | None) -> Tally | None:
    """What a usage object says; `None` where it says nothing that can be believed.

    >>> tally({"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11})
    Tally(input=9, output=2, cached=0, written=0, audio=(0, 0), image=(0, 0), seconds=0, odd=False)
    >>> tally({"input_tokens": -9, "output_tokens": 10**18}) is None
    True
    """
    if usage is None:
        return None
    get = usage.get
    if get("type") == "duration":
        seconds = _count(get("seconds"))
        return None if seconds is None else Tally(seconds=seconds)
    given = get("input_tokens", get("prompt_tokens"))
    made = get("output_tokens", get("completion_tokens"))
    whole = get("total_tokens")
    if given is None and made is None:
        given = whole
    inputs, outputs = _count(given), _count(0 if made is None else made)
    if inputs is None or outputs is None:
        return None
    total = _count(whole) if whole is not None else None
    if total is not None and total > inputs + outputs:
        outputs = total - inputs  # some servers leave thoughts out of the completion, but not out of the bill
    odd = whole is not None and (total is None or total < inputs + outputs)
    read = _part(get("input_tokens_details") or get("prompt_tokens_details"))
    spoken = _part(get("output_tokens_details") or get("completion_tokens_details"))
    if not read and not spoken:
        return Tally(inputs, outputs, odd=odd)
    get = read.get
    cached, written = get("cached_tokens") or 0, get("cache_write_tokens") or 0
    heard, seen = get("audio_tokens") or 0, get("image_tokens") or 0
    said, drawn = spoken.get("audio_tokens") or 0, spoken.get("image_tokens") or 0
    if not (cached or written or heard or seen or said or drawn):
        return Tally(inputs, outputs, odd=odd)
    parts = ((cached, inputs), (written, inputs), (heard, inputs), (seen, inputs), (said, outputs), (drawn, outputs))
    counts = [_count(each) for each, _ in parts]
    odd = odd or any(n is None or n > most for n, (_, most) in zip(counts, parts, strict=True))
    cached, written, heard, seen, said, drawn = (min(n or 0, most) for n, (_, most) in zip(counts, parts, strict=True))
    return Tally(inputs, outputs, cached, min(written, inputs - cached), (heard, said), (seen, drawn), 0, odd)


def _part(details: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", details) if details.__class__ is dict else _NONE


def _count(value: Any) -> int | None:
    """A count that can be believed; fractions are rounded up."""
    if value.__class__ is not int and value.__class__ is not float:
        return None
    if not 0 <= value <= LARGEST:
        return None
    return value if value.__class__ is int else -int(-value // 1)

"""What every store says of its arguments: how long, and how much, told where they are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .store import LARGEST, Change


def seconds_left(seconds: float | None, now: float) -> float | None:
    """When something ends that lives for so many seconds; `None` for never.

    Raises:
        ValueError: it would end before it began.
    """
    if seconds is None:
        return None
    if not 0 < seconds < float("inf"):
        raise ValueError(f"what is kept must live for more than 0 seconds, or for ever (None); got {seconds}")
    return now + seconds


def checked(changes: Sequence[Change]) -> None:
    """Refuse what cannot be counted exactly everywhere.

    Raises:
        TypeError, ValueError: an amount is no whole number, or too large for a store to count exactly.
    """
    for key, amount, most, seconds in changes:
        amounts: tuple[Any, ...] = (amount,) if most is None else (amount, most)
        for value in amounts:
            if not isinstance(value, int) or isinstance(value, bool):
                raise TypeError(f"a counter takes whole numbers; got {value!r} for {key!r}")
            if abs(value) > LARGEST:
                raise ValueError(f"a counter takes numbers up to 2**53; got {value} for {key!r}")
        seconds_left(seconds, 0.0)

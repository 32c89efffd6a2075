"""What a policy's numbers may be, told where they are given and not where they would first be used.

Knows no policy. A number that compares with nothing, such as NaN, is none; nor is `True`, which is one for Python only.
"""

from __future__ import annotations

from typing import Any

LONGEST = 1e9
"""Seconds, some thirty years. Longer pauses no clock takes."""


def seconds(name: str, value: Any) -> float:
    """A length of time.

    >>> seconds("delay", 2)
    2

    Args:
        name: what it is called, for the message.
        value: what was given for it.

    Raises:
        TypeError: it is no number.
        ValueError: it is below 0, infinite or NaN.
    """
    if not is_number(value):
        raise TypeError(f"{name} must be a number of seconds; got {_shown(value)}")
    if not 0 <= value <= LONGEST:
        raise ValueError(f"{name} must be 0 seconds or more, and at most {LONGEST:.0f}; got {value}")
    return value  # type: ignore[no-any-return]


def whole(name: str, value: Any, least: int = 0) -> int:
    """A count.

    Args:
        name: what it is called, for the message.
        value: what was given for it.
        least: the smallest it may be.

    Raises:
        TypeError: it is no whole number.
        ValueError: it is too small.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be a whole number; got {_shown(value)}")
    if value < least:
        raise ValueError(f"{name} must be {least} or more; got {value}")
    return value


def is_number(value: Any) -> bool:
    """Whether it is an int or a float; NaN is a float, `True` is neither."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    return repr(value) if value is None or isinstance(value, (str, bool, float)) else type(value).__name__

"""How long to wait before the next attempt: exponential backoff, and what a server asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .number import is_number

_INFINITE = float("inf")
LONGEST_HINT = 120.0
"""Seconds. A server that asks for a longer pause is told to the caller instead of waited for."""
THROTTLED = 1.0
"""Seconds of the first pause, at least, when a server is busy and does not say for how long."""


class Backoff(NamedTuple):
    """Exponential backoff, of which chance takes away up to a quarter.

    >>> Backoff().delay(3, random=0.0), Backoff().delay(3, random=1.0)
    (4.0, 3.0)

    Attributes:
        initial: seconds before the first retry.
        longest: seconds no pause exceeds.
        jitter: the share of a pause that chance may take away, from 0 to 1.
    """

    initial: float = 0.5
    longest: float = 8.0
    jitter: float = 0.25

    def delay(self, retries_taken: int, *, random: float) -> float:
        """Seconds to wait after `retries_taken` retries; `random` is a number in [0, 1)."""
        # Past 2**32 every pause is the longest one, and a float power would overflow at 2**1024.
        return min(self.initial * 2.0 ** min(retries_taken, 32), self.longest) * (1 - self.jitter * random)

    def throttled(self) -> Backoff:
        """The same for a server that is busy."""
        return self if self.initial >= THROTTLED else self._replace(initial=THROTTLED)


def share(jitter: Any) -> float:
    """The part of a pause that chance may take away.

    Raises:
        TypeError, ValueError: it is neither a number from 0 to 1, nor a bool, nor "full".
    """
    if isinstance(jitter, bool):
        return Backoff().jitter if jitter else 0.0
    if jitter == "full":
        return 1.0
    if not is_number(jitter):
        raise TypeError(f'jitter must be a number from 0 to 1, "full", or True or False; got {jitter!r}')
    if not 0 <= jitter <= 1:
        raise ValueError(f"jitter must be from 0 to 1; got {jitter}")
    return float(jitter)


def beyond(hint: float, *, random: float) -> float:
    """A little more than the server asks for, so that not all it sent away come back at once: never less.

    >>> beyond(3.0, random=0.0), beyond(3.0, random=1.0), beyond(60.0, random=1.0)
    (3.0, 3.3, 61.0)
    """
    return hint + random * min(1.0, 0.1 * hint)


def retry_after(headers: Mapping[str, str], wall: float) -> float | None:
    """Seconds the server asks to wait: `retry-after-ms`, then `retry-after` as a number, then as an HTTP date.

    Args:
        headers: the reply's header fields.
        wall: seconds since the epoch, for the date form.

    Returns:
        Seconds, infinite where the number overflows; `None` where nothing (readable) was asked for.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _number(value)
    if seconds is not None or value is None:
        return seconds
    from email.utils import mktime_tz, parsedate_tz  # costs as much to import as all of this room, and is seldom needed

    date = parsedate_tz(value)
    if date is None:
        return None
    try:
        return mktime_tz(date) - wall
    except (OverflowError, ValueError):
        return None


def _number(value: str | None) -> float | None:
    if value is None:
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    if number == _INFINITE and "inf" not in value.lower():
        return number  # digits past the range of a float: far too long, not unreadable
    return number if -_INFINITE < number < _INFINITE else None

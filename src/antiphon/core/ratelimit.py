"""What a reply's headers say about limits and waiting. Strict readers of numbers others write; no clock of its own.

Servers and proxies put strange things into these headers. What is not plainly a wait of zero or more finite seconds is
treated as absent, so that no policy ever computes with a negative, infinite or misread number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import mktime_tz, parsedate_tz
from typing import NamedTuple

_DURATION = re.compile(
    r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m(?!s))?(?:(\d{1,9}(?:\.\d{1,9})?)s)?(?:(\d{1,9}(?:\.\d{1,9})?)ms)?",
    re.ASCII,
)
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,9})?", re.ASCII)
_COUNT = re.compile(r"\d{1,15}", re.ASCII)
_IMF_DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT", re.ASCII
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONGEST = 366 * 86400.0
OFFICIAL_LONGEST = 120.0


class RateLimits(NamedTuple):
    """The limits a reply told of; `None` for what it did not tell.

    Attributes:
        limit_requests: requests allowed per window.
        limit_tokens: tokens allowed per window.
        remaining_requests: requests left now.
        remaining_tokens: tokens left now.
        reset_requests: seconds until all requests are available again.
        reset_tokens: seconds until all tokens are available again.
        retry_after: seconds the server asks to wait.
    """

    limit_requests: int | None = None
    limit_tokens: int | None = None
    remaining_requests: int | None = None
    remaining_tokens: int | None = None
    reset_requests: float | None = None
    reset_tokens: float | None = None
    retry_after: float | None = None

    @classmethod
    def from_headers(cls, headers: Mapping[str, str], wall: float | None = None) -> RateLimits:
        """Read the headers of a reply.

        Args:
            headers: any case-insensitive mapping.
            wall: the Unix time of arrival, for a `Retry-After` date where the reply has no `Date`.
        """
        get = headers.get
        return cls(
            parse_count(get("x-ratelimit-limit-requests")),
            parse_count(get("x-ratelimit-limit-tokens")),
            parse_count(get("x-ratelimit-remaining-requests")),
            parse_count(get("x-ratelimit-remaining-tokens")),
            parse_duration(get("x-ratelimit-reset-requests")),
            parse_duration(get("x-ratelimit-reset-tokens")),
            parse_retry_after(headers, wall),
        )


def parse_count(text: str | None) -> int | None:
    """A whole number of 0 or more in ASCII digits, else `None`."""
    text = text.strip(" \t") if text else ""
    return int(text) if _COUNT.fullmatch(text) else None


def parse_duration(text: str | None) -> float | None:
    """Seconds from "6m0s", "1h2m3.5s", "12ms" or a bare number of seconds; `None` for anything else.

    >>> parse_duration("6m0s"), parse_duration("12ms"), parse_duration("-1")
    (360.0, 0.012, None)
    """
    text = text.strip(" \t") if text else ""
    if not text:
        return None
    if _NUMBER.fullmatch(text):
        return _bounded(float(text))
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    days, hours, minutes, seconds, milliseconds = (float(part or 0) for part in match.groups())
    return _bounded(days * 86400 + hours * 3600 + minutes * 60 + seconds + milliseconds / 1000)


def _bounded(seconds: float) -> float | None:
    return seconds if seconds <= _LONGEST else None


def parse_retry_after(headers: Mapping[str, str], wall: float | None) -> float | None:
    """Seconds to wait by `retry-after-ms`, else `Retry-After` in seconds or as a date; `None` where none is plainly said.

    A date is measured against the reply's own `Date`, so that a server whose clock is wrong still says how long.

    Args:
        headers: any case-insensitive mapping.
        wall: the Unix time of arrival, used where the reply has no `Date`; `None` ignores such dates.
    """
    milliseconds = _plain_number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return _bounded(milliseconds / 1000)
    text = headers.get("retry-after")
    seconds = _plain_number(text)
    if seconds is not None:
        return _bounded(seconds)
    until = _imf_date(text)
    since = _imf_date(headers.get("date"))
    since = wall if since is None else since
    if until is None or since is None:
        return None
    return _bounded(max(0.0, until - since))


def _plain_number(text: str | None) -> float | None:
    text = text.strip(" \t") if text else ""
    return float(text) if _NUMBER.fullmatch(text) else None


def _imf_date(text: str | None) -> float | None:
    match = _IMF_DATE.fullmatch(text.strip(" \t")) if text else None
    if match is None:
        return None
    day, month, year, *clock = match.groups()
    try:
        hour, minute, second = map(int, clock)
        return datetime(int(year), _MONTHS.index(month) + 1, int(day), hour, minute, second, tzinfo=UTC).timestamp()
    except ValueError:
        return None


class OfficialWait(NamedTuple):
    """What the official package's rules make of the retry headers.

    Attributes:
        seconds: how long to wait, above 0 and at most 120; `None` to compute a backoff.
        too_long: the server asks for more than 120 seconds: do not retry.
    """

    seconds: float | None
    too_long: bool


def official_retry_after(headers: Mapping[str, str], wall: float) -> OfficialWait:
    """The official package's reading: any Python float in `retry-after-ms` then `retry-after`, then any mail date.

    Args:
        headers: any case-insensitive mapping.
        wall: the Unix time now, against which a date is measured.
    """
    delay = _official_number(headers.get("retry-after-ms"), 1000.0)
    if delay is None:
        delay = _official_number(headers.get("retry-after"), 1.0)
    if delay is None:
        delay = _official_date(headers.get("retry-after"), wall)
    if delay is None or not math.isfinite(delay):
        return OfficialWait(None, too_long=False)
    if delay > OFFICIAL_LONGEST:
        return OfficialWait(None, too_long=True)
    return OfficialWait(delay if delay > 0 else None, too_long=False)


def _official_number(text: str | None, per_second: float) -> float | None:
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    if value == math.inf and text.strip().lower().lstrip("+") not in {"inf", "infinity"}:
        # Digits beyond what a float holds: a very long wait, not a word.
        return OFFICIAL_LONGEST + 1
    return value / per_second


def _official_date(text: str | None, wall: float) -> float | None:
    try:
        parsed = parsedate_tz(text) if text else None
        return None if parsed is None else float(mktime_tz(parsed)) - wall
    except (TypeError, ValueError, OverflowError, OSError):
        return None

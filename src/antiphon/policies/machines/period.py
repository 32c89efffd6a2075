"""Periods a budget is for: hours, days and months of the calendar, in UTC, or one whole run.

Arithmetic on seconds since the epoch. It knows no time zone but UTC, in which every day has 86,400 seconds.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Per = Literal["run", "hour", "day", "month"]
PERIODS: tuple[Per, ...] = ("run", "hour", "day", "month")
_HOUR, _DAY = 3600, 86_400


class Period(NamedTuple):
    """One stretch of the calendar.

    Attributes:
        label: its name, e.g. "2026-11-21"; names of one kind sort as their times do.
        begin, end: seconds since the epoch; it lasts from `begin` until just before `end`.
    """

    label: str
    begin: float
    end: float


RUN = Period("run", float("-inf"), float("inf"))
"""The whole of a run."""


def period(per: Per, wall: float) -> Period:
    """The period that a moment lies in.

    >>> period("hour", 1_800_000_000.0).label, period("month", 1_800_000_000.0)
    ('2027-01-15T08', Period(label='2027-01', begin=1798761600, end=1801440000))

    Args:
        per: which kind.
        wall: seconds since the epoch.
    """
    if per == "run":
        return RUN
    day, second = divmod(int(wall // 1), _DAY)
    year, month, of_month = civil(day)
    if per == "month":
        first = day - of_month + 1
        return Period(f"{year:04}-{month:02}", first * _DAY, (first + _days(year, month)) * _DAY)
    label, begin = f"{year:04}-{month:02}-{of_month:02}", day * _DAY
    if per == "day":
        return Period(label, begin, begin + _DAY)
    hour = second // _HOUR
    return Period(f"{label}T{hour:02}", begin + hour * _HOUR, begin + (hour + 1) * _HOUR)


def stamp(wall: float) -> str:
    """A moment as RFC 3339 writes it, in UTC, to the millisecond.

    >>> stamp(1_800_000_000.25)
    '2027-01-15T08:00:00.250Z'
    """
    milliseconds = round(wall * 1000)
    day, rest = divmod(milliseconds, _DAY * 1000)
    year, month, of_month = civil(day)
    seconds, thousandths = divmod(rest, 1000)
    hour, minute, second = seconds // 3600, seconds // 60 % 60, seconds % 60
    return f"{year:04}-{month:02}-{of_month:02}T{hour:02}:{minute:02}:{second:02}.{thousandths:03}Z"


def civil(day: int) -> tuple[int, int, int]:
    """Year, month and day of month of a day that is counted from 1970-01-01.

    Years are counted from March here, so that the day a leap year adds is a year's last; 400 years have 146,097 days.
    """
    era, of_era = divmod(day + 719_468, 146_097)
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    march = (5 * of_year + 2) // 153
    month = march + 3 if march < 10 else march - 9
    return year + era * 400 + (month <= 2), month, of_year - (153 * march + 2) // 5 + 1


def _days(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31

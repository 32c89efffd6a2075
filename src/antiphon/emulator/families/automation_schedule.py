"""When an automation is due: five-field cron expressions in a time zone. Knows calendars, no automations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

_FIELDS: Final = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_NAMES: Final = {"month": {n: i for i, n in enumerate(_MONTHS, 1)}, "weekday": {n: i for i, n in enumerate(_DAYS)}}
_YEARS: Final = 8  # the 29th of February on some weekday may be that far away


class Cron(NamedTuple):
    """The values that each field allows."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool
    """Whether day and weekday are both restricted: then one of them is enough."""

    def has_day(self, day: datetime) -> bool:
        """Whether something may be due on this day."""
        if day.month not in self.months:
            return False
        by_day, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_day or by_weekday if self.either else by_day and by_weekday


@lru_cache(maxsize=256)
def parsed(expression: str) -> Cron:
    """The cron expression; raises ValueError with the reason where it is none."""
    texts = expression.lower().split()
    if len(texts) != len(_FIELDS):
        raise ValueError(f"it has {len(texts)} fields, not five")
    minutes, hours, days, months, weekdays = (_values(text, *field) for text, field in zip(texts, _FIELDS, strict=True))
    either = not texts[2].startswith("*") and not texts[4].startswith("*")
    return Cron(minutes, hours, days, months, frozenset(day % 7 for day in weekdays), either)


def _values(text: str, name: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        if step and not (step.isascii() and step.isdigit() and int(step) > 0):
            raise ValueError(f"'{part}' is no step of its {name}")
        first, dash, last = span.partition("-")
        if span == "*":
            start, end = low, high
        else:
            start = _number(first, name, low, high)
            end = _number(last, name, low, high) if dash else (high if step else start)
        if start > end:
            raise ValueError(f"'{part}' ends before it begins")
        found.update(range(start, end + 1, int(step or 1)))
    return frozenset(found)


def _number(text: str, name: str, low: int, high: int) -> int:
    named = _NAMES.get(name, {}).get(text)
    if named is not None:
        return named
    if not (text.isascii() and text.isdigit()) or not low <= int(text) <= high:
        raise ValueError(f"'{text}' is no {name} from {low} to {high}")
    return int(text)


def following(expression: str, timezone: str, after: float) -> int | None:
    """The first time after `after` (seconds since 1970) that the expression names there; None when it never comes."""
    cron, zone = parsed(expression), ZoneInfo(timezone)
    begun = datetime.fromtimestamp(after, zone)
    day = begun.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    for _ in range(366 * _YEARS):
        if cron.has_day(day):
            for when in _times(cron, day, zone):
                if when > after:
                    return when
        day += timedelta(days=1)
    return None


def _times(cron: Cron, day: datetime, zone: ZoneInfo) -> list[int]:
    """The times of a day in their order; those that the clocks skip are not there."""
    found: list[int] = []
    for hour in sorted(cron.hours):
        for minute in sorted(cron.minutes):
            local = day.replace(hour=hour, minute=minute)
            instant = local.replace(tzinfo=zone).astimezone(UTC)
            if instant.astimezone(zone).replace(tzinfo=None) == local:
                found.append(int(instant.timestamp()))
    return sorted(found)

"""Periods: the calendar in UTC, as the standard library knows it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.policies.machines.period import PERIODS, Per, civil, period, stamp

_FORMS = {"hour": "%Y-%m-%dT%H", "day": "%Y-%m-%d", "month": "%Y-%m"}
_MOMENTS = st.floats(0, 4_102_444_800, allow_nan=False)


@settings(derandomize=True, deadline=None)
@given(_MOMENTS, st.sampled_from(PERIODS[1:]))
def test_a_moment_lies_in_its_period(wall: float, per: Per) -> None:
    found = period(per, wall)
    assert found.label == datetime.fromtimestamp(wall, UTC).strftime(_FORMS[per])
    assert found.begin <= wall < found.end
    assert period(per, found.end).begin == found.end
    assert period(per, found.end).label > found.label
    assert period(per, found.begin) == found


@settings(derandomize=True, deadline=None)
@given(_MOMENTS)
def test_a_stamp_says_when(wall: float) -> None:
    said = datetime.fromisoformat(stamp(wall))
    assert said.timestamp() == pytest.approx(wall, abs=0.0006)
    assert len(stamp(wall)) == 24


@pytest.mark.parametrize(
    ("day", "date"),
    [
        (0, (1970, 1, 1)),
        (-1, (1969, 12, 31)),
        (11_016, (2000, 2, 29)),
        (19_782, (2024, 2, 29)),
        (47_540, (2100, 2, 28)),
    ],
)
def test_days_have_names(day: int, date: tuple[int, int, int]) -> None:
    assert civil(day) == date
    assert datetime.fromtimestamp(day * 86_400, UTC).timetuple()[:3] == date


@pytest.mark.parametrize("hour", range(24))
def test_hours_begin_and_end_on_the_hour(hour: int) -> None:
    begin = datetime(2026, 11, 21, hour, tzinfo=UTC).timestamp()
    for moment in (begin, begin + 3599.5):
        assert period("hour", moment) == (f"2026-11-21T{hour:02}", begin, begin + 3600)


def test_every_month_ends_where_the_next_begins() -> None:
    starts = [
        datetime(year, month, 1, tzinfo=UTC).timestamp()
        for year in (1999, 2000, 2023, 2024, 2100)
        for month in range(1, 13)
    ]
    for begin in starts:
        found = period("month", begin)
        assert found.begin == begin
        after = datetime.fromtimestamp(found.end, UTC)
        assert (after.day, after.hour) == (1, 0)
        assert 27 < (found.end - found.begin) / 86_400 < 32


def test_a_run_has_no_end() -> None:
    assert period("run", 0.0) == period("run", 1e12)
    assert period("run", 0.0).end == float("inf")

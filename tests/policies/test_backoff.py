"""The arithmetic of waiting, as tables."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.policies.machines.backoff import Backoff, retry_after


@pytest.mark.parametrize(
    ("taken", "longest", "shortest"),
    [(0, 0.5, 0.375), (1, 1.0, 0.75), (2, 2.0, 1.5), (3, 4.0, 3.0), (4, 8.0, 6.0), (5, 8.0, 6.0), (10_000, 8.0, 6.0)],
)
def test_delay_doubles_to_eight_seconds_less_a_quarter(taken: int, longest: float, shortest: float) -> None:
    assert Backoff().delay(taken, random=0.0) == longest
    assert Backoff().delay(taken, random=1.0) == shortest


@given(st.integers(0, 10**6), st.floats(0, 1, exclude_max=True))
def test_delay_is_always_within_its_bounds(taken: int, random: float) -> None:
    assert 0.375 <= Backoff().delay(taken, random=random) <= 8.0


WALL = 1_700_000_000.0  # Tue, 14 Nov 2023 22:13:20 GMT


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-5"}, -5.0),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "1"}, 1.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "0x10"}, None),
        ({"retry-after": "1e9"}, 1e9),
        ({"retry-after": "9" * 400}, math.inf),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:50 GMT"}, 30.0),
        ({"retry-after": "Tue, 14 Nov 2023 22:12:50 GMT"}, -30.0),
        ({"retry-after": "Tue, 99 Nov 99999999999 22:12:50 GMT"}, None),
        ({"retry-after": "tomorrow"}, None),
    ],
)
def test_row_20_23_what_the_server_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, WALL) == seconds


@pytest.mark.parametrize(("jitter", "least"), [(0.0, 2.0), (0.25, 1.5), (1.0, 0.0)])
def test_jitter_is_the_share_that_chance_may_take(jitter: float, least: float) -> None:
    backoff = Backoff(jitter=jitter)
    assert (backoff.delay(2, random=0.0), backoff.delay(2, random=1.0)) == (2.0, least)

"""The arithmetic of waiting, as tables."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.policies.machines.backoff import Backoff, beyond, retry_after, share


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


@pytest.mark.parametrize("jitter", ["full", 1, 1.0])
def test_full_jitter_may_take_all(jitter: Any) -> None:
    backoff = Backoff(jitter=share(jitter))
    assert [backoff.delay(taken, random=0.75) for taken in range(6)] == [0.125, 0.25, 0.5, 1.0, 2.0, 2.0]


@pytest.mark.parametrize(("jitter", "part"), [(True, 0.25), (False, 0.0), (0, 0.0), (0.5, 0.5), ("full", 1.0)])
def test_what_jitter_may_be(jitter: Any, part: float) -> None:
    assert share(jitter) == part


@pytest.mark.parametrize(
    ("jitter", "kind"), [("none", TypeError), (None, TypeError), (-0.1, ValueError), (1.1, ValueError)]
)
def test_what_jitter_cannot_be(jitter: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="jitter must be"):
        share(jitter)


def test_a_hint_is_exceeded_by_a_tenth_and_a_second_at_most() -> None:
    assert [beyond(hint, random=0.5) for hint in (0.0, 4.0, 10.0, 600.0)] == [0.0, 4.2, 10.5, 600.5]


def test_a_busy_server_is_given_a_second_at_least() -> None:
    assert [Backoff().throttled().delay(taken, random=0.0) for taken in range(4)] == [1.0, 2.0, 4.0, 8.0]
    assert Backoff(initial=3.0).throttled().initial == 3.0


@settings(derandomize=True, deadline=None)
@given(st.floats(0, 10**6), st.floats(0, 1, exclude_max=True))
def test_row_19_nobody_comes_back_before_the_hint_nor_much_later(hint: float, random: float) -> None:
    assert hint <= beyond(hint, random=random) <= hint + min(1.0, 0.1 * hint)


def test_golden_pauses_of_a_seed() -> None:
    chance, backoff = random.Random(1), Backoff(jitter=1.0)
    pauses = [backoff.delay(taken, random=chance.random()) for taken in range(6)]
    assert pauses == pytest.approx([0.43281788, 0.15256626, 0.47245075, 2.97972390, 4.03651929, 4.40407152])

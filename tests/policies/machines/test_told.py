"""Header fields about limits: what is believed of them, and what is not."""

from __future__ import annotations

import pytest

from antiphon.policies.machines.told import Told, told


def head(limit: str, left: str, reset: str, name: str = "requests") -> dict[str, str]:
    return {
        f"x-ratelimit-limit-{name}": limit,
        f"x-ratelimit-remaining-{name}": left,
        f"x-ratelimit-reset-{name}": reset,
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (head("5000", "4999", "12ms"), Told(0, 5000, 0.012, 60.0, False)),
        (head("160000", "159976", "9ms", "tokens"), Told(1, 160000, 0.009, 60.0, False)),
        (head("60", "30", "30s"), Told(0, 60, 30.0, 60.0, False)),
        (head("60", "0", "1m0s"), Told(0, 60, 60.0, 60.0, True)),
        (head("200", "199", "7m12s"), Told(0, 200, 432.0, 86400.0, False)),
        (head("10000", "5000", "12h0m0s"), Told(0, 10000, 43200.0, 86400.0, False)),
        (head("100", "100", "0s"), Told(0, 100, 0.0, 60.0, False)),
        (head("100", "99", "1"), Told(0, 100, 1.0, 60.0, False)),
        (head("60", "0", "67s"), Told(0, 60, 67.0, 60.0, True)),
        (head("60", "30", "34s"), Told(0, 60, 34.0, 60.0, False)),
        (head("60", "30", "26s"), Told(0, 60, 26.0, 60.0, False)),
    ],
)
def test_row_33_what_fits_a_bucket_is_believed(fields: dict[str, str], expected: Told) -> None:
    assert told(fields) == [expected]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        head("-1", "-1", "0"),
        head("0", "0", "0"),
        head("500", "-1", "1s"),
        head("500", "499", "soon"),
        head("500", "499", "-1s"),
        head("500", "499", ""),
        head("500", "499", "nan"),
        head("500", "499", "１２s"),
        head("500", "501", "1s"),
        head("500", "501", "0s"),
        head("5e2", "499", "1s"),
        head("500", "250", "1h2m3.5s"),
        head("500", "250", "9999d"),
        head("500", "499", "6m0s"),
        {"x-ratelimit-remaining-requests": "3", "x-ratelimit-reset-requests": "1s"},
        {"x-ratelimit-limit-requests": "3", "x-ratelimit-remaining-requests": "1"},
    ],
)
def test_row_33_what_fits_nothing_is_not_used(fields: dict[str, str]) -> None:
    assert told(fields) == []


def test_row_33_a_window_of_an_unknown_length_holds_only_once_it_is_spent() -> None:
    assert told(head("10", "4", "20s")) == []
    assert told(head("10", "0", "20s")) == [Told(0, 10, 20.0, None, True)]
    assert told(head("10", "0", "3d")) == []


def test_both_dimensions_are_read() -> None:
    fields = {**head("5000", "4999", "12ms"), **head("160000", "159976", "9ms", "tokens")}
    assert [each.kind for each in told(fields)] == [0, 1]
    one = {**head("5000", "nonsense", "12ms"), **head("160000", "159976", "9ms", "tokens")}
    assert [each.kind for each in told(one)] == [1]


@pytest.mark.parametrize("reset", ["34.1s", "25.9s"])
def test_more_than_a_second_and_a_tenth_beside_it_is_another_period(reset: str) -> None:
    assert told(head("60", "30", reset)) == []

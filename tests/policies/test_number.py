"""What a policy's numbers may be."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.policies.deadline import Deadline
from antiphon.policies.machines.number import LONGEST, is_number, seconds, whole
from antiphon.policies.redirect import Redirect

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("value", [0, 0.0, 2, 0.5, LONGEST])
def test_a_length_of_time_is_given_back_as_it_is(value: float) -> None:
    assert seconds("delay", value) is value


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        *[(value, ValueError, f"delay must be 0 seconds or more, .* got {value}") for value in (-1, NAN, INF, -INF)],
        (10**400, ValueError, "delay must be 0 seconds or more"),
        ("1", TypeError, "delay must be a number of seconds; got '1'"),
        (True, TypeError, "delay must be a number of seconds; got True"),
        (None, TypeError, "delay must be a number of seconds; got None"),
        ([1], TypeError, "delay must be a number of seconds; got list"),
    ],
)
def test_what_is_no_length_of_time(value: Any, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        seconds("delay", value)


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        (-1, ValueError, "n must be 0 or more; got -1"),
        (1.5, TypeError, "n must be a whole number; got 1.5"),
        (NAN, TypeError, "got nan"),
        ("3", TypeError, "got '3'"),
        (None, TypeError, "got None"),
        (True, TypeError, "got True"),
    ],
)
def test_what_is_no_count(value: Any, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        whole("n", value)


def test_a_count() -> None:
    assert whole("n", 0) == 0
    with pytest.raises(ValueError, match="1 or more"):
        whole("n", 0, 1)


def test_true_is_no_number() -> None:
    assert [is_number(value) for value in (1, NAN, False, "1")] == [True, True, False, False]


@pytest.mark.parametrize(("value", "kind"), [(True, TypeError), ("1", TypeError), (NAN, ValueError), (0, ValueError)])
def test_a_deadline_that_cannot_be_right(value: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="deadline must be"):
        Deadline(value)


@pytest.mark.parametrize(("value", "kind"), [(-1, ValueError), (2.0, TypeError), (True, TypeError)])
def test_redirects_that_cannot_be_right(value: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="most must be"):
        Redirect(value)

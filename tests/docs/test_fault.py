"""Every fault that is listed is shown by a test that carries its number, or waits for something that is not there yet."""

from __future__ import annotations

import pytest

from docs.fault import FAULTS, shown

SHOWN = shown()


def test_there_are_seventy_two() -> None:
    assert list(FAULTS) == list(range(1, 73))


@pytest.mark.parametrize("number", FAULTS)
def test_each_has_a_test_or_says_what_it_waits_for(number: int) -> None:
    assert SHOWN.get(number) or FAULTS[number].waits


def test_no_test_names_a_row_that_is_not_there() -> None:
    assert set(SHOWN) <= set(FAULTS)

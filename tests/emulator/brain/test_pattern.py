"""Strings for regular expressions."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.emulator.brain.pattern import example
from tests.emulator.brain.pattern_list import PATTERNS


@pytest.mark.parametrize("pattern", PATTERNS)
def test_examples_match(pattern: str) -> None:
    made = example(pattern)
    assert made is not None
    assert re.search(pattern, made)


def test_shortest_length_is_kept_where_it_can_be() -> None:
    made = example(r"^[a-z]+$", 12)
    assert made is not None
    assert len(made) >= 12
    assert example(r"^[a-z]{2}$", 5) is None


@pytest.mark.parametrize("pattern", [r"(?=x)y", r"\p{L}", "(", "[", r"a{99999}", "\\"])
def test_unreadable_gives_nothing(pattern: str) -> None:
    assert example(pattern) is None


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
@given(st.text(alphabet=r"ab1[]()|*+?{},.^$\dw-", max_size=12))
def test_never_a_wrong_one(pattern: str) -> None:
    made = example(pattern)
    if made is not None:
        assert re.search(pattern, made)

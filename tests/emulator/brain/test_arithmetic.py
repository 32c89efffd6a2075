"""Sums in texts, worked out exactly; nothing is evaluated as code."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.emulator.brain.arithmetic import Unreadable, evaluate, find, written


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("What is 12*7+3?", "87"),
        ("what's 2 plus 2 times 3", "8"),
        ("Compute (2 + 3) * -4 please", "-20"),
        ("7 divided by 2", "3.5"),
        ("10 / 4 and so on", "2.5"),
        ("2^10", "1024"),
        ("2 to the power of 3", "8"),
        ("2**3", "8"),
        ("3 x 4 = ?", "12"),
        ("3 × 4", "12"),
        ("1,000 + 1", "1001"),
        ("17 % 5", "2"),
        ("0.1 + 0.2", "0.3"),
        ("1/3", "0.333333"),
        ("-3 + 5", "2"),
        ("what is 5 minus 8", "-3"),
    ],
)
def test_found(text: str, result: str) -> None:
    found = find(text)
    assert found is not None
    assert found[1] == result


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no sums here",
        "I am 30 years old",
        "on 2024-01-02",
        "call 555-1234",
        "room 12",
        "(1",
        "2 ^ 9999",
        "-5",
        "9^99^99",
        "1" * 600 + "+1",
    ],
)
def test_not_found(text: str) -> None:
    assert find(text) is None


def test_division_by_zero_is_said() -> None:
    assert find("1 / 0") == ("1 / 0", "undefined (division by zero)")


@given(
    st.recursive(
        st.integers(0, 99).map(str),
        lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
        max_leaves=8,
    )
)
def test_agrees_with_python(text: str) -> None:
    assert evaluate(text) == Fraction(eval(text))


@pytest.mark.parametrize("text", ["__import__('os')", "1+", "a", "(" * 60 + "1" + ")" * 60, "1 1", "9^100", "1+)"])
def test_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        evaluate(text)


def test_written() -> None:
    assert [written(Fraction(*pair)) for pair in ((6, 3), (1, 2), (2, 3), (-1, 8))] == [
        "2",
        "0.5",
        "0.666667",
        "-0.125",
    ]

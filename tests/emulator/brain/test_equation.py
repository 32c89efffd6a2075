"""Linear equations, step by step."""

from __future__ import annotations

import pytest

from antiphon.emulator.brain.equation import solve


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("how can I solve 8x + 7 = -23", "x = -3.75"),
        ("solve 2*x - 3 = x + 5", "x = 8"),
        ("x = 4", "x = 4"),
        ("3 - y = 1.5", "y = 1.5"),
        ("2x = 2x", "every value solves it"),
        ("2x = 2x + 1", "there is no solution"),
        ("6 = 3z", "z = 2"),
    ],
)
def test_solved(text: str, last: str) -> None:
    steps = solve(text)
    assert steps is not None
    assert steps[-1].result == last


@pytest.mark.parametrize("text", ["", "12*7+3", "Let a = b", "total = 5", "3 = 4", "x^2 = 4"])
def test_no_linear_equation(text: str) -> None:
    assert solve(text) is None


def test_all_steps_are_told() -> None:
    assert solve("8x + 7 = -23") == [
        ("Start with", "8x + 7 = -23"),
        ("Bring x to the left and numbers to the right", "8x = -30"),
        ("Divide both sides by 8", "x = -15/4"),
        ("As a decimal", "x = -3.75"),
    ]

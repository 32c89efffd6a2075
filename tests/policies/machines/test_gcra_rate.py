"""A bucket whose rate is not one unit a second: where units and seconds must not be confused."""

from __future__ import annotations

import pytest

from antiphon.policies.machines.gcra import Gcra


@pytest.fixture
def gate() -> Gcra:
    return Gcra("requests", 0, rate=2.0, burst=4.0)


def test_those_before_take_half_a_second_each(gate: Gcra) -> None:
    assert gate.wait(1, 0.0, before=10) == pytest.approx(3.5)


def test_what_is_given_back_or_was_spare_is_worth_half_a_second(gate: Gcra) -> None:
    gate.take(8, 100.0)
    assert gate.wait(4, 100.0) == pytest.approx(4.0)
    gate.give(2)
    assert gate.wait(4, 100.0) == pytest.approx(3.0)
    gate.settle(3)
    assert gate.wait(4, 100.0) == pytest.approx(1.5)
    gate.settle(-1)
    assert gate.wait(4, 100.0) == pytest.approx(2.0)


def test_what_is_left_is_a_part_of_the_burst(gate: Gcra) -> None:
    assert gate.left(100.0) == 1.0
    gate.take(1, 100.0)
    assert gate.left(100.0) == pytest.approx(0.75)
    gate.take(9, 100.0)
    assert gate.left(100.0) == 0.0
    assert gate.left(104.0) == pytest.approx(0.5)


def test_it_shows_its_figures(gate: Gcra) -> None:
    assert repr(gate) == "<requests: 2/s, burst 4>"

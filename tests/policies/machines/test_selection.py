from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.policies.machines.selection import drawn, less_busy, preference

WEIGHTS = st.lists(st.floats(0.1, 100), min_size=1, max_size=6)
CHANCE = st.floats(0, 1, exclude_max=True)


@settings(derandomize=True, deadline=None)
@given(WEIGHTS, st.data(), CHANCE)
def test_the_one_chosen_is_never_the_busiest_where_another_was_looked_at(
    weights: list[float], data: st.DataObject, chance: float
) -> None:
    loads = data.draw(st.lists(st.integers(0, 20), min_size=len(weights), max_size=len(weights)))
    chosen = less_busy(weights, loads, chance)
    busy = [load / weight for load, weight in zip(loads, weights, strict=True)]
    assert 0 <= chosen < len(weights)
    if len(weights) > 1 and busy[chosen] == max(busy):
        assert busy.count(max(busy)) > 1


@settings(derandomize=True, deadline=None)
@given(WEIGHTS, CHANCE)
def test_what_chance_has_left_over_is_chance_again(weights: list[float], chance: float) -> None:
    position, rest = drawn(weights, chance)
    assert 0 <= position < len(weights)
    assert 0 <= rest <= 1


def test_idle_targets_get_their_shares() -> None:
    dice = random.Random(1)
    shares = Counter(less_busy([5, 3, 2], [0, 0, 0], dice.random()) for _ in range(10_000))
    assert [round(shares[n] / 1000) for n in range(3)] == [5, 3, 2]


def test_busy_targets_carry_loads_by_their_weights() -> None:
    """Requests that never end: each target's pile grows by its weight."""
    dice, loads = random.Random(2), [0, 0, 0]
    for _ in range(9000):
        loads[less_busy([4, 2, 3], loads, dice.random())] += 1
    assert loads == pytest.approx([4000, 2000, 3000], rel=0.01)


def test_a_key_prefers_alike_whoever_asks_and_in_whatever_order_targets_stand() -> None:
    names = ("a", "b", "c", "d")
    for n in range(50):
        order = [names[place] for place in preference(f"key {n}", names, (1.0,) * 4)]
        backwards = names[::-1]
        assert [backwards[place] for place in preference(f"key {n}", backwards, (1.0,) * 4)] == order


def test_a_target_that_goes_moves_its_own_keys_only() -> None:
    names, fewer = ("a", "b", "c"), ("a", "c")
    for n in range(300):
        first = names[preference(str(n), names, (1.0, 2.0, 1.0))[0]]
        if first != "b":
            assert fewer[preference(str(n), fewer, (1.0, 1.0))[0]] == first


def test_keys_spread_by_weight() -> None:
    counts = Counter(preference(str(n), ("a", "b"), (3.0, 1.0))[0] for n in range(4000))
    assert counts[0] / counts[1] == pytest.approx(3, rel=0.1)


def test_text_that_no_encoding_knows_is_a_key_too() -> None:
    assert sorted(preference("\ud800", ("a", "b"), (1.0, 1.0))) == [0, 1]


def test_two_are_drawn_by_their_weights_to_the_last_bit() -> None:
    assert [less_busy([3, 1], [0, 0], chance) for chance in (0.0, 0.7499, 0.75, 1 - 2**-53)] == [0, 0, 1, 1]
    assert [less_busy([3, 1], loads, 0.0) for loads in ([3, 1], [4, 1], [3, 0])] == [0, 1, 1]


@pytest.mark.parametrize(
    ("weights", "chance", "position", "rest"),
    [
        ([1, 3], 0.0, 0, 0.0),
        ([1, 3], 0.125, 0, 0.5),
        ([1, 3], 0.25, 1, 0.0),
        ([1, 3], 0.625, 1, 0.5),
        ([1.4, 5.1], 1 - 2**-53, 1, 0.0),  # what rounding leaves over is the last one's
        ([2.1, 3.68, 5.0], 1 - 2**-53, 2, 0.0),
    ],
)
def test_who_is_drawn_and_what_is_left_of_the_number(
    weights: list[float], chance: float, position: int, rest: float
) -> None:
    assert drawn(weights, chance) == (position, pytest.approx(rest))


def test_keys_prefer_today_as_they_did_yesterday() -> None:
    places = [preference(f"chapter {n}", ("eu", "us", "ap"), (1.0, 2.0, 1.0)) for n in range(5)]
    assert places == [(1, 2, 0), (0, 1, 2), (2, 1, 0), (0, 1, 2), (1, 0, 2)]

"""Vectors: unit length, deterministic, and like texts close."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.emulator.brain.embedding import token_text, vector


def closeness(left: str, right: str, dimensions: int = 1536) -> float:
    return sum(a * b for a, b in zip(vector(left, dimensions), vector(right, dimensions), strict=True))


@pytest.mark.parametrize(
    ("text", "like", "unlike"),
    [
        ("a small dog runs in the park", "a puppy is running through the park", "quarterly tax report for the bank"),
        ("how do I reset my password", "I forgot my password, how to reset it", "the recipe needs two eggs"),
        ("The king spoke to his people", "A queen addressed the people", "Install the package with pip"),
        ("international flight to Rome", "flights to Rome", "guitar lessons for children"),
        ("machine learning models", "machine-learning model", "garden flowers in spring"),
    ],
)
@pytest.mark.parametrize("dimensions", [256, 1536, 3072])
def test_like_texts_are_closer(text: str, like: str, unlike: str, dimensions: int) -> None:
    assert closeness(text, like, dimensions) > closeness(text, unlike, dimensions) + 0.1


@given(st.text(max_size=200), st.sampled_from([1, 64, 1536, 3072]))
def test_unit_length_and_determinism(text: str, dimensions: int) -> None:
    found = vector(text, dimensions)
    assert len(found) == dimensions
    assert math.isclose(sum(value * value for value in found), 1.0, rel_tol=1e-9)
    assert found == vector(text, dimensions)


def test_shorter_is_the_beginning_of_longer() -> None:
    whole, part = vector("some words here", 1536), vector("some words here", 128)
    length = math.sqrt(sum(value * value for value in whole[:128]))
    assert part == pytest.approx([value / length for value in whole[:128]])


def test_known_value_so_that_processes_agree() -> None:
    found = vector("hello", 3072)
    largest = sorted(range(3072), key=lambda index: -abs(found[index]))[:3]
    assert [(index, round(found[index], 6)) for index in largest] == [
        (49, -0.168908),
        (199, 0.168908),
        (285, -0.168908),
    ]
    assert closeness("hello", "hello") == pytest.approx(1.0)
    assert closeness("hello", "Hello!") > 0.9


def test_tokens_stand_for_words() -> None:
    assert closeness(token_text([1, 2, 3]), token_text([1, 2, 4])) > closeness(
        token_text([1, 2, 3]), token_text([7, 8, 9])
    )

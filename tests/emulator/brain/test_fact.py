"""Values for named fields."""

from __future__ import annotations

import pytest

from antiphon.emulator.brain.fact import Facts, words_of


@pytest.mark.parametrize(
    ("name", "words"), [("firstName", ["first", "name"]), ("first_name", ["first", "name"]), ("URL", ["url"]), ("", [])]
)
def test_words(name: str, words: list[str]) -> None:
    assert words_of(name) == words


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("Alice is 30 years old", "name", "Alice"),
        ("title: Moby Dick, author: Melville", "title", "Moby Dick"),
        ("The colour is teal.", "colour", "teal"),
        ("Write to bob@x.org", "email", "bob@x.org"),
        ("See https://x.org", "url", "https://x.org"),
        ("She lives in Paris", "city", "Paris"),
        ("Meet on Friday", "date", "Friday"),
        ("Meet at 14:30", "time", "14:30"),
        ("I love this", "sentiment", "positive"),
        ("I hate this", "mood", "negative"),
        ("anything", "text", "anything"),
    ],
)
def test_strings(text: str, name: str, value: str) -> None:
    assert Facts(text).string(name) == value


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("Alice is 30 years old and has 2 cats", "age", "30"),
        ("Alice is 30 years old and has 2 cats", "cats", "2"),
        ("it costs $19.99 for 3", "price", "19.99"),
        ("quantity: 7, price 3", "quantity", "7"),
        ("what is 6*7", "answer", "42"),
        ("seven days", "days", "7"),
    ],
)
def test_numbers(text: str, name: str, value: str) -> None:
    assert Facts(text).number(name) == value


def test_nothing_is_handed_out_twice() -> None:
    facts = Facts("between 3 and 9")
    assert [facts.number(name) for name in ("a", "b", "c")] == ["3", "9", None]
    names = Facts("Alice met Bob")
    assert [names.string("user"), names.string("customer"), names.string("person")] == ["Alice", "Bob", None]


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("The lamp is not active.", "is_active", False),
        ("The lamp is active", "is_active", True),
        ("all good", "urgent", True),
    ],
)
def test_booleans(text: str, name: str, value: bool) -> None:
    assert Facts(text).boolean(name) is value


def test_lists() -> None:
    assert Facts("Buy milk, eggs and bread").strings("items") == ["milk", "eggs", "bread"]
    assert Facts("Alice and Bob came").strings("participants") == ["Alice", "Bob"]
    assert Facts("a@b.org, c@d.org").strings("emails") == ["a@b.org", "c@d.org"]


def test_choices() -> None:
    assert Facts("a red car").chosen(["blue", "red"], "colour") == "red"
    assert Facts("awful").chosen(["positive", "negative"], "sentiment") == "negative"
    assert Facts("x").chosen(["fahrenheit", "celsius"], "unit") == "celsius"
    assert Facts("x").chosen([3, 4], "n") == 3

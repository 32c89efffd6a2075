"""The table of prices: it is whole, dated, and finds names as people write them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from antiphon.core.price import PRICES, TIERS, VERSION, Price, dollars, most_output, price_of, thinks


def test_it_is_dated_and_holds_whole_numbers() -> None:
    assert re.fullmatch(r"20\d\d-[01]\d-[0-3]\d", VERSION)
    assert len(PRICES) > 80
    for model, price in PRICES.items():
        assert all(each.__class__ is int and each >= 0 for each in (*price[:4], *price[6:])), model
        assert price.cached <= price.input, model
        assert price.input or price.characters or price.seconds or price.images or "moderation" in model, model


@pytest.mark.parametrize(
    ("model", "same"),
    [
        ("gpt-4.1-mini-2025-04-14", "gpt-4.1-mini"),
        ("gpt-4-0613", "gpt-4"),
        ("gpt-5-chat-latest", "gpt-5"),
        ("gpt-5.1-codex-max", "gpt-5.1"),
        ("gpt-4-turbo-preview", "gpt-4-turbo"),
        ("o4-mini-high", "o4-mini"),
        ("gpt-5.6-2026-07-01", "gpt-5.6-sol"),
        ("omni-moderation-latest", "omni-moderation"),
    ],
)
def test_names_with_dates_cost_what_they_do_without(model: str, same: str) -> None:
    assert price_of(model) is PRICES[same]


def test_a_date_may_have_a_price_of_its_own() -> None:
    assert price_of("gpt-4o-2024-05-13") != price_of("gpt-4o-2024-11-20") == price_of("gpt-4o")


@pytest.mark.parametrize(
    "model", ["", "mine", "gpt-", "gpt-7", "ft:gpt-4o:me", "openai/gpt-4o", "-latest", "gpt-4o-mine"]
)
def test_what_is_not_listed_has_no_price(model: str) -> None:
    assert price_of(model) is None


def test_own_prices_go_first_and_by_exact_name() -> None:
    own = {"mine": Price(input=1), "gpt-4o": Price(input=2)}
    assert price_of("mine", own) == Price(input=1)
    assert price_of("gpt-4o", own) == Price(input=2)
    assert price_of("gpt-4o-2024-11-20", own) == PRICES["gpt-4o"]


def test_prices_are_stated_per_million() -> None:
    assert Price.per_million(1.25, cached=0.125, output=10)[:3] == (1250, 125, 10_000)
    assert Price.per_million(0.05)[:3] == (50, 50, 0)
    assert Price.per_million(0.0001).input == 1  # rounded up, never down to nothing


@pytest.mark.parametrize("wrong", ["1", None, True])
def test_what_is_no_price(wrong: Any) -> None:
    with pytest.raises(TypeError, match="input must be dollars per million tokens"):
        Price.per_million(wrong)


@pytest.mark.parametrize("wrong", [-1, float("nan"), float("inf")])
def test_a_price_that_cannot_be(wrong: float) -> None:
    with pytest.raises(ValueError, match="output must be 0 dollars"):
        Price.per_million(1, output=wrong)


@pytest.mark.parametrize(
    ("model", "most"),
    [
        ("gpt-5.2", 128_000),
        ("gpt-4o-mini", 16_384),
        ("gpt-4.1", 32_768),
        ("gpt-4", 8192),
        ("o3", 100_000),
        ("x", 128_000),
    ],
)
def test_how_much_a_model_may_say(model: str, most: int) -> None:
    assert most_output(model) == most


def test_which_models_think() -> None:
    assert [m for m in ("o3", "gpt-5.1", "gpt-6-sol", "gpt-4o", "omni-moderation", "gpt-5-chat", "x") if thinks(m)] == [
        "o3",
        "gpt-5.1",
        "gpt-6-sol",
    ]


def test_tiers_and_dollars() -> None:
    assert TIERS["flex"] == (1, 2)
    assert dollars(1_500_000_000) == 1.5

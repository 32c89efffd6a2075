"""Bills to the last token: where a bound is exact, the very figure; otherwise what it is made of."""

from __future__ import annotations

import json
from typing import Any

import pytest

from antiphon.core.price import Price
from antiphon.policies.machines.bill import Bill, at_most, cost, kind_of
from antiphon.policies.machines.tally import Tally

_PLAIN = Price(input=1000, cached=100, output=8000)
_PICTURES = Price(images=20_000_000)
_LETTERS = Price(characters=15_000)
_SECONDS = Price(seconds=100_000)


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("POST /embeddings", "embeddings.create"),
        ("POST embeddings", "embeddings.create"),
        ("POST xembeddings", ""),
        ("POST /responses/compact", "responses.compact"),
    ],
)
def test_a_raw_call_is_known_by_its_path(operation: str, kind: str) -> None:
    assert kind_of(operation) == kind


@pytest.mark.parametrize(("size", "seconds"), [(0, 1), (1999, 1), (2000, 2), (1_000_000, 501)])
def test_speech_costs_by_begun_seconds_and_no_tokens(size: int, seconds: int) -> None:
    assert at_most("audio.transcriptions.create", {}, size, _SECONDS, 9, 9) == Bill(seconds * 100_000, 0, 0)


@pytest.mark.parametrize(("n", "pictures"), [(None, 1), (1, 1), (2, 2), (0, 1), (-3, 1), ("4", 1), (2.5, 1)])
def test_pictures_cost_by_number_and_no_tokens(n: Any, pictures: int) -> None:
    found = at_most("images.generate", {"n": n}, 100, _PICTURES, 9, 9)
    assert found == Bill(pictures * 20_000_000, 0, 0, exact=True)


@pytest.mark.parametrize(("text", "letters"), [("four", 4), ("", 0), (None, 100), (["a"], 100)])
def test_speech_from_text_costs_by_letters_and_no_tokens(text: Any, letters: int) -> None:
    assert at_most("audio.speech.create", {"input": text}, 100, _LETTERS, 9, 9) == Bill(
        letters * 15_000, 0, 0, exact=True
    )


def test_tools_are_added_to_what_the_tokens_cost() -> None:
    body = {"input": "hi", "tools": [{"type": "web_search"}], "max_tool_calls": 3}
    assert at_most("responses.create", body, 10, _PLAIN, 5, 7) == Bill(17_000 + 40_000 + 30_000_000, 22, 17, 30_000_000)


@pytest.mark.parametrize("tools", [{"type": "web_search"}, "web_search", 7, None, [], ()])
def test_tools_that_are_no_list_cost_nothing(tools: Any) -> None:
    assert at_most("responses.create", {"tools": tools}, 10, _PLAIN, 5, 0).tools == 0


def test_up_to_a_size_each_byte_is_a_token() -> None:
    assert at_most("responses.create", {"input": "hi"}, 32 * 1024, _PLAIN, 0, 0).input == 32 * 1024


def large(**body: Any) -> tuple[int, int]:
    """The bound on the input's tokens, and the body's bytes."""
    size = len(json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    assert size > 32 * 1024
    return at_most("responses.create", body, size, _PLAIN, 0, 0).input, size


def test_past_it_text_names_and_two_tokens_for_each_value_are_counted() -> None:
    picture = "A" * 100_000
    assert large(model="m", input="x" * 40_000)[0] == 40_000 + 1 + 2 * 2
    nested = [{"role": "user", "content": [{"image_url": picture, "text": "hi"}]}]
    found, _ = large(input=nested)
    names = len("role") + len("content") + len("image_url") + len("text")
    values = 6  # two lists, two mappings, two texts; a picture is no value
    assert found == names + len("user") + len("hi") + 2_500 + 2 * values
    assert large(input="é" * 40_000)[0] == 80_000 + 2
    assert large(input=[{"data": 7, "file_data": picture}])[0] == 25_000 + 2_500 + len("data") + len("file_data") + 4


def test_the_bytes_remain_the_bound_of_what_is_not_text() -> None:
    found, size = large(input=[1] * 40_000)
    assert found == min(size, 80_000 + 2) == 80_002
    found, size = large(input=[[]] * 20_000 + ["x" * 10])
    assert found == 40_000 + 12 + 2
    many = {str(n): n for n in range(10_000)}
    found, size = large(metadata=many)
    assert found == sum(map(len, many)) + 2 * 10_001
    assert found < size


def test_what_was_cached_beyond_all_input_costs_nothing_less_than_nothing() -> None:
    odd = Tally(input=1, output=0, cached=100)
    assert cost(_PLAIN, odd) == 0
    assert cost(_PLAIN._replace(audio=(0, 0)), Tally(input=0, output=1, audio=(0, 5))) == 0


def test_a_write_to_the_cache_that_costs_no_more_than_input_costs_no_more() -> None:
    assert cost(_PLAIN._replace(written=900), Tally(10, 0, written=4)) == 10_000
    assert cost(_PLAIN._replace(written=1001), Tally(10, 0, written=4)) == 10_004


@pytest.mark.parametrize(
    ("price", "usd"),
    [
        (_PLAIN, 10 * 1000 + 5 * 8000),
        (_PLAIN._replace(written=1250), 10 * 1250 + 5 * 8000),
        (_PLAIN._replace(audio=(32_000, 64_000)), 10 * 32_000 + 5 * 64_000),
        (_PLAIN._replace(image=(500, 40_000)), 10 * 1000 + 5 * 40_000),
        (_PLAIN._replace(image=(9_000, 500), audio=(32_000, 100)), 10 * 32_000 + 5 * 8000),
    ],
)
def test_the_bound_takes_the_dearest_kind_of_token(price: Price, usd: int) -> None:
    assert at_most("responses.create", {}, 10, price, 5, 0).usd == usd


def test_only_a_model_without_a_price_for_input_is_known_exactly() -> None:
    assert at_most("moderations.create", {}, 10, Price(), 5, 0) == Bill(0, 10, 10, exact=True)
    assert not at_most("embeddings.create", {}, 10, _PLAIN, 5, 0).exact

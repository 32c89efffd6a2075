"""Query strings, held against what the official package puts on the wire."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any
from urllib.parse import parse_qsl

import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.core.model import BaseModel
from antiphon.core.omit import not_given, omit
from antiphon.core.query import encode_query, flatten, merge_query
from antiphon.errors import InvalidBody

from .recorder import recording


class Colour(Enum):
    RED = "dark red"


class Filter(BaseModel):
    kind: str
    ids: list[int] | None = None


class Level(IntEnum):
    LOW = 3


CASES: list[dict[str, Any]] = [
    {},
    {"a": "x y"},
    {"a": "ü€😀"},
    {"a": "a/b?c&d=e#f"},
    {"a": "[]+%20%"},
    {"a": ["x", "y z"]},
    {"a": []},
    {"a": {}},
    {"a": {"b": {"c": [1, 2]}}},
    {"a": [{"b": 1}, {"c": 2}]},
    {"a": True, "b": False, "c": None, "d": 1.5, "e": 10, "f": 1e30, "g": -1, "h": 0},
    {"a": [None, 1, True]},
    {"a": Level.LOW},
    {"a": ("t", 1)},
    {"a b": "1", "ü[": "2", "c[]": 3},
    {"a": ""},
    {"a": "-._~!*'()$,;:@"},
    {"a": '"<>`{}|\\^'},
    {"a": "\n\t\0\x7f"},
    {"a": "%41"},
    {"a": uuid.UUID(int=5)},
    {"a": Decimal("1.50")},
    {"a": "resp_123", "limit": 20, "order": "desc"},
]


def test_the_wire_shows_what_the_official_package_shows() -> None:
    with recording() as recorder, openai.OpenAI(api_key="k", base_url=recorder.url, max_retries=0) as client:
        for params in CASES:
            client.get("/x", cast_to=object, options={"params": params})
        theirs = [received.query for received in recorder.received]
    assert [encode_query(params) for params in CASES] == theirs


def test_layers_merge_as_in_the_official_package() -> None:
    default = {"d": 1, "after": "default"}
    layers: list[tuple[dict[str, Any], dict[str, Any] | None]] = [
        ({}, None),
        ({"after": "op"}, None),
        ({"after": "op"}, {"after": "x", "limit": 3}),
        ({"after": "op"}, {"after": None, "d": None}),
        ({"metadata": {"a": "1"}}, {"metadata": {"b": "2"}}),
        ({"after": "op"}, {"d": [1, 2]}),
    ]
    with recording() as recorder:
        client = openai.OpenAI(api_key="k", base_url=recorder.url, max_retries=0, default_query=default)
        with client:
            for operation, extra in layers:
                client.chat.completions.list(**operation, extra_query=extra)
        theirs = [received.query for received in recorder.received]
    assert [encode_query(merge_query(default, operation, extra)) for operation, extra in layers] == theirs


@pytest.mark.parametrize(
    ("layers", "merged"),
    [
        ((None, None, None), {}),
        (({"a": 1}, None, None), {"a": 1}),
        (({"a": 1}, {"a": omit}, None), {"a": 1}),
        (({"a": 1}, {"a": not_given}, {}), {"a": 1}),
        (({"a": 1}, {"a": None}, None), {}),
        (({"a": 1}, {"a": 2}, {"a": omit}), {}),
        (({"a": omit, "b": 1}, {}, {"b": not_given}), {}),
    ],
)
def test_merge(layers: tuple[Any, Any, Any], merged: dict[str, Any]) -> None:
    before = [dict(layer) if layer else layer for layer in layers]
    assert merge_query(*layers) == merged
    assert list(layers) == before


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"a": omit, "b": not_given, "c": 1}, "c=1"),
        ({"a": {"b": omit, "c": [omit, 1]}}, "a%5Bc%5D%5B%5D=1"),
        ({"a": Colour.RED}, "a=dark+red"),
        ({"a": [Colour.RED]}, "a%5B%5D=dark+red"),
        ({"a": datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)}, "a=2024-01-02T03%3A04%3A05%2B00%3A00"),
        ({"a": date(2024, 1, 2)}, "a=2024-01-02"),
        ({1: 2}, "1=2"),
        ({1: [2]}, "1%5B%5D=2"),
        ({"f": Filter(kind="a", ids=[1, 2])}, "f%5Bkind%5D=a&f%5Bids%5D%5B%5D=1&f%5Bids%5D%5B%5D=2"),
    ],
)
def test_what_the_official_package_does_not_know(params: dict[str, Any], text: str) -> None:
    assert encode_query(params) == text


@pytest.mark.parametrize("value", [b"x", bytearray(b"x"), memoryview(b"x"), {1}, frozenset({1}), [{"b": b"x"}]])
def test_values_without_a_text_form_are_refused_by_name(value: object) -> None:
    with pytest.raises(InvalidBody, match="no text form") as caught:
        encode_query({"a": value})
    assert caught.value.path in {"a", "a[][b]"}


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(InvalidBody, match="surrogate"):
        encode_query({"a": "\ud800"})


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    TEXT | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(st.dictionaries(TEXT, VALUES, max_size=4))
def test_a_query_reads_back_as_its_fields(params: dict[str, Any]) -> None:
    query = encode_query(params)
    assert query.isascii()
    fields = [field for name, value in params.items() for field in flatten(name, value)]
    assert parse_qsl(query, keep_blank_values=True) == fields

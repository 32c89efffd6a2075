"""Bracketed names and texts put together as typed values."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.emulator import query
from antiphon.emulator.description import description
from antiphon.emulator.form import assemble
from antiphon.emulator.problem import Problem
from antiphon.emulator.schema import Schema

SCHEMA = Schema({"Expiry": ["object", {"anchor": [["enum", ["created_at"]], True], "seconds": ["int", True]}]})
FIELDS: dict[str, Any] = {
    "name": ("str", False),
    "count": (["union", ["int", "null"]], False),
    "ratio": ("float", False),
    "flag": ("bool", False),
    "order": (["enum", ["asc", "desc"]], False),
    "tags": (["list", "str"], False),
    "numbers": (["list", "int"], False),
    "meta": (["dict", "str"], False),
    "expires_after": (["ref", "Expiry"], False),
    "stream": (["enum", [True, False]], False),
}


@pytest.mark.parametrize(
    ("pairs", "values"),
    [
        ([("name", "5")], {"name": "5"}),
        ([("count", "5"), ("ratio", "0.5"), ("flag", "true")], {"count": 5, "ratio": 0.5, "flag": True}),
        ([("count", "-5")], {"count": -5}),
        ([("order", "asc"), ("stream", "true")], {"order": "asc", "stream": True}),
        ([("tags[]", "a"), ("tags[]", "b")], {"tags": ["a", "b"]}),
        ([("numbers[0]", "1"), ("numbers[1]", "2")], {"numbers": [1, 2]}),
        ([("meta[k]", "1"), ("meta[l]", "2")], {"meta": {"k": "1", "l": "2"}}),
        (
            [("expires_after[anchor]", "created_at"), ("expires_after[seconds]", "60")],
            {"expires_after": {"anchor": "created_at", "seconds": 60}},
        ),
        ([("count", "many"), ("ratio", "wide")], {"count": "many", "ratio": "wide"}),
        ([("count", "²"), ("ratio", "nan")], {"count": "²", "ratio": "nan"}),
        ([("meta", "x"), ("meta[k]", "1")], {"meta": {"k": "1"}}),
        ([("expires_after[other][x]", "1")], {"expires_after": {"other": {"x": "1"}}}),
    ],
)
def test_assembled(pairs: list[tuple[str, str]], values: dict[str, Any]) -> None:
    assert assemble(SCHEMA, FIELDS, pairs) == values


def test_unknown_name() -> None:
    with pytest.raises(Problem) as caught:
        assemble(SCHEMA, FIELDS, [("other[x]", "1")])
    assert (caught.value.param, caught.value.code) == ("other", "unknown_parameter")


def test_deep_brackets_end() -> None:
    assert assemble(SCHEMA, FIELDS, [("meta" + "[a]" * 1000, "1")])


def test_queries_are_checked() -> None:
    operation = description().operations["responses.input_items.list"]
    assert query.read(operation, b"limit=3&order=asc&include[]=reasoning.encrypted_content") == {
        "limit": 3,
        "order": "asc",
        "include": ["reasoning.encrypted_content"],
    }
    for raw, param in (
        (b"limit=x", "limit"),
        (b"order=up", "order"),
        (b"include[]=x", "include[0]"),
        (b"nope=1", "nope"),
    ):
        with pytest.raises(Problem) as caught:
            query.read(operation, raw)
        assert (caught.value.status, caught.value.param) == (400, param)

"""Schemas that came with a request."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from antiphon.emulator.contract import check
from antiphon.emulator.problem import Problem

CLOSED = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}


def judged(schema: Any, strict: bool = False) -> str | None:
    with contextlib.suppress(Problem):
        check(schema, name="x", param="p", code="c", strict=strict)
        return None
    with pytest.raises(Problem) as caught:
        check(schema, name="x", param="p", code="c", strict=strict)
    assert (caught.value.status, caught.value.param, caught.value.code) == (400, "p", "c")
    return caught.value.message.removeprefix("Invalid schema for x: ")


@pytest.mark.parametrize(
    "schema",
    [
        {},
        CLOSED,
        {"type": ["string", "null"]},
        {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/A"}]},
        {"items": True},
        {"enum": [None]},
        {"pattern": "^a+$"},
        {"prefixItems": []},
        {"additionalProperties": {"type": "string"}},
    ],
)
def test_good(schema: Any) -> None:
    assert judged(schema) is None


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (5, "the root is not an object."),
        (True, "the root is not an object."),
        ({"type": "text"}, "the root has the type 'text', which is none."),
        ({"type": []}, "the root has the type [], which is none."),
        ({"properties": 5}, "'properties' of the root is not an object."),
        ({"properties": {"a": {"type": "x"}}}, "properties/a has the type 'x', which is none."),
        ({"items": {"anyOf": []}}, "'anyOf' of items is not a list with members."),
        ({"enum": []}, "'enum' of the root is not a list with members."),
        ({"required": "a"}, "'required' of the root is not a list with members."),
        ({"required": [1]}, "'required' of the root holds something that is no name."),
        ({"minItems": -1}, "'minItems' of the root is not a whole number of zero or more."),
        ({"minItems": 100_001}, "'minItems' of the root is more than 100000."),
        ({"multipleOf": 0}, "'multipleOf' of the root is not a number that can be used."),
        ({"minimum": "0"}, "'minimum' of the root is not a number that can be used."),
        ({"$ref": "http://elsewhere"}, "'$ref' of the root does not point into the schema."),
        ({"pattern": "("}, "'pattern' of the root is not a regular expression."),
        ({"anyOf": [{"items": 3}]}, "anyOf/0/items is not an object."),
    ],
)
def test_bad(schema: Any, message: str) -> None:
    assert judged(schema) == message


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (CLOSED, None),
        ({"type": "string"}, "the root must have the type 'object'."),
        (CLOSED | {"additionalProperties": True}, "'additionalProperties' of the root must be given, and false."),
        (CLOSED | {"required": []}, "'required' of the root must name every property; it lacks 'a'."),
        (
            CLOSED | {"$defs": {"B": {"type": "object", "properties": {}}}},
            "'additionalProperties' of $defs/B must be given, and false.",
        ),
    ],
)
def test_strict(schema: Any, message: str | None) -> None:
    assert judged(schema, strict=True) == message


def test_depth_is_bounded() -> None:
    deep: dict[str, Any] = {}
    for _ in range(200):
        deep = {"items": deep}
    assert judged(deep) == "items/items/items nests too deep."

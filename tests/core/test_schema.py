"""JSON schemas of model classes."""

# ruff: noqa: UP035 - both spellings are to be understood
from __future__ import annotations

import enum
from datetime import datetime
from typing import Any, Callable, Literal, TypedDict

import pytest

from antiphon.core.model import BaseModel
from antiphon.core.schema import json_schema

from .sample_model import Text, Usage


class Colour(enum.Enum):
    RED = "red"
    BLUE = 2


class Options(TypedDict):
    a: int


class Everything(BaseModel):
    s: str
    n: None
    i: int | None = 3
    at: datetime | None = None
    a: Any = None
    o: object = None
    d: dict[str, int] | None = None
    bare: dict | None = None  # type: ignore[type-arg]
    options: Options | None = None
    many: list[Usage] | None = None
    pair: tuple[str, ...] | None = None
    anything: list | None = None  # type: ignore[type-arg]
    one: Literal["x"] | None = None
    two: Literal[1, "x"] | None = None
    colour: Colour | None = None
    function: Callable[[], int] | None = None
    odd: complex | None = None
    lost: Nowhere | None = None  # type: ignore[name-defined]  # noqa: F821


NULL = {"type": "null"}


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("s", {"type": "string"}),
        ("n", {"type": "null"}),
        ("i", {"type": "integer"}),
        ("at", {"type": "string", "format": "date-time"}),
        ("a", {}),
        ("o", {}),
        ("d", {"type": "object", "additionalProperties": {"type": "integer"}}),
        ("bare", {"type": "object", "additionalProperties": True}),
        ("options", {"type": "object", "additionalProperties": True}),
        ("many", {"type": "array", "items": {"$ref": "#/$defs/Usage"}}),
        ("pair", {"type": "array", "items": {"type": "string"}}),
        ("anything", {"type": "array", "items": {}}),
        ("one", {"const": "x", "type": "string"}),
        ("two", {"enum": [1, "x"]}),
        ("colour", {"enum": ["red", 2]}),
        ("function", {}),
        ("odd", {}),
        ("lost", None),
    ],
)
def test_each_kind_of_field(name: str, schema: dict[str, Any]) -> None:
    found = json_schema(Everything)["properties"][name]
    if name in {"s", "n"}:
        assert found == schema
    elif name in {"a", "o", "lost"}:
        assert found == {"default": None}
    else:
        assert found == {"anyOf": [schema, NULL], "default": 3 if name == "i" else None}


def test_the_whole() -> None:
    schema = json_schema(Everything, ref_template="#/components/{model}")
    assert schema["required"] == ["s", "n"]
    assert schema["title"] == "Everything"
    assert set(schema["$defs"]) == {"Usage"}
    assert schema["properties"]["many"]["anyOf"][0]["items"] == {"$ref": "#/components/Usage"}
    assert "required" not in json_schema(type("Empty", (BaseModel,), {"__module__": __name__}))
    assert "$defs" not in json_schema(Usage)


def test_two_classes_of_one_name() -> None:
    twin = type("Usage", (BaseModel,), {"__module__": "else.where", "__annotations__": {"x": int}})
    both = type("Both", (BaseModel,), {"__module__": __name__, "__annotations__": {"a": Usage, "b": twin, "c": Text}})
    assert set(json_schema(both)["$defs"]) == {"Usage", "else__where__Usage", "Text"}

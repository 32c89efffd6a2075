"""Types the API would refuse are refused before they are sent, with place and reason."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

import pydantic
import pytest
from openai.lib._pydantic import to_strict_json_schema as official
from openai.lib._tools import pydantic_function_tool as official_tool

from antiphon.errors import InvalidBody
from antiphon.helpers.schema import (
    check,
    check_type,
    pydantic_function_tool,
    strict,
    to_strict_json_schema,
    type_to_response_format_param,
)

from .shape import Leaf


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [
        (dict[str, int], "fixed keys"),
        (dict, "fixed keys"),
        (dict[str, Any], "fixed keys"),
        (dict[Literal["a"], int], "fixed keys"),
        (Any, "type"),
        (object, "type"),
        (tuple[int, str], "tuple"),
        (set[int], "set"),
        (list, "type"),
        (list[Any], "type"),
        (list[dict[str, int]], "fixed keys"),
        (dict[str, int] | None, "fixed keys"),
    ],
)
def test_what_the_api_would_refuse_is_refused_with_place_and_reason(annotation, reason):
    model = pydantic.create_model("Thing", good=(int, ...), bad=(annotation, ...))
    for _ in range(2):
        with pytest.raises(InvalidBody, match=reason) as refused:
            check_type(model)
        assert refused.value.path.startswith("Thing.bad")
    # Other servers take more, so that what is sent is not refused: as the official package makes it.
    assert to_strict_json_schema(model) == official(model)
    tool = pydantic_function_tool(model)
    assert tool == official_tool(model)


@pytest.mark.parametrize(("annotation", "reason"), [(dict[str, int], "fixed keys"), (Any, "type"), (set[int], "set")])
def test_dataclasses_are_refused_alike(annotation, reason):
    kind = dataclasses.make_dataclass("Thing", [("good", int), ("bad", annotation)])
    with pytest.raises(InvalidBody, match=reason) as refused:
        check_type(kind)
    assert refused.value.path == "Thing.bad"
    assert type_to_response_format_param(kind)["json_schema"]["schema"]["required"] == ["good", "bad"]


def test_the_place_names_the_inner_type():
    class Leaf(pydantic.BaseModel):
        extra: dict[str, int]

    class Tree(pydantic.BaseModel):
        leaves: list[Leaf]

    with pytest.raises(InvalidBody) as refused:
        check_type(Tree)
    assert refused.value.path == "Leaf.extra"


@pytest.mark.parametrize("word", ["allOf", "not", "if", "dependentRequired", "patternProperties"])
def test_words_strict_mode_does_not_know(word):
    body = [{"type": "string"}, {"type": "integer"}] if word == "allOf" else {}
    with pytest.raises(InvalidBody, match=r"schema\.a"):
        check(strict({"type": "object", "properties": {"a": {"type": "string", word: body}}}))


def test_the_outermost_type_must_be_an_object():
    with pytest.raises(InvalidBody, match="outermost"):
        check_type(pydantic.TypeAdapter(list[int]))
    with pytest.raises(InvalidBody, match="outermost"):
        check_type(pydantic.RootModel[int | str])
    assert to_strict_json_schema(pydantic.TypeAdapter(list[int])) == {"type": "array", "items": {"type": "integer"}}


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": {}}
    for _ in range(levels - 1):
        schema = {"type": "object", "properties": {"in": schema}}
    return strict(schema)


def test_sizes_are_bounded():
    check(nested(10))
    with pytest.raises(InvalidBody, match="deeper than 10"):
        check(nested(11))
    wide = {"type": "object", "properties": {f"p{i}": {"type": "string"} for i in range(5001)}}
    with pytest.raises(InvalidBody, match="5000 properties"):
        check(strict(wide))
    with pytest.raises(InvalidBody, match="1000 enum"):
        check(strict({"type": "object", "properties": {"a": {"type": "integer", "enum": list(range(1001))}}}))
    with pytest.raises(InvalidBody, match="120000"):
        check(strict({"type": "object", "properties": {"a": {"type": "string", "const": "x" * 120_001}}}))


def test_references_that_lead_nowhere():
    for ref in ("#/$defs/Gone", "https://example.com", 3):
        with pytest.raises(ValueError, match="refers to"):
            strict({"type": "object", "properties": {"a": {"$ref": ref, "description": "d"}}})

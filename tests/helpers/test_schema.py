"""Strict schemas are what the official package sends where that works."""

from __future__ import annotations

import dataclasses
import enum
import gc
import json
import subprocess
import sys
import weakref
from typing import Annotated, Generic, Literal, TypedDict, TypeVar

import msgspec
import pydantic
import pytest
from openai.lib._parsing._completions import type_to_response_format_param as official_format
from openai.lib._parsing._responses import type_to_text_format_param as official_text_format
from openai.lib._pydantic import to_strict_json_schema as official
from openai.lib._tools import pydantic_function_tool as official_tool
from openai.lib._tools import pydantic_responses_function_tool as official_responses_tool

from antiphon.core.omit import not_given, omit
from antiphon.helpers.schema import (
    check,
    pydantic_function_tool,
    pydantic_responses_function_tool,
    schema_of,
    strict,
    text_format_of,
    to_strict_json_schema,
    type_to_response_format_param,
)
from antiphon.helpers.structure import is_structure, reader_of

from .shape import Leaf

T = TypeVar("T")


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Point(pydantic.BaseModel):
    """A place."""

    x: int
    y: float = 1.5


class Shape(pydantic.BaseModel):
    name: str = pydantic.Field(description="what it is called", pattern="^[a-z]+$")
    colour: Colour = pydantic.Field(description="its colour")
    at: Point = pydantic.Field(description="where")
    plain: Point
    maybe: Point | None = None
    many: list[Point] = pydantic.Field(default_factory=list, max_length=3)
    kind: Literal["a", "b"] = "a"
    either: int | str | None = None
    age: Annotated[int, pydantic.Field(ge=0, le=150)] = 3


class Node(pydantic.BaseModel):
    value: int
    next: Node | None = None
    children: list[Node] = []


class Empty(pydantic.BaseModel):
    pass


class Cat(pydantic.BaseModel):
    kind: Literal["cat"]
    meows: bool


class Dog(pydantic.BaseModel):
    kind: Literal["dog"]
    barks: int


class Owner(pydantic.BaseModel):
    pet: Annotated[Cat | Dog, pydantic.Field(discriminator="kind")]


class Inner(pydantic.BaseModel):
    a: int


class Outer(pydantic.BaseModel):
    one: Inner = pydantic.Field(description="first", default=Inner(a=1))
    two: Inner = pydantic.Field(title="Second")


@pydantic.dataclasses.dataclass
class Placed:
    x: int
    note: str | None = None


class Box(pydantic.BaseModel, Generic[T]):
    content: T


@dataclasses.dataclass
class Step:
    """One step."""

    text: str
    colour: Colour = Colour.RED
    kind: Literal["u", "v"] = "u"
    score: float = 0.5
    after: Step | None = None


class Plan(TypedDict):
    steps: list[Step]
    title: str | None


class Circle(msgspec.Struct, tag=True):
    radius: Annotated[float, msgspec.Meta(gt=0, description="in metres")]


class Square(msgspec.Struct, tag=True):
    side: int


class Drawing(msgspec.Struct):
    shapes: list[Circle | Square]


@dataclasses.dataclass
class Mixed:
    point: Point
    note: str


@pytest.mark.parametrize("model", [Point, Shape, Node, Empty, Cat, Outer])
def test_pydantic_models_give_what_the_official_package_sends(model):
    assert to_strict_json_schema(model) == official(model)
    assert list(to_strict_json_schema(model)["properties"]) == list(official(model)["properties"])


@pytest.mark.parametrize("kind", [Point, Shape, Placed, Node])
def test_formats_are_the_official_ones(kind):
    assert type_to_response_format_param(kind) == official_format(kind)
    assert text_format_of(kind) == official_text_format(kind)


def test_a_type_adapter_gives_the_official_schema():
    adapter = pydantic.TypeAdapter(Placed)
    assert to_strict_json_schema(adapter) == official(adapter)


@pytest.mark.parametrize("options", [{}, {"name": "draw", "description": "draws"}, {"description": ""}])
@pytest.mark.parametrize("model", [Point, Shape, Cat])
def test_function_tools_are_the_official_ones(model, options):
    ours = pydantic_function_tool(model, **options)
    assert ours == official_tool(model, **options)
    assert ours["function"].model is model
    tool = pydantic_responses_function_tool(model, **options)
    assert tool == official_responses_tool(model, **options)
    assert tool.model is model
    assert pydantic_responses_function_tool(model, defer_loading=True)["defer_loading"] is True
    assert "defer_loading" not in tool


def test_a_tagged_union_becomes_a_union_the_api_takes():
    schema = to_strict_json_schema(Owner)
    assert schema["properties"]["pet"]["anyOf"] == [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}]
    assert "oneOf" not in json.dumps(schema)
    assert "discriminator" not in json.dumps(schema)


def test_a_type_described_within_itself_ends():
    class Folder(pydantic.BaseModel):
        name: str
        parent: Folder | None = pydantic.Field(description="the one above")
        first: Folder = pydantic.Field(description="the one below")

    schema = to_strict_json_schema(Folder)
    assert schema["properties"]["first"] == {"$ref": "#/$defs/Folder"}
    assert schema["required"] == ["name", "parent", "first"]


def test_a_dataclass_without_pydantic():
    schema = to_strict_json_schema(Step)
    assert schema["required"] == ["text", "colour", "kind", "score", "after"]
    assert schema["additionalProperties"] is False
    assert schema["description"] == "One step."
    assert schema["properties"]["kind"] == {"type": "string", "enum": ["u", "v"]}
    assert schema["properties"]["colour"] == {"$ref": "#/$defs/Colour"}
    assert schema["$defs"]["Colour"]["type"] == "string"
    assert "default" not in json.dumps(schema)


def test_a_typed_dict_and_msgspec_structs_without_pydantic():
    assert to_strict_json_schema(Plan)["properties"]["steps"]["items"] == {"$ref": "#/$defs/Step"}
    schema = to_strict_json_schema(Drawing)
    assert schema["properties"]["shapes"]["items"]["anyOf"] == [{"$ref": "#/$defs/Circle"}, {"$ref": "#/$defs/Square"}]
    assert schema["$defs"]["Circle"]["required"] == ["type", "radius"]
    assert "discriminator" not in json.dumps(schema)
    assert schema["$defs"]["Circle"]["properties"]["radius"]["description"] == "in metres"


def test_a_field_may_be_called_default_or_discriminator():
    struct = msgspec.defstruct("Odd", [("default", int), ("discriminator", str), ("enum", int)])
    assert to_strict_json_schema(struct)["required"] == ["default", "discriminator", "enum"]


def test_a_dataclass_with_pydantic_fields():
    assert to_strict_json_schema(Mixed)["properties"]["point"] == {"$ref": "#/$defs/Point"}
    assert reader_of(Mixed)('{"point": {"x": 1}, "note": "n"}') == Mixed(Point(x=1), "n")


def test_a_name_outside_the_apis_alphabet_is_made_to_fit():
    assert type_to_response_format_param(Box[int])["json_schema"]["name"] == "Box_int_"


@dataclasses.dataclass
class Branch:
    """Where leaves grow."""

    leaf: Leaf
    leaves: list[Leaf]


@dataclasses.dataclass
class Knot:
    up: Knot | None
    leaf: Leaf


def test_a_dataclass_is_not_among_its_own_definitions():
    assert to_strict_json_schema(Leaf) == {
        "title": "Leaf",
        "type": "object",
        "properties": {"size": {"type": "integer"}},
        "required": ["size"],
        "additionalProperties": False,
    }
    assert list(to_strict_json_schema(Branch)["$defs"]) == ["Leaf"]
    function = pydantic_function_tool(Branch)["function"]
    assert (function["name"], function["description"]) == ("Branch", "Where leaves grow.")
    assert function["parameters"] == to_strict_json_schema(Branch)


def test_unless_it_holds_itself():
    schema = to_strict_json_schema(Knot)
    assert schema["properties"]["up"] == {"anyOf": [{"$ref": "#/$defs/Knot"}, {"type": "null"}]}
    assert sorted(schema["$defs"]) == ["Knot", "Leaf"]
    assert schema["$defs"]["Knot"]["additionalProperties"] is False
    check(schema)


def test_single_all_of_is_merged_and_siblings_are_inlined():
    schema = {
        "type": "object",
        "properties": {"a": {"allOf": [{"$ref": "#/$defs/P"}], "description": "d"}},
        "$defs": {"P": {"type": "object", "properties": {"x": {"type": "integer", "default": None}}}},
    }
    given = json.loads(json.dumps(schema))
    inlined = strict(schema)["properties"]["a"]
    assert inlined == {
        "type": "object",
        "properties": {"x": {"type": "integer"}},
        "required": ["x"],
        "additionalProperties": False,
        "description": "d",
    }
    assert schema == given, "the given schema is not changed"


@pytest.mark.parametrize("kind", [int, str, list[int], dict, 3, None, Annotated[Point, 1]])
def test_other_things_cannot_describe_output(kind):
    assert not is_structure(kind)
    with pytest.raises(TypeError, match="cannot"):
        to_strict_json_schema(kind)
    with pytest.raises(TypeError, match="cannot"):
        reader_of(kind)
    if not isinstance(kind, dict):
        with pytest.raises(TypeError, match="response_format"):
            type_to_response_format_param(kind)


@pytest.mark.parametrize("value", [omit, not_given])
def test_sentinels_and_ready_formats_pass(value):
    assert type_to_response_format_param(value) is omit
    ready = {"type": "json_object"}
    assert type_to_response_format_param(ready) is ready


def test_schemas_are_kept_per_type_and_let_go_with_it():
    assert schema_of(Point) is schema_of(Point)
    assert to_strict_json_schema(Point) is not schema_of(Point)
    tool = pydantic_function_tool(Point)
    tool["function"]["parameters"]["properties"].clear()
    assert schema_of(Point)["properties"]

    passing = dataclasses.make_dataclass("Passing", [("a", int)])
    schema_of(passing)
    gone = weakref.ref(passing)
    del passing
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Point, '{"x": 1}', Point(x=1)),
        (Placed, '{"x": 1}', Placed(1)),
        (Step, '{"text": "t", "colour": "blue"}', Step("t", Colour.BLUE)),
        (Plan, '{"steps": [{"text": "t"}], "title": null}', {"steps": [Step("t")], "title": None}),
        (Drawing, '{"shapes": [{"type": "Square", "side": 2}]}', Drawing([Square(2)])),
    ],
)
def test_text_is_read_into_the_type(kind, text, value):
    assert reader_of(kind)(text) == value


@pytest.mark.parametrize(("kind", "error"), [(Point, pydantic.ValidationError), (Step, msgspec.ValidationError)])
def test_text_that_does_not_fit_is_an_error_of_the_types_library(kind, error):
    with pytest.raises(error):
        reader_of(kind)('{"x": "no", "text": 3}')


def test_pydantic_is_not_needed():
    program = """
import sys, dataclasses
sys.modules["pydantic"] = None
from antiphon.helpers.schema import to_strict_json_schema, text_format_of
from antiphon.helpers.structure import reader_of
@dataclasses.dataclass
class A:
    x: int
assert to_strict_json_schema(A)["required"] == ["x"]
assert text_format_of(A)["name"] == "A"
assert reader_of(A)('{"x": 3}') == A(3)
try:
    to_strict_json_schema(int)
except TypeError:
    print("fine")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout == "fine\n", done.stderr


def test_pydantic_is_not_imported():
    program = "import sys, antiphon.helpers.schema as s; print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"

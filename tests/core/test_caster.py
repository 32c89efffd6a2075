"""Casters: JSON seen through any type expression, never failing, never copying."""

# ruff: noqa: UP006, UP007, UP045 - both spellings are to be understood
from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, NotRequired, Optional, TypedDict, TypeVar, Union

import msgspec
import pytest

from antiphon.core.caster import caster, same
from antiphon.core.model import BaseModel, Discriminator

from .sample_model import Call, Circle, Item, Message, Named, Parsed, Reply, Shape, Square, Text, Usage

USAGE = {"input_tokens": 1, "output_tokens": 2}
CALL = {"type": "call", "name": "n", "arguments": ""}


class Options(TypedDict):
    name: NotRequired[str]


@dataclasses.dataclass
class Point:
    x: int


class Struct(msgspec.Struct):
    y: int


class Tagged(BaseModel):
    kind: Literal["a[b]"]


class Catchall(BaseModel):
    kind: str
    n: int | None = None


class Other(BaseModel):
    kind: Literal["c"]
    also: Literal["x"]


class Another(BaseModel):
    kind: Literal["c"]
    also: Literal["y"]


@pytest.mark.parametrize(
    "expression",
    [
        str, int, None, Any, object, bytes, Literal["a"], Optional[str], list[str], dict[str, object], list[dict[str, Any]], list, dict,
        tuple, tuple[int, ...], tuple[int, str], TypeVar("T"), Options, Union[str, list[int], dict[str, int]], Annotated[str, "x"],
        Sequence[str], Iterable[int], Mapping[str, int], complex, "text",
    ],
)  # fmt: skip
def test_plain_expressions_need_no_caster(expression: Any) -> None:
    assert caster(expression) is same
    value = {"a": [1]}
    assert caster(expression)(value) is value


@pytest.mark.parametrize(
    ("expression", "value", "kinds"),
    [
        (Usage, USAGE, Usage),
        (Optional[Usage], USAGE, Usage),
        (Usage | None, None, type(None)),
        (Parsed[Usage], {}, Parsed),
        (Item, CALL, Call),
        (Item, {**CALL, "type": "legacy_call"}, Call),
        (Item, {"type": "message"}, Message),
        (Item, {"type": "new"}, BaseModel),
        (Item, {"type": None, "role": "user", "id": "x", "content": []}, Message),
        (Item, {"type": ["odd"]}, BaseModel),
        (Item, {"name": "n", "arguments": "x"}, Call),
        (Item, "text", str),
        (Union[Square, Circle], {"radius": 1}, Circle),
        (Union[Square, Circle], {}, Square),
        (Union[str, Usage], "x", str),
        (Union[Square, dict[str, object]], {"side": 1}, Square),
        (Union[Square, dict[str, object]], {"sides": 1}, dict),
        (Union[Square, object], {"sides": 1}, dict),
        (Annotated[Tagged | Catchall, Discriminator("kind")], {"kind": "a[b]"}, Tagged),
        (Annotated[Tagged | Catchall, Discriminator("kind")], {"kind": "else"}, Catchall),
        (Annotated[Other | Another, Discriminator("kind")], {"kind": "c", "also": "y"}, Another),
        (Annotated[Other | Another, Discriminator("kind")], {"kind": "c", "also": "z"}, BaseModel),
        (Annotated[Other | object, Discriminator("kind")], {"kind": "q"}, dict),
        (Annotated[Other | Usage, Discriminator("kind")], {"kind": "c"}, Other),
        (Annotated[Other | Usage, Discriminator("kind")], {"kind": "q"}, Usage),
        (Point, {"x": 1}, Point),
        (Struct, {"y": 1}, Struct),
        (datetime, "2026-01-01T00:00:00Z", datetime),
        (Optional[date], "2026-01-01", date),
        (date, "never", str),
        (datetime, [], list),
    ],
)
def test_the_kind_of_the_result(expression: Any, value: Any, kinds: type) -> None:
    assert type(caster(expression)(value)) is kinds


def test_containers_are_wrapped_in_place() -> None:
    numbers = [dict(USAGE), None, dict(USAGE)]
    assert caster(list[Usage])(numbers) is numbers
    assert [type(one) for one in numbers] == [Usage, type(None), Usage]
    table = {"a": dict(CALL), "b": 5}
    assert caster(dict[str, Item])(table) is table
    assert type(table["a"]) is Call
    pair = ["x", dict(USAGE), "more"]
    assert caster(tuple[str, Usage])(pair) is pair
    assert type(pair[1]) is Usage
    many = [dict(USAGE)]
    assert type(caster(tuple[Usage, ...])(many)[0]) is Usage


@pytest.mark.parametrize(
    "expression",
    [list[Usage], dict[str, Usage], tuple[str, Usage], Union[Usage, list[Usage]], Union[list[Usage], dict[str, Usage]]],
)
def test_what_does_not_fit_comes_back(expression: Any) -> None:
    for value in (5, None, "x"):
        assert caster(expression)(value) is value


def test_unions_of_containers() -> None:
    either = caster(Union[list[Usage], dict[str, Usage]])
    assert type(either([dict(USAGE)])[0]) is Usage
    assert type(either({"a": dict(USAGE)})["a"]) is Usage
    both = caster(Union[Usage, list[Item], str])
    assert type(both(dict(USAGE))) is Usage
    assert type(both([dict(CALL)])[0]) is Call
    assert both("x") == "x"
    shapes = Shape._view({"several": [{"side": 1}, {"radius": 2}], "table": {"a": {"radius": 1}}, "loose": {"q": 1}})
    assert [type(one) for one in shapes.several] == [Square, Circle]  # type: ignore[union-attr]
    assert type(shapes.table["a"]) is Circle  # type: ignore[index]
    assert shapes.loose == {"q": 1}
    assert type(Shape._view({"loose": {"side": 1}}).loose) is Square
    tables = caster(Union[dict[str, Square], dict[str, Circle]])
    assert type(tables({"a": {"radius": 1}})["a"]) is Circle
    assert type(caster(Union[list[str], list[Usage]])([dict(USAGE)])[0]) is Usage
    assert type(caster(Union[list[Usage], list[list[Usage]]])([[dict(USAGE)]])[0][0]) is Usage


def test_the_older_spellings() -> None:
    spelled: Any = typing.Optional[typing.List[typing.Union[Usage, Call]]]
    assert [type(one) for one in caster(spelled)([dict(USAGE), dict(CALL)])] == [Usage, Call]
    table: Any = typing.Dict[str, typing.Tuple[Usage, ...]]
    assert type(caster(table)({"a": [dict(USAGE)]})["a"][0]) is Usage


def test_casters_are_remembered() -> None:
    assert caster(Item) is caster(Item)
    assert caster(list[Usage]) is caster(list[Usage])
    unhashable: Any = Annotated[Usage, {}]
    assert type(caster(unhashable)(dict(USAGE))) is Usage


def test_pydantic_targets() -> None:
    pydantic = pytest.importorskip("pydantic")

    class Theirs(pydantic.BaseModel):
        a: int

    assert caster(Theirs)({"a": "1"}).a == 1
    assert caster(list[Theirs])([{"a": 1}])[0].a == 1
    with pytest.raises(ValueError, match="validation error"):
        caster(Theirs)({"a": "x"})
    with pytest.raises(ValueError, match="Expected `int`"):
        caster(Point)({"x": "no"})


def test_dates_in_fields() -> None:
    class Dated(BaseModel):
        at: datetime

    assert Dated._view({"at": "2026-01-01T00:00:00Z"}).at == datetime(2026, 1, 1, tzinfo=UTC)


def test_events_of_one_union_are_told_apart_by_one_lookup() -> None:
    cast = caster(Item)
    first = cast(dict(CALL))
    again = cast(dict(CALL))
    assert type(first) is type(again) is Call
    assert type(Reply._view({"output": [dict(CALL)]}).output[0]) is Call
    assert Text._view({}).type is None
    assert Named._view({}).value is None

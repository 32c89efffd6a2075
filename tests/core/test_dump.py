"""Back to plain data: whole, by choice, with and without what the server left out."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from enum import Enum
from typing import Any, ClassVar

import msgspec
import pytest

from antiphon.core.model import BaseModel

from .sample_model import Call, Reply, Usage, reply


def model() -> Reply:
    return Reply._view(reply())


def test_the_result_shares_nothing() -> None:
    view = model()
    for dumped in (view.to_dict(), view.model_dump(), view.dict(exclude_unset=True)):
        dumped["output"][0]["content"].clear()
        dumped["metadata"]["k"] = "changed"
        dumped["brand_new"]["kept"] = False
    assert view.to_dict() == reply()


def test_declared_fields_come_first_and_absent_ones_as_defaults() -> None:
    dumped = Usage._view({"new": 1, "output_tokens": 2}).model_dump()
    assert list(dumped.items()) == [("input_tokens", None), ("output_tokens", 2), ("cost", None), ("new", 1)]
    assert model().model_dump()["usage"] == {"input_tokens": 3, "output_tokens": 4, "cost": None}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"async_": True, "name": None, "arguments": None, "type": None, "parent": None, "x": None}),
        ({"by_alias": True}, {"async": True, "name": None, "arguments": None, "type": None, "parent": None, "x": None}),
        ({"exclude_unset": True}, {"async_": True, "name": None, "x": None}),
        ({"exclude_none": True}, {"async_": True}),
        ({"exclude_none": True, "by_alias": True}, {"async": True}),
        ({"exclude_unset": True, "by_alias": True}, {"async": True, "name": None, "x": None}),
        ({"exclude_defaults": True}, {"async_": True, "name": None, "arguments": None, "type": None, "x": None}),
        ({"include": {"async_"}}, {"async_": True}),
        ({"exclude": {"async_", "x", "parent"}}, {"name": None, "arguments": None, "type": None}),
        ({"exclude": {"async_": True, "x": ..., "parent": True}}, {"name": None, "arguments": None, "type": None}),
        ({"include": {"x", "name"}, "exclude": {"x"}}, {"name": None}),
    ],
)
def test_forms(options: dict[str, Any], expected: dict[str, Any]) -> None:
    call = Call._view({"async": True, "name": None, "x": None})
    assert call.model_dump(**options) == expected
    assert call.dict(**options) == expected
    assert json.loads(call.model_dump_json(**options)) == json.loads(call.json(**options)) == expected


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"include": {"output": {0: {"id"}}}}, {"output": [{"id": "m1"}]}),
        ({"include": {"output": {"__all__": {"type"}}}}, {"output": [{"type": t} for t in ("message", "legacy_call", "unheard_of")]}),
        ({"include": {"output": {0: {"content": {"__all__": {"type"}}}}}}, {"output": [{"content": [{"type": "output_text"}, {"type": "refusal"}]}]}),
        ({"include": {"usage": True, "metadata": {"k"}}}, {"usage": {"input_tokens": 3, "output_tokens": 4, "cost": None}, "metadata": {"k": "v"}}),
        ({"include": {"usage"}, "exclude": {"usage": {"cost", "input_tokens"}}}, {"usage": {"output_tokens": 4}}),
        ({"include": {"brand_new": {"kept"}}}, {"brand_new": {"kept": True}}),
        ({"include": {"id": {"x"}}}, {"id": "r1"}),
        ({"include": {"output"}, "exclude": {"output": {"__all__"}}}, {"output": []}),
    ],
)  # fmt: skip
def test_choices_reach_inside(choice: dict[str, Any], expected: dict[str, Any]) -> None:
    assert model().model_dump(**choice) == expected


def test_python_names_reach_inside() -> None:
    dumped = model().model_dump(exclude_unset=True)
    assert dumped["output"][1]["async_"] is True
    assert model().to_dict(use_api_names=False)["output"][1]["async_"] is True  # type: ignore[index]
    assert model().to_dict()["output"][1]["async"] is True  # type: ignore[index]


class Colour(Enum):
    RED = "red"


class Held:
    pass


def test_values_that_are_not_json() -> None:
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    held = Held()
    view = BaseModel._view(
        {"at": moment, "pair": (1, [2]), "raw": b"x", "held": held, "set": {1}, "view": Usage._view({"cost": 1})}
    )
    python = view.to_dict()
    assert python == {"at": moment, "pair": (1, [2]), "raw": b"x", "held": held, "set": {1}, "view": {"cost": 1}}
    assert view.model_dump()["view"] == {"input_tokens": None, "output_tokens": None, "cost": 1}
    with pytest.raises(TypeError, match="a Held has no JSON form"):
        view.to_dict(mode="json")
    as_json = view.model_dump(mode="json", fallback=lambda value: type(value).__name__)
    assert as_json["held"] == "Held"
    assert as_json["at"] == "2026-01-02T00:00:00Z"
    assert as_json["pair"] == [1, [2]]
    assert BaseModel._view({"c": Colour.RED, "at": moment}).to_dict(mode="json") == {
        "c": "red",
        "at": "2026-01-02T00:00:00Z",
    }


def test_pydantic_models_inside() -> None:
    pydantic = pytest.importorskip("pydantic")

    class Theirs(pydantic.BaseModel):
        a: int
        b: int | None = None

    view = Reply._view({"metadata": Theirs(a=1), "usage": Theirs(a=2)})
    assert view.to_dict() == {"metadata": {"a": 1}, "usage": {"a": 2}}
    assert view.model_dump()["usage"] == {"a": 2, "b": None}
    assert view.model_dump(mode="json", exclude_none=True)["usage"] == {"a": 2}


@pytest.mark.parametrize("indent", [None, 2, 4])
def test_text(indent: int | None) -> None:
    view = BaseModel._view({"ü": ["🎵", {}], "n": 1.5, "e": []})
    expected = json.dumps(
        view.to_dict(), indent=indent, ensure_ascii=False, separators=(",", ":" if indent is None else ": ")
    )
    assert view.model_dump_json(indent=indent) == expected
    assert view.to_json(indent=indent) == expected
    assert view.model_dump_json(indent=indent, ensure_ascii=True).isascii()


def test_lone_surrogates_are_spelled() -> None:
    text = BaseModel._view({"t": "a\ud800"}).to_json()
    assert json.loads(text) == {"t": "a\ud800"}
    text.encode()


def test_very_deep_values_still_dump_or_say_so() -> None:
    data: Any = "end"
    for _ in range(100_000):
        data = [data]
    with pytest.raises(RecursionError):
        BaseModel._view({"deep": data}).to_dict()


def test_dataclasses_and_structs_are_walked() -> None:
    pydantic = pytest.importorskip("pydantic")

    class Theirs(pydantic.BaseModel):
        a: int
        b: int | None = None

    @dataclasses.dataclass
    class Boxed:
        seed: dataclasses.InitVar[int]
        inner: Any
        views: list[Any]
        kind: ClassVar[str] = "never written"

    class Tagged(msgspec.Struct, tag="tagged", rename="camel"):
        inner_value: Any

    boxed = Boxed(1, Theirs(a=1), [Usage._view({"cost": 1})])
    view = BaseModel._view({"boxed": boxed, "struct": Tagged(Theirs(a=2)), "class": Boxed})
    inside = {
        "boxed": {"inner": {"a": 1}, "views": [{"cost": 1}]},
        "struct": {"type": "tagged", "innerValue": {"a": 2}},
    }
    assert view.to_dict() == {**inside, "class": Boxed}
    as_json = view.to_dict(mode="json") if view.__dict__.pop("class") else None
    assert as_json == inside
    assert view.model_dump()["boxed"]["inner"] == {"a": 1, "b": None}
    assert json.loads(view.to_json()) == inside
    assert json.loads(view.model_dump_json(exclude_none=True))["boxed"]["inner"] == {"a": 1}

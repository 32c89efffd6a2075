"""Strict checks: what passes, what does not, and where."""

# ruff: noqa: UP007, UP035, UP045, PYI061 - both spellings are to be understood
from __future__ import annotations

import collections.abc
import dataclasses
import enum
from datetime import UTC, date, datetime
from typing import (
    Annotated,
    Any,
    Iterable,
    Literal,
    NewType,
    NotRequired,
    Optional,
    TypedDict,
    TypeVar,
    Union,
)

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.core.annotation import Unresolved
from antiphon.core.model import BaseModel
from antiphon.core.validation import ValidationError, check_of, is_valid, validate

from .sample_model import Content, Counted, Item, Message, Named, Reply, Shape, Text, Usage, reply


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Options(TypedDict):
    name: str
    size: NotRequired[int]


class Loose(TypedDict, total=False):
    inner: Options


@dataclasses.dataclass
class Point:
    x: int


class Struct(msgspec.Struct):
    y: int


Identifier = NewType("Identifier", str)
T = TypeVar("T")
TEXT = {"type": "output_text", "text": "t"}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (str, "x"), (int, 1), (int, 10**30), (float, 1.5), (float, 1), (bool, True), (bytes, b"x"), (None, None), (type(None), None),
        (object, object()), (Any, {"a": [1]}), (T, 3), ("not evaluated", 3),
        (Optional[int], None), (int | None, 5), (Union[str, list[int]], [1]),
        (Literal["a", 1], "a"), (Literal["a", 1], 1), (Literal[Colour.RED], "red"), (Literal["red"], Colour.RED), (Literal[None], None),
        (list[str], []), (list, [1, "x"]), (list[str], ("a", "b")), (collections.abc.Sequence[int], [1]), (set[int], [1]), (set[int], {1}),
        (Iterable[int], iter([1, 2])), (Iterable[int], range(3)),
        (dict[str, int], {"a": 1}), (dict, {1: object}), (collections.abc.Mapping[str, Any], {}),
        (tuple[str, int], ["a", 1]), (tuple[int, ...], [1, 2]), (tuple, [1]),
        (datetime, "2026-01-01T00:00:00Z"), (datetime, datetime.now(UTC)), (date, "2026-01-01"),
        (Colour, "red"), (Colour, Colour.BLUE), (Identifier, "x"), (Annotated[int, "m"], 1),
        (Options, {"name": "n", "other": 1}), (Loose, {}), (Loose, {"inner": {"name": "n", "size": 2}}),
        (Point, {"x": 1}), (Point, Point(1)), (Struct, {"y": 1}), (complex, 1j),
        (Usage, {"input_tokens": 1, "output_tokens": 2, "new": 1}), (Usage, Usage(input_tokens=1, output_tokens=2)),
        (Content, TEXT), (list[Content], [Text._view(dict(TEXT))]),
    ],
)  # fmt: skip
def test_what_fits(expression: Any, value: Any) -> None:
    assert validate(expression, value) is value


@pytest.mark.parametrize(
    ("expression", "value", "message"),
    [
        (str, 1, "expected str, got int"),
        (str, None, "expected str, got None"),
        (int, True, "expected int, got bool"),
        (int, 1.0, "expected int, got float"),
        (int, "1", "expected int, got str"),
        (float, True, "expected float, got bool"),
        (float, "1.5", "expected float, got str"),
        (bool, 1, "expected bool, got int"),
        (None, 0, "expected None, got int"),
        (bytes, "x", "expected bytes, got str"),
        (Optional[int], "x", "expected int | None, got str"),
        (int | str | None, [], "[]: "),
        (Literal["a"], "b", "expected 'a', got 'b'"),
        (Literal["a", "b"], 3, "expected one of 'a', 'b', got 3"),
        (Literal[1], True, "expected 1, got True"),
        (Literal["a"], ["a"], "expected 'a', got list"),
        (Literal["a"], "x" * 99, "expected 'a', got str"),
        (Literal[tuple(range(20))], 99, "10, 11, …, got 99"),  # type: ignore[valid-type]
        (list[int], [1, "x"], "[1]: expected int, got str"),
        (list[int], "12", "expected list, got str"),
        (list[int], {"a": 1}, "expected list, got dict"),
        (Iterable[int], "12", "expected list, got str"),
        (Iterable[int], 5, "expected list, got int"),
        (dict[str, list[int]], {"a": [1, None]}, "a[1]: expected int, got None"),
        (dict[str, int], [], "expected dict, got list"),
        (dict[str, int], {5: 1}, "5: expected str, got int"),
        (tuple[str, int], ["a"], "expected 2 items, got 1"),
        (tuple[str, int], ["a", "b"], "[1]: expected int, got str"),
        (tuple[str, int], "ab", "expected list, got str"),
        (datetime, "soon", "expected datetime, got str"),
        (Colour, "green", "expected one of 'red', 'blue', got 'green'"),
        (Options, {"size": 1}, "name: required, but missing"),
        (Options, {"name": "n", "size": "x"}, "size: expected int, got str"),
        (Options, [], "expected Options, got list"),
        (Loose, {"inner": {"name": 1}}, "inner.name: expected str, got int"),
        (Point, {"x": "no"}, "Expected `int`, got `str`"),
        (Struct, {}, "missing required field `y`"),
        (complex, 1, "expected complex, got int"),
        (Usage, 5, "expected Usage, got int"),
        (Usage, Text._view({}), "expected Usage, got Text"),
        (Usage, {"input_tokens": 1}, "output_tokens: required, but missing"),
        (Usage, {"input_tokens": None, "output_tokens": 1}, "input_tokens: expected int, got None"),
        (Item, {"type": "zzz"}, "no variant has type='zzz'"),
        (Item, {"id": "x"}, "content: required, but missing"),
        (Item, 5, "expected Message | Call, got int"),
        (Reply, {**reply(), "output": [reply()["output"][0], {"type": "call", "name": 1}]}, "output[1].name: expected str, got int"),  # type: ignore[index]
        (Reply, {**reply(), "output": [], "input": [{"type": "call", "name": 2}]}, "input[0].name: expected str, got int"),
        (Reply, {**reply(), "output": [], "choice": "sometimes"}, "choice: expected Literal['auto', 'none'] | Usage | None, got str"),
        (Unresolved("Gone"), 1, "'Gone' names what cannot be found"),
    ],
)  # fmt: skip
def test_what_does_not_and_where(expression: Any, value: Any, message: str) -> None:
    if message == "[]: ":
        message = "expected int | str | None, got list"
    with pytest.raises(ValidationError) as caught:
        validate(expression, value)
    assert message in str(caught.value)
    assert not is_valid(expression, value)


@pytest.mark.parametrize(
    ("expression", "value", "expected"),
    [
        (int, "12", 12), (int, 3.0, 3), (int, True, 1), (float, "1.5", 1.5), (float, True, 1.0), (float, 2, 2),
        (bool, "true", True), (bool, 1, True), (bool, "0", False), (datetime, 0, 0),
        (Union[str, int], 3, 3), (Union[int, bool], "3", 3), (list[int], ("1", 2), [1, 2]),
    ],
)  # fmt: skip
def test_what_lax_converts(expression: Any, value: Any, expected: Any) -> None:
    assert check_of(expression)(value, True) == expected


@pytest.mark.parametrize(
    ("expression", "value"),
    [(int, "x"), (int, 1.5), (float, "x"), (bool, "perhaps"), (bool, 7), (str, 1), (Literal[1], "1")],
)
def test_what_even_lax_refuses(expression: Any, value: Any) -> None:
    with pytest.raises(ValidationError):
        check_of(expression)(value, True)


def test_an_error_speaks_and_travels() -> None:
    import pickle

    error = ValidationError("expected int, got str").below("b").below(3).below("a")
    assert str(error) == "a[3].b: expected int, got str"
    back = pickle.loads(pickle.dumps(error))
    assert (str(back), back.path, back.problem) == (str(error), "a[3].b", "expected int, got str")
    assert error.errors() == [{"type": "value_error", "loc": ("a", 3, "b"), "msg": "expected int, got str"}]
    assert ValidationError("x").errors()[0]["loc"] == ()


def test_pydantic_models_inside_ours() -> None:
    pydantic = pytest.importorskip("pydantic")

    class Theirs(pydantic.BaseModel):
        a: int

    class Ours(BaseModel):
        theirs: Theirs

    ours = Ours(theirs={"a": "1"})  # type: ignore[arg-type]
    assert isinstance(ours.theirs, Theirs)
    assert ours.theirs.a == 1
    with pytest.raises(ValidationError, match="theirs: 1 validation error"):
        Ours(theirs={"a": "x"})  # type: ignore[arg-type]
    assert Ours._view({"theirs": {"a": 5}}).theirs.a == 5


def test_expressions_that_do_not_hash() -> None:
    unhashable: Any = Annotated[int, {}]
    assert validate(unhashable, 1) == 1
    with pytest.raises(ValidationError):
        validate(unhashable, "x")


def test_a_local_class_with_a_missing_name() -> None:
    class Lost(BaseModel):
        x: Nowhere  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(ValidationError, match="x: the annotation 'Nowhere' names what cannot be found"):
        Lost(x=1)


def test_unions_of_lookalikes_are_told_apart_by_type() -> None:
    view = Shape._view({"value": {"value": 3}, "shape": {"radius": 1, "colour": "red"}})
    assert isinstance(view.value, Counted)
    assert type(view.shape).__name__ == "Circle"
    assert isinstance(Shape._view({"value": {"value": "x"}}).value, Named)
    assert isinstance(Shape._view({"value": {"value": []}}).value, Named)


@given(
    st.dictionaries(
        st.sampled_from(["input_tokens", "output_tokens", "cost"]), st.none() | st.integers() | st.floats() | st.text()
    )
)
def test_a_valid_value_stays_valid(data: dict[str, Any]) -> None:
    fits = is_valid(Usage, data)
    ints = all(type(data.get(name)) is int for name in ("input_tokens", "output_tokens"))
    assert fits == (ints and isinstance(data.get("cost"), (int, float, type(None))))
    if fits:
        assert Usage(**data).to_dict() == data or data["cost"] != data["cost"]


def test_messages_fit_in_each_state_of_reading() -> None:
    data: Any = reply()["output"]
    message = Message._view(data[0])
    assert message.validate() is message
    assert isinstance(message.content[0], Text)
    assert message.validate() is message


def test_a_constructor_makes_whole_numbers_floats_where_that_loses_nothing() -> None:
    made = Usage(input_tokens=1, output_tokens=2, cost=3)
    assert (type(made.cost), repr(made.cost), made.to_json(indent=None)) == (
        float,
        "3.0",
        '{"input_tokens":1,"output_tokens":2,"cost":3.0}',
    )
    assert type(Usage(input_tokens=1, output_tokens=2, cost=2**53 + 1).cost) is int
    # What a server sent stays what it sent.
    assert type(Usage._view({"input_tokens": 1, "output_tokens": 2, "cost": 3}).validate().cost) is int

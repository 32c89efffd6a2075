"""JSON out: what is sent, byte for byte, and what is refused, with its place."""

from __future__ import annotations

import collections
import dataclasses
import enum
import io
import json
import math
import pathlib
import types
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.core.encode import encode_json
from antiphon.core.model import BaseModel
from antiphon.core.omit import not_given, omit
from antiphon.errors import InvalidBody

from .sample_model import Call, Reply, Usage, reply

text = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=25,
)


class Colour(enum.Enum):
    RED = "red"


class Size(str, enum.Enum):  # noqa: UP042 - as users of older Pythons write it
    BIG = "big"


class Level(enum.IntEnum):
    HIGH = 3


class Words(str):
    def __str__(self) -> str:
        return "not this"


class Count(int):
    pass


class Ratio(float):
    pass


@dataclasses.dataclass
class Point:
    x: int
    y: Any = None


class Struct(msgspec.Struct):
    z: int


class Array:
    def tolist(self) -> list[float]:
        return [0.5, 1.5]


def numbers() -> Iterator[int]:
    yield 1
    yield 2


@given(values)
@settings(max_examples=300, deadline=None)
def test_any_json_value_means_the_same_to_a_reader(value: Any) -> None:
    assert json.loads(encode_json(value)) == value


def official(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


@pytest.mark.parametrize(
    "value",
    [
        {}, [], "x", None, True, 5, {"a": [1, {"b": "Grüße 🎵\u2028"}]}, {"quote": '"\\/\b\n\t\x00\x1f\x7f'}, 2**64, -(2**63) - 1, 10**40,
        {7: "int", 1.5: "float", None: "none", True: "bool"}, (1, (2,)), {"e": Size.BIG, Size.BIG: Level.HIGH}, 0.1, -0.0, 1.5e300,
        {"s": Words("kept")}, [Count(7), Ratio(0.25)], collections.OrderedDict(b=1, a=2), {Words("key"): 1},
    ],
)  # fmt: skip
def test_bytes_are_those_of_the_official_package(value: Any) -> None:
    encoded = encode_json(value)
    assert encoded == official(value) or json.loads(encoded) == json.loads(official(value))
    assert b" " not in encoded.replace(b"Gr\xc3\xbc\xc3\x9fe ", b"")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": omit, "b": not_given, "c": {"d": omit, "e": 1}}, {"c": {"e": 1}}),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05+00:00"),
        (datetime(2026, 1, 2), "2026-01-02T00:00:00"),  # noqa: DTZ001
        ({"on": date(2026, 1, 2)}, {"on": "2026-01-02"}),
        (UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        ([Colour.RED, Level.HIGH], ["red", 3]),
        ({"points": numbers(), "more": range(2), "keys": {"a": 1}.keys()}, {"points": [1, 2], "more": [0, 1], "keys": ["a"]}),
        (collections.deque([1]), [1]),
        ({3}, [3]),
        (frozenset({"a"}), ["a"]),
        (types.MappingProxyType({"a": 1}), {"a": 1}),
        (Point(1, Point(2)), {"x": 1, "y": {"x": 2, "y": None}}),
        (Struct(3), {"z": 3}),
        (Array(), [0.5, 1.5]),
        (Usage._view({"input_tokens": 1}), {"input_tokens": 1}),
        ([Call._view({"async": True, "later": omit})], [{"async": True}]),
        ({"moment": [datetime(2026, 1, 1, tzinfo=UTC)], "view": Usage._view({"cost": 0.5})}, {"moment": ["2026-01-01T00:00:00+00:00"], "view": {"cost": 0.5}}),
    ],
)  # fmt: skip
def test_what_is_taken_in(value: Any, expected: Any) -> None:
    assert json.loads(encode_json(value)) == expected


def test_a_model_read_in_part_is_sent_as_it_came() -> None:
    fresh, looked_at = Reply._view(reply()), Reply._view(reply())
    _ = looked_at.output[0].content, looked_at.usage, looked_at.by_name  # type: ignore[union-attr]
    assert encode_json(looked_at) == encode_json(fresh) == encode_json(reply())


def test_pydantic_models() -> None:
    pydantic = pytest.importorskip("pydantic")

    class Theirs(pydantic.BaseModel):
        a: int = pydantic.Field(alias="A")
        b: int = 2
        at: datetime | None = None

    @pydantic.dataclasses.dataclass
    class Data:
        x: int

    assert encode_json({"m": Theirs(A=1)}) == b'{"m":{"A":1}}'
    assert (
        encode_json([Theirs(A=1, at="2026-01-01T00:00:00Z"), Data(2)])
        == b'[{"A":1,"at":"2026-01-01T00:00:00Z"},{"x":2}]'
    )
    with pytest.raises(InvalidBody, match="'format' is the class Theirs"):
        encode_json({"format": Theirs})


LOOP: list[Any] = []
LOOP.append(LOOP)
RING: dict[str, Any] = {"a": {}}
RING["a"]["b"] = RING


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "path", "words"),
    [
        ({"temperature": math.nan}, "temperature", "nan"),
        ({"input": [1, 2, {"content": math.inf}]}, "input[2].content", "inf"),
        ({"x": (1.5, -math.inf)}, "x[1]", "-inf"),
        ({"x": None, "y": Ratio(math.nan)}, "y", "nan"),
        (math.nan, "", "the body is nan"),
        ({"a": {math.nan: 1, "b": object()}}, "a", "nan"),
        ({"metadata": {"when": object()}}, "metadata.when", "type object"),
        ({"file": b"abc"}, "file", "bytes, which JSON cannot hold"),
        ({"file": bytearray(b"abc")}, "file", "bytearray"),
        ([memoryview(b"abc")], "[0]", "memoryview"),
        ({"file": io.BytesIO(b"abc")}, "file", "BytesIO"),
        ({"path": pathlib.Path("x")}, "path", "Path"),
        ({"price": Decimal("1.5")}, "price", "Decimal"),
        ({"fn": len}, "fn", "builtin_function_or_method"),
        ({"a": {(1, 2): 3}}, "a", "key of type tuple"),
        ({"items": [1, omit]}, "items[1]", "omit inside a list"),
        ({"gen": (value for value in [1, object()])}, "gen[1]", "type object"),
        ({"model": Usage._view({"cost": math.nan})}, "model.cost", "nan"),
        ({"model": Point(1, {"deep": object()})}, "model.y.deep", "type object"),
        (Usage, "", "the class Usage"),
        ({"date": {1, math.nan}}, "date[", "nan"),
    ],
)  # fmt: skip
def test_what_is_refused_and_where(value: Any, path: str, words: str) -> None:
    with pytest.raises(InvalidBody) as caught:
        encode_json(value)
    assert caught.value.path.startswith(path) if path.endswith("[") else caught.value.path == path
    assert words in str(caught.value)


@pytest.mark.parametrize("value", [LOOP, RING, deep(100_000), {"a": deep(2_000)}])
def test_cycles_and_depth_are_refused(value: Any) -> None:
    with pytest.raises(InvalidBody, match=r"nests deeper than|contains itself"):
        encode_json(value)


def test_lone_surrogates_survive() -> None:
    encoded = encode_json({"text": "a\ud800", "ü": [1.5, None]})
    assert encoded.isascii()
    assert json.loads(encoded) == {"text": "a\ud800", "ü": [1.5, None]}


def test_null_in_text_or_value_is_no_nan() -> None:
    assert encode_json({"a": None, "b": "null", "c": [None, 1.5]}) == b'{"a":null,"b":"null","c":[null,1.5]}'


class Parsed(BaseModel):
    __api_exclude__: ClassVar[frozenset[str]] = frozenset({"parsed"})

    text: str
    parsed: Any = None


@pytest.mark.parametrize("parsed", [{"a": 1}, Point(1), Reply._view({"id": "r"}), math.nan, open, b"not JSON"])
@pytest.mark.parametrize("beside", ["plain", not_given, {1}])
def test_what_a_class_keeps_to_itself_is_not_sent(parsed: Any, beside: Any) -> None:
    view = Parsed._view({"text": "t", "parsed": parsed, "more": 1})
    held = Parsed._view({"text": "outer", "inner": [view], "parsed": parsed})
    body = {"input": [view, held], "beside": beside}
    inside = {"text": "t", "more": 1}
    sent = json.loads(encode_json(body))
    assert sent["input"] == [inside, {"text": "outer", "inner": [inside]}]
    assert view.parsed is parsed


def test_data_cannot_choose_what_is_sent() -> None:
    view = BaseModel._view({"__api_exclude__": ["a"], "a": 1})
    assert json.loads(encode_json([view])) == [{"__api_exclude__": ["a"], "a": 1}]

"""1.4: what a call may carry besides its own arguments, sentinels, paths, and what values become on the wire."""

from __future__ import annotations

import datetime
import decimal
import enum
import uuid
from collections import OrderedDict, deque
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

import pytest
from pydantic import BaseModel, Field

from tests.client.answer import create, ok, retrieve

from .duet import Row, check_known, compare, every, got
from .known.option import KNOWN

UTC = datetime.UTC


class Shape(enum.Enum):
    """A plain enumeration."""

    ROUND = "round"


class Word(str, enum.Enum):  # noqa: UP042 - the older spelling is what programs have
    """Text that is an enumeration."""

    ONE = "one"


class Inner(BaseModel):
    """A model of pydantic with a default, an alias and a date."""

    name: str
    kind: str = "x"
    when: datetime.date | None = None
    place: int = Field(default=1, alias="thePlace")


VALUES: dict[str, Any] = {
    "text": 'é☃\u2028\U0001f600\x00\x1f"\\/',
    "a lone surrogate": "\ud800",
    "whole": 1,
    "large": 2**70,
    "fraction": 0.1,
    "small": 1e-7,
    "huge": 1e22,
    "round fraction": 1.0,
    "minus nothing": -0.0,
    "nan": float("nan"),
    "infinite": float("inf"),
    "true": True,
    "none": None,
    "list": [1, "a", None, [2]],
    "tuple": (1, 2),
    "set": {1},
    "frozen set": frozenset({1}),
    "generator": "GENERATOR",
    "deque": deque([1]),
    "range": range(3),
    "map": map(str, [1]),
    "dict": {"a": {"b": 1}},
    "ordered": OrderedDict(a=1),
    "proxy": MappingProxyType({"a": 1}),
    "keys that are numbers": {1: "a", 2.5: "b"},
    "keys of None and booleans": {None: 1, True: 2},
    "keys of bytes": {b"a": 1},
    "keys of tuples": {(1, 2): 1},
    "date": datetime.date(2026, 11, 21),
    "time": datetime.datetime(2026, 11, 21, 1, 2, 3, 4),  # noqa: DTZ001
    "time with a zone": datetime.datetime(2026, 11, 21, 1, 2, 3, tzinfo=UTC),
    "time of day": datetime.time(1, 2),
    "span": datetime.timedelta(seconds=1),
    "decimal": decimal.Decimal("1.5"),
    "uuid": uuid.UUID(int=1),
    "path": PurePosixPath("/a/b"),
    "enumeration": Shape.ROUND,
    "text enumeration": Word.ONE,
    "bytes": b"abc",
    "bytearray": bytearray(b"abc"),
    "model": Inner(name="n"),
    "model with all": Inner(name="n", when=datetime.date(2026, 1, 1), thePlace=2),
    "object": object(),
    "complex": 1j,
    "class": int,
}


def fresh(value: Any) -> Any:
    """A value of its own for each call."""
    if isinstance(value, str) and value == "GENERATOR":
        return (n for n in (1, 2))
    return map(str, [1]) if isinstance(value, map) else value


def with_body(value: Any) -> Any:
    return lambda c, p: create(c, extra_body={"x": fresh(value)})


def as_metadata(value: Any) -> Any:
    return lambda c, p: c.responses.create(model="m", input="x", metadata=fresh(value))


def in_query(value: Any) -> Any:
    return lambda c, p: retrieve_with(c, extra_query={"x": fresh(value)})


def retrieve_with(client: Any, **options: Any) -> Any:
    return client.models.retrieve("m", **options)


def sentinels(client: Any, p: Any) -> Any:
    return client.responses.create(
        model="m",
        input="x",
        temperature=p.NOT_GIVEN,
        top_p=p.omit,
        user=None,
        metadata={"a": "b"},
        instructions=p.not_given,
        extra_headers=None,
        extra_query=None,
        extra_body=None,
    )


def nested_sentinels(client: Any, p: Any) -> Any:
    return client.responses.create(
        model="m",
        input=[{"role": "user", "content": "x", "type": p.omit}],
        text={"format": p.NOT_GIVEN, "verbosity": None},
        tools=[{"type": "function", "name": "f", "parameters": {"a": p.not_given}, "strict": p.omit}],
    )


PATHS = [
    *(
        "m",
        "a b",
        "a/b",
        "a%2Fb",
        "a?b",
        "a#b",
        "é",
        "☃",
        "..",
        ".",
        "../x",
        "%2e%2e",
        "a:b",
        "a;b",
        "a&b=c",
        "a+b",
        "a@b",
    ),
    *("~a", "a\\b", "a\nb", "", " ", "a,b", "ft:gpt-4o:org::id", "a'b\"c", "<a>", "[a]", "a|b", "a^b`", "{a}", "!$()*"),
]
URLS = [
    "/x",
    "x",
    "x/y",
    "/x?a=b",
    "/x?a=b#c",
    "//x/y",
    "/x/../y",
    "/é",
    "/a b",
    "/a%20b",
    "",
    "/",
    "?a=b",
    "/x?",
    "/x;p=1",
]


def raw_get(path: str, **options: Any) -> Any:
    return lambda c, p: c.get(path, cast_to=object, **options)


def raw(verb: str, **options: Any) -> Any:
    return lambda c, p: getattr(c, verb)("/x", cast_to=object, **options)


def option(**options: Any) -> Any:
    return lambda c, p: c.post("/x", cast_to=object, body={"a": 1}, options=options)


async def reprs(client: Any, p: Any) -> Any:
    return [repr(p.NOT_GIVEN), bool(p.NOT_GIVEN), bool(p.omit), bool(p.not_given), p.NOT_GIVEN is p.NOT_GIVEN]


async def copies(client: Any, p: Any) -> Any:
    other = client.with_options(
        api_key="other", organization="o", project="p", max_retries=7, timeout=3, default_query={"a": "b"}
    )
    await got(retrieve(other))
    return [
        other.api_key,
        other.organization,
        other.project,
        other.max_retries,
        other.timeout,
        str(other.base_url),
        client.max_retries,
    ]


def copied(**options: Any) -> Any:
    return lambda c, p: retrieve(c.copy(**options))


ROWS: dict[str, Row] = {
    **{f"{name} in the body": Row([ok()], with_body(value)) for name, value in VALUES.items()},
    **{f"{name} as an argument": Row([ok()], as_metadata(value)) for name, value in VALUES.items()},
    **{
        f"{name} in the query": Row([ok()], in_query(value))
        for name, value in VALUES.items()
        if name not in ("generator", "map")
    },
    **{f"path {path!r}": Row([ok()], lambda c, p, path=path: c.models.retrieve(path)) for path in PATHS},
    **{f"url {url!r}": Row([ok()], raw_get(url)) for url in URLS},
    "path of a number": Row([ok()], lambda c, p: c.models.retrieve(5)),
    "path of None": Row([ok()], lambda c, p: c.models.retrieve(None)),
    "second path": Row([ok()], lambda c, p: c.vector_stores.files.retrieve("f/é", vector_store_id="v s")),
    "second path empty": Row([ok()], lambda c, p: c.vector_stores.files.retrieve("f", vector_store_id="")),
    "sentinels": Row([ok()], sentinels),
    "nested sentinels": Row([ok()], nested_sentinels),
    "reprs": Row([ok()], reprs),
    "extra body wins": Row([ok()], lambda c, p: create(c, extra_body={"model": "other", "x": {"y": 1}})),
    "extra body nested": Row([ok()], lambda c, p: create(c, metadata={"a": "1"}, extra_body={"metadata": {"b": "2"}})),
    "extra body is a list": Row([ok()], lambda c, p: create(c, extra_body=[1])),
    "extra body is empty": Row([ok()], lambda c, p: create(c, extra_body={})),
    "extra body of a call without one": Row([ok()], lambda c, p: c.responses.cancel("r", extra_body={"x": 1})),
    "extra body of a get": Row([ok()], lambda c, p: retrieve_with(c, extra_body={"x": 1})),
    "extra body of a delete": Row([ok()], lambda c, p: c.models.delete("m", extra_body={"x": 1})),
    "extra body of an upload": Row(
        [ok()],
        lambda c, p: c.files.create(file=("a", b"x"), purpose="assistants", extra_body={"x": 1, "y": {"z": [1, 2]}}),
    ),
    "extra body with sentinels": Row(
        [ok()], lambda c, p: create(c, extra_body={"x": p.omit, "y": p.NOT_GIVEN, "z": None})
    ),
    "extra query": Row(
        [ok()], lambda c, p: create(c, extra_query={"a": "b c", "d": [1, 2], "e": None, "f": {"g": {"h": 1}}})
    ),
    "extra query wins": Row([ok({"data": []})], lambda c, p: every(c.files.list(limit=1, extra_query={"limit": 5}))),
    "extra query with sentinels": Row(
        [ok()], lambda c, p: retrieve_with(c, extra_query={"a": p.omit, "b": p.NOT_GIVEN})
    ),
    "extra query over default": Row([ok()], in_query("2"), {"default_query": {"x": "1", "y": "2"}}),
    "default query omitted": Row(
        [ok()], lambda c, p: retrieve_with(c, extra_query={"y": p.omit}), {"default_query": {"y": "2"}}
    ),
    "get": Row([ok()], raw("get")),
    "post": Row([ok()], raw("post")),
    "post body": Row([ok()], raw("post", body={"a": [1, None]})),
    "post list": Row([ok()], raw("post", body=[1])),
    "post text": Row([ok()], raw("post", body="abc")),
    "post number": Row([ok()], raw("post", body=5)),
    "post model": Row([ok()], raw("post", body=Inner(name="n"))),
    "post content": Row([ok()], raw("post", content=b"abc")),
    "post body and content": Row([ok()], raw("post", body={}, content=b"abc")),
    "post files": Row([ok()], raw("post", files={"f": ("a.txt", b"x", "text/plain")}, body={"a": 1})),
    "post list of files": Row([ok()], raw("post", files=[("f", ("a.txt", b"x")), ("f", ("b.txt", b"y"))])),
    "post files and content": Row([ok()], raw("post", files={"f": b"x"}, content=b"abc")),
    "patch": Row([ok()], raw("patch", body={"a": 1})),
    "put": Row([ok()], raw("put", body={"a": 1})),
    "delete": Row([ok()], raw("delete", body={"a": 1})),
    "delete nothing": Row([ok()], raw("delete")),
    "options headers": Row([ok()], option(headers={"X-Mine": "1"})),
    "options params": Row([ok()], option(params={"a": 1, "b": [1, 2]})),
    "options timeout": Row([ok()], option(timeout=4)),
    "options retries": Row([ok()], option(max_retries=0)),
    "options extra json": Row([ok()], option(extra_json={"b": 2})),
    "options idempotency key": Row([ok()], option(idempotency_key="k")),
    "options unknown": Row([ok()], option(nonsense=1)),
    "copies": Row([ok()], copies),
    "copy without a change": Row([ok()], copied()),
    "copy with both headers": Row([ok()], copied(default_headers={"a": "b"}, set_default_headers={"c": "d"})),
    "copy with both queries": Row([ok()], copied(default_query={"a": "b"}, set_default_query={"c": "d"})),
    "copy with an unknown argument": Row([ok()], copied(nonsense=1)),
    "copy with a base url": Row([ok()], lambda c, p: retrieve(c.copy(base_url=f"{c.base_url}deeper"))),
    "an unknown argument": Row([ok()], lambda c, p: create(c, nonsense=1)),
    "a missing argument": Row([ok()], lambda c, p: c.chat.completions.create(messages=[])),
    "a positional argument": Row([ok()], lambda c, p: c.responses.create("m")),
    "absolute url": Row([ok()], lambda c, p: c.get(str(c.base_url).replace("/v1/", "/other/y"), cast_to=object)),
    "model in the body": Row(
        [ok()], lambda c, p: create(c, extra_body={"x": p.types.Model.construct(id="m", more=[1])})
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_options(name: str, colour: str) -> None:
    compare(name, ROWS[name], colour, KNOWN)


def test_known_differences_are_of_rows() -> None:
    check_known(KNOWN, ROWS)

"""What a reply can be cast to, without a client; what calls make of it is tested in tests/client/test_cast.py."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import uuid
from typing import Any, Literal, TypeVar

import httpx
import pytest

from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.core.target import cast_reply
from antiphon.core.timeout import Timeout
from antiphon.core.url import Origin
from antiphon.errors import APIResponseValidationError

T = TypeVar("T")


@dataclasses.dataclass
class Size:
    width: int


class Unknown:
    pass


class Letter(enum.Enum):
    A = "a"


class Number(enum.IntEnum):
    ONE = 1


class Built:
    @staticmethod
    def build(*, response: Reply, data: Any) -> Any:
        raise ValueError(data)


def reply(content: bytes) -> Reply:
    asked = Request("GET", Origin("https", "example.com", 443), "/x?a=1", Headers(), None, Timeout(1))
    return Reply(200, Headers({"content-length": str(len(content))}), request=asked, content=content, elapsed=0.5)


@pytest.mark.parametrize(
    ("target", "content", "made"),
    [
        (Size, b'{"width": 3}', Size(3)),
        (list[tuple[Size, ...]], b'[[{"width": 3}]]', [[Size(3)]]),
        (datetime.date, b'"2026-11-21"', datetime.date(2026, 11, 21)),
        (T, b"{}", {}),
        (None, b"", None),
        (Literal["a", "b"], b'"a"', "a"),
        ({"not": "hashable"}, b"[]", []),
    ],
)
def test_what_a_reply_can_be(target: Any, content: bytes, made: Any) -> None:
    assert cast_reply(reply(content), target) == made


@pytest.mark.parametrize(
    "target",
    [
        *(Unknown, list[Unknown], Size | Unknown, tuple[Unknown, ...], type),
        *(tuple, tuple[int, ...], set, frozenset[int], complex, decimal.Decimal, uuid.UUID, Letter, Number),
    ],
)
def test_what_it_cannot_be(target: Any) -> None:
    with pytest.raises(TypeError, match="cannot be cast to") as raised:
        cast_reply(reply(b"1"), target)
    assert isinstance(raised.value, RuntimeError)  # as the official package has it


def test_another_librarys_complaint_becomes_ours() -> None:
    with pytest.raises(APIResponseValidationError, match="the reply does not fit Size") as raised:
        cast_reply(reply(b'{"width": "wide"}'), Size)
    assert raised.value.body == '{"width": "wide"}'
    with pytest.raises(APIResponseValidationError, match="does not fit int"):
        cast_reply(reply(b"many"), int)


def test_a_builder_says_itself_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="5"):
        cast_reply(reply(b"5"), Built)


def test_the_response_of_httpx() -> None:
    made = cast_reply(reply(b"[]"), httpx.Response)
    assert isinstance(made, httpx.Response)
    assert (made.content, str(made.url), made.elapsed.total_seconds()) == (b"[]", "https://example.com/x?a=1", 0.5)
    assert made.headers["content-length"] == "2"

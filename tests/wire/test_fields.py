"""A reply's header fields: the same answers as plain `Headers`, from bytes."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.core.headers import Headers
from antiphon.wire.fields import ReplyHeaders

LINES = [b"Content-Type:  text/x \t", b"Set-Cookie: a=1 ", b"SET-COOKIE:b=2 ", b"X:\tcaf\xe9", b"Empty:"]
HEAD = b"\r\n".join([b"HTTP/1.1 200 OK", *LINES, b""])


def test_looking_up_decodes_nothing_else() -> None:
    headers = ReplyHeaders(HEAD)
    assert headers["content-TYPE"] == "text/x"
    assert headers["set-cookie"] == "a=1, b=2"
    assert headers["x"] == "café"
    assert headers.get("empty") == ""
    assert headers.get("nope") is None
    assert headers.get("ookie") is None
    assert headers.get("content-type: text/x") is None
    assert "Content-Type:" not in headers
    assert headers.get("nope", "else") == "else"
    assert "X" in headers
    assert "nope" not in headers
    assert 5 not in headers
    assert "☃" not in headers
    with pytest.raises(KeyError, match="nope"):
        headers["nope"]
    assert headers._head is not None


def test_listing_decodes_all() -> None:
    headers = ReplyHeaders(HEAD)
    assert headers.fields == [
        ("Content-Type", "text/x"),
        ("Set-Cookie", "a=1"),
        ("SET-COOKIE", "b=2"),
        ("X", "café"),
        ("Empty", ""),
    ]
    assert headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert headers["set-cookie"] == "a=1, b=2"
    assert headers.get("nope") is None
    assert "x" in headers
    assert len(headers) == 4
    assert "a=1" not in repr(headers)


def test_changing() -> None:
    headers = ReplyHeaders(HEAD)
    headers["x"] = "y"
    del headers["set-cookie"]
    headers["new"] = "z"
    assert dict(headers) == {"content-type": "text/x", "x": "y", "empty": "", "new": "z"}


def test_copies() -> None:
    headers = ReplyHeaders(HEAD)
    for other in (headers.copy(), copy.copy(headers), copy.deepcopy(headers), pickle.loads(pickle.dumps(headers))):
        other.pop("set-cookie", None)
        assert other["x"] == "café"
        assert dict(other) == {"content-type": "text/x", "x": "café", "empty": ""}
    assert "set-cookie" in headers


def test_none() -> None:
    headers = ReplyHeaders(b"HTTP/1.1 200 OK\r\n")
    assert "x" not in headers
    assert len(headers) == 0
    assert not headers.fields


NAMES = st.sampled_from(["A", "a", "Bb", "bB", "c"])
VALUES = st.text(st.characters(codec="latin-1", exclude_characters="\n\r\0"), max_size=5)


@given(st.lists(st.tuples(NAMES, VALUES)), NAMES)
def test_the_same_as_plain_headers(fields: list[tuple[str, str]], name: str) -> None:
    lines = ["HTTP/1.1 200 OK", *(f"{field}: {value}" for field, value in fields), ""]
    head = "\r\n".join(lines).encode("latin-1")
    plain = Headers([(field, value.strip(" \t")) for field, value in fields])
    for listed in (False, True):
        headers = ReplyHeaders(head)
        if listed:
            assert headers.fields == plain.fields
        assert headers.get(name) == plain.get(name)
        assert (name in headers) == (name in plain)
        assert headers == plain

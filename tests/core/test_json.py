"""JSON in: what is read, and what is one kind of error."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.core.json import JSONError, decode_json
from antiphon.core.limits import WireLimits

LIMITS = WireLimits()
SHALLOW = WireLimits(depth=3)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"{}", {}), (b" [1, 2.5, null, true] \n", [1, 2.5, None, True]), (b'"x"', "x"), (b"null", None), (b"0", 0),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}), (bytearray(b"[1]"), [1]),
        ('"Grüße 🎵"'.encode(), "Grüße 🎵"), (b'"\\ud83c\\udfb5"', "\U0001f3b5"),
        (b'"\\ud800"', "\ud800"), (b'{"a": "x\\udc00y", "b": [1e5]}', {"a": "x\udc00y", "b": [1e5]}), (b'\xef\xbb\xbf"\\ud800"', "\ud800"),
        (b'{"a": 1, "a": 2}', {"a": 2}), (b"123456789012345678901234567890", 123456789012345678901234567890), (b"-0.0", -0.0),
    ],
)  # fmt: skip
def test_read(data: Any, expected: Any) -> None:
    assert decode_json(data) == expected


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"), (b" \n\t", "empty"), (b"\xef\xbb\xbf", "empty"),
        (b"{", "truncated"), (b"<html>", "malformed"), (b"{} x", "trailing"), (b"NaN", "malformed"), (b"[Infinity]", "malformed"),
        (b"-Infinity", "malformed"), (b'{"a":NaN, "b":"\\ud800"}', "malformed"), (b'["\\ud800", NaN]', "NaN|malformed|truncated|surrogate"),
        (b'"\\uZZZZ"', "malformed|escape"), (b'"\xff"', "not UTF-8"), (b'"\xed\xa0\x80"', "not UTF-8"), ('"x"'.encode("utf-16"), "malformed|not UTF-8"),
        (b"1" * 5000, "out of range"), (b"1e999", "out of range"), (b"[1,]", "malformed"), (b"'a'", "malformed"),
        (b"[" * 100_000, "nests deeper than 200"), (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "nests deeper"),
        (b"[" * 201 + b"]" * 201, "nests deeper than 200"), (b'["\\ud800",' + b"[" * 100_000, "nests deeper|truncated|surrogate"),
        (b'["\\ud800",' + b"[" * 300 + b"]" * 301, "nests deeper"), (b'["\\ud800", ' + b"1" * 5000 + b"]", "surrogate|truncated|digits"),
    ],
)  # fmt: skip
def test_refused(data: bytes, words: str) -> None:
    with pytest.raises(JSONError, match=words) as caught:
        decode_json(data, limits=LIMITS)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("value", "fine"),
    [
        ([[[]]], True), ([[[1, "[[["]]], True), ({"a": {"b": {}}}, True), ([{"a": [1]}, [], {}], True), ("[" * 50, True), (1, True),
        ([[[[]]]], False), ([1, 2, {"a": {"b": []}}, []], False), ([{"a": {"b": [{}]}}], False), ([[], [], [], [], []], True),
    ],
)  # fmt: skip
def test_depth_is_counted_exactly(value: Any, fine: bool) -> None:
    data = json.dumps(value).encode()
    if fine:
        assert decode_json(data, limits=SHALLOW) == value
    else:
        with pytest.raises(JSONError, match="nests deeper than 3 levels"):
            decode_json(data, limits=SHALLOW)


@given(st.binary(max_size=80) | st.text(max_size=40).map(lambda text: json.dumps([text]).encode()))
def test_any_bytes_give_a_value_or_the_one_error(data: bytes) -> None:
    try:
        value = decode_json(data)
    except JSONError:
        return
    assert json.loads(data.decode("utf-8-sig")) == value


@given(
    st.recursive(
        st.text(alphabet='[]{}"\\a'), lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet="[{"), inner)
    )
)
def test_the_quick_count_never_misjudges(value: Any) -> None:
    def depth(node: Any) -> int:
        items = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        return (isinstance(node, (dict, list))) + max(map(depth, items), default=0)

    data = json.dumps(value).encode()
    limit = max(1, depth(value))
    assert decode_json(data, limits=WireLimits(depth=limit)) == value
    if depth(value) > 2 and len(data) > 2 * (depth(value) - 1):
        with pytest.raises(JSONError):
            decode_json(data, limits=WireLimits(depth=depth(value) - 1))

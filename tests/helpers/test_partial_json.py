"""The beginning of a JSON text gives everything complete in it; jiter's partial mode is the oracle."""

from __future__ import annotations

import json
from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jiter import from_json

from antiphon.helpers.partial_json import parse_partial

LEAF = (
    st.none()
    | st.booleans()
    | st.integers(-(10**6), 10**6)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
)
VALUE = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
CASES = [
    '{"a": 12', '{"a": 1.', '{"a": "x', '{"a": "x"', '{"a', '{"a":', '{"a": [1, 2,', '{"a": tr', '[1, "a', "{", "[", '"abc',
    "12", "-", '{"a": {"b": 1}, "c', ' {"a":1} ', '{"a":1}x', "nul", '{"a": "x\\', "[1,]", '{"a":1,}', "hello", '{"a": 1e',
    '{"a" 1', '{"a": "\\u12', "[[1,2],[3", '{"a": -', "}", "]", "", "[}", ",", ":", "{1:2",
]  # fmt: skip


def oracle(text):
    try:
        return from_json(text.encode(), partial_mode=True)
    except ValueError:
        return "refused"


def ours(text):
    try:
        return parse_partial(text)
    except ValueError:
        return "refused"


@pytest.mark.parametrize("text", CASES)
def test_cases(text):
    assert repr(ours(text)) == repr(oracle(text))


@pytest.mark.parametrize("text", ['{"a":1]', "[1 2", '{"a":1 "b":2'])
def test_what_is_no_json_is_refused(text):
    # jiter gives what comes before the mistake.
    assert ours(text) == "refused"


@given(VALUE, st.booleans(), st.sampled_from([None, 1]), st.data())
def test_every_cut(value, ascii_only, indent, data):
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    cut = text[: data.draw(st.integers(1, len(text)))]
    assert repr(ours(cut)) == repr(oracle(cut))


@given(st.text(alphabet='{}[]",:\\ 1atrue', max_size=12))
def test_anything_is_a_value_or_refused(text):
    ours(text)


def test_it_is_linear():
    def cost(entries):
        text = json.dumps([{"name": "x" * 20, "n": number} for number in range(entries)])[:-2]
        began = thread_time()
        assert len(parse_partial(text)) == entries
        return thread_time() - began

    assert min(cost(10_000) for _ in range(3)) < 60 * min(cost(1_000) for _ in range(3))

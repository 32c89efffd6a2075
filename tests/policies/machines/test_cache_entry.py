"""Rows of a store: read as they were written, or not at all."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.core.headers import Headers
from antiphon.policies.machines.cache_entry import LARGEST, Entry, kept_fields, pack, unpack
from antiphon.policies.machines.cache_key import Question

QUESTION = Question("ab" * 32, b"d" * 32, "chat", False, 1)
ENTRY = Entry(
    QUESTION.digest, (("content-type", "application/json"), ("x-request-id", "r1")), '{"ü":"\U0001f600"}'.encode(), 12.5
)
ROW = pack(QUESTION, ENTRY)
assert ROW is not None


def test_a_row_is_json_and_comes_back_as_it_was() -> None:
    assert unpack(QUESTION, ROW) == ENTRY
    assert json.loads(ROW)["content"] == ENTRY.content.decode()


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.text(), st.floats(0, 1e10))
def test_any_text_comes_back(text: str, stored: float) -> None:
    try:
        entry = Entry(QUESTION.digest, (), text.encode(), stored)
    except UnicodeEncodeError:
        return
    row = pack(QUESTION, entry)
    assert row is not None
    assert unpack(QUESTION, row) == entry


def test_what_is_no_text_is_not_kept() -> None:
    assert pack(QUESTION, ENTRY._replace(content=b"\xff")) is None


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.integers(0, len(ROW) - 1), st.integers(1, 255))
def test_a_row_with_one_wrong_byte_is_none(place: int, change: int) -> None:
    damaged = bytearray(ROW)
    damaged[place] ^= change
    assert unpack(QUESTION, bytes(damaged)) is None


@pytest.mark.parametrize("size", range(0, len(ROW), 7))
def test_a_row_that_was_cut_off_is_none(size: int) -> None:
    assert unpack(QUESTION, ROW[:size]) is None


@pytest.mark.parametrize("row", [b"", b"null", b"[]", b"{}", b'{"v":1}', b"\x80\x04K\x01.", b"[" * 100_000])
def test_what_is_no_row_at_all_is_none(row: bytes) -> None:
    assert unpack(QUESTION, row) is None


def test_a_row_moved_to_another_key_is_none() -> None:
    assert unpack(QUESTION._replace(key="cd" * 32), ROW) is None


def test_a_row_that_answers_another_body_is_none() -> None:
    assert unpack(QUESTION._replace(digest=b"e" * 32), ROW) is None


@pytest.mark.parametrize(
    ("name", "value"), [("v", 2), ("content", "poison"), ("stored", 99.0), ("fields", []), ("more", 1)]
)
def test_a_row_somebody_changed_is_none(name: str, value: object) -> None:
    assert unpack(QUESTION, json.dumps({**json.loads(ROW), name: value}).encode()) is None


def test_which_header_fields_are_kept() -> None:
    kept = [
        *("content-type", "date", "server", "x-request-id", "openai-model", "openai-version", "openai-processing-ms"),
        *("apim-request-id", "x-ms-region", "x-ms-client-request-id"),
    ]
    dropped = [
        *("x-ratelimit-remaining-requests", "retry-after", "retry-after-ms", "set-cookie", "authorization", "api-key"),
        *("content-length", "content-encoding", "connection", "transfer-encoding", "age", "x-anything"),
    ]
    headers = Headers({name.title(): "v" for name in [*kept, *dropped]})
    assert kept_fields(headers) == tuple((name, "v") for name in kept)


def test_how_large_an_entry_is() -> None:
    assert ENTRY.size - len(ENTRY.content) == 512
    assert LARGEST == 8 * 2**20

"""The chain of records: what it shows, and what it cannot."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.core.hash_chain import GENESIS, check, head_of, linked


def chain(*records: dict[str, Any]) -> list[bytes]:
    lines, head = list[bytes](), GENESIS
    for record in records:
        line, head = linked(head, record)
        lines.append(line)
    return lines


RECORDS = [{"n": n, "op": "responses.create", "note": "é\u2028 \ud800"} for n in range(1, 6)]


def test_lines_are_json_and_fit() -> None:
    lines = chain(*RECORDS)
    found = check(lines)
    assert (found.lines, found.flaw, found.first) == (5, None, GENESIS)
    assert found.head == head_of(lines[-1]) == json.loads(lines[-1])["hash"]
    assert [{k: v for k, v in json.loads(line).items() if k != "hash"} for line in lines] == RECORDS


def test_row_40_half_a_pair_of_surrogates_is_written_and_read() -> None:
    (line,) = chain({"model": "\ud800"})
    assert line.isascii()
    assert json.loads(line)["model"] == "\ud800"
    assert check([line]).flaw is None


@settings(derandomize=True, deadline=None)
@given(st.integers(0, 4), st.data())
def test_a_letter_that_is_changed_is_found_in_its_line(number: int, data: st.DataObject) -> None:
    lines = chain(*RECORDS)
    line = bytearray(lines[number])
    at = data.draw(st.integers(0, len(line) - 1))
    line[at] ^= data.draw(st.integers(1, 255))
    lines[number] = bytes(line)
    found = check(lines)
    # Where its own hash was changed, its line is the first that does not fit either.
    assert (found.lines, found.flaw is None) == (number, False)


@settings(derandomize=True, deadline=None)
@given(st.data())
def test_lines_that_are_taken_out_put_in_or_exchanged_are_found(data: st.DataObject) -> None:
    lines = chain(*RECORDS)
    at = data.draw(st.integers(0, 3))
    how = data.draw(st.sampled_from(["out", "twice", "swap", "foreign"]))
    other = {"out": [], "twice": [lines[at]] * 2, "swap": [lines[at + 1]], "foreign": chain({"n": 9})}[how]
    changed = [*lines[:at], *other, *lines[at + 1 :]]
    assert check(changed).flaw is not None


def test_a_chain_that_was_cut_off_is_found_by_a_hash_that_was_kept() -> None:
    lines = chain(*RECORDS)
    head = head_of(lines[-1])
    assert check(lines, head).seen
    cut = check(lines[:-1], head)
    assert (cut.flaw, cut.seen) == (None, False)
    assert check(lines, head_of(lines[2])).seen


def test_a_chain_may_go_on_from_another() -> None:
    old = chain(*RECORDS)
    head = head_of(old[-1])
    assert head is not None
    line, _ = linked(head, {"event": "begin", "after": head, "file": "old.000001"})
    found = check([line])
    assert (found.flaw, found.first, found.before) == (None, head, "old.000001")
    assert check([line], head).seen
    assert not check([line], GENESIS).seen


@pytest.mark.parametrize(
    ("line", "flaw"),
    [
        (b"", None),
        (b"\n", "hash"),
        (b"{}\n", "hash"),
        (b'{"n":1', "not whole"),
        (b'[1,"hash":"' + b"0" * 64 + b'"}\n', "JSON object"),
        (b'{"n":1,"hash":"' + b"0" * 64 + b'"}\n', "does not fit"),
        (b"[" * 100_000 + b',"hash":"' + b"0" * 64 + b'"}\n', "JSON object"),
        (b"\xff\xfe\n", "hash"),
    ],
)
def test_what_is_no_line_of_a_chain(line: bytes, flaw: str | None) -> None:
    found = check([line] if line else [])
    assert found.lines == 0
    assert found.flaw is None if flaw is None else flaw in str(found.flaw)


def test_a_record_of_nothing() -> None:
    with pytest.raises(ValueError, match="says something"):
        chain({})

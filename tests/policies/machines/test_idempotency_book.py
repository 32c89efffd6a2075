"""What a ledger in memory holds, and what a digest is of, however a body comes in pieces."""

from __future__ import annotations

import pytest

from antiphon.policies.machines.idempotency import Book, digest_of


def form(mark: bytes, text: bytes = b"value") -> bytes:
    return b"--" + mark + b"\r\n\r\n" + text + b"\r\n--" + mark + b"--"


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 1000])
def test_a_forms_mark_counts_for_nothing_wherever_it_is_cut(size: int) -> None:
    whole = digest_of("POST", "/files", [b"--\r\n\r\nvalue\r\n----"])
    for mark in (b"mark", b"another-mark"):
        body = form(mark)
        pieces = [body[n : n + size] for n in range(0, len(body), size)]
        assert digest_of("POST", "/files", pieces, mark) == whole


@pytest.mark.parametrize("text", [b"valuf", b"valu", b"values"])
def test_another_value_is_another_digest_to_the_last_byte(text: bytes) -> None:
    assert digest_of("POST", "/files", [form(b"m", text)], b"m") != digest_of("POST", "/files", [form(b"m")], b"m")
    assert digest_of("POST", "/f", [b"mark", text], b"mark") != digest_of("POST", "/f", [b"mark", b"value"], b"mark")
    assert digest_of("POST", "/f", [text], b"a-long-mark") != digest_of("POST", "/f", [b"value"], b"a-long-mark")


def test_what_is_kept_ends_with_its_time() -> None:
    book = Book()
    assert book.swap("a", None, b"1", 10.0, 5.0)
    assert book.get("a", 14.9) == b"1"
    assert book.get("a", 15.0) is None
    assert book.get("b", -1.0) is None
    assert book.swap("a", None, b"2", 15.0, 5.0)
    assert book.get("a", 15.0) == b"2"


def test_a_swap_that_expects_something_else_changes_nothing() -> None:
    book = Book()
    assert book.swap("a", None, b"1", 0.0, 5.0) is True
    assert book.swap("a", None, b"2", 0.0, 5.0) is False
    assert book.swap("a", b"2", None, 0.0, 5.0) is False
    assert book.get("a", 0.0) == b"1"
    assert book.swap("a", b"1", None, 0.0, 5.0) is True
    assert len(book) == 0


def test_the_oldest_leave_when_there_are_too_many() -> None:
    book = Book(most=2)
    for name in "abc":
        book.swap(name, None, b"1", 0.0, 5.0)
    assert [book.get(name, 0.0) for name in "abc"] == [None, b"1", b"1"]


def test_the_oldest_leave_when_they_are_too_large_and_what_left_makes_room() -> None:
    book = Book(most_bytes=10)
    book.swap("a", None, b"12345", 0.0, 5.0)
    book.swap("b", None, b"12345", 0.0, 5.0)
    assert len(book) == 2
    book.swap("a", b"12345", b"1", 0.0, 5.0)
    book.swap("c", None, b"1234", 0.0, 5.0)
    assert len(book) == 3  # ten bytes
    book.swap("d", None, b"1", 0.0, 5.0)
    assert [book.get(name, 0.0) for name in "bacd"] == [None, b"1", b"1234", b"1"]
    book.swap("c", b"1234", None, 0.0, 5.0)
    book.swap("e", None, b"12345678", 0.0, 5.0)
    assert len(book) == 3

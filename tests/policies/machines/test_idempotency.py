"""Rows of idempotency keys: their form, their standing, what tells requests apart, and the book they are kept in."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from antiphon.core.signal import Signal
from antiphon.policies.machines.idempotency import (
    Book,
    Row,
    Running,
    boundary_of,
    digest_of,
    pack,
    standing,
    unpack,
)

SENT = Row("d", "sent", "other", 100.0)


@pytest.mark.parametrize(
    ("row", "wall", "stands"),
    [
        (None, 100.0, "new"),
        (SENT._replace(digest="x"), 100.0, "conflict"),
        (SENT._replace(digest="x", state="done"), 100.0, "conflict"),
        (SENT._replace(state="done"), 1e9, "done"),
        (SENT, 109.0, "busy"),
        (SENT, 110.0, "open"),
        (SENT, 89.0, "open"),
        (SENT._replace(owner="me"), 100.0, "open"),
        (SENT._replace(state="open"), 100.0, "open"),
    ],
)
def test_how_a_key_stands(row: Row | None, wall: float, stands: str) -> None:
    assert standing(row, "d", owner="me", wall=wall, lease=10.0) == stands


@settings(derandomize=True, deadline=None)
@given(st.binary(max_size=99), st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=3))
def test_a_row_comes_back_as_it_was(content: bytes, fields: list[tuple[str, str]]) -> None:
    row = Row("d", "done", "me", 1.5, 2, 201, tuple(fields), content)
    assert unpack(pack(row)) == row


@pytest.mark.parametrize(
    "data", [None, b"", b"[]", b"{}", b"\xff", b"[" * 10_000, pack(SENT).replace(b'"v":1', b'"v":2')]
)
def test_what_is_no_row(data: bytes | None) -> None:
    assert unpack(data) is None


BODY = b'--BBBB\r\nContent-Disposition: form-data; name="a"\r\n\r\nhello BBB\r\n--BBBB--\r\n'


@settings(derandomize=True, deadline=None)
@given(st.lists(st.integers(0, len(BODY)), max_size=6))
def test_a_forms_digest_knows_no_boundary_and_no_pieces(cuts: list[int]) -> None:
    ends = sorted({0, *cuts, len(BODY)})
    pieces = [BODY[start:end] for start, end in pairwise(ends)]
    other = BODY.replace(b"BBBB", b"XYZW")
    assert digest_of("POST", "/f", pieces, b"BBBB") == digest_of("POST", "/f", [other], b"XYZW")
    assert digest_of("POST", "/f", pieces, b"BBBB") != digest_of(
        "POST", "/f", [other.replace(b"hello", b"hullo")], b"XYZW"
    )


def test_what_tells_requests_apart() -> None:
    digests = {
        digest_of("POST", "/a", [b"x"]),
        digest_of("POST", "/b", [b"x"]),
        digest_of("PUT", "/a", [b"x"]),
        digest_of("POST", "/a", [b"y"]),
    }
    assert len(digests) == 4
    assert digest_of("POST", "/a", [b"xy"]) == digest_of("POST", "/a", [b"x", b"y"])


def test_the_boundary_of_a_form() -> None:
    assert (
        boundary_of("multipart/form-data; boundary=abc") == boundary_of('multipart/form-data; boundary="abc"') == b"abc"
    )
    assert boundary_of("application/json") == b""


def test_one_at_a_time() -> None:
    running = Running()
    mine, theirs = Signal(), Signal()
    assert running.enter("k", mine) is None
    assert running.enter("other", Signal()) is None
    assert running.enter("k", theirs) is mine
    running.leave("k", theirs)
    assert not mine.is_set
    assert len(running) == 2, "who waits leaves nothing behind, and takes nothing away"
    running.leave("k", mine)
    running.leave("k", mine)
    assert mine.is_set
    assert len(running) == 1


class Books(RuleBasedStateMachine):
    """A book against a dict."""

    def __init__(self) -> None:
        super().__init__()
        self.book = Book(most=3, most_bytes=40)
        self.kept: dict[str, tuple[bytes, float]] = {}
        self.now = 0.0

    def known(self, name: str) -> bytes | None:
        value, until = self.kept.get(name, (None, 0.0))
        return value if self.now < until else None

    @rule(seconds=st.sampled_from([0.5, 3.0, 11.0]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @rule(name=st.sampled_from("abcd"), value=st.none() | st.binary(max_size=12), blind=st.booleans())
    def swap(self, name: str, value: bytes | None, blind: bool) -> None:
        expected = b"something else" if blind else self.known(name)
        assert self.book.swap(name, expected, value, self.now, 10.0) is not blind
        if blind:
            return
        self.kept.pop(name, None)
        if value is not None:
            self.kept[name] = (value, self.now + 10.0)
        while len(self.kept) > 3 or sum(len(each) for each, _ in self.kept.values()) > 40:
            del self.kept[next(iter(self.kept))]

    @invariant()
    def it_knows_what_was_kept(self) -> None:
        assert {name: self.book.get(name, self.now) for name in "abcd"} == {name: self.known(name) for name in "abcd"}
        assert len(self.book) <= 3


Books.TestCase.settings = settings(derandomize=True, deadline=None, max_examples=40, stateful_step_count=30)
TestBooks = Books.TestCase


class Keys(RuleBasedStateMachine):
    """Who is at a key, and the signals of those who wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self.running = Running()
        self.at: dict[str, Signal] = {}

    @rule(name=st.sampled_from("abc"))
    def enter(self, name: str) -> None:
        mine = Signal()
        assert self.running.enter(name, mine) is self.at.get(name)
        self.at.setdefault(name, mine)

    @rule(name=st.sampled_from("abc"))
    def leave(self, name: str) -> None:
        self.running.leave(name, Signal())
        if name in self.at:
            signal = self.at.pop(name)
            assert not signal.is_set
            self.running.leave(name, signal)
            assert signal.is_set

    @invariant()
    def as_many_keys_as_are_held(self) -> None:
        assert len(self.running) == len(self.at)
        assert not any(signal.is_set for signal in self.at.values())


TestKeys = Keys.TestCase
TestKeys.settings = settings(derandomize=True, deadline=None, max_examples=20, stateful_step_count=20)

"""Whatever bytes come, a reply or one of our errors comes of them, and the head is as llhttp reads it."""

from __future__ import annotations

import contextlib
import itertools

import httptools
from hypothesis import example, given
from hypothesis import strategies as st

from antiphon.wire.problem import WireProblem
from antiphon.wire.reply import ReplyParser

from .reply_reader import COMPLETE, OK, drain, read


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=4), st.booleans())
@example(b"HTTP/1.1 200 OK\r\n\r\n", [], True)
def test_any_bytes_end_in_a_reply_or_in_our_errors(data: bytes, cuts: list[int], known: bool) -> None:
    data = (OK if known else b"") + data
    bounds = [0, *sorted(cuts), len(data)]
    with contextlib.suppress(WireProblem):
        read(*(data[a:b] for a, b in itertools.pairwise(bounds) if a < b), eof=True)


@given(st.sampled_from(sorted(COMPLETE)), st.integers(0, 200), st.binary(min_size=1, max_size=3), st.integers(0, 200))
def test_a_spoilt_reply_ends_in_a_reply_or_in_our_errors(name: str, at: int, noise: bytes, cut: int) -> None:
    data = COMPLETE[name][0]
    data = data[:at] + noise + data[at + len(noise) :]
    try:
        whole = read(data, eof=True)[1]
    except WireProblem:
        whole = None
    try:
        parts = read(*(part for part in (data[:cut], data[cut:]) if part), eof=True)[1]
    except WireProblem:
        parts = None
    assert whole == parts


def fields_of_llhttp(data: bytes) -> list[tuple[str, str]] | None:
    """What llhttp itself reports of the first final head, or `None` where it refuses."""

    class Reader:
        def __init__(self) -> None:
            self.fields: list[tuple[str, str]] = []
            self.final: list[tuple[str, str]] | None = None
            self.parser = httptools.HttpResponseParser(self)

        def on_header(self, name: bytes, value: bytes) -> None:
            self.fields.append((name.decode("latin-1"), value.decode("latin-1").strip(" \t")))

        def on_headers_complete(self) -> None:
            if self.parser.get_status_code() >= 200 and self.final is None:
                self.final = self.fields.copy()
            self.fields.clear()

    reader = Reader()
    with contextlib.suppress(httptools.HttpParserError, httptools.HttpParserUpgrade):
        reader.parser.feed_data(data)
    return reader.final


@given(
    st.sampled_from(sorted(COMPLETE)),
    st.lists(
        st.tuples(
            st.integers(0, 90),
            st.sampled_from([b"\r", b"\n", b"\r\n", b":", b" ", b"\t", b"x", b"\xe9", b"\0", b"\x0b"]),
        )
    ),
    st.integers(0, 120),
)
def test_the_head_is_cut_as_llhttp_reads_it(name: str, noise: list[tuple[int, bytes]], cut: int) -> None:
    data = COMPLETE[name][0]
    for at, piece in noise:
        data = data[:at] + piece + data[at:]
    parser = ReplyParser()
    parser.expect("GET", stream=True)
    try:
        for part in (data[:cut], data[cut:]):
            if part:
                drain(parser, part)
    except WireProblem:
        return
    if parser.status:
        assert parser.headers.fields == fields_of_llhttp(data)

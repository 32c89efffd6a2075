"""Replies: every rule of framing, every cut of the bytes, every bound, and nothing but our own errors."""

from __future__ import annotations

import contextlib
import gzip
import itertools
import zlib

import httptools
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from antiphon.core.limits import WireLimits
from antiphon.wire.problem import BrokenProtocol, TooLarge, Truncated, WireProblem
from antiphon.wire.reply import ReplyParser

OK = b"HTTP/1.1 200 OK\r\n"
SMALL = WireLimits(
    header_bytes=2048, header_count=20, body=1000, error_body=100, stream=5000, ratio=20, ratio_after=10_000
)


def drain(parser: ReplyParser, data: bytes) -> bytes:
    out = [parser.feed(data)]
    while parser.pending:
        out.append(parser.more())
    return b"".join(out)


def read(
    *pieces: bytes,
    method: str = "GET",
    eof: bool = False,
    stream: bool = False,
    events: bool = False,
    limits: WireLimits = SMALL,
) -> tuple[ReplyParser, bytes]:
    parser = ReplyParser(limits)
    parser.expect(method, stream=stream, events=events)
    body = b"".join(drain(parser, piece) for piece in pieces)
    if eof:
        parser.eof()
    return parser, body


# (bytes, body, whether the connection may serve again)
COMPLETE = {
    "length": (OK + b"Content-Length: 5\r\n\r\nhello", b"hello", True),
    "no body": (OK + b"Content-Length: 0\r\n\r\n", b"", True),
    "close": (OK + b"Content-Length: 5\r\nConnection: close\r\n\r\nhello", b"hello", False),
    "chunked": (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;ext=y\r\n!\r\n0\r\n\r\n", b"hello!", True),
    "Chunked": (OK + b"transfer-encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", b"hello", True),
    "trailing blanks": (
        OK + b"Content-Encoding: gzip \t\r\nContent-Length: 22 \r\n\r\n" + gzip.compress(b"hi", mtime=0),
        b"hi",
        True,
    ),
    "trailers": (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n", b"hello", True),
    "204": (b"HTTP/1.1 204 No\r\n\r\n", b"", True),
    "204 with length": (b"HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", b"", True),
    "304": (b"HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n", b"", True),
    "1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello", False),
    "1.0 keep-alive": (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", b"hello", True),
    "100 before": (
        b"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 H\r\nLink: a\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\nx",
        b"x",
        True,
    ),
    "gzip": (OK + b"Content-Encoding: gzip\r\nContent-Length: 22\r\n\r\n" + gzip.compress(b"hi", mtime=0), b"hi", True),
    "deflate chunked": (
        OK
        + b"Content-Encoding: deflate\r\nTransfer-Encoding: chunked\r\n\r\na\r\n"
        + zlib.compress(b"hi")
        + b"\r\n0\r\n\r\n",
        b"hi",
        True,
    ),
    "empty gzip": (OK + b"Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", b"", True),
    "no phrase": (b"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx", b"x", True),
    "upgrade offered": (OK + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 1\r\n\r\nx", b"x", True),
    "empty lines ahead": (b"\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\nx", b"x", True),
    "empty lines after 100": (
        b"HTTP/1.1 100 C\r\n\r\n\r\n" + OK + b"X: y\r\nContent-Length: 1\r\n\r\nx",
        b"x",
        True,
    ),
    "error": (b"HTTP/1.1 500 No\r\nContent-Length: 5\r\n\r\nhello", b"hello", True),
}


@pytest.mark.parametrize("name", COMPLETE)
def test_complete_replies_at_every_split(name: str) -> None:
    data, body, reusable = COMPLETE[name]
    for cut in range(len(data)):
        parser, got = read(data[:cut], data[cut:])
        assert (got, parser.done, parser.reusable) == (body, True, reusable), cut
    parser, got = read(*(bytes([byte]) for byte in data))
    assert (got, parser.done, parser.reusable) == (body, True, reusable)


@pytest.mark.parametrize("name", [name for name in COMPLETE if name != "error"])
def test_truncation_anywhere_is_an_error(name: str) -> None:
    data, _, _ = COMPLETE[name]
    for cut in range(len(data)):
        with pytest.raises(Truncated):
            read(data[:cut], eof=True)


def test_of_a_refusal_what_has_come_is_enough() -> None:
    data, body, _ = COMPLETE["error"]
    head = len(data) - len(body)
    for cut in range(head):
        with pytest.raises(Truncated):
            read(data[:cut], eof=True)
    for cut in range(head, len(data)):
        parser, got = read(data[:cut], eof=True)
        assert (parser.status, got, parser.done, parser.reusable) == (500, data[head:cut], True, False)


@pytest.mark.parametrize("first", COMPLETE)
def test_one_parser_reads_one_reply_after_another(first: str) -> None:
    data, _, reusable = COMPLETE[first]
    if not reusable:
        return
    parser, _ = read(data)
    for name, (more, body, again) in COMPLETE.items():
        parser.expect("GET")
        assert not parser.status
        assert (drain(parser, more), parser.done) == (body, True), name
        if not again:
            parser, _ = read(data)


def test_the_head() -> None:
    parser, _ = read(
        b"HTTP/1.1 418 Teapot\r\nA: b\r\nSet-Cookie: 1\r\nset-cookie: 2\r\nX: caf\xe9 \t\r\nContent-Length: 0 \r\n\r\n"
    )
    assert parser.status == 418
    assert parser.version == "HTTP/1.1"
    assert parser.headers.get_list("SET-cookie") == ["1", "2"]
    assert parser.headers["set-cookie"] == "1, 2"
    assert parser.headers["x"] == "café"
    assert parser.headers.multi_items()[0] == ("a", "b")
    assert len(read(b"HTTP/1.1 204 No\r\n\r\n")[0].headers) == 0


@pytest.mark.parametrize("data", [b"", b"hello", b"hello" * 100])
def test_a_body_without_framing_ends_with_the_connection(data: bytes) -> None:
    parser, body = read(OK + b"\r\n" + data)
    assert (body, parser.done) == (data, False)
    parser.eof()
    assert (parser.done, parser.reusable) == (True, False)
    parser.eof()


def test_a_compressed_body_that_ends_with_the_connection() -> None:
    data = gzip.compress(b"hello")
    assert read(OK + b"Content-Encoding: gzip\r\n\r\n" + data, eof=True)[1] == b"hello"
    with pytest.raises(Truncated, match="gzip"):
        read(OK + b"Content-Encoding: gzip\r\n\r\n" + data[:-1], eof=True)


@pytest.mark.parametrize(
    ("head", "reusable"),
    [
        (OK + b"Content-Length: 500\r\n\r\n", True),
        (OK + b"\r\n", True),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", True),
        (OK + b"Content-Length: 5\r\nConnection: close\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: Keep-Alive\r\n\r\n", True),
        (OK + b"Content-Length: 0\r\n\r\n", True),
    ],
)
def test_replies_to_head_have_no_body(head: bytes, reusable: bool) -> None:
    parser, body = read(head, method="HEAD")
    assert (body, parser.done, parser.reusable) == (b"", True, reusable)
    if reusable:
        parser.expect("GET")
        assert drain(parser, COMPLETE["length"][0]) == b"hello"
        assert parser.reusable


def test_a_body_to_head_spoils_the_connection() -> None:
    assert read(OK + b"Content-Length: 5\r\n\r\nhello", method="HEAD")[0].reusable is False
    parser, _ = read(OK + b"Content-Length: 5\r\n\r\n", method="HEAD")
    assert parser.feed(b"hello") == b""
    assert parser.reusable is False


def test_connect() -> None:
    parser, body = read(b"HTTP/1.1 200 Connection established\r\n\r\n", method="CONNECT")
    assert (parser.done, parser.reusable, body) == (True, True, b"")
    assert read(b"HTTP/1.1 200 Yes\r\n\r\n<html>", method="CONNECT")[0].reusable is False
    parser, body = read(b"HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno", method="CONNECT")
    assert (parser.status, body, parser.done) == (407, b"no", True)


@pytest.mark.parametrize("extra", [b"EXTRA", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno", b"\0"])
@pytest.mark.parametrize("name", ["length", "chunked", "close", "204", "304", "trailers"])
def test_what_follows_a_reply_is_cut_off_and_spoils_the_connection(name: str, extra: bytes) -> None:
    data, body, _ = COMPLETE[name]
    parser, got = read(data + extra)
    assert (got, parser.done, parser.reusable, parser.status) == (body, True, False, read(data)[0].status)
    parser, got = read(data, extra)
    assert (got, parser.reusable) == (body, False)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"garbage\r\n", "not valid HTTP"),
        (b"\x16\x03\x01\x02\x00", "not valid HTTP"),
        (b"ICY 200 OK\r\n\r\n", "not valid HTTP"),
        (b"HTTP/1.1 99 OK\r\n\r\n", "not valid HTTP"),
        (b"HTTP/1.1 099 OK\r\n\r\n", "99 is not an HTTP status"),
        (b"HTTP/1.1 1000 OK\r\n\r\n", "not valid HTTP"),
        (b"HTTP/2.0 200 OK\r\n\r\n", "HTTP/2.0"),
        (b"HTTP/0.9 200 OK\r\n\r\n", "HTTP/0.9"),
        (b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", "unasked"),
        (b"HTTP/1.1 101 Switching\r\n\r\nxxx", "unasked"),
        (OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "Content-Length"),
        (OK + b"Content-Length: 5, 6\r\n\r\nhello", "Content-Length"),
        (OK + b"Content-Length: -5\r\n\r\n", "Content-Length"),
        (OK + b"Content-Length: +5\r\n\r\nhello", "Content-Length"),
        (OK + b"Content-Length: 0x5\r\n\r\nhello", "Content-Length"),
        (OK + b"Content-Length: \r\n\r\n", "Content-Length"),
        (OK + b"Content-Length: 99999999999999999999999\r\n\r\n", "Content-Length"),
        (OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "Content-Length"),
        (OK + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", "Content-Length"),
        (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", "plain 'chunked'"),
        (OK + b"Transfer-Encoding: gzip\r\n\r\n", "plain 'chunked'"),
        (OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "plain 'chunked'"),
        (OK + b"Transfer-Encoding: chunked\t\r\n\r\n", "plain 'chunked'"),
        (OK + b"Transfer-Encoding: chunked \r\n\r\n", "plain 'chunked'"),
        (OK + b"X: 1\r\nX: 2\r\nTransfer-Encoding: chunked \r\n\r\n", "plain 'chunked'"),
        (OK + b"Transfer-Encoding: xchunked\r\n\r\n", "plain 'chunked'"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n", "chunk size"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", "chunk size"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n", "overflow"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhelloXX", "not valid HTTP"),
        (OK + b"X : a\r\n\r\n", "header"),
        (OK + b"X: a\r\n folded\r\n\r\n", "not valid HTTP"),
        (OK + b"X: a\0b\r\n\r\n", "header value"),
        (OK + b"X: a\nY: b\r\n\r\n", "not valid HTTP"),
        (OK + b"X: a\rY: b\r\n\r\n", "not valid HTTP"),
        (OK + b"Content-Encoding: br\r\n\r\n", "br"),
        (OK + b"Content-Encoding: gzip, gzip\r\n\r\n", "gzip, gzip"),
        (OK + b"Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n\r\n", "gzip, gzip"),
        (OK + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", "cannot be decoded"),
        (b"HTTP/1.1 103 Early\r\n\r\n" * 21, "informational"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 21 + b"\r\n", "more than 20 header fields"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 2049, "larger than 2048 bytes"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 2049 + b"\r\n\r\n", "larger than 2048 bytes"),
        (b"\r\n" * 2000, "larger than 2048 bytes"),
    ],
)
def test_broken_protocol_whole_and_byte_by_byte(data: bytes, message: str) -> None:
    with pytest.raises(BrokenProtocol, match=message):
        read(data)
    with pytest.raises(BrokenProtocol):
        read(*(bytes([byte]) for byte in data))


def test_bounds_are_inclusive() -> None:
    assert read(b"HTTP/1.1 103 Early\r\n\r\n" * 20 + COMPLETE["length"][0])[1] == b"hello"
    assert read(OK + b"X: y\r\n" * 19 + b"Content-Length: 1\r\n\r\nx")[1] == b"x"
    assert read(OK + b"X: " + b"y" * 1900 + b"\r\nContent-Length: 500\r\n\r\n" + b"x" * 500)[1] == b"x" * 500
    assert read(OK + b"Content-Length: 1000\r\n\r\n" + b"x" * 1000)[0].done


@pytest.mark.parametrize("piece", [1, 100, 20_000])
def test_chunk_extensions_and_trailers_are_bounded(piece: int) -> None:
    for tail in (
        b"5;" + b"e" * 20_000,
        b"5\r\nhello\r\n0\r\nX: " + b"e" * 20_000,
        b"5\r\nhello\r\n0\r\n" + b"X: e\r\n" * 4_000,
    ):
        data = OK + b"Transfer-Encoding: chunked\r\n\r\n" + tail
        with pytest.raises(BrokenProtocol, match="extensions or trailers"):
            read(*(data[at : at + piece] for at in range(0, len(data), piece)))


def test_many_small_chunks_are_no_bomb() -> None:
    data = OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"1;signature=0123456789abcdef\r\nx\r\n" * 4000 + b"0\r\n\r\n"
    parser, body = read(data, stream=True)
    assert (len(body), parser.done) == (4000, True)
    parser, body = read(*(data[at : at + 10] for at in range(0, len(data), 10)), stream=True)
    assert (len(body), parser.done) == (4000, True)


def test_a_body_read_whole_is_bounded() -> None:
    with pytest.raises(TooLarge, match="1001 bytes"):
        read(OK + b"Content-Length: 1001\r\n\r\n")
    with pytest.raises(TooLarge, match="1000 bytes"):
        read(OK + b"Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + b"x" * 1001)
    with pytest.raises(TooLarge):
        read(OK + b"\r\n", b"x" * 1001)
    with pytest.raises(TooLarge):
        read(OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(bytes(1001)))


def test_the_head_of_a_body_declared_too_large_is_known() -> None:
    parser = ReplyParser(SMALL)
    with pytest.raises(TooLarge):
        parser.feed(OK + b"X: y\r\nContent-Length: 1001\r\n\r\n")
    assert (parser.status, parser.version, parser.headers["x"]) == (200, "HTTP/1.1", "y")


@pytest.mark.parametrize("framing", [b"Content-Length: 500\r\n\r\n", b"Content-Length: 5000\r\n\r\n", b"\r\n"])
def test_an_error_body_is_cut(framing: bytes) -> None:
    parser, body = read(b"HTTP/1.1 500 No\r\n" + framing + b"x" * 60, b"y" * 60)
    assert body == b"x" * 60 + b"y" * 40
    assert (parser.done, parser.reusable) == (True, False)


def test_streams_are_bounded_only_where_they_are_events() -> None:
    head = OK + b"Content-Length: 6000\r\n\r\n"
    assert len(read(head + b"x" * 6000, stream=True)[1]) == 6000
    with pytest.raises(TooLarge):
        read(head + b"x" * 6000, stream=True, events=True)


def test_the_ratio_is_bounded_even_for_downloads() -> None:
    bomb = gzip.compress(bytes(5_000_000))
    with pytest.raises(TooLarge, match="20-fold"):
        read(OK + b"Content-Encoding: gzip\r\n\r\n" + bomb, stream=True)
    fair = gzip.compress(b"".join(b"%d " % number for number in range(40_000)))
    assert len(read(OK + b"Content-Encoding: gzip\r\n\r\n" + fair, stream=True, eof=True)[1]) > SMALL.ratio_after


def test_truncated_says_how_far_it_came() -> None:
    with pytest.raises(Truncated, match="3 of 5 bytes"):
        read(OK + b"Content-Length: 5\r\n\r\nhel", eof=True)
    with pytest.raises(Truncated, match="before its last chunk"):
        read(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", eof=True)
    with pytest.raises(Truncated, match="without a reply"):
        read(eof=True)
    with pytest.raises(Truncated, match="within the reply's head"):
        read(b"HTTP/1.1 2", eof=True)
    assert "broke off" in str(read(OK + b"\r\nabc")[0].cut_short())


def test_a_compressed_reply_cut_within_its_framing() -> None:
    with pytest.raises(Truncated, match="gzip"):
        read(OK + b"Content-Encoding: gzip\r\nContent-Length: 12\r\n\r\n" + gzip.compress(b"hi")[:12])


def test_pending_holds_back_the_end() -> None:
    data = b"".join(b"%d " % number for number in range(200_000))
    packed = gzip.compress(data)
    parser = ReplyParser()
    parser.expect("GET")
    first = parser.feed(OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed)
    assert parser.pending
    assert not parser.done
    rest = [first]
    while parser.pending:
        rest.append(parser.more())
    assert parser.done
    assert b"".join(rest) == data


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

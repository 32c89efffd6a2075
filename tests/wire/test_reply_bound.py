"""Bounds on replies: heads, chunks, bodies, ratios, and how far a cut one came."""

from __future__ import annotations

import gzip

import pytest

from antiphon.wire.problem import BrokenProtocol, TooLarge, Truncated
from antiphon.wire.reply import ReplyParser

from .reply_reader import COMPLETE, OK, SMALL, read


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

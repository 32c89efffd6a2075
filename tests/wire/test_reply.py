"""Replies: every rule of framing, at every cut of the bytes."""

from __future__ import annotations

import gzip

import pytest

from antiphon.wire.problem import BrokenProtocol, Truncated
from antiphon.wire.reply import ReplyParser

from .reply_reader import COMPLETE, OK, drain, read


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

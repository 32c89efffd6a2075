"""Troubles of the system and the wire, and the errors they become."""

from __future__ import annotations

import errno
import socket
import ssl

import pytest

from antiphon.errors import (
    APIConnectionError,
    ConnectTimeout,
    DeadlineExceeded,
    PoolTimeout,
    ProtocolError,
    ReadTimeout,
    ResponseTooLarge,
    TruncatedBody,
    WriteTimeout,
)
from antiphon.transports.failure import (
    complete,
    connect_failure,
    dns_failure,
    is_blocked,
    is_gone,
    lost,
    refused,
    timed_out,
    tls_failure,
)
from antiphon.wire.problem import BrokenProtocol, TooLarge, Truncated
from antiphon.wire.reply import ReplyParser

from .asking import ask

REQUEST = ask("https://api.example/v1/x")


@pytest.mark.parametrize(
    ("phase", "kind", "sent"),
    [
        ("pool", PoolTimeout, "no"),
        ("dns", ConnectTimeout, "no"),
        ("connect", ConnectTimeout, "no"),
        ("proxy", ConnectTimeout, "no"),
        ("tls", ConnectTimeout, "no"),
        ("write", WriteTimeout, "maybe"),
        ("head", ReadTimeout, "maybe"),
        ("body", ReadTimeout, "maybe"),
        ("stream", ReadTimeout, "maybe"),
    ],
)
def test_timeouts(phase: str, kind: type[Exception], sent: str) -> None:
    problem = timed_out(phase, detail="more")
    assert type(problem) is kind
    assert (problem.phase, problem.sent) == (phase, sent)
    assert problem.message.endswith(": more")
    over = timed_out(phase, deadline=True)
    assert type(over) is DeadlineExceeded
    assert (over.phase, over.sent) == (phase, sent)


def test_complete_fills_in_and_keeps() -> None:
    problem = complete(timed_out("head"), REQUEST, 1.5)
    assert (problem.request, problem.host, problem.elapsed) == (REQUEST, "api.example:443", 1.5)
    again = complete(problem, ask("https://other.example"), 9.0)
    assert again is problem
    assert (again.request, again.host, again.elapsed) == (REQUEST, "api.example:443", 1.5)


def test_words() -> None:
    assert "refused" in str(connect_failure(OSError(errno.ECONNREFUSED, "Connection refused")))
    assert "'h'" in str(dns_failure("h", socket.gaierror(-2, "Name or service not known")))
    assert "ValueError" in str(tls_failure("h", ValueError()))
    assert type(lost(OSError(errno.ECONNRESET, "reset"), "head")) is APIConnectionError
    assert type(lost(OSError(errno.ECONNRESET, "reset"), "stream")) is TruncatedBody


@pytest.mark.parametrize(
    ("problem", "gone", "blocked"),
    [
        (ConnectionResetError(), True, False),
        (BrokenPipeError(), True, False),
        (OSError(errno.ETIMEDOUT, "from the kernel"), True, False),
        (ssl.SSLEOFError(), True, False),
        (ssl.SSLZeroReturnError(), True, False),
        (ssl.SSLWantReadError(), False, True),
        (ssl.SSLWantWriteError(), False, True),
        (BlockingIOError(), False, True),
        (TimeoutError("timed out"), False, False),
        (ssl.SSLError(1, "bad record"), False, False),
        (OSError(errno.EBADF, "closed"), False, False),
    ],
)
def test_kinds(problem: OSError, gone: bool, blocked: bool) -> None:
    assert (is_gone(problem), is_blocked(problem)) == (gone, blocked)


def test_what_the_wire_refuses() -> None:
    parser = ReplyParser()
    early = refused(Truncated("no reply"), parser, REQUEST, "head", 0.5)
    assert type(early) is APIConnectionError
    assert (early.phase, early.elapsed) == ("head", 0.5)
    assert type(refused(BrokenProtocol("x"), parser, REQUEST, "head", 0.5)) is ProtocolError
    parser.feed(b"HTTP/1.1 201 OK\r\nX: y\r\nContent-Length: 5\r\n\r\n")
    assert type(refused(Truncated("short"), parser, REQUEST, "body", 0.5)) is TruncatedBody
    large = refused(TooLarge("too large"), parser, REQUEST, "body", 0.5)
    assert isinstance(large, ResponseTooLarge)
    assert (large.status_code, large.response.headers["x"], large.request) == (201, "y", REQUEST)
    assert "api.example:443" in str(large)
    assert "0.500 s" in str(large)

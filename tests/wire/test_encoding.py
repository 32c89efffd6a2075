"""A request's head: every byte of it, and that nothing breaks out of its line."""

from __future__ import annotations

import traceback
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.core.headers import Headers
from antiphon.core.request import Request
from antiphon.core.secret import Secret
from antiphon.core.timeout import Timeout
from antiphon.core.url import Origin
from antiphon.errors import InvalidBody
from antiphon.wire.encoding import encode_connect, encode_request
from antiphon.wire.framing import SMALL

ORIGIN = Origin("https", "api.example", 443)


class Stream:
    def __init__(self, length: int | None) -> None:
        self.length = length

    def __iter__(self) -> Any:
        return iter([b"abc"])

    def rewind(self) -> bool:
        return True


def request(
    method: str = "POST", target: str = "/v1/x", headers: Any = (), content: Any = None, origin: Origin = ORIGIN
) -> Request:
    return Request(method, origin, target, Headers(headers), content, Timeout(1))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (request("GET"), b"GET /v1/x HTTP/1.1\r\nHost: api.example\r\n\r\n"),
        (request("DELETE"), b"DELETE /v1/x HTTP/1.1\r\nHost: api.example\r\n\r\n"),
        (request(), b"POST /v1/x HTTP/1.1\r\nHost: api.example\r\nContent-Length: 0\r\n\r\n"),
        (request(content=b""), b"POST /v1/x HTTP/1.1\r\nHost: api.example\r\nContent-Length: 0\r\n\r\n"),
        (request(content=b"hi"), b"POST /v1/x HTTP/1.1\r\nHost: api.example\r\nContent-Length: 2\r\n\r\nhi"),
        (
            request(headers=[("A", "b"), ("A", "\xe9")], content=b"hi"),
            b"POST /v1/x HTTP/1.1\r\nHost: api.example\r\nA: b\r\nA: \xe9\r\nContent-Length: 2\r\n\r\nhi",
        ),
        (request(content=Stream(3)), b"POST /v1/x HTTP/1.1\r\nHost: api.example\r\nContent-Length: 3\r\n\r\n"),
        (
            request(content=Stream(None)),
            b"POST /v1/x HTTP/1.1\r\nHost: api.example\r\nTransfer-Encoding: chunked\r\n\r\n",
        ),
        (
            request("GET", origin=Origin("http", "::1", 8080)),
            b"GET /v1/x HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
        ),
        (
            request("GET", headers=[("hOsT", "other.example")]),
            b"GET /v1/x HTTP/1.1\r\nhOsT: other.example\r\n\r\n",
        ),
        (request("GET", headers=[("X-Empty", "")]), b"GET /v1/x HTTP/1.1\r\nHost: api.example\r\nX-Empty: \r\n\r\n"),
    ],
)
def test_bytes(asked: Request, expected: bytes) -> None:
    assert bytes(encode_request(asked)) == expected


def test_bodies_beyond_small_stay_out_of_the_buffer() -> None:
    assert bytes(encode_request(request(content=b"x" * SMALL))).endswith(b"\r\n\r\n" + b"x" * SMALL)
    assert bytes(encode_request(request(content=b"x" * (SMALL + 1)))).endswith(
        f"Content-Length: {SMALL + 1}\r\n\r\n".encode()
    )


def test_absolute_form_and_proxy_credentials() -> None:
    sent = bytes(
        encode_request(
            request("GET", origin=Origin("http", "h", 81)), absolute=True, proxy_authorization=Secret("Basic eA==")
        )
    )
    assert sent == b"GET http://h:81/v1/x HTTP/1.1\r\nHost: h:81\r\nProxy-Authorization: Basic eA==\r\n\r\n"


def test_connect() -> None:
    assert bytes(encode_connect("h", 443)) == b"CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n"
    sent = bytes(encode_connect("::1", 443, Secret("Basic eA==")))
    assert sent == b"CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\nProxy-Authorization: Basic eA==\r\n\r\n"


@pytest.mark.parametrize(
    "value", ["canary\r", "canary\n", "canary\r\nX: y", "\0canary", "canary\u0100", "canary\ud800", "canary☃"]
)
@pytest.mark.parametrize("position", [0, 1])
def test_values_that_would_break_out(value: str, position: int) -> None:
    fields = [("Good", "fine"), ("Good-Too", "fine")]
    fields.insert(position, ("X-Bad", value))
    with pytest.raises(InvalidBody, match="X-Bad") as caught:
        encode_request(request(headers=fields))
    assert "canary" not in str(caught.value)
    assert caught.value.path == "headers.X-Bad"
    assert caught.value.__context__ is None  # a UnicodeEncodeError would hold the text


def test_a_value_that_is_no_string() -> None:
    with pytest.raises(InvalidBody, match="'X-Bad' is not a string"):
        encode_request(request(headers=[("X-Bad", 5)]))


@pytest.mark.parametrize("name", ["", "a b", "a:", "a\r\nb", "é", "a\0", " a", "a\t", 5, b"a"])
def test_names_that_are_none(name: Any) -> None:
    for _ in range(2):  # a refused name must not be remembered as a good one
        with pytest.raises(InvalidBody, match="not a header name"):
            encode_request(request(headers=[(name, "x")]))


@pytest.mark.parametrize("name", ["Content-Length", "content-length", "Transfer-Encoding"])
def test_derived_headers_are_refused(name: str) -> None:
    with pytest.raises(InvalidBody, match="derived"):
        encode_request(request(headers=[(name, "5")]))


@pytest.mark.parametrize("target", ["/a b", "/a\r\nX: y", "/a\n", "/\0", "/é", "/\u0142"])
def test_targets_that_would_break_out(target: str) -> None:
    with pytest.raises(InvalidBody, match="target"):
        encode_request(request(target=target))


def test_bad_method() -> None:
    with pytest.raises(InvalidBody, match="method"):
        encode_request(request("GET /x"))


@pytest.mark.parametrize("credentials", ["Basic x\r\nX: y", "Basic \u0142"])
def test_bad_proxy_credentials(credentials: str) -> None:
    with pytest.raises(InvalidBody, match="proxy"):
        encode_connect("h", 1, Secret(credentials))
    with pytest.raises(InvalidBody, match="proxy"):
        encode_request(request(), proxy_authorization=Secret(credentials))


def test_no_local_of_a_failing_frame_shows_a_credential() -> None:
    fields = [("Authorization", "Bearer canary"), ("X-Bad", "\n")]
    asked = request(headers=fields)
    del fields
    try:
        encode_request(asked)
    except InvalidBody as problem:
        text = "".join(traceback.TracebackException.from_exception(problem, capture_locals=True).format())
    assert "canary" not in text
    assert "X-Bad" in text


@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=20)), max_size=6), st.text(max_size=12))
def test_anything_is_either_refused_or_one_line_per_field(fields: list[tuple[str, str]], target: str) -> None:
    try:
        sent = bytes(encode_request(request("GET", "/" + target, fields)))
    except InvalidBody:
        return
    hosts = sum(name.lower() == "host" for name, _ in fields)
    lines = sent.split(b"\r\n")
    assert lines[-2:] == [b"", b""]
    assert len(lines) == 1 + (hosts == 0) + len(fields) + 2
    assert sent.count(b"\n") == sent.count(b"\r") == len(lines) - 1
    assert lines[0].count(b" ") == 2
    assert lines[1 + (hosts == 0) : -2] == [f"{name}: {value}".encode("latin-1") for name, value in fields]


def test_the_memory_of_good_names_is_bounded() -> None:
    from antiphon.wire import encoding

    for number in range(encoding._PROVEN_MAX + 50):
        encode_request(request("GET", headers=[(f"X-{number}", "y")]))
    assert len(encoding._proven) == encoding._PROVEN_MAX
    assert b"X-99999: y" in bytes(encode_request(request("GET", headers=[("X-99999", "y")])))

"""What hooks are told carries no credential, and cannot be changed."""

from __future__ import annotations

import pickle
from typing import Any

import msgspec
import pytest

from antiphon.core.headers import Headers
from antiphon.core.notice import bare_error, masked, request_info, response_info, retry_info
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.core.timeout import Timeout
from antiphon.core.url import Origin
from antiphon.errors import RateLimitError, ReadTimeout

KEY = "sk-canary-77"


def request() -> Request:
    headers = Headers({"Authorization": f"Bearer {KEY}", "X-Own": "1", "X-Gateway-Token": KEY})
    return Request(
        "POST",
        Origin("https", "api.example", 443),
        f"/v1/x?key={KEY}",
        headers,
        KEY.encode(),
        Timeout(1.0),
        events=True,
    )


def reply() -> Reply:
    headers = Headers({"x-request-id": "req_1", "set-cookie": KEY, "x-ratelimit-remaining-tokens": "7"})
    return Reply(429, headers, request=request(), content=b'{"error": {"message": "slow"}}', elapsed=0.5)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        *[(name, False) for name in ("Authorization", "api-key", "X-Api-Key", "Cookie", "X-My-Token", "x-secret")],
        *[(name, False) for name in ("X-Amz-Signature", "Proxy-Authorization", "OpenAI-Session")],
        *[(name, True) for name in ("Accept", "Idempotency-Key", "x-ratelimit-limit-tokens", "OpenAI-Project")],
        ("WWW-Authenticate", True),
    ],
)
def test_what_looks_like_a_credential_is_masked(name: str, shown: bool) -> None:
    assert masked(Headers({name: "v"}))[name] == ("v" if shown else "<redacted>")


def test_of_a_request() -> None:
    info = request_info(request(), 2)
    assert (info.method, info.url, info.attempt, info.stream) == ("POST", "https://api.example/v1/x", 2, True)
    assert (info.operation, info.call) == (None, 0)
    assert info.headers["x-own"] == "1"


def test_of_a_reply() -> None:
    info = response_info(reply(), request_info(request(), 1))
    assert (info.status_code, info.request_id, info.elapsed) == (429, "req_1", 0.5)
    assert info.ratelimit.remaining_tokens == 7


@pytest.mark.parametrize("outcome", [reply(), ReadTimeout(request(), message="silent")])
def test_nothing_that_is_told_holds_the_key(outcome: Any) -> None:
    info = retry_info(outcome, request_info(request(), 1), 0.5)
    told = [repr(info), repr(vars(info.error)), repr(info.error.request.headers.fields)]
    told += [] if info.response is None else [repr(info.response.headers.fields)]
    told += [repr(vars(info.error)), str(info.error), info.error.request.target]
    assert not [text for text in told if KEY in text]
    assert info.error.request.content is None


def test_errors_are_what_would_be_raised() -> None:
    refused = bare_error(reply())
    assert type(refused) is RateLimitError
    assert refused.request_id == "req_1"
    failure = ReadTimeout(None, message="silent", phase="head")
    failure.__cause__ = OSError("why")
    failure.attempts = 3
    bare: Any = bare_error(failure)
    assert (type(bare), bare.message, bare.phase, bare.attempts, bare.request) == (
        *(ReadTimeout, "silent", "head", 3),
        None,
    )
    assert bare is not failure
    assert bare.__cause__ is failure.__cause__
    assert bare.__traceback__ is None


def test_they_are_frozen_and_travel() -> None:
    info: Any = request_info(request(), 1)
    with pytest.raises(AttributeError):
        info.attempt = 2
    assert msgspec.structs.replace(info, attempt=2).attempt == 2


def test_header_fields_cannot_be_changed() -> None:
    asked = request_info(request(), 1)
    for headers in (asked.headers, response_info(reply(), asked).headers):
        before = headers.fields
        with pytest.raises(TypeError, match="default_headers="):
            headers["traceparent"] = "00-x"
        for change in (Headers.clear, Headers.popitem, lambda it: it.update({"x-own": "2"})):
            with pytest.raises(TypeError, match="cannot be changed"):
                change(headers)
        headers.fields.clear()
        assert headers.fields == before


def test_header_fields_can_be_copied_and_then_changed() -> None:
    headers = request_info(request(), 1).headers
    mine = headers.copy()
    mine["x-own"] = "2"
    assert (mine["x-own"], headers["x-own"]) == ("2", "1")


def test_notices_travel_to_another_process_and_stay_frozen() -> None:
    info = pickle.loads(pickle.dumps(response_info(reply(), request_info(request(), 1))))
    assert info.headers["x-request-id"] == "req_1"
    with pytest.raises(TypeError, match="cannot be changed"):
        info.request.headers["x-own"] = "2"
    assert KEY not in repr(info)
    assert "'x-own': '1'" in repr(info)

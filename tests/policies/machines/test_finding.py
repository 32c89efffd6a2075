"""What a body says about trying again, and what may be done twice: tables over bytes and paths."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.policies.machines.effect import is_ambiguous, is_repeatable
from antiphon.policies.machines.finding import Finding, of_error, of_success

LARGE = b'{"a": "' + b"x" * 100_000 + b'"}'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'{"error": {"code": "slow_down", "type": "requests"}}', "slow_down"),
        (b'{"error": {"code": null, "type": "server_error"}}', "server_error"),
        (b'{"error": {"code": 7, "type": 8}}', None),
        *[(content, None) for content in (b"", b"[]", b"null", b'{"error": "x"}', b"\xff", b"[" * 100_000, b"<html>")],
    ],
)
def test_an_errors_code(content: bytes, code: str | None) -> None:
    assert of_error(content) == Finding(code)


@pytest.mark.parametrize(
    ("message", "too_large"),
    [
        (
            "Request too large for gpt-5.5 in organization org-x on tokens per min (TPM): Limit 10000, Requested 12000.",
            True,
        ),
        ("Rate limit reached for gpt-5.5 on tokens per min (TPM): Limit 10000, Used 9000, Requested 2000.", False),
        ("Rate limit reached for gpt-5.5 on tokens per min (TPM): Limit 10,000, Requested 12,000.", True),
        ("Limit: 10 / min. Requested: 10.", False),
        ("Slow down.", False),
        ("", False),
    ],
)
def test_row_26_a_request_that_is_more_than_the_limit(message: str, too_large: bool) -> None:
    content = json.dumps({"error": {"message": message, "code": "rate_limit_exceeded", "type": "tokens"}}).encode()
    assert of_error(content) == Finding("rate_limit_exceeded", too_large=too_large)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b'"x"',
        b"7",
        b'{"a": 1',
        b'{"a": tru}',
        b"{}x",
        b'{"a": "\xff"}',
        b"<html>",
        LARGE[:-1],
    ],
)
def test_row_36_a_success_that_is_none(content: bytes) -> None:
    assert of_success(content) == Finding(malformed=True)


@pytest.mark.parametrize(
    "content",
    [
        *(b"{}", b' {"a": [1, {"b": null}]}\n', b"\xef\xbb\xbf{}", '{"a": "ü"}'.encode(), b'{"error": null}', LARGE),
        b'{"id": "resp_1", "status": "failed", "error": {"code": "server_error"}}',
    ],
)
def test_a_success_is_left_alone(content: bytes) -> None:
    assert of_success(content) == Finding()


def test_row_30_an_error_in_a_success() -> None:
    assert of_success(b'{"error": {"code": "server_error", "message": "x"}}') == Finding("server_error")


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.binary(max_size=200))
def test_no_bytes_are_too_much(content: bytes) -> None:
    of_error(content)
    of_success(content)


@pytest.mark.parametrize(
    ("method", "path", "operation", "repeatable"),
    [
        *[("GET", "/v1/batches", "", True), ("DELETE", "/v1/files/f", "", True), ("PUT", "/x", "", True)],
        *[
            ("POST", f"/v1{path}", "", True)
            for path in ("/responses", "/chat/completions", "/embeddings", "/audio/speech")
        ],
        ("POST", "/openai/deployments/d/chat/completions?api-version=1", "", True),
        ("POST", "/v1/vector_stores/vs_1/search", "", True),
        ("POST", "/v1/batches/b/cancel", "", True),
        ("POST", "/v1/vector_stores/vs_1", "vector_stores.update", True),
        *[
            ("POST", f"/v1{path}", "", False)
            for path in ("/batches", "/fine_tuning/jobs", "/files", "/uploads/u/complete", "/vector_stores", "/threads")
        ],
        ("POST", "/v1/vector_stores/vs_1", "POST /v1/vector_stores/vs_1", False),
        ("PATCH", "/v1/anything", "", False),
    ],
)
def test_what_may_happen_twice(method: str, path: str, operation: str, repeatable: bool) -> None:
    assert is_repeatable(method, path, operation) is repeatable


def test_statuses_that_leave_open_what_happened() -> None:
    assert [status for status in (400, 408, 429, 500, 501, 502, 503, 504, 520, 524, 529) if is_ambiguous(status)] == [
        *(500, 502, 504, 520, 524)
    ]


@pytest.mark.parametrize(("size", "malformed"), [(64 * 1024, True), (64 * 1024 + 1, False)])
def test_only_of_what_is_larger_than_64_kib_the_ends_alone_are_looked_at(size: int, malformed: bool) -> None:
    content = b"{" + b"x" * (size - 2) + b"}"
    assert of_success(content).malformed is malformed


@pytest.mark.parametrize(("blanks", "malformed"), [(62, False), (63, False), (64, True)])
def test_of_a_large_body_64_bytes_at_each_end_are_looked_at(blanks: int, malformed: bool) -> None:
    assert of_success(b" " * blanks + LARGE).malformed is malformed
    assert of_success(LARGE + b"\n" * blanks).malformed is malformed
    assert of_success(LARGE[:-1] + b" " * blanks).malformed

"""Which replies deserve another attempt, as a table."""

from __future__ import annotations

import pytest

from antiphon.policies.machines.verdict import QUOTA_CODES, should_retry


@pytest.mark.parametrize(
    ("status", "headers", "hint", "code", "verdict"),
    [
        *[(status, {}, None, None, True) for status in (408, 409, 429, 500, 502, 503, 504, 529)],
        *[(status, {}, None, None, False) for status in (400, 401, 403, 404, 413, 415, 422, 302, 200)],
        (429, {}, 120.0, None, True),
        (429, {}, 120.1, None, False),
        (429, {"x-should-retry": "true"}, 121.0, None, False),
        (400, {"x-should-retry": "true"}, None, None, True),
        (503, {"x-should-retry": "false"}, None, None, False),
        (503, {"x-should-retry": "maybe"}, None, None, True),
        (429, {"x-should-retry": "true"}, None, "insufficient_quota", True),
        *[(429, {}, None, code, False) for code in sorted(QUOTA_CODES)],
        (429, {}, None, "rate_limit_exceeded", True),
    ],
)
def test_verdict(status: int, headers: dict[str, str], hint: float | None, code: str | None, verdict: bool) -> None:
    assert should_retry(status, headers, hint, code) is verdict


@pytest.mark.parametrize(
    ("status", "headers", "hint", "code", "named", "verdict"),
    [
        (418, {}, None, None, True, True),
        (503, {}, None, None, False, False),
        (503, {"x-should-retry": "true"}, None, None, False, False),
        (400, {"x-should-retry": "true"}, None, None, True, True),
        (418, {"x-should-retry": "false"}, None, None, True, False),
        (429, {}, None, "insufficient_quota", True, False),
        (429, {}, 121.0, None, True, False),
    ],
)
def test_what_a_user_names_goes_before_the_statuses_only(
    status: int, headers: dict[str, str], hint: float | None, code: str | None, named: bool, verdict: bool
) -> None:
    assert should_retry(status, headers, hint, code, named) is verdict

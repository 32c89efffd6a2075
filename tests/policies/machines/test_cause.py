from __future__ import annotations

import pytest

from antiphon.policies.machines.cause import Cause, cause_of
from antiphon.policies.machines.verdict import QUOTA_CODES

TABLE: list[tuple[int, str | None, str | None, Cause]] = [
    (200, None, None, Cause.SERVED),
    (204, None, "false", Cause.SERVED),
    (300, None, None, Cause.STOP),
    (302, None, None, Cause.STOP),
    (400, None, None, Cause.STOP),
    (400, "context_length_exceeded", None, Cause.STOP),
    (404, "model_not_found", None, Cause.STOP),
    (409, None, None, Cause.STOP),
    (413, None, None, Cause.STOP),
    (422, None, None, Cause.STOP),
    (401, "invalid_api_key", None, Cause.REJECTED),
    (401, None, "false", Cause.REJECTED),
    (402, None, None, Cause.BILLING),
    (403, None, None, Cause.FORBIDDEN),
    (408, None, None, Cause.UNAVAILABLE),
    (429, None, None, Cause.RATE),
    (429, "rate_limit_exceeded", None, Cause.RATE),
    (429, "rate_limit_exceeded", "false", Cause.STOP),
    *((429, code, None, Cause.BILLING) for code in sorted(QUOTA_CODES)),
    (429, "insufficient_quota", "false", Cause.BILLING),
    *((status, None, None, Cause.UNAVAILABLE) for status in (500, 501, 502, 503, 504, 505, 529)),
    (503, None, "false", Cause.STOP),
    (503, None, "true", Cause.UNAVAILABLE),
]


@pytest.mark.parametrize(("status", "code", "told", "cause"), TABLE)
def test_the_table_of_moves(status: int, code: str | None, told: str | None, cause: Cause) -> None:
    assert cause_of(status, code, told) is cause

"""Whether an attempt that failed deserves another, by the rules of the official client.

The order of the rules is the rule: a pause longer than two minutes is never waited for; then the server's own
`x-should-retry` decides; then an exhausted quota, which waiting cannot heal (the one deviation: the official client sends
it three times); then the status.
"""

from __future__ import annotations

from collections.abc import Mapping

from .backoff import LONGEST_HINT

QUOTA_CODES = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
    }
)
"""Codes of a 429 that no waiting heals."""

RETRIED_STATUSES = frozenset({408, 409, 429})


def should_retry(
    status: int, headers: Mapping[str, str], hint: float | None, code: str | None, named: bool | None = None
) -> bool:
    """Whether a reply is worth another attempt.

    Args:
        status: the HTTP status.
        headers: the reply's header fields.
        hint: seconds the server asked to wait, or `None`.
        code: the `error.code` of a 429's body, or `None`.
        named: whether the user named such a reply; `None` where the user named none at all, and the rules of statuses hold.
    """
    if hint is not None and hint > LONGEST_HINT:
        return False
    told = headers.get("x-should-retry")
    if told == "false" or (told == "true" and named is not False):
        return told == "true"
    if code in QUOTA_CODES:
        return False
    if named is not None:
        return named
    return status in RETRIED_STATUSES or status >= 500

"""Whether a reply deserves another attempt, by the rules of the official client; for those who know a reply and nothing more."""

from __future__ import annotations

from collections.abc import Mapping

from .backoff import LONGEST_HINT
from .rule import OFFICIAL_RULES, QUOTA_CODES, RETRIED_STATUSES, Facts

__all__ = ["QUOTA_CODES", "RETRIED_STATUSES", "should_retry"]


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
    facts = Facts(
        status,
        code,
        told=headers.get("x-should-retry"),
        too_long=hint is not None and hint > LONGEST_HINT,
    )
    return not OFFICIAL_RULES.judge(facts, named).stops

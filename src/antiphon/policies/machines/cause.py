"""Why an attempt failed, where it matters to whoever could send it elsewhere: the table of moves."""

from __future__ import annotations

from enum import Enum

from .verdict import QUOTA_CODES


class Cause(Enum):
    """What an attempt's outcome says about where to go next."""

    SERVED = "served"
    UNAVAILABLE = "unavailable"
    """The target is in trouble: another one may serve the same model."""
    RATE = "rate limit"
    """Its limit is used up: somebody with other limits may serve."""
    BILLING = "billing"
    """Its credit is used up: the credential is parked."""
    REJECTED = "credential rejected"
    """Its credential is none any more: parked until somebody enables it."""
    FORBIDDEN = "forbidden"
    """Its credential may not do this: parked for this operation and model."""
    STOP = "the request itself"
    """Nobody else would answer otherwise."""


def cause_of(status: int, code: str | None, told: str | None = None) -> Cause:
    """Why a reply is what it is.

    >>> cause_of(429, "insufficient_quota"), cause_of(503, None), cause_of(422, None)
    (<Cause.BILLING: 'billing'>, <Cause.UNAVAILABLE: 'unavailable'>, <Cause.STOP: 'the request itself'>)

    Args:
        status: the HTTP status.
        code: the `error.code` of its body, if any.
        told: the server's `x-should-retry`. Its "false" keeps a request from other targets too, unless it is the
            credential that is refused.
    """
    if status < 400:
        return Cause.SERVED if 200 <= status < 300 else Cause.STOP
    if status == 402 or (status == 429 and code in QUOTA_CODES):
        return Cause.BILLING
    if status == 401:
        return Cause.REJECTED
    if status == 403:
        return Cause.FORBIDDEN
    if told == "false":
        return Cause.STOP
    if status == 429:
        return Cause.RATE
    return Cause.UNAVAILABLE if status >= 500 or status == 408 else Cause.STOP

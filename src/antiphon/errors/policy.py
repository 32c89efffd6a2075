"""A policy of this client said no, or not now; nothing was sent for the attempt at hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .base import APIError


class PolicyError(APIError):
    """A policy of this client refused to send a request. None of these is worth another attempt at once."""

    def __init__(self, message: str, *, request: Any = None) -> None:
        super().__init__(message, request, body=None)


class CircuitOpen(PolicyError):
    """The endpoint failed too often lately; it is left alone for a while.

    Attributes:
        endpoint: which one.
        retry_in: seconds until it is tried again.
    """

    def __init__(self, endpoint: str, retry_in: float, *, request: Any = None) -> None:
        super().__init__(
            f"the circuit of {endpoint} is open: it failed too often and is tried again in {retry_in:.1f} s",
            request=request,
        )
        self.endpoint = endpoint
        self.retry_in = retry_in


class BulkheadFull(PolicyError):
    """As many requests as may be are under way, and as many as may wait are waiting, or this one waited too long.

    Attributes:
        limit: how many may be under way at once.
        queued: how many wait.
    """

    def __init__(self, limit: int, queued: int, *, why: str = "", request: Any = None) -> None:
        super().__init__(
            f"{limit} requests are under way and {queued} wait{why and f': {why}'}; send less at once, or raise the limits",
            request=request,
        )
        self.limit = limit
        self.queued = queued


_SHORT = {
    "pause": "the server asked for a pause, which lasts for",
    "shared quota": "the limit that the processes share leaves no room for",
}


class RateLimited(PolicyError):
    """This client's own rate limiter would have to wait longer than the call may.

    Attributes:
        retry_after: seconds until there would be room.
        dimension: what is short, e.g. "tokens"; "shared quota" where that is what processes share, and "pause" where the server
            asked for one.
    """

    def __init__(self, retry_after: float, dimension: str, *, why: str = "", request: Any = None) -> None:
        short = _SHORT.get(dimension, f"the limit of {dimension} leaves no room for")
        told = (
            f"{short} another {retry_after:.1f} s" if retry_after >= 0.05 else "the rate limiter has no room right now"
        )
        super().__init__(f"{told}{why and f', and {why}'}; nothing was sent", request=request)
        self.retry_after = retry_after
        self.dimension = dimension


class RequestTooLarge(PolicyError):
    """One request needs more than the whole limit, so that no waiting helps.

    Attributes:
        needed: what it needs.
        limit: what there is.
        dimension: of what, e.g. "tokens".
    """

    def __init__(self, needed: int, limit: int, dimension: str, *, request: Any = None) -> None:
        super().__init__(
            f"this request needs about {needed} {dimension}, more than the whole limit of {limit}; make it smaller",
            request=request,
        )
        self.needed = needed
        self.limit = limit
        self.dimension = dimension


class BudgetExceeded(PolicyError):
    """The budget has no room for what this request may cost at most.

    Attributes:
        limit: the budget.
        spent: what was spent or is set aside for requests under way.
        unit: of what, e.g. "usd".
        period: for how long, e.g. "day".
    """

    def __init__(
        self, limit: float, spent: float, unit: str, period: str, *, needed: float | None = None, request: Any = None
    ) -> None:
        more = "" if needed is None else f", and this request may take {needed:g} more"
        if needed and unit != "requests":
            more += " (a smaller max_output_tokens makes that less)"
        super().__init__(f"the budget of {limit:g} {unit} per {period} has {spent:g} taken{more}", request=request)
        self.limit = limit
        self.spent = spent
        self.unit = unit
        self.period = period


class UnknownPrice(PolicyError):
    """A budget in money was asked to let through a model it has no price of.

    Attributes:
        model: its name.
    """

    def __init__(self, model: str, *, request: Any = None) -> None:
        super().__init__(
            f"there is no price for {model!r}, so a budget cannot bound it; give one in prices=, or say unknown_price='allow'",
            request=request,
        )
        self.model = model


class IdempotencyConflict(PolicyError):
    """An idempotency key that was used for another request before, or for one of which nobody knows how it ended.

    Attributes:
        key: the key.
    """

    def __init__(self, key: str, *, why: str = "", request: Any = None) -> None:
        super().__init__(
            why or f"the idempotency key {key!r} belongs to another request, whose body was different; use a new one",
            request=request,
        )
        self.key = key


class NoTarget(PolicyError):
    """No target would take the request, and nothing was sent.

    Attributes:
        reasons: why, one text for each target.
        retry_in: seconds until one may, where that is known.
    """

    def __init__(self, reasons: Sequence[str], *, retry_in: float | None = None, request: Any = None) -> None:
        super().__init__(f"no target takes this request: {'; '.join(reasons) or 'there is none'}", request=request)
        self.reasons = tuple(reasons)
        self.retry_in = retry_in

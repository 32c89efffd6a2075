"""How to wait for a call's result to settle: look, pause, look again, up to a deadline.

The pause is what the caller said, else what the server said in `openai-poll-after-ms`, else one second. Which results are
settled is the caller's knowledge.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..core.call import Call
from ..core.effects import Now, PerformRaw, Sleep
from ..core.headers import Headers
from ..core.omit import NotGiven, Omit, is_given
from .flaw import lacking

DEFAULT_INTERVAL_MS = 1000


def interval_from(headers: Headers) -> int:
    """The pause the server asks for, in milliseconds; the default where it asks for none that makes sense."""
    hint = headers.get("openai-poll-after-ms", "").strip()
    return int(hint) if hint.isascii() and hint.isdigit() and len(hint) <= 9 else DEFAULT_INTERVAL_MS


def status_of(value: Any) -> str:
    """The state of what is waited for; one that is not known yet counts as a state like any other.

    Raises:
        MalformedResponse: it says none, so that nobody can tell whether to wait.
    """
    status = value.status
    if isinstance(status, str):
        return status
    raise lacking(value, f"status: expected a text, got {status!r}")


def has_pending(batch: Any) -> bool:
    """Whether files of a batch are still in progress.

    Raises:
        MalformedResponse: it does not say how many.
    """
    pending = getattr(batch.file_counts, "in_progress", None)
    if isinstance(pending, (int, float)):
        return pending > 0
    raise lacking(batch, f"file_counts.in_progress: expected a number, got {pending!r}")


def poll_headers(interval_ms: int | Omit | NotGiven, extra_headers: Any = None) -> dict[str, Any]:
    """The header fields that tell the server it is being polled, and how often."""
    headers: dict[str, Any] = {"X-Stainless-Poll-Helper": "true", **(extra_headers or {})}
    if is_given(interval_ms):
        if interval_ms < 0:
            raise ValueError(f"poll_interval_ms must not be negative, not {interval_ms}")
        headers["X-Stainless-Custom-Poll-Interval"] = str(interval_ms)
    return headers


async def settled(
    call: Call[Any],
    pending: Callable[[Any], bool],
    interval_ms: int | Omit | NotGiven,
    deadline: float = math.inf,
    late: str = "",
) -> Any:
    """Perform the call again and again until its result is no longer pending; `TimeoutError(late)` at the deadline."""
    bounded = deadline != math.inf
    while True:
        if bounded and await Now() >= deadline:
            raise TimeoutError(late)
        value, reply = await PerformRaw(call)
        if not pending(value):
            return value
        pause = (interval_ms if is_given(interval_ms) else interval_from(reply.headers)) / 1000
        if bounded:
            pause = min(pause, max(0.0, deadline - await Now()))
        await Sleep(pause)

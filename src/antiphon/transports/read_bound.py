"""How the reads of an open body are bounded more tightly than by their timeout, for bodies of every kind.

Knows what antiphon's own bodies offer, and where a borrowed blocking client keeps the time of its reads. Refuses to know why
somebody is less patient.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def read_bound(body: Any, longest: float | None) -> Callable[[float], None] | None:
    """A function that lets each read, from now on, wait for so many seconds at most; `None` where the body has no such bound.

    A borrowed blocking client heeds the first bound only: it keeps the one it began to read with.

    Args:
        body: an open body.
        longest: the timeout of its reads, in seconds.
    """
    own: Callable[[float], None] | None = getattr(body, "bound_read", None)
    if own is not None:
        return own
    borrowed = sys.modules.get(f"{__package__}.httpx_sync")
    return _borrowed(body, longest) if borrowed is not None and isinstance(body, borrowed.HttpxBody) else None


def _borrowed(body: Any, longest: float | None) -> Callable[[float], None] | None:
    timeouts = body._response.request.extensions.get("timeout")
    if not isinstance(timeouts, dict):
        return None

    def bound(seconds: float) -> None:
        timeouts["read"] = seconds if longest is None else min(seconds, longest)

    return bound

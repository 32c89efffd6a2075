"""Tokens of agents' turns and sessions, and the cents they come to here. Counts nothing itself."""

from __future__ import annotations

from typing import Final

from ..shape import Object, part

CENTS: Final = 0.001
"""What a token costs here, whichever model it is: ten dollars a million."""


def added(known: Object | None, given: int, said: int, thought: int = 0) -> Object:
    """A usage with more on it."""
    known = known or {}
    before = part(known, "output_tokens_details").get("reasoning_tokens", 0)
    given, said = given + known.get("input_tokens", 0), said + known.get("output_tokens", 0)
    return {
        "input_tokens": given,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": said,
        "output_tokens_details": {"reasoning_tokens": thought + before},
        "total_tokens": given + said,
    }


def spent(session: Object) -> int:
    """Whole cents that a session cost so far."""
    return int(part(session, "usage").get("total_tokens", 0) * CENTS)

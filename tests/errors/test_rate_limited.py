"""What the rate limiter's refusal says, whatever is short."""

from __future__ import annotations

import pytest

from antiphon.errors import RateLimited


@pytest.mark.parametrize(
    ("dimension", "seconds", "why", "told"),
    [
        ("tokens", 30, "", "the limit of tokens leaves no room for another 30.0 s; nothing was sent"),
        (
            *("requests", 3.04, "this call waits at most 2.0 s"),
            "the limit of requests leaves no room for another 3.0 s, and this call waits at most 2.0 s; nothing was sent",
        ),
        ("pause", 30, "", "the server asked for a pause, which lasts for another 30.0 s; nothing was sent"),
        (
            *("shared quota", 1, ""),
            "the limit that the processes share leaves no room for another 1.0 s; nothing was sent",
        ),
        (
            *("pause", 0.0, "9 requests wait already"),
            "the rate limiter has no room right now, and 9 requests wait already; nothing was sent",
        ),
    ],
)
def test_it_says_what_is_short_and_for_how_long(dimension: str, seconds: float, why: str, told: str) -> None:
    refusal = RateLimited(seconds, dimension, why=why)
    assert refusal.message == told
    assert (refusal.retry_after, refusal.dimension) == (seconds, dimension)

"""What a user names as worth another attempt."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.errors import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    ConnectError,
    InternalServerError,
    RateLimitError,
    ReadTimeout,
    TLSError,
)
from antiphon.policies.machines.choice import Choice


@pytest.mark.parametrize(
    ("named", "status", "chosen"),
    [
        ([429, 503], 503, True),
        ([429, 503], 500, False),
        ([RateLimitError], 429, True),
        ([RateLimitError], 500, False),
        ([InternalServerError], 529, True),
        ([InternalServerError], 429, False),
        ([APIStatusError], 418, True),
        ([APIConnectionError], 500, False),
        ([], 500, False),
    ],
)
def test_statuses(named: list[Any], status: int, chosen: bool) -> None:
    assert Choice.of(named).has_status(status) is chosen


@pytest.mark.parametrize(
    ("named", "failure", "chosen"),
    [
        ([APITimeoutError], ReadTimeout(), True),
        ([APITimeoutError], ConnectError(), False),
        ([APIConnectionError], ConnectError(), True),
        ([APIConnectionError], TLSError(), False),
        ([TLSError], TLSError(), True),
        ([500], ReadTimeout(), False),
    ],
)
def test_failures(named: list[Any], failure: APIConnectionError, chosen: bool) -> None:
    assert Choice.of(named).has_failure(failure) is chosen


@pytest.mark.parametrize(
    ("wrong", "kind"), [("429", TypeError), (True, TypeError), (ValueError, TypeError), (200, ValueError)]
)
def test_what_cannot_be_named(wrong: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="retry_on"):
        Choice.of([wrong])


def test_it_says_what_was_named() -> None:
    assert str(Choice.of([503, 429, ReadTimeout])) == "429, 503, ReadTimeout"

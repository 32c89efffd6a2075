"""Options of a raw call are those that the official function makes, and the call heeds them."""

from __future__ import annotations

from typing import Any

import pytest
from openai._base_client import make_request_options as official_options

import antiphon
from antiphon._base_client import make_request_options

ARGUMENTS: list[dict[str, Any]] = [
    {},
    {"extra_headers": {"X-A": "1"}, "timeout": 3.0},
    {"query": {"a": 1, "b": 1}, "extra_query": {"b": 2}},
    {"query": {}, "timeout": None},
    {"extra_query": {"b": 2}, "extra_body": {"c": [1]}, "idempotency_key": "k"},
    {"security": {"bearer_auth": True}, "synthesize_event_and_data": True, "stream_mode": "events"},
]


@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_side_by_side(arguments: dict[str, Any]) -> None:
    assert make_request_options(**arguments) == official_options(**arguments)


def test_a_sentinel_is_no_timeout() -> None:
    assert make_request_options(timeout=antiphon.NOT_GIVEN) == {}

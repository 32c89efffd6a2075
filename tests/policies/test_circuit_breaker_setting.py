"""The circuit breaker's arguments: what may be said, what is shown of it, and what travels."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from antiphon.policies.circuit_breaker import CircuitBreaker
from antiphon.policies.policy import Policy

from .backend import Backend, refused


def test_it_shows_its_numbers() -> None:
    assert repr(CircuitBreaker()) == (
        "CircuitBreaker(window=30 s, min_calls=10, ratio=0.5, consecutive=5, open_for=5 s, max_open=300 s, probes=1, "
        "close_after=2, per endpoint+model)"
    )
    assert "close_after=2, slow=20 s, slow_ratio=1, per" in repr(CircuitBreaker(slow=20))
    assert repr(CircuitBreaker(per="endpoint", panic=None)).endswith("per endpoint, no panic)")
    assert repr(CircuitBreaker(panic=2.5)).endswith("per endpoint+model, panic=2.5 s)")


def test_a_file_can_say_all_of_it() -> None:
    said = {
        "consecutive": 3,
        "slow": 20,
        "slow_ratio": 0.8,
        "panic": False,
        "health": {"interval": 5, "path": "/healthz"},
    }
    shown = repr(Policy.from_mapping({"circuit_breaker": said}).circuit_breaker)
    assert "consecutive=3" in shown
    assert "slow=20 s, slow_ratio=0.8" in shown
    assert shown.endswith("no panic, HealthCheck(interval=5 s, timeout=2 s, successes=2, path=/healthz))")


def test_another_process_has_one_of_its_own() -> None:
    breaker = CircuitBreaker(consecutive=1, window=7, slow=9, slow_ratio=0.7, per="endpoint", panic=None)
    Backend(refused()).call(breaker)
    assert not breaker.admissible("api", 1.0)
    other = pickle.loads(pickle.dumps(breaker))
    assert repr(other) == repr(breaker)
    assert other.admissible("api", 1.0)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"window": 0}, ValueError, "window must be more than 0 seconds"),
        ({"window": "30"}, TypeError, "window must be a number of seconds"),
        ({"min_calls": 0}, ValueError, "min_calls must be 1 or more"),
        ({"ratio": 0}, ValueError, "ratio must be above 0"),
        ({"ratio": 1.1}, ValueError, "ratio must be above 0 and at most 1"),
        ({"ratio": "half"}, TypeError, "ratio must be a number"),
        ({"slow": 0}, ValueError, "slow must be more than 0 seconds"),
        ({"slow_ratio": 1.1}, ValueError, "slow_ratio must be above 0 and at most 1"),
        ({"slow_ratio": None}, TypeError, "slow_ratio must be a number"),
        ({"consecutive": 2.5}, TypeError, "consecutive must be a whole number"),
        ({"consecutive": 0}, ValueError, "consecutive must be 1 or more"),
        ({"open_for": 10, "max_open": 5}, ValueError, r"max_open must be open_for \(10 s\) or more"),
        ({"probes": 0}, ValueError, "probes must be 1 or more"),
        ({"close_after": -1}, ValueError, "close_after must be 1 or more"),
        ({"per": "model"}, ValueError, "per must be 'endpoint.model' or 'endpoint'"),
        ({"panic": 0}, ValueError, "panic must be more than 0"),
        ({"health": 10}, TypeError, r"health must be a HealthCheck"),
        ({"min_call": 3}, TypeError, "min_calls"),
    ],
)
def test_arguments_that_cannot_be_right(wrong: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        CircuitBreaker(**wrong)

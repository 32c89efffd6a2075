"""A file that is read again: what did not change keeps its state, what was taken away is as the preset has it."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.policies import OFFICIAL_RULES, Bulkhead, Policy, Retry
from antiphon.policies.circuit_breaker import CircuitBreaker
from antiphon.policies.health import HealthCheck


def again(before: dict[str, Any], after: dict[str, Any]) -> tuple[Policy, Policy]:
    """The policy of a file, and what it is after the file was changed."""
    old = Policy.from_mapping(before)
    return old, Policy.from_mapping(after, reuse=(before, old))


def test_what_a_preset_has_is_kept_while_it_is_the_same() -> None:
    old, new = again({"preset": "production"}, {"preset": "production", "retry": {"max_retries": 7}})
    assert new.bulkhead is old.bulkhead is not None
    assert new.circuit_breaker is old.circuit_breaker is not None
    assert new.retry != old.retry
    assert "max_retries=7" in repr(new.retry)


def test_another_preset_begins_anew() -> None:
    old, new = again({"preset": "production"}, {"preset": "interactive"})
    assert new.bulkhead is None
    assert new.circuit_breaker is not old.circuit_breaker
    old, new = again({}, {"preset": "bulk"})
    assert old.policies == []
    assert new.bulkhead is not None
    old, new = again({"preset": "bulk"}, {})
    assert new.policies == []


def test_no_preset_is_the_preset_of_nothing() -> None:
    before: dict[str, Any] = {"retry": {"max_retries": 1}}
    old, new = again(before, {**before, "preset": "none", "bulkhead": {"max_concurrency": 3}})
    assert new.retry is old.retry
    assert isinstance(new.bulkhead, Bulkhead)


def test_a_table_that_did_not_change_keeps_its_state_under_another_preset_too() -> None:
    table = {"max_concurrency": 3}
    old, new = again({"preset": "bulk", "bulkhead": table}, {"preset": "production", "bulkhead": dict(table)})
    assert new.bulkhead is old.bulkhead


def test_a_table_that_changed_is_made_anew() -> None:
    old, new = again({"bulkhead": {"max_concurrency": 3}}, {"bulkhead": {"max_concurrency": 4}})
    assert new.bulkhead is not old.bulkhead
    assert "4" in repr(new.bulkhead)


def test_a_table_that_was_taken_away_is_as_the_preset_has_it() -> None:
    old, new = again({"preset": "production", "bulkhead": {"max_concurrency": 3}}, {"preset": "production"})
    assert repr(new.bulkhead) == repr(Policy.production().bulkhead) != repr(old.bulkhead)
    assert new.rate_limit is old.rate_limit
    old, new = again({"bulkhead": {"max_concurrency": 3}}, {})
    assert old.bulkhead is not None
    assert new.bulkhead is None


def test_a_table_that_was_taken_away_under_another_preset_is_as_that_one_has_it() -> None:
    _, new = again({"preset": "production", "bulkhead": {"max_concurrency": 3}}, {"preset": "interactive"})
    assert new.bulkhead is None
    assert new.circuit_breaker is not None


def test_objects_can_be_given_in_a_mapping_that_is_no_file() -> None:
    retry = Policy.from_mapping({"retry": {"rules": OFFICIAL_RULES}}).retry
    assert isinstance(retry, Retry)
    assert retry.rules is OFFICIAL_RULES
    check = HealthCheck(interval=3)
    breaker = Policy.from_mapping({"circuit_breaker": {"health": check}}).circuit_breaker
    assert isinstance(breaker, CircuitBreaker)
    assert repr(check) in repr(breaker)


def test_a_table_of_a_health_check_becomes_one() -> None:
    breaker = Policy.from_mapping({"circuit_breaker": {"health": {"interval": 3}}}).circuit_breaker
    assert isinstance(breaker, CircuitBreaker)
    assert repr(HealthCheck(interval=3)) in repr(breaker)


def test_a_targets_key_is_the_one_its_variable_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EU_KEY", "sk-canary-eu")
    targets = [{"base_url": "https://eu.example/v1", "api_key_env": "EU_KEY"}, {"base_url": "https://us.example/v1"}]
    failover = Policy.from_mapping({"failover": {"targets": targets, "cross_provider": True}}).failover
    assert failover is not None
    keys = [target.key._authorization for target in failover.targets if not target.is_own]
    assert [key and key.reveal() for key in keys] == ["Bearer sk-canary-eu", None]


def test_unknown_names_are_told_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="no policy called 'retri'; did you mean 'retry'"):
        Policy.from_mapping({"retri": {}})
    with pytest.raises(ValueError, match=r"no policy called 'zzzzzz'; there are .*retry"):
        Policy.from_mapping({"zzzzzz": {}})
    with pytest.raises(ValueError, match="no preset called 'bulc'; did you mean 'bulk'"):
        Policy.from_mapping({"preset": "bulc"})
    with pytest.raises(TypeError, match=r"\[retry\] must be a table of arguments, true or false; got int"):
        Policy.from_mapping({"retry": 3})

"""Policies as plain data: the tables of a file become policies, and keys stay in the environment."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.policies import RELIABLE_RULES, Failover, Policy, Retry


def made(**tables: Any) -> Policy:
    return Policy.from_mapping(tables)


def test_targets_are_made_and_their_keys_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EU_KEY", "sk-canary-eu")
    targets = [{"base_url": "https://eu.example/v1", "api_key_env": "EU_KEY"}, {"base_url": "https://us.example/v1"}]
    failover = made(failover={"targets": targets, "cross_provider": True}).failover
    assert isinstance(failover, Failover)
    assert "eu.example" in repr(failover)
    assert "sk-canary-eu" not in repr(failover)


def test_a_key_that_the_environment_lacks_is_told_by_its_name() -> None:
    with pytest.raises(ValueError, match="has no MISSING_KEY"):
        made(failover={"targets": [{"base_url": "https://eu.example/v1", "api_key_env": "MISSING_KEY"}]})


def test_rules_are_named() -> None:
    retry = made(retry={"rules": "reliable"}).retry
    assert isinstance(retry, Retry)
    assert retry.rules is RELIABLE_RULES
    assert made(retry={"rules": "official"}).retry.is_official  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="'official' or 'reliable'"):
        made(retry={"rules": "strict"})


def test_what_is_an_object_of_its_own_is_made() -> None:
    policy = made(retry={"budget": {"capacity": 5}}, circuit_breaker={"health": {"interval": 3}})
    assert "capacity=5" in repr(policy.retry)
    assert "3" in repr(policy.circuit_breaker)


def test_true_is_a_part_as_it_comes_and_false_none() -> None:
    policy = made(preset="production", cache=True, bulkhead=False)
    assert policy.cache is not None
    assert policy.bulkhead is None
    assert policy.rate_limit is not None


def test_a_list_is_taken_where_several_are() -> None:
    assert made(rate_limit={"rpm": 60, "burst_seconds": [1, 2]}).rate_limit is not None
    assert made(retry={"delay": [0.5, 1]}).retry.delay == (0.5, 1)  # type: ignore[union-attr]


@pytest.mark.parametrize("table", ["bulkhead", "timeouts", "single_flight", "rate_limit", "hedge"])
def test_an_argument_that_cannot_be_right_names_its_table(table: str) -> None:
    with pytest.raises((TypeError, ValueError), match=rf"\[{table}\]"):
        made(**{table: {"nonsense": 1}})


def test_a_secret_is_hidden_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EU_KEY", "sk-canary-eu")
    with pytest.raises((TypeError, ValueError)) as refused:
        made(failover={"targets": [{"base_url": "nonsense", "api_key_env": "EU_KEY"}]})
    frame = refused.tb
    while frame is not None:
        if frame.tb_frame.f_code.co_filename != __file__:
            assert "sk-canary-eu" not in repr(frame.tb_frame.f_locals)
        frame = frame.tb_next

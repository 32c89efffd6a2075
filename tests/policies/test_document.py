"""Policies as plain data: the tables of a file become policies, and keys stay in the environment."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from antiphon.policies import RELIABLE_RULES, Failover, Policy, Retry
from antiphon.policies.live import Live
from antiphon.policies.machines.ejection import Ejection


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


EU = {"base_url": "https://eu.example/v1", "name": "eu"}


def failover(**table: Any) -> Failover:
    policy = made(failover={"targets": [EU], "cross_provider": True, **table}).failover
    assert policy is not None
    return policy


def test_when_a_target_is_ejected_is_a_table() -> None:
    assert failover(eject={"failures": 3, "base": 10}).eject == Ejection(failures=3, base=10)
    assert failover(eject=False).eject is None
    assert "ejected after 3 of 10 for 10 s" in repr(failover(eject={"failures": 3, "base": 10}))


def test_what_belongs_to_a_failover_is_made_of_tables_too() -> None:
    policy = failover(health={"interval": 3}, budget={"capacity": 5}, sticky=False, patience=0.5)
    assert policy.checks is not None
    assert policy.checks.interval == 3
    assert policy.budget is not None
    assert policy.budget.capacity == 5
    assert failover(health=True).checks is not None
    assert failover(health=False).checks is None


def test_the_own_endpoint_and_a_local_model_have_a_place_among_the_targets() -> None:
    targets = [{"own": True, "weight": 3}, EU, {"local": True, "model": "llama3.2"}]
    policy = failover(targets=targets, cross_model=True)
    assert [(each.name, each.weight, each.group) for each in policy.targets] == [
        ("own", 3.0, 0),
        ("eu", 1.0, 0),
        ("local", 1.0, 100),
    ]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"eject": 5}, r"eject is a table, e.g. eject = \{ failures = 3, base = 10 \}, or false for never; got 5"),
        ({"eject": {"failuers": 5}}, "eject has no 'failuers'; there are failures, base"),
        ({"eject": {"failures": 11}}, "among the last ten requests; got 11"),
        ({"eject": {"failures": "5"}}, "failures must be a whole number"),
        ({"eject": {"base": 60, "longest": 30}}, r"longest must be base \(60 s\) or more; got 30 s"),
        ({"eject": {"most": 2}}, "most must be a share of the targets, from 0 to 1; got 2"),
        ({"health": 5}, r"health must be HealthCheck\(…\), or None for none; got 5"),
        ({"budget": 50}, r"budget is a table, e.g. budget = \{ capacity = 50 \}; got 50"),
        ({"on_park": "print"}, "which no file can hold"),
        ({"targets": EU}, r"targets must be a list; write each as a table, e.g. \[\[failover.targets\]\]"),
        ({"targets": ["https://eu.example/v1"]}, "'https://eu.example/v1' is no target; write each as a table"),
        ({"targets": [{"name": "eu"}]}, "needs a base_url; own = true instead"),
    ],
)
def test_what_cannot_be_right_of_a_failover_says_how_it_is_written(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises((TypeError, ValueError), match=rf"\[failover\]: {told}|\[failover\]: .*{told}"):
        failover(**wrong)


def test_a_failover_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(
        """
        [failover]
        cross_provider = true
        eject = { failures = 3, base = 10 }
        health = true
        [[failover.targets]]
        own = true
        [[failover.targets]]
        base_url = "https://eu.example/v1"
        group = 1
        """
    )
    told = repr(Live.from_file(file).policies)
    assert told == "[Failover(own → eu.example, most_attempts=4, ejected after 3 of 10 for 10 s)]"


def test_the_file_in_the_documentation_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs" / "policies" / "failover.md").read_text("utf-8")
    monkeypatch.setenv("EU_KEY", "sk-canary-eu")
    policy = Policy.from_mapping(tomllib.loads(page.partition("```toml")[2].partition("```")[0])).failover
    assert policy is not None
    assert [each.name for each in policy.targets] == ["own", "eu", "local"]
    assert (policy.eject, policy.checks is None) == (Ejection(failures=3, base=10), False)


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

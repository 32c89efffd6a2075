"""A live policy's smaller promises: what a trace says of it, when a file is looked at, and which chains are kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from antiphon.core.trace import Trace
from antiphon.drivers.virtual import VirtualDriver
from antiphon.policies.chain import Forward, send
from antiphon.policies.live import Live
from antiphon.policies.retry import Retry

from .stepping import reply, request


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "policy.json"
    path.write_text(json.dumps({"retry": {"max_retries": 1}}))
    return path


@pytest.fixture
def driver() -> VirtualDriver:
    return VirtualDriver(lambda request, now: (0.0, reply()))


def notes(driver: VirtualDriver, live: Live) -> list[str]:
    """What a call's trace says of the policy."""
    made = request(trace=Trace())
    driver.perform(live(made, send))
    assert made.trace is not None
    return [str(step) for step in made.trace.of("Live")]


def test_a_change_is_told_once_and_an_error_for_as_long_as_it_lasts(file: Path, driver: VirtualDriver) -> None:
    live = Live.from_file(file, every=0)
    assert notes(driver, live) == []
    file.write_text(json.dumps({"retry": {"max_retries": 77}}))
    assert notes(driver, live) == ["Live: reloaded version=2"]
    assert notes(driver, live) == []
    file.write_text("nonsense")
    assert [notes(driver, live), notes(driver, live)] == [["Live: kept version=2"]] * 2
    file.write_text(json.dumps({"retry": {"max_retries": 5}}))
    assert notes(driver, live) == ["Live: reloaded version=3"]


def test_a_file_is_looked_at_when_its_time_has_come_and_not_before(file: Path, driver: VirtualDriver) -> None:
    live = Live.from_file(file, every=5)
    notes(driver, live)
    file.write_text(json.dumps({"retry": {"max_retries": 77}}))
    versions = []
    for now in (4.99, 5.0):
        driver.run(until=now)
        notes(driver, live)
        versions.append(live.version)
    assert versions == [1, 2]


def test_data_that_is_no_table_is_said_to_be_none(file: Path) -> None:
    file.write_text("[1]")
    with pytest.raises(TypeError, match=r"policy\.json must hold a JSON object; got list"):
        Live.from_file(file)


def test_at_least_one_version_is_kept() -> None:
    with pytest.raises(ValueError, match="keep must be 1 or more"):
        Live([], keep=0)
    live = Live([Retry(1)], keep=1)
    live.update([Retry(2)])
    live.update([Retry(3)])
    live.rollback()
    policy: Any = live.policies[0]
    assert policy.max_retries == 2
    with pytest.raises(LookupError):
        live.rollback()


def test_chains_are_folded_once_for_each_client(driver: VirtualDriver) -> None:
    live = Live([Retry(1)])

    def another() -> Forward:
        return lambda request: send(request)

    first, second = another(), another()
    for forward in (first, second, first):
        driver.perform(live(request(), forward))
    folded = dict(live._current.flows)
    assert list(folded) == [first, second]
    for _ in range(62):
        driver.perform(live(request(), another()))
    assert live._current.flows[first] is folded[first]
    assert len(live._current.flows) == 64
    driver.perform(live(request(), another()))
    assert len(live._current.flows) == 1

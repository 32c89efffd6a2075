"""A policy that is exchanged while calls are under way: versions, the way back, and a file that is read again."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.drivers.virtual import VirtualDriver
from antiphon.policies.chain import Forward, explain, send
from antiphon.policies.live import Live
from antiphon.policies.policy import Policy
from antiphon.policies.retry import Retry

from .stepping import reply, request


def driver(*statuses: int) -> VirtualDriver:
    left = list(statuses)
    return VirtualDriver(lambda request, now: (0.1, reply(left.pop(0) if left else 200)))


def status(live: Live, *statuses: int) -> int:
    answer = driver(*statuses).perform(live(request(), send))
    return answer.status_code


def test_a_new_version_counts_from_the_next_call_on() -> None:
    live = Live(Policy.none())
    assert status(live, 503) == 503
    assert live.update(Policy(retry=Retry(1))) == 2
    assert status(live, 503) == 200


def test_calls_under_way_end_as_they_began() -> None:
    seen: list[str] = []

    def marking(name: str):
        async def policy(request: Request, forward: Forward) -> Reply:
            answer = await forward(request)
            seen.append(name)
            return answer

        return policy

    live = Live([marking("old")])
    clock = driver()
    clock.start(live(request(), send))
    clock.at(0.05, lambda: live.update([marking("new")]))
    clock.start(live(request(), send), at=0.06)
    clock.run()
    assert seen == ["old", "new"]


def test_the_way_back_is_a_version_of_its_own() -> None:
    live = Live([Retry(1)], keep=2)
    for most in (2, 3, 4):
        live.update([Retry(most)])
    assert (live.rollback(), live.policies[0].max_retries) == (5, 3)
    assert (live.rollback(), live.policies[0].max_retries) == (6, 2)
    with pytest.raises(LookupError, match="no version to go back to"):
        live.rollback()


@pytest.mark.parametrize("wrong", [[Retry], [3], [Live([])]])
def test_what_cannot_be_right_changes_nothing(wrong: list[Any]) -> None:
    live = Live([Retry(1)])
    with pytest.raises(TypeError):
        live.update(wrong)
    assert (live.version, live.policies[0].max_retries) == (1, 1)


def test_it_is_explained_with_what_counts_now() -> None:
    assert explain([Live([Retry(1)])]).splitlines()[:2] == ["1. Live(version 1)", f"   1. {Retry(1)!r}"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text('preset = "none"\n[retry]\nmax_retries = 1\n')
    return path


def test_a_file_is_read_again_when_it_changed(file: Path) -> None:
    live = Live.from_file(file, every=5)
    clock = driver(503, 503, 503, 503, 503, 503)
    assert clock.perform(live(request(), send)).status_code == 503
    file.write_text("[retry]\nmax_retries = 5\n")
    assert clock.perform(live(request(), send)).status_code == 503, "it is not looked at before five seconds are over"
    clock.run(until=clock.now + 5)
    assert clock.perform(live(request(), send)).status_code == 200
    assert live.version == 2


def test_a_file_that_is_not_right_changes_nothing_and_is_told_once(file: Path) -> None:
    told: list[str] = []
    live = Live.from_file(file, every=0, on_error=lambda failure: told.append(str(failure)))
    file.write_text("[retry]\nmax_retires = 5\n")
    clock = driver()
    for _ in range(3):
        clock.perform(live(request(), send))
    assert (live.version, len(told)) == (1, 1)
    assert "[retry]" in told[0]
    assert "max_retries" in told[0], "the nearest name is told"
    file.write_text("[retry]\nmax_retries = 4\n# right again\n")
    clock.perform(live(request(), send))
    assert (live.version, live.error) == (2, None)


def test_a_file_that_is_gone_leaves_the_policy_as_it_was(file: Path) -> None:
    live = Live.from_file(file, every=0)
    file.unlink()
    assert status(live, 503) == 200
    assert isinstance(live.error, FileNotFoundError)


def test_what_fails_while_it_is_told_does_not_fail_the_call(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    def broken(failure: Exception) -> None:
        raise RuntimeError("broken")

    live = Live.from_file(file, every=0, on_error=broken)
    file.write_text("nonsense")
    assert status(live) == 200
    assert "the call goes on" in caplog.text


def test_parts_whose_data_stayed_keep_their_state(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text(json.dumps({"retry": {"budget": {"capacity": 7}}, "redirect": {}}))
    live = Live.from_file(path, every=0)
    before = live.policies
    path.write_text(json.dumps({"retry": {"budget": {"capacity": 7}}, "redirect": {"most": 3}}))
    status(live)
    assert live.policies[0] is before[0]
    assert live.policies[1] is not before[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ({"retri": {}}, "did you mean 'retry'"),
        ({"preset": "produktion"}, "did you mean 'production'"),
        ({"retry": 3}, "must be a table"),
        ({"retry": {"max_retries": -1}}, r"\[retry\]"),
        ({"failover": {"targets": [{"base_url": "http://x/v1", "api_key": "sk-1"}]}}, "does not belong into a file"),
        ({"failover": {"targets": [{"base_url": "http://x/v1", "api_key_env": "NO_SUCH"}]}}, "has no NO_SUCH"),
    ],
)
def test_data_that_cannot_be_right_says_which_part(text: dict[str, Any], said: str) -> None:
    with pytest.raises((TypeError, ValueError), match=said):
        Policy.from_mapping(text)


@pytest.mark.parametrize("name", ["policy.yaml", "policy"])
def test_other_files_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    with pytest.raises(ValueError, match=r"\.toml or \.json"):
        Live.from_file(tmp_path / name)


def test_a_table_that_is_taken_away_leaves_the_presets_own(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('preset = "none"\n[retry]\nmax_retries = 9\n[redirect]\n')
    live = Live.from_file(path, every=0)
    path.write_text('preset = "none"\n[redirect]\n')
    status(live)
    assert [type(policy).__name__ for policy in live.policies] == ["Redirect"]


def test_clients_that_come_and_go_are_not_remembered() -> None:
    live = Live([Retry(1)])

    def another() -> Forward:
        return lambda request: send(request)

    for _ in range(500):
        driver().perform(live(request(), another()))
    assert len(live._current.flows) <= 64


def test_one_that_a_file_holds_travels_and_another_says_why_not(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text(json.dumps({"retry": {"max_retries": 4}}))
    other = pickle.loads(pickle.dumps(Live.from_file(path, every=3)))
    assert explain(other.policies) == explain([Retry(4)])
    assert "every 3 s" in repr(other)
    with pytest.raises(TypeError, match="from_file"):
        pickle.dumps(Live([Retry(1)]))

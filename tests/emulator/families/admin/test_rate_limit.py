"""Limits of a project that its requests really meet."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from antiphon.emulator import Emulator
from tests.emulator.asking import Asking, chat
from tests.emulator.families.admin.conftest import As, say


@pytest.mark.operation(
    "admin.organization.projects.rate_limits.list_rate_limits",
    "admin.organization.projects.rate_limits.update_rate_limit",
)
def test_all_keys_of_a_project_share_its_limits(org: Any, using: As, house: Emulator) -> None:
    project = org.projects.create(name="Alpha").id
    listed = {limit.model: limit for limit in org.projects.rate_limits.list_rate_limits(project)}
    assert listed["gpt-4o"].max_requests_per_1_minute == 1_000_000
    entry = listed["gpt-4o"].id
    changed = org.projects.rate_limits.update_rate_limit(entry, project_id=project, max_requests_per_1_minute=2)
    assert (changed.max_requests_per_1_minute, changed.max_tokens_per_1_minute) == (2, 1_000_000_000)
    accounts = [org.projects.service_accounts.create(project_id=project, name=name) for name in "ab"]
    ask = Asking(house.base_url)
    heads = [ask("POST", "/v1/chat/completions", chat("hi"), key=a.api_key.value).headers for a in accounts]
    assert [h["x-ratelimit-limit-requests"] for h in heads] == ["2", "2"]
    assert [h["x-ratelimit-remaining-requests"] for h in heads] == ["1", "0"]
    refused = ask("POST", "/v1/chat/completions", chat("hi"), key=accounts[0].api_key.value)
    assert (refused.status, refused.error["code"]) == (429, "rate_limit_exceeded")
    assert 1 <= int(refused.headers["retry-after"]) <= 30
    ask.close()
    say(using(accounts[0].api_key.value), model="gpt-4.1")
    say(using("sk-open-door-key"))
    house.app.world.skew += 30
    say(using(accounts[0].api_key.value))
    again = {limit.model: limit for limit in org.projects.rate_limits.list_rate_limits(project)}
    assert again["gpt-4o"].max_requests_per_1_minute == 2


@pytest.mark.operation("admin.organization.projects.rate_limits.update_rate_limit")
def test_limits_of_a_day(org: Any, using: As, house: Emulator) -> None:
    org.projects.rate_limits.update_rate_limit("rl-gpt-4o", project_id="proj_antiphon", max_requests_per_1_day=1)
    say(using("sk-open-door-key"))
    house.app.world.skew += 3600
    with pytest.raises(openai.RateLimitError) as caught:
        say(using("sk-open-door-key"))
    assert caught.value.type == "requests per day"
    house.app.world.skew += 86400
    say(using("sk-open-door-key"))


@pytest.mark.operation("admin.organization.projects.rate_limits.update_rate_limit")
def test_refusals(org: Any) -> None:
    with pytest.raises(openai.NotFoundError):
        org.projects.rate_limits.update_rate_limit("rl-none", project_id="proj_antiphon", max_requests_per_1_minute=1)
    with pytest.raises(openai.BadRequestError):
        org.projects.rate_limits.update_rate_limit("rl-gpt-4o", project_id="proj_antiphon", max_requests_per_1_minute=0)

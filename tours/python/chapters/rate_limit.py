"""Rate limits of a project: its requests really meet them, and they wear off."""

from __future__ import annotations

from typing import Any

import openai

from ..tour import Tour, user


def walk(t: Tour) -> None:
    """The chapter."""
    projects = t.client.admin.organization.projects
    project, limits = projects.create(name="Limits").id, projects.rate_limits
    listed = {limit.model: limit for limit in limits.list_rate_limits(project)}
    entry = listed["gpt-4o"].id
    changed = limits.update_rate_limit(entry, project_id=project, max_requests_per_1_minute=2)
    t.same(changed.max_requests_per_1_minute, 2)
    robots = [t.make(projects.service_accounts.create(project_id=project, name=name).api_key.value) for name in "ab"]
    heads = [_asked(robot).headers for robot in robots]
    t.same([head["x-ratelimit-limit-requests"] for head in heads], ["2", "2"])
    t.same([head["x-ratelimit-remaining-requests"] for head in heads], ["1", "0"])
    refused = t.refused(openai.RateLimitError, _asked, robots[0])
    t.same(refused.code, "rate_limit_exceeded")
    t.true(1 <= int(refused.response.headers["retry-after"]) <= 30)
    t.same(_asked(robots[0], "gpt-4.1").status_code, 200)
    t.same(_asked(t.client).status_code, 200)
    t.house.wait(30)
    t.same(_asked(robots[0]).status_code, 200)
    t.gone(limits.update_rate_limit, "rl-none", project_id=project, max_requests_per_1_minute=1)


def _asked(client: Any, model: str = "gpt-4o") -> Any:
    return client.chat.completions.with_raw_response.create(model=model, messages=user("hi"))

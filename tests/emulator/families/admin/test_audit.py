"""The audit log tells what was done, and no secret."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from antiphon.emulator import Emulator
from tests.emulator.families.admin.conftest import As
from tests.emulator.families.admin.test_user import arrive


@pytest.mark.operation("admin.organization.audit_logs.list")
def test_every_change_leaves_a_line(org: Any, using: As) -> None:
    project = org.projects.create(name="Alpha").id
    org.projects.update(project, name="Beta")
    made = org.admin_api_keys.create(name="boss")
    boss = using(made.value).admin.organization
    group = boss.groups.create(name="Writers").id
    org.projects.rate_limits.update_rate_limit("rl-gpt-4o", project_id=project, max_requests_per_1_minute=7)
    org.spend_limit.update(currency="USD", interval="month", threshold_amount=1)
    org.projects.list()
    events = org.audit_logs.list().data
    kinds = ["organization.updated", "rate_limit.updated", "group.created", "api_key.created"]
    assert [e.type for e in events] == [*kinds, "project.updated", "project.created"]
    assert events[1].rate_limit_updated.id == "rl-gpt-4o"
    assert events[1].rate_limit_updated.changes_requested.max_requests_per_1_minute == 7
    assert events[1].project.name == "Beta"
    assert (events[2].group_created.id, events[2].group_created.data.group_name) == (group, "Writers")
    assert events[2].actor.api_key.id == made.id
    assert events[5].project_created.data.title == "Alpha"
    assert events[5].actor.api_key.user.email == "owner@antiphon.example"
    assert made.value not in str(events)


@pytest.mark.operation("admin.organization.audit_logs.list")
def test_filters_and_pages(org: Any, house: Emulator) -> None:
    first = org.projects.create(name="a")
    house.app.world.skew = 1000
    second = org.projects.create(name="b").id
    org.projects.users.create(second, role="member", user_id=arrive(house, org).id)
    log = org.audit_logs.list
    assert [e.project_created.id for e in log(event_types=["project.created"])] == [second, first.id]
    assert [e.type for e in log(resource_ids=[first.id])] == ["project.created"]
    assert [e.type for e in log(project_ids=[second])] == ["user.added"]
    assert [e.type for e in log(actor_emails=["ada@example.com"])] == ["invite.accepted"]
    assert log(actor_ids=["user-none"]).data == []
    assert [e.project_created.id for e in log(effective_at={"lt": first.created_at + 900})] == [first.id]
    assert log(effective_at={"gt": first.created_at + 90000}).data == []
    assert log(tenant_only=True).data == []
    whole = [e.id for e in log()]
    assert [e.id for e in log(limit=2)] == whole
    assert [e.id for e in log(limit=2, before=whole[2]).data] == whole[:2]


@pytest.mark.operation("admin.organization.audit_logs.list")
def test_refused_changes_leave_none(org: Any) -> None:
    with pytest.raises(openai.BadRequestError):
        org.projects.create(name="")
    assert org.audit_logs.list().data == []


@pytest.mark.parametrize("seconds", [0, -1, 10**18, 2**64 - 1, 10**30])
def test_times_that_no_answer_could_show_are_not_kept(org: Any, seconds: int) -> None:
    with pytest.raises(openai.BadRequestError):
        org.admin_api_keys.create(name="a", expires_in_seconds=seconds)
    assert org.admin_api_keys.list().data == []
    assert org.audit_logs.list().data == []

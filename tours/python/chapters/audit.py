"""The audit log: what was done, by whom, and no secret of it."""

from __future__ import annotations

import openai

from ..tour import Tour


def walk(t: Tour) -> None:
    """The chapter."""
    org = t.client.admin.organization
    before = {event.id for event in org.audit_logs.list(limit=100)}
    project = org.projects.create(name="Audit").id
    org.projects.update(project, name="Audited")
    made = org.admin_api_keys.create(name="auditor")
    group = t.make(made.value).admin.organization.groups.create(name="Watched").id
    org.projects.rate_limits.update_rate_limit("rl-gpt-4o", project_id=project, max_requests_per_1_minute=7)
    t.refused(openai.BadRequestError, org.projects.create, name="")
    events = [event for event in org.audit_logs.list(limit=100) if event.id not in before]
    kinds = ["rate_limit.updated", "group.created", "api_key.created", "project.updated", "project.created"]
    t.same([event.type for event in events], kinds)
    t.same(events[0].rate_limit_updated.changes_requested.max_requests_per_1_minute, 7)
    t.same((events[1].group_created.id, events[1].actor.api_key.id), (group, made.id))
    t.same(events[4].project_created.id, project)
    t.true(made.value not in "".join(event.to_json() for event in events))
    only = list(org.audit_logs.list(event_types=["project.created"], resource_ids=[project]))
    t.same([event.project_created.id for event in only], [project])
    ids = [event.id for event in org.audit_logs.list(limit=2)]
    t.same(ids, [event.id for event in org.audit_logs.list(limit=100)])
    org.groups.delete(group)
    org.admin_api_keys.delete(made.id)

"""What a project may do: models, hosted tools, tiers, retention, spending; requests notice each of them."""

from __future__ import annotations

from typing import Any

import openai

from ..tour import Tour, user


def walk(t: Tour) -> None:
    """The chapter."""
    projects = t.client.admin.organization.projects
    project = projects.create(name="Permissions").id
    robot = t.make(projects.service_accounts.create(project_id=project, name="robot").api_key.value)
    _models(t, project, robot)
    _tools(t, project, robot)
    _tiers(t, project, robot)
    _retention(t, project, robot)
    _spending(t, project, robot)


def _say(client: Any, model: str = "gpt-4o", **more: Any) -> Any:
    return client.chat.completions.create(model=model, messages=user("Say: hi"), **more).choices[0].message.content


def _models(t: Tour, project: str, robot: Any) -> None:
    permissions = t.client.admin.organization.projects.model_permissions
    t.same(permissions.retrieve(project).mode, "deny_list")
    permissions.update(project, mode="deny_list", model_ids=["gpt-4o"])
    t.same(t.refused(openai.PermissionDeniedError, _say, robot).code, "model_not_found")
    t.same((_say(robot, "gpt-4.1"), _say(t.client)), ("hi", "hi"))
    t.same(permissions.delete(project).deleted, True)
    t.same(_say(robot), "hi")


def _tools(t: Tour, project: str, robot: Any) -> None:
    permissions = t.client.admin.organization.projects.hosted_tool_permissions
    t.true(permissions.retrieve(project).web_search.enabled)
    t.same(permissions.update(project, web_search={"enabled": False}).web_search.enabled, False)
    asked: Any = {"model": "gpt-4o", "input": "hi", "tools": [{"type": "web_search_preview"}]}
    t.same(t.refused(openai.PermissionDeniedError, robot.responses.create, **asked).param, "tools")
    t.same(t.client.responses.create(**asked).status, "completed")


def _tiers(t: Tour, project: str, robot: Any) -> None:
    settings = t.client.admin.organization.projects.service_tier_settings
    t.same(settings.retrieve(project).enabled_tiers, "all")
    t.same(_say(robot, service_tier="flex"), "hi")
    t.same(settings.update(project, enabled_tiers=["fast"]).enabled_tiers, ["fast"])
    t.refused(openai.PermissionDeniedError, _say, robot, service_tier="flex")


def _retention(t: Tour, project: str, robot: Any) -> None:
    org = t.client.admin.organization
    t.same(org.projects.data_retention.retrieve(project).type, "organization_default")
    usual = org.data_retention.retrieve().type
    t.same(org.data_retention.update(retention_type="zero_data_retention").type, "zero_data_retention")
    gone = robot.responses.create(model="gpt-4o", input="hi")
    t.gone(robot.responses.retrieve, gone.id)
    org.projects.data_retention.update(project, retention_type="none")
    kept = robot.responses.create(model="gpt-4o", input="hi")
    t.same(robot.responses.retrieve(kept.id).id, kept.id)
    t.same(org.data_retention.update(retention_type=usual).type, usual)


def _spending(t: Tour, project: str, robot: Any) -> None:
    limit, alerts = t.client.admin.organization.projects.spend_limit, t.client.admin.organization.projects.spend_alerts
    given: Any = {"currency": "USD", "interval": "month"}
    channel: Any = {"type": "email", "recipients": ["a@b.c"]}
    alert = alerts.create(project, threshold_amount=500, notification_channel=channel, **given)
    changed = alerts.update(alert.id, project_id=project, threshold_amount=200, notification_channel=channel, **given)
    t.same((changed.threshold_amount, [each.id for each in alerts.list(project)]), (200, [alert.id]))
    t.same(alerts.retrieve(alert.id, project_id=project).threshold_amount, 200)
    t.gone(limit.retrieve, project)
    t.same(limit.update(project, threshold_amount=1, **given).enforcement.status, "inactive")
    robot.chat.completions.create(model="gpt-4.1", messages=user("word " * 20_000))
    t.same(limit.retrieve(project).enforcement.status, "enforcing")
    t.same(t.refused(openai.RateLimitError, _say, robot).code, "insufficient_quota")
    t.same(_say(t.client), "hi")
    limit.update(project, threshold_amount=1000, **given)
    t.same(_say(robot), "hi")
    t.same((limit.delete(project).deleted, alerts.delete(alert.id, project_id=project).deleted), (True, True))
    whole = t.client.admin.organization
    made = whole.spend_limit.update(threshold_amount=1_000_000, **given)
    t.same((made.threshold_amount, whole.spend_limit.retrieve().enforcement.status), (1_000_000, "inactive"))
    alert = whole.spend_alerts.create(threshold_amount=500, notification_channel=channel, **given)
    whole.spend_alerts.update(alert.id, threshold_amount=600, notification_channel=channel, **given)
    t.same(whole.spend_alerts.retrieve(alert.id).threshold_amount, 600)
    t.same([each.id for each in whole.spend_alerts.list()], [alert.id])
    t.same((whole.spend_limit.delete().deleted, whole.spend_alerts.delete(alert.id).deleted), (True, True))

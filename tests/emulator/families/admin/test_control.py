"""What is decided once, and what requests notice of it."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

from antiphon.emulator import Emulator
from tests.emulator.families.admin.conftest import say

HERE = "proj_antiphon"


@pytest.mark.operation(
    "admin.organization.projects.model_permissions.retrieve",
    "admin.organization.projects.model_permissions.update",
    "admin.organization.projects.model_permissions.delete",
)
def test_models_may_be_denied(org: Any, api: openai.OpenAI) -> None:
    usual = org.projects.model_permissions.retrieve(HERE)
    assert (usual.mode, usual.api_model_ids) == ("deny_list", [])
    org.projects.model_permissions.update(HERE, mode="deny_list", model_ids=["gpt-4o"])
    with pytest.raises(openai.PermissionDeniedError) as caught:
        say(api)
    assert caught.value.code == "model_not_found"
    say(api, model="gpt-4.1")
    org.projects.model_permissions.update(HERE, mode="allow_list", model_ids=["gpt-4o"])
    say(api)
    with pytest.raises(openai.PermissionDeniedError):
        say(api, model="gpt-4.1")
    assert org.projects.model_permissions.delete(HERE).deleted
    say(api, model="gpt-4.1")
    with pytest.raises(openai.NotFoundError):
        org.projects.model_permissions.delete(HERE)


@pytest.mark.operation("admin.organization.projects.model_permissions.update")
def test_batches_obey_too(org: Any, api: openai.OpenAI, house: Emulator) -> None:
    org.projects.model_permissions.update(HERE, mode="deny_list", model_ids=["gpt-4o"])
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
    line = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": body}
    file = api.files.create(file=("in.jsonl", json.dumps(line).encode()), purpose="batch").id
    made = api.batches.create(input_file_id=file, endpoint="/v1/chat/completions", completion_window="24h")
    house.app.world.skew += 60
    done = api.batches.retrieve(made.id)
    assert done.request_counts.failed == 1
    assert "model_not_found" in api.files.content(done.error_file_id).text


@pytest.mark.operation(
    "admin.organization.projects.hosted_tool_permissions.retrieve",
    "admin.organization.projects.hosted_tool_permissions.update",
)
def test_hosted_tools_may_be_disabled(org: Any, api: openai.OpenAI) -> None:
    assert org.projects.hosted_tool_permissions.retrieve(HERE).web_search.enabled
    changed = org.projects.hosted_tool_permissions.update(HERE, web_search={"enabled": False})
    assert (changed.web_search.enabled, changed.mcp.enabled) == (False, True)
    assert not org.projects.hosted_tool_permissions.retrieve(HERE).web_search.enabled
    with pytest.raises(openai.PermissionDeniedError) as caught:
        api.responses.create(model="gpt-4o", input="hi", tools=[{"type": "web_search_preview"}])
    assert caught.value.param == "tools"
    api.responses.create(model="gpt-4o", input="hi")
    with pytest.raises(openai.BadRequestError):
        org.projects.hosted_tool_permissions.update(HERE)


@pytest.mark.operation(
    "admin.organization.projects.service_tier_settings.retrieve",
    "admin.organization.projects.service_tier_settings.update",
)
def test_service_tiers(org: Any, api: openai.OpenAI) -> None:
    usual = org.projects.service_tier_settings.retrieve(HERE)
    assert (usual.default, usual.enabled_tiers) == ("standard", "all")
    say(api, service_tier="flex")
    assert org.projects.service_tier_settings.update(HERE, enabled_tiers=["fast"]).enabled_tiers == ["fast"]
    with pytest.raises(openai.PermissionDeniedError):
        say(api, service_tier="flex")
    assert org.projects.service_tier_settings.update(HERE, default="fast").enabled_tiers == ["fast"]
    assert org.projects.service_tier_settings.retrieve(HERE).default == "fast"
    with pytest.raises(openai.BadRequestError):
        org.projects.service_tier_settings.update(HERE, enabled_tiers=[])


@pytest.mark.operation(
    "admin.organization.data_retention.retrieve",
    "admin.organization.data_retention.update",
    "admin.organization.projects.data_retention.retrieve",
    "admin.organization.projects.data_retention.update",
)
def test_nothing_is_stored_without_retention(org: Any, api: openai.OpenAI) -> None:
    assert org.projects.data_retention.retrieve(HERE).type == "organization_default"
    kept = api.responses.create(model="gpt-4o", input="hi")
    assert api.responses.retrieve(kept.id).id == kept.id
    assert org.data_retention.update(retention_type="zero_data_retention").type == "zero_data_retention"
    assert org.data_retention.retrieve().type == "zero_data_retention"
    gone = api.responses.create(model="gpt-4o", input="hi")
    with pytest.raises(openai.NotFoundError):
        api.responses.retrieve(gone.id)
    org.projects.data_retention.update(HERE, retention_type="none")
    kept = api.responses.create(model="gpt-4o", input="hi")
    assert api.responses.retrieve(kept.id).id == kept.id


@pytest.mark.operation(
    "admin.organization.spend_limit.retrieve",
    "admin.organization.spend_limit.update",
    "admin.organization.spend_limit.delete",
    "admin.organization.projects.spend_limit.retrieve",
    "admin.organization.projects.spend_limit.update",
    "admin.organization.projects.spend_limit.delete",
)
@pytest.mark.parametrize("inside", [False, True])
def test_a_hard_limit_refuses_until_it_is_raised(org: Any, api: openai.OpenAI, house: Emulator, inside: bool) -> None:
    spend, where = (org.projects.spend_limit, (HERE,)) if inside else (org.spend_limit, ())
    limit = {"currency": "USD", "interval": "month"}
    with pytest.raises(openai.NotFoundError):
        spend.retrieve(*where)
    assert spend.update(*where, threshold_amount=100, **limit).enforcement.status == "inactive"
    caller = house.app.world.access.admit(b"Bearer sk-open-door-key")
    usage = {"kind": "completions", "model": "gpt-4o", "input_tokens": 1_000_000}
    house.app.world.meter.add(caller, usage, house.app.world.clock())
    assert spend.retrieve(*where).enforcement.status == "enforcing"
    with pytest.raises(openai.RateLimitError) as caught:
        say(api)
    assert (caught.value.code, caught.value.type) == ("insufficient_quota", "insufficient_quota")
    api.models.list()
    spend.update(*where, threshold_amount=1000, **limit)
    say(api)
    spend.update(*where, threshold_amount=100, **limit)
    house.app.world.skew += 32 * 86400
    say(api)
    assert spend.delete(*where).deleted
    with pytest.raises(openai.NotFoundError):
        spend.retrieve(*where)


@pytest.mark.operation(
    "admin.organization.spend_alerts.create",
    "admin.organization.spend_alerts.retrieve",
    "admin.organization.spend_alerts.update",
    "admin.organization.spend_alerts.list",
    "admin.organization.spend_alerts.delete",
    "admin.organization.projects.spend_alerts.create",
    "admin.organization.projects.spend_alerts.retrieve",
    "admin.organization.projects.spend_alerts.update",
    "admin.organization.projects.spend_alerts.list",
    "admin.organization.projects.spend_alerts.delete",
)
@pytest.mark.parametrize("inside", [False, True])
def test_an_alert_is_a_letter_once_a_month(org: Any, house: Emulator, inside: bool) -> None:
    alerts, where = (org.projects.spend_alerts, (HERE,)) if inside else (org.spend_alerts, ())
    named = {"project_id": HERE} if inside else {}
    channel = {"type": "email", "recipients": ["a@b.c"], "subject_prefix": "[x]"}
    told = {"currency": "USD", "interval": "month", "notification_channel": channel}
    made = alerts.create(*where, threshold_amount=500, **told)
    assert alerts.update(made.id, **named, threshold_amount=200, **told).threshold_amount == 200
    assert alerts.retrieve(made.id, **named).notification_channel.recipients == ["a@b.c"]
    assert [a.id for a in alerts.list(*where)] == [made.id]
    world = house.app.world
    caller = world.access.admit(b"Bearer sk-open-door-key")
    for _ in range(3):
        world.meter.add(caller, {"kind": "completions", "model": "gpt-4o", "input_tokens": 400_000}, world.clock())
    (letter,) = world.shelf("admin.outbox")
    assert letter["to"] == ["a@b.c"]
    assert letter["subject"].startswith("[x]")
    assert alerts.delete(made.id, **named).deleted
    assert alerts.list(*where).data == []
    with pytest.raises(openai.BadRequestError):
        alerts.create(*where, threshold_amount=0, **told)

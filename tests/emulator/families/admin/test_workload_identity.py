"""Identity providers and the rules that bind their tokens to service accounts."""

from __future__ import annotations

from typing import Any

import openai
import pytest

GIVEN = {"type": "oidc", "name": "ci", "issuer": "https://ci.example.com", "audience": "antiphon"}


@pytest.mark.operation(
    "admin.organization.workload_identity_providers.create",
    "admin.organization.workload_identity_providers.retrieve",
    "admin.organization.workload_identity_providers.update",
    "admin.organization.workload_identity_providers.list",
    "admin.organization.workload_identity_providers.delete",
    "admin.organization.workload_identity_providers.federation_rules.create",
    "admin.organization.workload_identity_providers.federation_rules.retrieve",
    "admin.organization.workload_identity_providers.federation_rules.update",
    "admin.organization.workload_identity_providers.federation_rules.list",
    "admin.organization.workload_identity_providers.federation_rules.delete",
)
def test_providers_and_rules(org: Any) -> None:
    providers, rules = org.workload_identity_providers, org.workload_identity_providers.federation_rules
    made = providers.create(**GIVEN)
    assert (made.enabled, made.verification.type, made.attribute_transformations) == (True, "discovery", [])
    changed = providers.update(made.id, enabled=False, description="d")
    assert (changed.enabled, changed.issuer, changed.description) == (False, "https://ci.example.com", "d")
    assert [p.id for p in providers.list()] == [made.id]
    project = org.projects.create(name="Alpha").id
    account = org.projects.service_accounts.create(project_id=project, name="r").id
    bound = {"project_id": project, "service_account_id": account, "attribute_matchers": {"sub": "repo:a"}}
    rule = rules.create(made.id, **bound)
    assert (rule.permissions.type, rule.workload_identity_provider_id) == ("service_account_default", made.id)
    named = {"workload_identity_provider_id": made.id}
    updated = rules.update(rule.id, **named, name="n", permissions={"type": "restricted", "scopes": ["api.all.read"]})
    assert (updated.name, updated.permissions.scopes, updated.service_account_id) == ("n", ["api.all.read"], account)
    assert rules.retrieve(rule.id, **named).name == "n"
    assert [r.id for r in rules.list(made.id, service_account_id=account)] == [rule.id]
    assert rules.list(made.id, service_account_id="svc_acct_none").data == []
    with pytest.raises(openai.ConflictError):
        providers.delete(made.id)
    assert rules.delete(rule.id, **named).deleted
    assert providers.delete(made.id).deleted
    with pytest.raises(openai.NotFoundError):
        providers.retrieve(made.id)


@pytest.mark.operation(
    "admin.organization.workload_identity_providers.create",
    "admin.organization.workload_identity_providers.federation_rules.create",
)
def test_refusals(org: Any) -> None:
    providers = org.workload_identity_providers
    with pytest.raises(openai.BadRequestError):
        providers.create(**GIVEN | {"issuer": "http://ci.example.com"})
    made = providers.create(**GIVEN)
    bound = {"project_id": "proj_antiphon", "service_account_id": "svc_acct_none"}
    with pytest.raises(openai.NotFoundError):
        providers.federation_rules.create(made.id, **bound, attribute_matchers={"sub": "a"})
    with pytest.raises(openai.BadRequestError):
        providers.federation_rules.create(made.id, **bound, attribute_matchers={})

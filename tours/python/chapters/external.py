"""What an organisation brings along: certificates, keys and storage in its cloud, identity providers."""

from __future__ import annotations

from typing import Any

import openai

from ..tour import Tour

AWS: Any = {
    "name": "mine",
    "type": "aws",
    "external_id": "org-antiphon",
    "kms_arn": "arn:aws:kms:us-east-1:123456789012:key/abc",
    "role_arn": "arn:aws:iam::123456789012:role/ours",
}
OIDC: Any = {"type": "oidc", "name": "ci", "issuer": "https://ci.example.com", "audience": "antiphon"}


def walk(t: Tour) -> None:
    """The chapter."""
    project = t.client.admin.organization.projects.create(name="External").id
    _certificates(t, project)
    _keys(t)
    _storage(t, project)
    _identity(t, project)


def _certificates(t: Tour, project: str) -> None:
    org = t.client.admin.organization
    made = org.certificates.create(certificate=CERTIFICATE, name="mine")
    t.true(made.certificate_details.expires_at > made.certificate_details.valid_at)
    shown = org.certificates.retrieve(made.id, include=["content"])
    t.same(shown.certificate_details.content, CERTIFICATE)
    t.same(org.certificates.update(made.id, name="ours").name, "ours")
    t.same([(each.id, each.active) for each in org.certificates.list()], [(made.id, False)])
    for switch, where in ((org.certificates, ()), (org.projects.certificates, (project,))):
        t.same([each.active for each in switch.activate(*where, certificate_ids=[made.id])], [True])
        t.same([each.active for each in switch.list(*where)], [True])
        t.refused(openai.BadRequestError, org.certificates.delete, made.id)
        t.same([each.active for each in switch.deactivate(*where, certificate_ids=[made.id])], [False])
    t.same(org.certificates.delete(made.id).id, made.id)
    t.gone(org.certificates.retrieve, made.id)
    wrong = t.refused(openai.BadRequestError, org.certificates.create, certificate="nothing")
    t.same(wrong.param, "certificate")


def _keys(t: Tour) -> None:
    keys = t.client.admin.organization.external_keys
    made, wrong = keys.create(**AWS), keys.create(**AWS | {"kms_arn": "nothing"})
    t.same([keys.validate(key.id).status for key in (made, wrong)], ["valid", "invalid"])
    t.same((keys.retrieve(made.id).purpose, len(list(keys.list(limit=1)))), ("ekm", 2))
    for key in (made, wrong):
        t.same(keys.delete(key.id).id, key.id)
    t.gone(keys.retrieve, made.id)


def _storage(t: Tour, project: str) -> None:
    storage = t.client.admin.organization.external_storage
    place: Any = {"type": "aws", "bucket": "b", "role_arn": AWS["role_arn"]}
    made = storage.create(project_id=project, provider=place)
    t.same((made.status, storage.validate(made.id).status), ("pending", "validated"))
    t.same(storage.retrieve(made.id).status, "validated")
    t.same([each.id for each in storage.list(project_id=project)], [made.id])
    t.refused(openai.BadRequestError, storage.create, project_id=project, provider=place)
    t.same(storage.delete(made.id).deleted, True)
    t.gone(storage.retrieve, made.id)


def _identity(t: Tour, project: str) -> None:
    org = t.client.admin.organization
    providers, rules = org.workload_identity_providers, org.workload_identity_providers.federation_rules
    made = providers.create(**OIDC)
    t.same(providers.update(made.id, enabled=False).enabled, False)
    t.same((providers.retrieve(made.id).issuer, [each.id for each in providers.list()]), (OIDC["issuer"], [made.id]))
    account = org.projects.service_accounts.create(project_id=project, name="r").id
    bound: Any = {"project_id": project, "service_account_id": account, "attribute_matchers": {"sub": "repo:a"}}
    rule, named = rules.create(made.id, **bound), {"workload_identity_provider_id": made.id}
    t.same(rules.update(rule.id, **named, name="n").name, "n")
    t.same((rules.retrieve(rule.id, **named).name, [each.id for each in rules.list(made.id)]), ("n", [rule.id]))
    t.refused(openai.ConflictError, providers.delete, made.id)
    t.same((rules.delete(rule.id, **named).deleted, providers.delete(made.id).deleted), (True, True))
    t.gone(providers.retrieve, made.id)


CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBDDCBs6ADAgECAgEHMAoGCCqGSM49BAMCMA8xDTALBgNVBAMMBHRvdXIwIBcN
MjQwMTAxMDAwMDAwWhgPMjEyMzEyMDgwMDAwMDBaMA8xDTALBgNVBAMMBHRvdXIw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQvRMdY40yim4i1xFAqtK6MK3VUCncv
wp1qn/8NYiVLxan5KSibLjnBgN7WpQi4ih9iqz2to5IXa4yDITe4yLVjMAoGCCqG
SM49BAMCA0gAMEUCID7rciOpRXRXzzbnrJzOqAmEwerBrF/FRr/gURkZ8BkDAiEA
uqZQQuLFMOI2YKz5OQEipalYpvyVaH/A4Z73wzZbSvE=
-----END CERTIFICATE-----
"""
"""Of nobody: its private key was never kept."""

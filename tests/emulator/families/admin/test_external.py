"""Keys and storage in a customer's cloud."""

from __future__ import annotations

from typing import Any

import openai
import pytest

AWS = {
    "name": "mine",
    "type": "aws",
    "external_id": "org-antiphon",
    "kms_arn": "arn:aws:kms:us-east-1:123456789012:key/abc",
    "role_arn": "arn:aws:iam::123456789012:role/ours",
}
OCI = {"name": "o", "type": "oci", "key_ocid": "ocid1.key.oc1..a", "region": "r", "vault_ocid": "ocid1.vault.oc1..b"}


@pytest.mark.operation(
    "admin.organization.external_keys.create",
    "admin.organization.external_keys.retrieve",
    "admin.organization.external_keys.list",
    "admin.organization.external_keys.delete",
    "admin.organization.external_keys.validate",
)
def test_external_keys(org: Any) -> None:
    made = org.external_keys.create(**AWS)
    assert (made.purpose, made.api_project_ids, made.workspace_id) == ("ekm", [], "org-antiphon")
    other = org.external_keys.create(**OCI, purpose="psp_decryption", key_version_ocid="ocid1.keyversion.oc1..c")
    assert [k.id for k in org.external_keys.list()] == [other.id, made.id]
    assert [k.id for k in org.external_keys.list(purpose="ekm")] == [made.id]
    assert org.external_keys.validate(made.id).status == "valid"
    wrong = org.external_keys.create(**AWS | {"kms_arn": "nothing"})
    assert org.external_keys.validate(wrong.id).status == "invalid"
    project = org.projects.create(name="Alpha", external_key_id=made.id)
    assert project.external_key_id == made.id
    assert org.external_keys.retrieve(made.id).api_project_ids == [project.id]
    with pytest.raises(openai.BadRequestError):
        org.external_keys.delete(made.id)
    assert org.external_keys.delete(other.id).id == other.id
    with pytest.raises(openai.NotFoundError):
        org.external_keys.retrieve(other.id)


@pytest.mark.operation("admin.organization.external_keys.create")
@pytest.mark.parametrize(
    ("given", "param"),
    [
        (AWS | {"role_arn": ""}, "role_arn"),
        (AWS | {"region": "r"}, "region"),
        (OCI | {"purpose": "psp_decryption"}, "key_version_ocid"),
        (OCI | {"key_version_ocid": "ocid1.keyversion.oc1..c"}, "key_version_ocid"),
    ],
)
def test_what_a_cloud_needs(org: Any, given: dict[str, str], param: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        org.external_keys.create(**given)
    assert caught.value.param == param


@pytest.mark.operation(
    "admin.organization.external_storage.create",
    "admin.organization.external_storage.retrieve",
    "admin.organization.external_storage.list",
    "admin.organization.external_storage.delete",
    "admin.organization.external_storage.validate",
)
def test_external_storage(org: Any) -> None:
    project = org.projects.create(name="Alpha").id
    place = {"type": "aws", "bucket": "b", "role_arn": "arn:aws:iam::123456789012:role/ours"}
    made = org.external_storage.create(project_id=project, provider=place)
    assert (made.status, made.geography, made.provider.account_id) == ("pending", "us", "123456789012")
    oci = {"type": "oci", "bucket": "", "region": "eu-frankfurt-1", "tenancy_ocid": "ocid1.tenancy.oc1..a"}
    other = org.external_storage.create(project_id="proj_antiphon", provider=oci)
    assert other.geography == "eu"
    assert [s.id for s in org.external_storage.list(project_id=project)] == [made.id]
    assert org.external_storage.validate(made.id).status == "validated"
    assert org.external_storage.validate(other.id).status == "unhealthy"
    assert org.external_storage.retrieve(made.id).status == "validated"
    with pytest.raises(openai.BadRequestError):
        org.external_storage.create(project_id=project, provider=place)
    with pytest.raises(openai.NotFoundError):
        org.external_storage.create(project_id="proj_none", provider=place)
    assert org.external_storage.delete(made.id).deleted
    with pytest.raises(openai.NotFoundError):
        org.external_storage.retrieve(made.id)

"""Projects and service accounts, and the keys that come and go with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openai
import pytest

from antiphon.emulator import Emulator, Setting
from tests.emulator.families.admin.conftest import As, say


@pytest.mark.operation(
    "admin.organization.projects.list",
    "admin.organization.projects.create",
    "admin.organization.projects.retrieve",
    "admin.organization.projects.update",
    "admin.organization.projects.archive",
)
def test_from_the_first_to_the_archive(org: Any) -> None:
    (first,) = org.projects.list().data
    assert (first.id, first.status) == ("proj_antiphon", "active")
    made = org.projects.create(name="Alpha", geography="EU")
    assert (made.status, made.residency, made.archived_at) == ("active", "EU_STORAGE_PROCESSING", None)
    assert org.projects.update(made.id, name="Beta").name == "Beta"
    assert org.projects.retrieve(made.id).name == "Beta"
    assert [p.id for p in org.projects.list()] == [first.id, made.id]
    archived = org.projects.archive(made.id)
    assert (archived.status, bool(archived.archived_at)) == ("archived", True)
    assert [p.id for p in org.projects.list()] == [first.id]
    assert [p.id for p in org.projects.list(include_archived=True)] == [first.id, made.id]
    with pytest.raises(openai.BadRequestError):
        org.projects.update(made.id, name="Gamma")
    with pytest.raises(openai.BadRequestError):
        org.projects.archive(first.id)
    with pytest.raises(openai.NotFoundError):
        org.projects.retrieve("proj_none")


@pytest.mark.operation("admin.organization.projects.create")
def test_refusals(org: Any) -> None:
    with pytest.raises(openai.NotFoundError):
        org.projects.create(name="a", external_key_id="extkey_none")
    with pytest.raises(openai.BadRequestError):
        org.projects.create(name="a", geography="EU", residency="GLOBAL")
    with pytest.raises(openai.BadRequestError):
        org.projects.create(name=" ")


@pytest.mark.operation("admin.organization.projects.list")
def test_pages(org: Any) -> None:
    ids = [org.projects.create(name=f"p{number}").id for number in range(5)]
    assert [p.id for p in org.projects.list(limit=2)] == ["proj_antiphon", *ids]
    page = org.projects.list(limit=2, after=ids[0])
    assert ([p.id for p in page.data], page.has_more) == (ids[1:3], True)


@pytest.mark.operation(
    "admin.organization.projects.service_accounts.create",
    "admin.organization.projects.service_accounts.retrieve",
    "admin.organization.projects.service_accounts.list",
    "admin.organization.projects.service_accounts.update",
    "admin.organization.projects.service_accounts.delete",
    "admin.organization.projects.service_accounts.api_keys.create",
)
def test_service_accounts_and_their_keys(org: Any, using: As) -> None:
    project = org.projects.create(name="Alpha").id
    made = org.projects.service_accounts.create(project_id=project, name="robot")
    assert made.role == "member"
    robot = using(made.api_key.value)
    assert say(robot).choices
    assert org.projects.service_accounts.retrieve(made.id, project_id=project).name == "robot"
    renamed = org.projects.service_accounts.update(made.id, project_id=project, name="droid", role="owner")
    assert (renamed.name, renamed.role) == ("droid", "owner")
    more = org.projects.service_accounts.api_keys.create(made.id, project_id=project, name="second")
    second = using(more.value)
    assert say(second).choices
    assert [a.id for a in org.projects.service_accounts.list(project)] == [made.id]
    assert made.api_key.value not in str(org.projects.service_accounts.list(project))
    assert org.projects.service_accounts.delete(made.id, project_id=project).deleted
    for gone in (robot, second):
        with pytest.raises(openai.AuthenticationError) as caught:
            say(gone)
        assert caught.value.code == "invalid_api_key"
    with pytest.raises(openai.NotFoundError):
        org.projects.service_accounts.retrieve(made.id, project_id=project)


@pytest.mark.operation("admin.organization.projects.service_accounts.create")
def test_an_account_alone_has_no_key(org: Any) -> None:
    project = org.projects.create(name="Alpha").id
    made = org.projects.service_accounts.create(project_id=project, name="r", create_service_account_only=True)
    assert (made.api_key, made.role) == (None, "none")
    assert org.projects.api_keys.list(project).data == []


@pytest.mark.operation("admin.organization.projects.archive")
def test_keys_of_an_archived_project_stop_working(org: Any, using: As) -> None:
    project = org.projects.create(name="Alpha").id
    robot = using(org.projects.service_accounts.create(project_id=project, name="r").api_key.value)
    say(robot)
    org.projects.archive(project)
    with pytest.raises(openai.AuthenticationError) as caught:
        say(robot)
    assert caught.value.code == "not_authorized_invalid_project"


def test_headers_choose_the_project_when_the_key_allows_it(org: Any, api: openai.OpenAI, using: As) -> None:
    project = org.projects.create(name="Alpha").id
    org.projects.model_permissions.update(project, mode="allow_list", model_ids=["gpt-4.1"])
    say(api)
    with pytest.raises(openai.PermissionDeniedError):
        say(using("sk-open-door-key", project=project))
    key = org.projects.service_accounts.create(project_id=project, name="r").api_key.value
    say(using(key, project=project, organization="org-antiphon"), model="gpt-4.1")
    for more, code in (({"project": "proj_antiphon"}, "mismatched_project"), ({"organization": "org-b"}, None)):
        with pytest.raises(openai.AuthenticationError) as caught:
            say(using(key, **more), model="gpt-4.1")
        assert caught.value.code == (code or "mismatched_organization")


def test_keys_and_projects_outlive_the_process(tmp_path: Path) -> None:
    def using(key: str) -> openai.OpenAI:
        return openai.OpenAI(base_url=house.base_url, api_key=key, admin_api_key=key)

    with Emulator(Setting(data=tmp_path)) as house, using("k") as client:
        org = client.admin.organization
        project = org.projects.create(name="Alpha").id
        kept = org.projects.service_accounts.create(project_id=project, name="kept").api_key
        gone = org.projects.service_accounts.create(project_id=project, name="gone").api_key
        org.projects.api_keys.delete(gone.id, project_id=project)
    with Emulator(Setting(data=tmp_path)) as house, using(kept.value) as client, using(gone.value) as other:
        say(client)
        with pytest.raises(openai.AuthenticationError):
            say(other)
    assert not any(kept.value.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())

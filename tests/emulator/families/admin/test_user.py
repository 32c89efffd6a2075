"""Users, how they come and go, and the projects they are in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openai
import pytest

from antiphon.emulator import Emulator, Setting


def arrive(house: Emulator, org: Any, address: str = "ada@example.com", **more: Any) -> Any:
    """Invite somebody and wait until the invite was accepted."""
    org.invites.create(email=address, role="reader", **more)
    house.app.world.skew += 3601
    return org.users.list(emails=[address]).data[0]


@pytest.mark.operation(
    "admin.organization.invites.create",
    "admin.organization.invites.retrieve",
    "admin.organization.invites.list",
    "admin.organization.users.list",
    "admin.organization.users.retrieve",
)
def test_an_invite_is_accepted_within_the_hour(org: Any, house: Emulator) -> None:
    project = org.projects.create(name="Alpha").id
    made = org.invites.create(email="ada@example.com", role="reader", projects=[{"id": project, "role": "owner"}])
    assert (made.status, made.expires_at - made.created_at) == ("pending", 7 * 86400)
    assert [u.email for u in org.users.list()] == ["owner@antiphon.example"]
    house.app.world.skew += 3601
    accepted = org.invites.retrieve(made.id)
    assert (accepted.status, accepted.accepted_at) == ("accepted", made.created_at + 3600)
    assert [i.status for i in org.invites.list()] == ["accepted"]
    _, ada = org.users.list().data
    assert (ada.email, ada.role, ada.is_default) == ("ada@example.com", "reader", False)
    shown = org.users.retrieve(ada.id)
    assert [(p.id, p.role) for p in shown.projects.data] == [(project, "owner")]
    with pytest.raises(openai.BadRequestError):
        org.invites.delete(made.id)
    with pytest.raises(openai.BadRequestError):
        org.invites.create(email="ada@example.com", role="owner")


@pytest.mark.operation(
    "admin.organization.invites.delete",
    "admin.organization.invites.create",
)
def test_invites_that_nobody_accepts(org: Any, house: Emulator) -> None:
    gone = org.invites.create(email="bob@example.com", role="owner")
    assert org.invites.delete(gone.id).deleted
    never = org.invites.create(email="eve@nowhere.invalid", role="owner", projects=[])
    house.app.world.skew += 3601
    assert org.invites.retrieve(never.id).status == "pending"
    assert len(org.users.list().data) == 1
    house.app.world.skew += 7 * 86400
    assert org.invites.retrieve(never.id).status == "expired"
    with pytest.raises(openai.NotFoundError):
        org.invites.retrieve(gone.id)
    with pytest.raises(openai.BadRequestError):
        org.invites.create(email="nobody", role="owner")
    with pytest.raises(openai.NotFoundError):
        org.invites.create(email="a@b.c", role="owner", projects=[{"id": "proj_none", "role": "member"}])


@pytest.mark.operation(
    "admin.organization.users.update",
    "admin.organization.users.delete",
)
def test_roles_change_and_users_leave_but_for_the_last_owner(org: Any, house: Emulator) -> None:
    ada = arrive(house, org)
    (first, _) = org.users.list().data
    with pytest.raises(openai.BadRequestError):
        org.users.update(first.id, role="reader")
    with pytest.raises(openai.BadRequestError):
        org.users.delete(first.id)
    with pytest.raises(openai.BadRequestError):
        org.users.update(ada.id, role="emperor")
    owner = next(r for r in org.roles.list() if r.name == "owner" and r.predefined_role)
    assert org.users.update(ada.id, role_id=owner.id, developer_persona="backend").role == "owner"
    assert org.users.update(first.id, role="reader").role == "reader"
    assert org.users.retrieve(ada.id).developer_persona == "backend"
    assert ada.id in [m.id for m in org.projects.users.list("proj_antiphon")]
    assert org.users.delete(first.id).deleted
    assert [m.id for m in org.projects.users.list("proj_antiphon")] == [ada.id]
    with pytest.raises(openai.NotFoundError):
        org.users.retrieve(first.id)


@pytest.mark.operation(
    "admin.organization.projects.users.create",
    "admin.organization.projects.users.retrieve",
    "admin.organization.projects.users.list",
    "admin.organization.projects.users.update",
    "admin.organization.projects.users.delete",
)
def test_members_of_a_project(org: Any, house: Emulator) -> None:
    ada = arrive(house, org, projects=[])
    project = org.projects.create(name="Alpha").id
    made = org.projects.users.create(project, role="member", user_id=ada.id)
    assert (made.id, made.role, made.email) == (ada.id, "member", "ada@example.com")
    assert len(org.projects.users.list(project).data) == 2
    with pytest.raises(openai.BadRequestError):
        org.projects.users.create(project, role="member", email="ada@example.com")
    with pytest.raises(openai.NotFoundError):
        org.projects.users.create(project, role="member", email="nobody@example.com")
    assert org.projects.users.update(ada.id, project_id=project, role="owner").role == "owner"
    assert org.projects.users.retrieve(ada.id, project_id=project).role == "owner"
    assert org.projects.users.delete(ada.id, project_id=project).deleted
    with pytest.raises(openai.NotFoundError):
        org.projects.users.retrieve(ada.id, project_id=project)
    with pytest.raises(openai.BadRequestError):
        org.projects.users.create(project, role="emperor", user_id=ada.id)


@pytest.mark.operation(
    "admin.organization.invites.create",
    "admin.organization.invites.retrieve",
)
def test_invites_go_on_after_a_restart(tmp_path: Path) -> None:
    def using(house: Emulator) -> openai.OpenAI:
        return openai.OpenAI(base_url=house.base_url, api_key="k", admin_api_key="k", max_retries=0)

    with Emulator(Setting(data=tmp_path)) as house, using(house) as client:
        org = client.admin.organization
        made = org.invites.create(email="ada@example.com", role="owner").id
        org.projects.model_permissions.update("proj_antiphon", mode="deny_list", model_ids=["gpt-4o"])
    with Emulator(Setting(data=tmp_path)) as house, using(house) as client:
        org = client.admin.organization
        assert org.invites.retrieve(made).status == "pending"
        house.app.world.skew = 3601
        assert org.invites.retrieve(made).status == "accepted"
        assert [u.email for u in org.users.list()] == ["owner@antiphon.example", "ada@example.com"]
        with pytest.raises(openai.PermissionDeniedError):
            client.completions.create(model="gpt-4o", prompt="hi")
        kinds = [event.type for event in org.audit_logs.list()]
        assert kinds == ["invite.accepted", "project.updated", "invite.sent"]

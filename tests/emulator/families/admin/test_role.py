"""Roles, groups, and who has what through whom."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from antiphon.emulator import Emulator
from tests.emulator.families.admin.test_user import arrive


@pytest.mark.operation(
    "admin.organization.roles.create",
    "admin.organization.roles.list",
    "admin.organization.roles.retrieve",
    "admin.organization.roles.delete",
    "admin.organization.roles.update",
    "admin.organization.projects.roles.create",
    "admin.organization.projects.roles.list",
    "admin.organization.projects.roles.retrieve",
    "admin.organization.projects.roles.delete",
    "admin.organization.projects.roles.update",
)
@pytest.mark.parametrize("inside", [False, True])
def test_roles(org: Any, inside: bool) -> None:
    project = org.projects.create(name="Alpha").id
    roles, where = (org.projects.roles, (project,)) if inside else (org.roles, ())
    named = {"project_id": project} if inside else {}
    predefined = roles.list(*where).data
    assert {"owner"} < {r.name for r in predefined}
    assert all(r.predefined_role for r in predefined)
    made = roles.create(*where, role_name="auditor", permissions=["api.usage.read"], description="Looks.")
    assert made.resource_type == ("api.project" if inside else "api.organization")
    with pytest.raises(openai.BadRequestError):
        roles.create(*where, role_name="auditor", permissions=[])
    changed = roles.update(made.id, **named, permissions=["api.usage.read", "api.files.read"])
    assert (changed.name, len(changed.permissions)) == ("auditor", 2)
    assert roles.retrieve(made.id, **named).permissions == changed.permissions
    for refused in (
        lambda: roles.update(predefined[0].id, **named, role_name="x"),
        lambda: roles.delete(predefined[0].id, **named),
    ):
        with pytest.raises(openai.BadRequestError):
            refused()
    assert roles.delete(made.id, **named).deleted
    with pytest.raises(openai.NotFoundError):
        roles.retrieve(made.id, **named)
    assert [r.id for r in roles.list(*where)] == [r.id for r in predefined]


@pytest.mark.operation(
    "admin.organization.groups.create",
    "admin.organization.groups.list",
    "admin.organization.groups.retrieve",
    "admin.organization.groups.delete",
    "admin.organization.groups.update",
    "admin.organization.groups.users.create",
    "admin.organization.groups.users.list",
    "admin.organization.groups.users.retrieve",
    "admin.organization.groups.users.delete",
)
def test_groups_and_their_users(org: Any, house: Emulator) -> None:
    ada = arrive(house, org)
    made = org.groups.create(name="Writers")
    assert org.groups.update(made.id, name="Readers").name == "Readers"
    assert org.groups.retrieve(made.id).name == "Readers"
    assert org.groups.users.create(made.id, user_id=ada.id).user_id == ada.id
    assert [u.email for u in org.groups.users.list(made.id)] == ["ada@example.com"]
    assert org.groups.users.retrieve(ada.id, group_id=made.id).user_type == "user"
    assert org.groups.users.delete(ada.id, group_id=made.id).deleted
    for missing in (
        lambda: org.groups.users.retrieve(ada.id, group_id=made.id),
        lambda: org.groups.users.create(made.id, user_id="user-none"),
        lambda: org.groups.users.delete(ada.id, group_id=made.id),
    ):
        with pytest.raises(openai.NotFoundError):
            missing()
    assert org.groups.delete(made.id).deleted
    assert org.groups.list().data == []


@pytest.mark.operation("admin.organization.groups.list")
def test_pages_of_groups_go_on_by_next(org: Any) -> None:
    ids = [org.groups.create(name=f"g{number}").id for number in range(5)]
    assert [g.id for g in org.groups.list(limit=2)] == ids
    assert [g.id for g in org.groups.list(limit=2, order="desc")] == ids[::-1]


@pytest.mark.operation(
    "admin.organization.users.roles.create",
    "admin.organization.users.roles.list",
    "admin.organization.users.roles.retrieve",
    "admin.organization.users.roles.delete",
    "admin.organization.groups.roles.create",
    "admin.organization.groups.roles.list",
    "admin.organization.groups.roles.retrieve",
    "admin.organization.groups.roles.delete",
)
def test_users_have_the_roles_of_their_groups(org: Any, house: Emulator) -> None:
    ada, group = arrive(house, org), org.groups.create(name="Writers").id
    org.groups.users.create(group, user_id=ada.id)
    mine, ours = (org.roles.create(role_name=name, permissions=["api.all"]) for name in ("mine", "ours"))
    assert org.users.roles.create(ada.id, role_id=mine.id).user.email == "ada@example.com"
    given = org.groups.roles.create(group, role_id=ours.id)
    assert (given.group.name, given.role.name) == ("Writers", "ours")
    listed = org.users.roles.list(ada.id).data
    assert [(r.name, [s.principal_id for s in r.assignment_sources]) for r in listed] == [
        ("mine", []),
        ("ours", [group]),
    ]
    assert [r.id for r in org.groups.roles.list(group)] == [ours.id]
    assert org.users.roles.retrieve(ours.id, user_id=ada.id).name == "ours"
    assert org.groups.roles.retrieve(ours.id, group_id=group).name == "ours"
    org.roles.delete(mine.id)
    assert [r.name for r in org.users.roles.list(ada.id)] == ["ours"]
    assert org.groups.roles.delete(ours.id, group_id=group).deleted
    assert org.users.roles.list(ada.id).data == []
    org.users.roles.create(ada.id, role_id=ours.id)
    assert org.users.roles.delete(ours.id, user_id=ada.id).deleted
    assert org.users.roles.list(ada.id).data == []
    with pytest.raises(openai.NotFoundError):
        org.users.roles.delete(ours.id, user_id=ada.id)
    with pytest.raises(openai.NotFoundError):
        org.users.roles.create(ada.id, role_id=mine.id)


@pytest.mark.operation(
    "admin.organization.projects.groups.create",
    "admin.organization.projects.groups.list",
    "admin.organization.projects.groups.retrieve",
    "admin.organization.projects.groups.delete",
    "admin.organization.projects.groups.roles.create",
    "admin.organization.projects.groups.roles.list",
    "admin.organization.projects.groups.roles.retrieve",
    "admin.organization.projects.groups.roles.delete",
    "admin.organization.projects.users.roles.create",
    "admin.organization.projects.users.roles.list",
    "admin.organization.projects.users.roles.retrieve",
    "admin.organization.projects.users.roles.delete",
)
def test_groups_and_roles_in_a_project(org: Any, house: Emulator) -> None:
    ada, group = arrive(house, org, projects=[]), org.groups.create(name="Writers").id
    project = org.projects.create(name="Alpha").id
    org.groups.users.create(group, user_id=ada.id)
    org.projects.users.create(project, role="member", user_id=ada.id)
    viewer = next(r for r in org.projects.roles.list(project) if r.name == "viewer")
    granted = org.projects.groups.create(project, group_id=group, role=viewer.id)
    assert (granted.group_name, granted.project_id) == ("Writers", project)
    assert [g.group_id for g in org.projects.groups.list(project)] == [group]
    assert org.projects.groups.retrieve(group, project_id=project).group_name == "Writers"
    assert [r.name for r in org.projects.users.roles.list(ada.id, project_id=project)] == ["viewer"]
    own = org.projects.roles.create(project, role_name="own", permissions=[])
    org.projects.users.roles.create(ada.id, project_id=project, role_id=own.id)
    org.projects.groups.roles.create(group, project_id=project, role_id=own.id)
    assert org.projects.users.roles.retrieve(own.id, project_id=project, user_id=ada.id).assignment_sources
    assert org.projects.groups.roles.retrieve(own.id, project_id=project, group_id=group).name == "own"
    assert org.projects.groups.roles.delete(own.id, project_id=project, group_id=group).deleted
    assert [r.name for r in org.projects.groups.roles.list(group, project_id=project)] == ["viewer"]
    assert org.projects.users.roles.delete(own.id, project_id=project, user_id=ada.id).deleted
    assert org.projects.groups.delete(group, project_id=project).deleted
    assert org.projects.users.roles.list(ada.id, project_id=project).data == []
    with pytest.raises(openai.NotFoundError):
        org.projects.groups.retrieve(group, project_id=project)

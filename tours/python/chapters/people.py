"""People: invited, in projects, in groups, with roles of their own and of their groups."""

from __future__ import annotations

from typing import Any

import openai

from ..tour import Tour


def walk(t: Tour) -> None:
    """The chapter."""
    project = t.client.admin.organization.projects.create(name="People").id
    ada = _invited(t, project)
    _member(t, project, ada)
    _roles(t, project)
    group = _group(t, ada)
    _granted(t, project, ada, group)
    _leaving(t, ada)


def _invited(t: Tour, project: str) -> Any:
    org = t.client.admin.organization
    made = org.invites.create(email="ada@example.com", role="reader", projects=[{"id": project, "role": "owner"}])
    never = org.invites.create(email="bob@example.com", role="owner")
    t.same((made.status, made.id in [invite.id for invite in org.invites.list()]), ("pending", True))
    t.same(org.invites.delete(never.id).deleted, True)
    t.house.wait(3601)
    t.same(org.invites.retrieve(made.id).status, "accepted")
    (ada,) = org.users.list(emails=["ada@example.com"])
    t.same((ada.role, len(org.users.list().data)), ("reader", 2))
    t.same([p.id for p in org.users.retrieve(ada.id).projects.data], [project])
    t.refused(openai.BadRequestError, org.invites.create, email="ada@example.com", role="owner")
    return ada


def _member(t: Tour, project: str, ada: Any) -> None:
    users = t.client.admin.organization.projects.users
    t.same(users.retrieve(ada.id, project_id=project).role, "owner")
    t.same(users.update(ada.id, project_id=project, role="member").role, "member")
    t.true(ada.id in [member.id for member in users.list(project, limit=1)])
    t.same(users.delete(ada.id, project_id=project).deleted, True)
    t.gone(users.retrieve, ada.id, project_id=project)
    t.same(users.create(project, role="member", user_id=ada.id).email, "ada@example.com")


def _roles(t: Tour, project: str) -> None:
    org = t.client.admin.organization
    for roles, where, named in ((org.roles, (), {}), (org.projects.roles, (project,), {"project_id": project})):
        made = roles.create(*where, role_name="auditor", permissions=["api.usage.read"])
        changed = roles.update(made.id, **named, permissions=["api.usage.read", "api.files.read"])
        t.same((changed.name, len(roles.retrieve(made.id, **named).permissions)), ("auditor", 2))
        owner = next(role for role in roles.list(*where) if role.predefined_role)
        t.refused(openai.BadRequestError, roles.delete, owner.id, **named)
        t.same(roles.delete(made.id, **named).deleted, True)
        t.gone(roles.retrieve, made.id, **named)


def _group(t: Tour, ada: Any) -> Any:
    org = t.client.admin.organization
    group = org.groups.create(name="Writers")
    t.same(org.groups.update(group.id, name="Readers").name, "Readers")
    t.same(org.groups.retrieve(group.id).name, "Readers")
    t.same([known.id for known in org.groups.list()], [group.id])
    t.same(org.groups.users.create(group.id, user_id=ada.id).user_id, ada.id)
    t.same([member.email for member in org.groups.users.list(group.id)], ["ada@example.com"])
    t.same(org.groups.users.retrieve(ada.id, group_id=group.id).user_type, "user")
    mine, ours = (org.roles.create(role_name=name, permissions=["api.all"]) for name in ("mine", "ours"))
    t.same(org.users.roles.create(ada.id, role_id=mine.id).role.name, "mine")
    t.same(org.groups.roles.create(group.id, role_id=ours.id).group.name, "Readers")
    t.same([role.name for role in org.users.roles.list(ada.id)], ["mine", "ours"])
    t.same([role.name for role in org.groups.roles.list(group.id)], ["ours"])
    t.same(org.users.roles.retrieve(ours.id, user_id=ada.id).name, "ours")
    t.same(org.groups.roles.retrieve(ours.id, group_id=group.id).name, "ours")
    t.same(org.groups.roles.delete(ours.id, group_id=group.id).deleted, True)
    t.same(org.users.roles.delete(mine.id, user_id=ada.id).deleted, True)
    t.same(list(org.users.roles.list(ada.id)), [])
    return group


def _granted(t: Tour, project: str, ada: Any, group: Any) -> None:
    projects = t.client.admin.organization.projects
    viewer = next(role for role in projects.roles.list(project) if role.name == "viewer")
    t.same(projects.groups.create(project, group_id=group.id, role=viewer.id).group_name, "Readers")
    t.same([known.group_id for known in projects.groups.list(project)], [group.id])
    t.same(projects.groups.retrieve(group.id, project_id=project).project_id, project)
    t.same([role.name for role in projects.users.roles.list(ada.id, project_id=project)], ["viewer"])
    own = projects.roles.create(project, role_name="own", permissions=[])
    projects.users.roles.create(ada.id, project_id=project, role_id=own.id)
    projects.groups.roles.create(group.id, project_id=project, role_id=own.id)
    t.same(projects.users.roles.retrieve(own.id, project_id=project, user_id=ada.id).name, "own")
    t.same(projects.groups.roles.retrieve(own.id, project_id=project, group_id=group.id).name, "own")
    t.same(projects.groups.roles.delete(own.id, project_id=project, group_id=group.id).deleted, True)
    t.same([role.name for role in projects.groups.roles.list(group.id, project_id=project)], ["viewer"])
    t.same(projects.users.roles.delete(own.id, project_id=project, user_id=ada.id).deleted, True)
    t.same(projects.groups.delete(group.id, project_id=project).deleted, True)
    t.gone(projects.groups.retrieve, group.id, project_id=project)


def _leaving(t: Tour, ada: Any) -> None:
    org = t.client.admin.organization
    (group,) = org.groups.list()
    t.same(org.groups.users.delete(ada.id, group_id=group.id).deleted, True)
    t.same(org.groups.delete(group.id).deleted, True)
    t.gone(org.groups.retrieve, group.id)
    first = org.users.list().data[0]
    t.refused(openai.BadRequestError, org.users.delete, first.id)
    t.same(org.users.update(ada.id, developer_persona="backend").developer_persona, "backend")
    t.same(org.users.delete(ada.id).deleted, True)
    t.gone(org.users.retrieve, ada.id)

"""Projects and service accounts, whose keys really work and stop working."""

from __future__ import annotations

from typing import Any

import openai

from ..tour import Tour, user


def walk(t: Tour) -> None:
    """The chapter."""
    projects = t.client.admin.organization.projects
    (first,) = projects.list()
    made = projects.create(name="Alpha", geography="EU")
    t.same((first.status, made.status, made.residency), ("active", "active", "EU_STORAGE_PROCESSING"))
    t.same(projects.update(made.id, name="Beta").name, "Beta")
    t.same(projects.retrieve(made.id).name, "Beta")
    robot = _accounts(t, made.id)
    t.same(projects.archive(made.id).status, "archived")
    t.refused(openai.AuthenticationError, _say, robot)
    t.same([project.id for project in projects.list()], [first.id])
    t.same([project.id for project in projects.list(include_archived=True, limit=1)], [first.id, made.id])
    t.refused(openai.BadRequestError, projects.archive, first.id)
    t.gone(projects.retrieve, "proj_none")


def _say(client: Any) -> Any:
    return client.chat.completions.create(model="gpt-4o", messages=user("Say: hi")).choices[0].message.content


def _accounts(t: Tour, project: str) -> Any:
    accounts = t.client.admin.organization.projects.service_accounts
    made = accounts.create(project_id=project, name="robot")
    robot = t.make(made.api_key.value)
    t.same((made.role, _say(robot)), ("member", "hi"))
    t.refused(openai.PermissionDeniedError, robot.admin.organization.projects.list)
    kept = t.upload("own.txt", "mine", client=robot)
    t.same(robot.files.retrieve(kept).filename, "own.txt")
    renamed = accounts.update(made.id, project_id=project, name="droid", role="owner")
    t.same((renamed.name, accounts.retrieve(made.id, project_id=project).role), ("droid", "owner"))
    second = t.make(accounts.api_keys.create(made.id, project_id=project, name="second").value)
    t.same(_say(second), "hi")
    t.same([account.id for account in accounts.list(project)], [made.id])
    other = accounts.create(project_id=project, name="other")
    t.same(accounts.delete(made.id, project_id=project).deleted, True)
    for client in (robot, second):
        t.same(t.refused(openai.AuthenticationError, _say, client).code, "invalid_api_key")
    last = t.make(other.api_key.value)
    t.same(_say(last), "hi")
    return last

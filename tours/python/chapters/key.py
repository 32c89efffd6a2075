"""Keys: they work, they may do what their scopes say, they expire, and once deleted they are refused."""

from __future__ import annotations

from typing import Any

import openai

from ..tour import Tour, user


def walk(t: Tour) -> None:
    """The chapter."""
    _admin(t)
    _scopes(t)
    _strangers(t)


def _say(client: Any) -> Any:
    return client.chat.completions.create(model="gpt-4o", messages=user("Say: hi")).choices[0].message.content


def _admin(t: Tour) -> None:
    keys = t.client.admin.organization.admin_api_keys
    made = keys.create(name="boss")
    boss = t.make(made.value)
    t.true(boss.admin.organization.projects.list().data)
    t.refused(openai.PermissionDeniedError, _say, boss)
    shown = keys.retrieve(made.id)
    t.same((shown.name, shown.last_used_at is not None, made.value in shown.to_json()), ("boss", True, False))
    t.same([key.id for key in keys.list()], [made.id])
    t.same(keys.delete(made.id).deleted, True)
    t.refused(openai.AuthenticationError, boss.admin.organization.projects.list)
    t.gone(keys.retrieve, made.id)
    short = t.make(keys.create(name="short", expires_in_seconds=60).value)
    t.true(short.admin.organization.projects.list().data)
    t.house.wait(61)
    t.refused(openai.AuthenticationError, short.admin.organization.projects.list)


def _scopes(t: Tour) -> None:
    projects = t.client.admin.organization.projects
    project = projects.create(name="Keys").id
    made = projects.service_accounts.create(project_id=project, name="robot").api_key
    robot = t.make(made.value)
    projects.api_keys.update(made.id, project_id=project, scopes=["api.all.read"])
    t.true(robot.models.list().data)
    t.refused(openai.PermissionDeniedError, _say, robot)
    projects.api_keys.update(made.id, project_id=project, scopes=["api.model.request"])
    t.same(_say(robot), "hi")
    t.refused(openai.PermissionDeniedError, robot.files.list)
    changed = projects.api_keys.update(made.id, project_id=project, scopes=[], expires_in_seconds=60)
    t.true(changed.expires_at)
    kept = t.upload("kept.txt", "x", client=robot)
    t.same(robot.files.retrieve(kept).filename, "kept.txt")
    t.house.wait(61)
    t.refused(openai.AuthenticationError, robot.files.list)


def _strangers(t: Tour) -> None:
    keys, stranger = t.client.admin.organization.projects.api_keys, t.make("sk-some-stranger")
    t.same(_say(stranger), "hi")
    (home, *_) = t.client.admin.organization.projects.list()
    listed = list(keys.list(home.id))
    mine = next(key for key in listed if key.redacted_value.endswith("nger"))
    t.same(keys.retrieve(mine.id, project_id=home.id).owner_project_access, "active")
    t.same(keys.delete(mine.id, project_id=home.id).deleted, True)
    t.refused(openai.AuthenticationError, _say, stranger)
    t.gone(keys.retrieve, mine.id, project_id=home.id)

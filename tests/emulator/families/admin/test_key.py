"""Keys that work, stop working, and are never told twice."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from antiphon.emulator import Emulator
from tests.emulator.families.admin.conftest import As, say


@pytest.mark.operation(
    "admin.organization.admin_api_keys.create",
    "admin.organization.admin_api_keys.retrieve",
    "admin.organization.admin_api_keys.list",
    "admin.organization.admin_api_keys.delete",
)
def test_admin_keys(org: Any, using: As, house: Emulator) -> None:
    made = org.admin_api_keys.create(name="boss")
    boss = using(made.value)
    assert boss.admin.organization.projects.list().data
    with pytest.raises(openai.PermissionDeniedError):
        say(boss)
    shown = org.admin_api_keys.retrieve(made.id)
    assert (shown.name, shown.last_used_at is not None) == ("boss", True)
    assert made.value not in str(shown) + str(org.admin_api_keys.list())
    assert [key.id for key in org.admin_api_keys.list()] == [made.id]
    assert org.admin_api_keys.delete(made.id).deleted
    with pytest.raises(openai.AuthenticationError):
        boss.admin.organization.projects.list()
    with pytest.raises(openai.NotFoundError):
        org.admin_api_keys.retrieve(made.id)
    world = house.app.world
    kept = [list(world.shelf(name)) for name in world.shelves()]
    assert made.value not in str(kept) + str(list(world.journal))


@pytest.mark.operation("admin.organization.admin_api_keys.create")
def test_admin_keys_expire(org: Any, using: As, house: Emulator) -> None:
    made = org.admin_api_keys.create(name="boss", expires_in_seconds=60)
    assert made.expires_at == made.created_at + 60
    using(made.value).admin.organization.projects.list()
    house.app.world.skew = 61
    with pytest.raises(openai.AuthenticationError):
        using(made.value).admin.organization.projects.list()
    with pytest.raises(openai.BadRequestError):
        org.admin_api_keys.create(name="boss", expires_in_seconds=0)


def test_keys_of_projects_may_not_touch_the_organisation(org: Any, using: As) -> None:
    project = org.projects.create(name="Alpha").id
    robot = using(org.projects.service_accounts.create(project_id=project, name="r").api_key.value)
    with pytest.raises(openai.PermissionDeniedError):
        robot.admin.organization.projects.list()


@pytest.mark.operation(
    "admin.organization.projects.api_keys.list",
    "admin.organization.projects.api_keys.retrieve",
    "admin.organization.projects.api_keys.delete",
)
def test_keys_nobody_registered_are_listed_and_can_be_deleted(org: Any, using: As) -> None:
    stranger = using("sk-some-stranger")
    say(stranger)
    listed = org.projects.api_keys.list("proj_antiphon").data
    mine = next(key for key in listed if key.redacted_value.endswith("nger"))
    assert mine.owner.user.email == "owner@antiphon.example"
    assert "some-stranger" not in str(listed)
    assert org.projects.api_keys.retrieve(mine.id, project_id="proj_antiphon").owner_project_access == "active"
    assert org.projects.api_keys.delete(mine.id, project_id="proj_antiphon").deleted
    with pytest.raises(openai.AuthenticationError):
        say(stranger)
    assert mine.id not in [key.id for key in org.projects.api_keys.list("proj_antiphon")]
    with pytest.raises(openai.NotFoundError):
        org.projects.api_keys.retrieve(mine.id, project_id="proj_antiphon")
    say(using("sk-another-stranger"))


@pytest.mark.operation(
    "admin.organization.projects.api_keys.update",
    "admin.organization.projects.api_keys.list",
)
def test_scopes_and_expiry_change_what_a_key_may_do(org: Any, using: As, house: Emulator) -> None:
    project = org.projects.create(name="Alpha").id
    made = org.projects.service_accounts.create(project_id=project, name="r").api_key
    robot = using(made.value)
    org.projects.api_keys.update(made.id, project_id=project, scopes=["api.all.read"])
    robot.models.list()
    with pytest.raises(openai.PermissionDeniedError):
        say(robot)
    org.projects.api_keys.update(made.id, project_id=project, scopes=["api.model.request"])
    say(robot)
    with pytest.raises(openai.PermissionDeniedError):
        robot.files.list()
    changed = org.projects.api_keys.update(made.id, project_id=project, scopes=[], expires_in_seconds=60)
    assert changed.expires_at > changed.created_at
    robot.files.list()
    house.app.world.skew = 100
    with pytest.raises(openai.AuthenticationError):
        robot.files.list()
    with pytest.raises(openai.BadRequestError):
        org.projects.api_keys.update(made.id, project_id=project)
    assert org.projects.api_keys.list(project, owner_project_access="inactive").data == []
    assert len(org.projects.api_keys.list(project, owner_project_access="active").data) == 1

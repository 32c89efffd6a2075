"""Groups of users, who is in them, and the projects they may use."""

from __future__ import annotations

from ...exchange import Exchange, Handler, Reply, json_reply
from ...problem import invalid, not_found
from ..crud import Object, crud
from .event import audited
from .part import PROJECT, Part, shown_page
from .role import PROJECT_ROLE
from .user import USER

GROUP = Part(
    home="admin.organization.groups",
    param="group_id",
    noun="group",
    prefix="group_",
    oldest_first=True,
    usual=100,
    most=1000,
)
MEMBER = Part(
    home="admin.organization.groups.users",
    param="user_id",
    noun="user in the group",
    owner=GROUP,
    usual=100,
    most=1000,
)
GRANT = Part(
    home="admin.organization.projects.groups",
    param="group_id",
    noun="group of the project",
    owner=PROJECT,
    oldest_first=True,
    hidden=("id",),
)


def _named(exchange: Exchange) -> None:
    if not exchange.body["name"].strip():
        raise invalid("name", "A group needs a name.")


async def _create(exchange: Exchange) -> Reply:
    """Makes an empty group."""
    _named(exchange)
    return json_reply(GROUP.made(exchange, is_scim_managed=False, group_type="group"))


async def _update(exchange: Exchange) -> Reply:
    """Renames a group; 404 when there is none."""
    known = GROUP.found(exchange)
    _named(exchange)
    return json_reply(GROUP.change(exchange, known))


async def _delete(exchange: Exchange) -> Reply:
    """Removes a group, its members' places and its access to projects."""
    known, world = GROUP.found(exchange), exchange.world
    for project in world.shelf(PROJECT.home):
        world.shelf(f"{GRANT.home}/{project['id']}").pop(known["id"])
    return await GROUP.delete(exchange)


def _person(exchange: Exchange, id: str) -> Object:
    found = exchange.world.shelf(USER.home).get(id)
    if found is None:
        raise not_found("User", id, "user_id")
    user: Object = found
    return user


async def _add(exchange: Exchange) -> Reply:
    """Puts a user of the organisation into the group; 404 for strangers."""
    shelf, wanted = MEMBER.kept(exchange), exchange.body["user_id"]
    _person(exchange, wanted)
    shelf.put(wanted, {"id": wanted})
    return json_reply({"object": "group.user", "group_id": exchange.path["group_id"], "user_id": wanted})


async def _members(exchange: Exchange) -> Reply:
    """Lists who is in the group, the newest member first."""

    def shown(member: Object) -> Object:
        user = _person(exchange, member["id"])
        return {"id": user["id"], "email": user["email"], "name": user["name"]}

    return shown_page(exchange, MEMBER.listed(exchange), shown)


async def _member(exchange: Exchange) -> Reply:
    """Shows a user who is in the group; 404 for others."""
    user = _person(exchange, MEMBER.found(exchange)["id"])
    told = {"id": user["id"], "email": user["email"], "name": user["name"], "picture": None}
    return json_reply(told | {"is_service_account": False, "user_type": "user"})


async def _remove(exchange: Exchange) -> Reply:
    """Takes a user out of the group; 404 for who is not in it."""
    MEMBER.kept(exchange).pop(MEMBER.found(exchange)["id"])
    return json_reply({"object": "group.user.deleted", "deleted": True})


async def _grant(exchange: Exchange) -> Reply:
    """Lets a group use a project in a role of the project's; 404 when there is no such group or role."""
    body, world = exchange.body, exchange.world
    shelf = GRANT.kept(exchange)
    group = GROUP.found(exchange, body["group_id"])
    role = _project_role(exchange, body["role"])
    made = {
        "id": group["id"],
        "object": "project.group",
        "project_id": exchange.path["project_id"],
        "group_id": group["id"],
        "group_name": group["name"],
        "group_type": "group",
        "created_at": world.now(),
    }
    shelf.put(group["id"], made)
    assigned = world.shelf(f"{GRANT.home}.roles/{exchange.path['project_id']}/{group['id']}")
    assigned.put(role["id"], {"id": role["id"]})
    return json_reply(GRANT.shown(made))


def _project_role(exchange: Exchange, wanted: str) -> Object:
    """A role of the project, by its id or by its name."""
    named = next((role for role in PROJECT_ROLE.kept(exchange) if wanted in (role["id"], role["name"])), None)
    if named is None:
        raise not_found("Project role", wanted, "role")
    return named


async def _revoke(exchange: Exchange) -> Reply:
    """Takes a group's access to the project away, with its roles there."""
    known = GRANT.found(exchange)
    GRANT.kept(exchange).pop(known["id"])
    exchange.world.drop(f"{GRANT.home}.roles/{exchange.path['project_id']}/{known['id']}")
    return json_reply({"object": "project.group.deleted", "deleted": True})


HANDLERS: dict[str, Handler] = audited(
    crud(GROUP, GRANT)
    | {
        f"{GROUP.home}.create": _create,
        f"{GROUP.home}.update": _update,
        f"{GROUP.home}.delete": _delete,
        f"{MEMBER.home}.create": _add,
        f"{MEMBER.home}.list": _members,
        f"{MEMBER.home}.retrieve": _member,
        f"{MEMBER.home}.delete": _remove,
        f"{GRANT.home}.create": _grant,
        f"{GRANT.home}.delete": _revoke,
    }
)

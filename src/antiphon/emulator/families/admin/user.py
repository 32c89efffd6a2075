"""Users of the organisation and of its projects. They come by invitation; the first owner is there from the start."""

from __future__ import annotations

from typing import Final

from ...exchange import Exchange, Handler, Reply, json_reply
from ...problem import Problem, invalid, missing, not_found
from ...world import World
from ..crud import Object, crud
from .event import audited
from .part import PROJECT, Part, shown_page

USER = Part(
    home="admin.organization.users",
    param="user_id",
    noun="user",
    prefix="user-",
    oldest_first=True,
)
MEMBER = Part(
    home="admin.organization.projects.users",
    param="user_id",
    noun="project user",
    owner=PROJECT,
    oldest_first=True,
)
_ROLES: Final = ("owner", "reader")
_PROJECT_ROLES: Final = ("owner", "member")


def shown(world: World, user: Object) -> Object:
    """A user with the projects it is in."""
    place = [
        {"id": project["id"], "name": project["name"], "role": member["role"]}
        for project in world.shelf(PROJECT.home)
        if (member := world.shelf(f"{MEMBER.home}/{project['id']}").get(user["id"])) is not None
    ]
    person = {"object": "user", "id": user["id"], "email": user["email"], "name": user["name"], "enabled": True}
    return user | {"projects": {"object": "list", "data": place}, "user": person | {"banned": False}}


def add_member(world: World, project: str, user: Object, role: str) -> Object:
    """Put a user into a project."""
    member = {
        "id": user["id"],
        "object": "organization.project.user",
        "email": user["email"],
        "name": user["name"],
        "role": role,
        "added_at": world.now(),
    }
    world.shelf(f"{MEMBER.home}/{project}").put(user["id"], member)
    return member


async def _list(exchange: Exchange) -> Reply:
    """Lists the users, oldest first, or those with the given addresses."""
    wanted = exchange.query.get("emails")
    found = USER.listed(exchange, lambda known: not wanted or known["email"] in wanted)
    return shown_page(exchange, found, lambda known: shown(exchange.world, known))


async def _retrieve(exchange: Exchange) -> Reply:
    """Shows a user and the projects it is in; 404 when there is none."""
    return json_reply(shown(exchange.world, USER.found(exchange)))


async def _update(exchange: Exchange) -> Reply:
    """Changes role and what is told of a user; the last owner stays one."""
    known, body = USER.found(exchange), exchange.body
    given = {n: body[n] for n in ("developer_persona", "technical_level") if n in body}
    role = body.get("role") or _named(exchange.world, body.get("role_id"))
    if role is not None:
        _require_role("role", role, _ROLES)
        if role != "owner":
            _require_other_owner(exchange, known)
        given["role"] = role
    changed = known | given
    USER.kept(exchange).put(known["id"], changed)
    return json_reply(shown(exchange.world, changed))


async def _delete(exchange: Exchange) -> Reply:
    """Removes a user from the organisation, its projects and groups; the last owner stays."""
    known, world = USER.found(exchange), exchange.world
    _require_other_owner(exchange, known)
    for project in world.shelf(PROJECT.home):
        world.shelf(f"{MEMBER.home}/{project['id']}").pop(known["id"])
    for group in world.shelf("admin.organization.groups"):
        world.shelf(f"admin.organization.groups.users/{group['id']}").pop(known["id"])
    return await USER.delete(exchange)


async def _create_member(exchange: Exchange) -> Reply:
    """Puts a user of the organisation into a project; 400 for strangers and for those who are in it."""
    body, users = exchange.body, exchange.world.shelf(USER.home)
    shelf = MEMBER.kept(exchange)
    _require_role("role", body["role"], _PROJECT_ROLES)
    wanted, address = body.get("user_id"), body.get("email")
    if wanted is None and address is None:
        raise missing("user_id")
    user = users.get(wanted) if wanted else next((u for u in users if u["email"] == address), None)
    if user is None:
        raise not_found("User", wanted or address, "user_id" if wanted else "email")
    if shelf.get(user["id"]) is not None:
        raise Problem(400, f"The user {user['id']} is in the project already.", param="user_id", code="user_exists")
    return json_reply(add_member(exchange.world, exchange.path["project_id"], user, body["role"]))


async def _update_member(exchange: Exchange) -> Reply:
    """Changes a user's role in a project; 404 for who is not in it."""
    known, role = MEMBER.found(exchange), exchange.body.get("role")
    if role is not None:
        _require_role("role", role, _PROJECT_ROLES)
        known = MEMBER.change(exchange, known, role=role)
    return json_reply(known)


def _require_role(param: str, role: str, allowed: tuple[str, ...]) -> None:
    if role not in allowed:
        raise invalid(param, f"Invalid value: '{role}'. Supported values are: {', '.join(map(repr, allowed))}.")


def _named(world: World, role: str | None) -> str | None:
    """The plain name of a predefined role that is told by its id."""
    if role is None:
        return None
    known = world.shelf("admin.organization.roles").get(role)
    if known is None:
        raise not_found("Role", role, "role_id")
    name: str = known["name"]
    return name


def _require_other_owner(exchange: Exchange, user: Object) -> None:
    owners = [u["id"] for u in USER.kept(exchange) if u["role"] == "owner"]
    if owners == [user["id"]]:
        raise Problem(400, "An organisation needs an owner; this is the last one.", param="user_id", code="last_owner")


HANDLERS: dict[str, Handler] = audited(
    crud(USER, MEMBER)
    | {
        f"{USER.home}.list": _list,
        f"{USER.home}.retrieve": _retrieve,
        f"{USER.home}.update": _update,
        f"{USER.home}.delete": _delete,
        f"{MEMBER.home}.create": _create_member,
        f"{MEMBER.home}.update": _update_member,
    }
)

"""Roles of the organisation and of its projects: predefined ones that nobody changes, and custom ones."""

from __future__ import annotations

from typing import Final

from ...exchange import Exchange, Handler, Reply, json_reply
from ...problem import Problem, invalid
from ..crud import Object, crud
from .event import audited
from .part import PROJECT, Part

_ORGANIZATION: Final = "api.organization"
_PROJECT: Final = "api.project"


def _predefined(resource: str, name: str, description: str, *permissions: str) -> Object:
    return {
        "id": f"role-{resource.replace('.', '-')}-{name}",
        "object": "role",
        "name": name,
        "description": description,
        "permissions": list(permissions),
        "predefined_role": True,
        "resource_type": resource,
    }


_HIDDEN: Final = ("created_at", "updated_at", "created_by")
ROLE = Part(
    home="admin.organization.roles",
    param="role_id",
    noun="role",
    prefix="role_",
    oldest_first=True,
    usual=1000,
    most=1000,
    hidden=_HIDDEN,
    seeds=(
        _predefined(
            _ORGANIZATION, "owner", "May do everything.", "api.organization.read", "api.organization.write", "api.all"
        ),
        _predefined(_ORGANIZATION, "reader", "May use the API.", "api.organization.read"),
    ),
)
PROJECT_ROLE = Part(
    home="admin.organization.projects.roles",
    param="role_id",
    noun="project role",
    prefix="role_",
    owner=PROJECT,
    oldest_first=True,
    usual=1000,
    most=1000,
    hidden=_HIDDEN,
    seeds=(
        _predefined(_PROJECT, "owner", "May change the project.", "api.project.read", "api.project.write", "api.all"),
        _predefined(_PROJECT, "member", "May use the project.", "api.project.read", "api.all"),
        _predefined(_PROJECT, "viewer", "May look at the project.", "api.project.read", "api.all.read"),
    ),
)


def _handlers(kind: Part, resource: str) -> dict[str, Handler]:
    async def create(exchange: Exchange) -> Reply:
        """Makes a custom role; 400 when the name is taken."""
        given = _given(kind, exchange, None)
        world = exchange.world
        more = {"created_at": world.now(), "updated_at": world.now(), "created_by": exchange.caller.user}
        first = {"description": None, "predefined_role": False, "resource_type": resource}
        return json_reply(kind.shown(kind.made(exchange, **(first | given | more))))

    async def update(exchange: Exchange) -> Reply:
        """Changes what is given of a custom role; 400 for a predefined one."""
        known = _custom(kind, exchange)
        changed = known | _given(kind, exchange, known) | {"updated_at": exchange.world.now()}
        kind.kept(exchange).put(known["id"], changed)
        return json_reply(kind.shown(changed))

    async def delete(exchange: Exchange) -> Reply:
        """Removes a custom role, and so all its assignments; 400 for a predefined one."""
        _custom(kind, exchange)
        return await kind.delete(exchange)

    return {f"{kind.home}.create": create, f"{kind.home}.update": update, f"{kind.home}.delete": delete}


def _custom(kind: Part, exchange: Exchange) -> Object:
    known = kind.found(exchange)
    if known["predefined_role"]:
        message = f"The role '{known['name']}' is predefined and stays as it is."
        raise Problem(400, message, param="role_id", code="predefined_role")
    return known


def _given(kind: Part, exchange: Exchange, known: Object | None) -> Object:
    body = exchange.body
    given = {n: body[n] for n in ("description", "permissions") if body.get(n) is not None}
    if (name := body.get("role_name")) is None:
        return given
    if not name.strip():
        raise invalid("role_name", "A role needs a name.")
    if any(role["name"] == name and role is not known for role in kind.kept(exchange)):
        raise invalid("role_name", f"There is a role '{name}' already.", "role_exists")
    return given | {"name": name}


HANDLERS: dict[str, Handler] = audited(
    crud(ROLE, PROJECT_ROLE) | _handlers(ROLE, _ORGANIZATION) | _handlers(PROJECT_ROLE, _PROJECT)
)

"""Admin keys of the organisation and keys of its projects. A key is told once, when it is made, and shown redacted after.

Keys of projects are made by service accounts; keys that nobody registered are listed from their first use (`access`).
"""

from __future__ import annotations

from typing import Any, Final

from ...access import ADMIN_PREFIX, KEYS, Record
from ...bound import within
from ...exchange import Exchange, Handler, Reply, json_reply
from ...problem import Problem, invalid
from ...store import Shelf
from ..crud import Object
from .event import audited
from .part import PROJECT, Part, paged, shown_page
from .user import MEMBER, USER

ADMIN: Final = Part(home="admin.organization.admin_api_keys", param="key_id", noun="admin API key", oldest_first=True)
KEY: Final = Part(
    home="admin.organization.projects.api_keys", param="api_key_id", noun="API key", owner=PROJECT, oldest_first=True
)
ACCOUNTS: Final = "admin.organization.projects.service_accounts"
_LONGEST: Final = 100 * 365 * 86_400
_TOLD: Final = ("id", "name", "redacted_value", "created_at", "last_used_at", "expires_at")


def lifetime(body: Object) -> int | None:
    """For how many seconds a key is asked to work; raises 400 unless that is a time."""
    seconds: int | None = body.get("expires_in_seconds")
    if seconds is not None:
        within("expires_in_seconds", seconds, 1, _LONGEST)
    return seconds


def _found(exchange: Exchange, part: Part, project: str | None) -> Record:
    exchange.world.organization.settle()
    wanted = exchange.path[part.param]
    known: Record | None = exchange.world.shelf(KEYS).get(wanted)
    if known is None or known["gone"] or known["project"] != project:
        raise Problem(404, f"No {part.noun} found with id '{wanted}'.", param=part.param, code="not_found")
    return known


def _admin_shown(exchange: Exchange, record: Record) -> Object:
    user: Object = exchange.world.shelf(USER.home).get(record["owner"]["id"]) or {}
    owner = {"type": "user", "object": "organization.user", "id": record["owner"]["id"], "role": "owner"}
    owner |= {"name": user.get("name"), "created_at": user.get("added_at")}
    return {"object": "organization.admin_api_key", **{n: record[n] for n in _TOLD}, "owner": owner}


async def _create_admin(exchange: Exchange) -> Reply:
    """Makes a key that works for the organisation's affairs and nothing else; its value is told this once."""
    world, seconds = exchange.world, lifetime(exchange.body)
    world.organization.settle()
    owner = {"type": "user", "id": exchange.caller.user}
    key, record = world.access.issue(
        f"{ADMIN_PREFIX}-", exchange.body["name"], seconds, project=None, rights="admin", owner=owner
    )
    return json_reply(_admin_shown(exchange, record) | {"value": key})


async def _list_admin(exchange: Exchange) -> Reply:
    """Lists the admin keys that work, redacted, oldest first."""
    keys: Shelf[Any] = exchange.world.shelf(KEYS)
    found = paged(exchange, keys, ADMIN, lambda known: known["rights"] == "admin" and not known["gone"])
    return shown_page(exchange, found, lambda known: _admin_shown(exchange, known))


async def _retrieve_admin(exchange: Exchange) -> Reply:
    """Shows an admin key, redacted; 404 when there is none."""
    return json_reply(_admin_shown(exchange, _found(exchange, ADMIN, None)))


async def _delete_admin(exchange: Exchange) -> Reply:
    """Deletes an admin key: it gets 401 from then on."""
    record = _found(exchange, ADMIN, None)
    exchange.world.access.revoke(record)
    return json_reply({"object": "organization.admin_api_key.deleted", "id": record["id"], "deleted": True})


def _project(exchange: Exchange) -> str:
    project: str = PROJECT.found(exchange)["id"]
    return project


def _shown(exchange: Exchange, record: Record) -> Object:
    world, project = exchange.world, record["project"]
    kind, name = record["owner"]["type"], record["owner"]["id"]
    account = kind == "service_account"
    known: Object = world.shelf(f"{ACCOUNTS if account else MEMBER.home}/{project}").get(name) or {}
    person: Object = known if account else world.shelf(USER.home).get(name) or {}
    told: Object = {"id": name, "name": person.get("name", ""), "role": known.get("role", "none")}
    told["created_at"] = person.get("created_at" if account else "added_at", 0)
    if not account:
        told["email"] = person.get("email", "")
    return {
        "object": "organization.project.api_key",
        **{n: record[n] for n in _TOLD},
        "owner": {"type": kind, kind: told},
        "owner_project_access": "active" if known else "inactive",
    }


async def _list(exchange: Exchange) -> Reply:
    """Lists the keys of a project that work, redacted, oldest first, by whether their owner is still in it."""
    project, wanted = _project(exchange), exchange.query.get("owner_project_access") or "any"

    def fits(known: Record) -> bool:
        if known["project"] != project or known["gone"] or known["owner"]["type"] == "session":
            return False
        return wanted == "any" or _shown(exchange, known)["owner_project_access"] == wanted

    keys: Shelf[Any] = exchange.world.shelf(KEYS)
    return shown_page(exchange, paged(exchange, keys, KEY, fits), lambda known: _shown(exchange, known))


async def _retrieve(exchange: Exchange) -> Reply:
    """Shows a project's key, redacted; 404 when there is none."""
    return json_reply(_shown(exchange, _found(exchange, KEY, _project(exchange))))


async def _update(exchange: Exchange) -> Reply:
    """Changes what a key may do and until when, from the next request on."""
    record, body = _found(exchange, KEY, _project(exchange)), exchange.body
    if not body:
        raise invalid("scopes", "Give 'scopes' or 'expires_in_seconds'.", "missing_required_parameter")
    changed = dict(record)
    if (seconds := lifetime(body)) is not None:
        changed["expires_at"] = exchange.world.now() + seconds
    if "scopes" in body:
        changed["scopes"] = body["scopes"]
    exchange.world.access.keep(changed)
    return json_reply(_shown(exchange, changed))


async def _delete(exchange: Exchange) -> Reply:
    """Deletes a project's key: it gets 401 from then on."""
    record = _found(exchange, KEY, _project(exchange))
    exchange.world.access.revoke(record)
    return json_reply({"object": "organization.project.api_key.deleted", "id": record["id"], "deleted": True})


HANDLERS: dict[str, Handler] = audited(
    {
        f"{ADMIN.home}.create": _create_admin,
        f"{ADMIN.home}.list": _list_admin,
        f"{ADMIN.home}.retrieve": _retrieve_admin,
        f"{ADMIN.home}.delete": _delete_admin,
        f"{KEY.home}.list": _list,
        f"{KEY.home}.retrieve": _retrieve,
        f"{KEY.home}.update": _update,
        f"{KEY.home}.delete": _delete,
    }
)

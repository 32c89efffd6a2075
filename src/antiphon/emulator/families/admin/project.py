"""Projects: made, renamed, archived for good; an archived one's keys, users and service accounts are of no use any more."""

from __future__ import annotations

from typing import Final

from ...access import PROJECT as FIRST
from ...exchange import Exchange, Handler, Reply, json_reply
from ...organization import MEMBERS, USERS
from ...problem import Problem, invalid, not_found
from ..crud import Object, crud
from .event import audited
from .part import PROJECT, shown_page

_HOME: Final = PROJECT.home
_REGIONS: Final = {
    "US": "US_STORAGE_PROCESSING",
    "EU": "EU_STORAGE_PROCESSING",
    "JP": "JP_STORAGE_PROCESSING",
    "IN": "IN_STORAGE_PROCESSING",
    "AU": "AU_STORAGE_PROCESSING",
    "GB": "GB_STORAGE",
    "CA": "CA_STORAGE",
    "KR": "KR_STORAGE",
    "SG": "SG_STORAGE",
}


def _residency(body: Object) -> Object:
    """Where its data lie, asked for by the new name or the old one."""
    place = body.get("geography")
    if place is None:
        return {}
    if body.get("residency") is not None:
        raise invalid("geography", "Give either 'geography' or 'residency', not both.")
    if place not in _REGIONS:
        raise invalid("geography", f"Unknown geography '{place}'. Known are: {', '.join(_REGIONS)}.")
    return {"residency": _REGIONS[place]}


def _require_key(exchange: Exchange) -> None:
    wanted = exchange.body.get("external_key_id")
    if wanted is not None and exchange.world.shelf("admin.organization.external_keys").get(wanted) is None:
        raise not_found("External key", wanted, "external_key_id")


async def _create(exchange: Exchange) -> Reply:
    """Makes an active project, with whoever asked as its owner."""
    _require_key(exchange)
    if not exchange.body["name"].strip():
        raise invalid("name", "A project needs a name.")
    first = {"residency": "GLOBAL"} if exchange.body.get("residency") is None else {}
    known = {"external_key_id": None, "archived_at": None, "status": "active"} | first | _residency(exchange.body)
    if exchange.body.get("external_key_id") is not None:
        del known["external_key_id"]
    made = PROJECT.made(exchange, **known)
    world = exchange.world
    if (user := world.shelf(USERS).get(exchange.caller.user)) is not None:
        member = {"id": user["id"], "object": "organization.project.user", "name": user["name"], "email": user["email"]}
        added = {"role": "owner", "added_at": world.now()}
        world.shelf(f"{MEMBERS}/{made['id']}").put(user["id"], member | added)
    return json_reply(made)


async def _list(exchange: Exchange) -> Reply:
    """Lists the active projects, oldest first; archived ones too when asked."""
    every = exchange.query.get("include_archived")
    found = PROJECT.listed(exchange, lambda known: bool(every) or known["status"] == "active")
    return shown_page(exchange, found, PROJECT.shown)


async def _update(exchange: Exchange) -> Reply:
    """Changes name, external key or geography and keeps the rest; 400 once archived."""
    known = PROJECT.found(exchange)
    _require_key(exchange)
    given = {n: v for n, v in exchange.body.items() if n in ("name", "external_key_id") and v is not None}
    changed = known | given | _residency(exchange.body)
    PROJECT.kept(exchange).put(known["id"], changed)
    return json_reply(changed)


async def _archive(exchange: Exchange) -> Reply:
    """Archives a project for good: its keys get 401 from then on; the first project cannot be."""
    world, known = exchange.world, PROJECT.found(exchange)
    if known["id"] == FIRST:
        raise Problem(400, "The default project cannot be archived.", param="project_id")
    archived = known | {"status": "archived", "archived_at": world.now()}
    PROJECT.kept(exchange).put(known["id"], archived)
    world.drop_owned(known["id"])
    world.access.forget()
    return json_reply(archived)


HANDLERS: dict[str, Handler] = audited(
    crud(PROJECT)
    | {
        f"{_HOME}.create": _create,
        f"{_HOME}.list": _list,
        f"{_HOME}.update": _update,
        f"{_HOME}.archive": _archive,
    }
)

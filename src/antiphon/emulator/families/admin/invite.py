"""Invites: sent, and answered by the clock, since nobody reads mail here.

Whoever is invited accepts an hour after; who has an address under `.invalid` never answers, and such invites expire after
seven days. Accepting makes a user of the organisation and of the projects named, of the default one when none were.
"""

from __future__ import annotations

from typing import Any

from ...access import PROJECT as FIRST
from ...exchange import Exchange, Handler, Reply, json_reply
from ...least import filled
from ...problem import Problem, invalid
from ...span import HOUR, WEEK
from ...world import Job, World
from ..crud import Object, crud
from .event import audited, write
from .part import PROJECT, Part
from .user import USER, add_member

INVITE = Part(home="admin.organization.invites", param="invite_id", noun="invite", prefix="invite-", oldest_first=True)


async def _create(exchange: Exchange) -> Reply:
    """Keeps a pending invite, which is accepted an hour later (never under `.invalid`, where it expires in a week)."""
    world, body = exchange.world, exchange.body
    address = body["email"].strip()
    if "@" not in address[1:-1]:
        raise invalid("email", f"'{address}' is no email address.")
    shelf = INVITE.kept(exchange)
    if any(user["email"] == address for user in world.shelf(USER.home)):
        raise invalid("email", f"{address} is a user already.", "user_exists")
    projects = [{"id": p["id"], "role": p["role"]} for p in body.get("projects") or ()]
    if body.get("projects") is None:
        projects = [{"id": FIRST, "role": "member"}]
    for project in projects:
        PROJECT.found(exchange, project["id"])
    now = world.now()
    times = {"created_at": now, "expires_at": now + WEEK, "accepted_at": None}
    made = INVITE.made(exchange, email=address, projects=projects, status="pending", **times)
    never = address.endswith(".invalid")
    world.later(WEEK if never else HOUR, "admin.invite.end", invite=made["id"], accepts=not never)
    shelf.put(made["id"], made)
    return json_reply(made)


async def _delete(exchange: Exchange) -> Reply:
    """Takes an invite back; 400 once it was accepted."""
    if INVITE.found(exchange)["status"] == "accepted":
        raise Problem(400, "An accepted invite cannot be deleted.", param="invite_id", code="invite_accepted")
    return await INVITE.delete(exchange)


async def _end(world: World, invite: str, accepts: bool) -> None:
    shelf = world.shelf(INVITE.home)
    known = shelf.get(invite)
    if known is None:
        return
    if not accepts:
        shelf.put(invite, known | {"status": "expired"})
        return
    now = world.now()
    shelf.put(invite, known | {"status": "accepted", "accepted_at": now})
    user = _user(world, known)
    for project in known["projects"]:
        place = world.shelf(PROJECT.home).get(project["id"])
        if place is not None and place["status"] == "active":
            add_member(world, project["id"], user, project["role"])
    actor = {"type": "session", "session": {"user": {"id": user["id"], "email": user["email"]}}}
    write(world, "invite.accepted", {"id": invite}, actor)


def _user(world: World, invite: Object) -> Object:
    now, made_by = world.now(), USER.made_by
    told: dict[str, Any] = {"email": invite["email"], "name": invite["email"].partition("@")[0], "role": invite["role"]}
    rest = {"added_at": now, "created": now, "is_default": False, "is_service_account": False, "is_scim_managed": False}
    values = {"id": world.identity.draw(USER.prefix, USER.digits), **told, **rest}
    user = filled(made_by.schema, made_by.result, values, now)
    world.shelf(USER.home).put(user["id"], user)
    return user


HANDLERS: dict[str, Handler] = audited(
    crud(INVITE) | {f"{INVITE.home}.create": _create, f"{INVITE.home}.delete": _delete}
)
JOBS: dict[str, Job] = {"end": _end}

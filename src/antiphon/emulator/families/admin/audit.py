"""The audit log: what was changed, by whom and when, newest first."""

from __future__ import annotations

from collections.abc import Callable
from operator import ge, gt, le, lt
from typing import Any, Final

from ...exchange import Exchange, Handler, Reply
from ..crud import Object, listing
from ..listing import page
from .event import SHELF

_COMPARED: Final[dict[str, Callable[[int, int], bool]]] = {"gt": gt, "gte": ge, "lt": lt, "lte": le}


_NONE: Final[Object] = {}


def _actors(event: Object) -> dict[str, set[str]]:
    """Everything an actor may be asked for by: ids of user, service account and key, and address."""
    told: Object = event["actor"].get("api_key") or event["actor"].get("session") or {}
    who: list[Object] = [told, told.get("user") or {}, told.get("service_account") or {}]
    return {name: {w[name] for w in who if w.get(name)} for name in ("id", "email")}


def _resources(event: Object) -> set[Any]:
    payload: Object = event.get(event["type"]) or {}
    certificates = [c["id"] for c in payload.get("certificates") or ()]
    return {payload.get("id"), payload.get("principal_id"), payload.get("resource_id"), *certificates}


def _fits(query: Object, event: Object) -> bool:
    actors = _actors(event)
    wanted = [
        ("actor_ids", actors["id"]),
        ("actor_emails", actors["email"]),
        ("event_types", {event["type"]}),
        ("project_ids", {(event.get("project") or _NONE).get("id")}),
        ("resource_ids", _resources(event)),
    ]
    if any(query.get(name) and not found & {*query[name]} for name, found in wanted):
        return False
    if query.get("tenant_only") and not event["type"].startswith("tenant."):
        return False
    bounds: Object = query.get("effective_at") or {}
    return all(_COMPARED[name](event["effective_at"], bound) for name, bound in bounds.items())


async def _list(exchange: Exchange) -> Reply:
    """Lists every change made through the organisation's operations, by type, actor, project, resource and time."""
    return listing(exchange, page(exchange, SHELF, where=lambda event: _fits(exchange.query, event)))


HANDLERS: dict[str, Handler] = {f"{SHELF}.list": _list}

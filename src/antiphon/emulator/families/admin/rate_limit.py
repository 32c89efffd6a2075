"""Rate limits of a project: one entry for each model, the emulator's own until the project says otherwise."""

from __future__ import annotations

from typing import Final

from ...bound import within
from ...exchange import Exchange, Handler, Reply, json_reply
from ...organization import LIMITS
from ...problem import Problem
from ...world import World
from ..crud import Object, listing
from ..listing import page
from ..model import FAMILY
from .event import audited
from .part import PROJECT

_HOME: Final = "admin.organization.projects.rate_limits"
_PREFIX: Final = "rl-"
_MOST: Final = 10**15


def _models(world: World) -> dict[str, None]:
    """All names that a request may give, fine-tuned ones too."""
    return dict.fromkeys([*world.models, *(known["view"]["id"] for known in world.shelf(FAMILY))])


def _entry(exchange: Exchange, model: str) -> Object:
    usual = exchange.world.limiter.usual
    own: Object = exchange.world.shelf(LIMITS).get(f"{exchange.path['project_id']}/{model}") or {}
    return {
        "id": _PREFIX + model,
        "object": "project.rate_limit",
        "model": model,
        "max_requests_per_1_minute": usual.requests,
        "max_tokens_per_1_minute": usual.tokens,
    } | own


async def _list(exchange: Exchange) -> Reply:
    """Lists the limits that hold for each model in the project."""
    PROJECT.found(exchange)
    entries = [_entry(exchange, name) for name in _models(exchange.world)]
    return listing(exchange, page(exchange, entries, default_order="asc", default_limit=100, most=100))


async def _update(exchange: Exchange) -> Reply:
    """Sets a project's limits for a model: they hold for all its keys together, from the next request on."""
    PROJECT.found(exchange)
    world, wanted = exchange.world, exchange.path["rate_limit_id"]
    model = wanted.removeprefix(_PREFIX)
    if model == wanted or model not in _models(world):
        raise Problem(404, f"No rate limit found with id '{wanted}'.", param="rate_limit_id", code="not_found")
    given = {name: value for name, value in exchange.body.items() if value is not None}
    for name, value in given.items():
        within(name, value, 1, _MOST)
    shelf, place = world.shelf(LIMITS), f"{exchange.path['project_id']}/{model}"
    shelf.put(place, (shelf.get(place) or {}) | given)
    return json_reply(_entry(exchange, model))


HANDLERS: dict[str, Handler] = audited({f"{_HOME}.list_rate_limits": _list, f"{_HOME}.update_rate_limit": _update})

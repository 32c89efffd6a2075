"""Agents: saved settings that sessions and automations begin with; a later change leaves running sessions as they are."""

from __future__ import annotations

from typing import Final

from ..exchange import Exchange, Handler, Reply, json_reply
from ..shape import part
from .agent_config import resolved
from .crud import Kind, crud

AGENT: Final = Kind(home="beta.agents", param="agent_id", noun="agent", prefix="agent_")


async def _create(exchange: Exchange) -> Reply:
    """Saves an agent, every setting that was not given at its default; 404 for a model that does not exist."""
    body, world = exchange.body, exchange.world
    known = resolved(world, body)
    named = {"name": body.get("name"), "metadata": part(body, "metadata")}
    return json_reply(AGENT.made(exchange, updated_at=world.now(), **named, **known))


async def _update(exchange: Exchange) -> Reply:
    """Changes the given settings and keeps the rest; sessions that run keep what they began with."""
    known, body = AGENT.found(exchange), exchange.body
    named = {name: body[name] for name in ("name",) if name in body}
    if "metadata" in body:
        named["metadata"] = part(body, "metadata")
    return json_reply(AGENT.change(exchange, known, **named, **resolved(exchange.world, body, known)))


HANDLERS: dict[str, Handler] = crud(AGENT) | {"beta.agents.create": _create, "beta.agents.update": _update}

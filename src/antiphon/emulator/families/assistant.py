"""Assistants: a model, instructions and tools under one id, for runs to take up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..exchange import Exchange, Handler, Reply, json_reply
from .assistant_setting import DEFAULTS, check_setting
from .crud import Kind, crud
from .tool_resource import kept_resources

MOST_TOOLS: Final = 128


def _first(_: Exchange) -> Mapping[str, Any]:
    return {"name": None, "description": None, "instructions": None, "tools": [], "metadata": {}}


ASSISTANT: Final = Kind(home="beta.assistants", param="assistant_id", noun="assistant", prefix="asst_")


async def _create(exchange: Exchange) -> Reply:
    """Keeps an assistant whose model, tools and files exist; runs use it from now on."""
    body = exchange.body
    check_setting(exchange.world, body, MOST_TOOLS)
    resources = await kept_resources(exchange, body.get("tool_resources"))
    given = {name: body[name] for name in (*_first(exchange), *DEFAULTS) if body.get(name) is not None}
    made = {**_first(exchange), **DEFAULTS, **given, "tool_resources": resources}
    return json_reply(ASSISTANT.made(exchange, **made))


async def _update(exchange: Exchange) -> Reply:
    """Changes the given fields for later runs; runs that began keep what they began with. 404 when there is none."""
    body, known = exchange.body, ASSISTANT.found(exchange)
    check_setting(exchange.world, body, MOST_TOOLS)
    more: dict[str, Any] = {}
    if "tool_resources" in body:
        given = await kept_resources(exchange, body["tool_resources"])
        more["tool_resources"] = {} if body["tool_resources"] is None else known["tool_resources"] | given
    more |= {name: value for name, value in DEFAULTS.items() if name in body and body[name] is None}
    return json_reply(ASSISTANT.change(exchange, known, **more))


HANDLERS: dict[str, Handler] = crud(ASSISTANT) | {
    "beta.assistants.create": _create,
    "beta.assistants.update": _update,
}

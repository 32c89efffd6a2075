"""Models: the names the API description spells out, those the user added, and fine-tuned ones that can be deleted."""

from __future__ import annotations

from typing import Any

from ..exchange import Exchange, Handler, Reply, json_reply
from ..problem import Problem, unknown_model
from ..world import World

CREATED = 1_704_067_200


def require(world: World, name: str) -> str:
    """The name if such a model exists; raises 404 with code `model_not_found` otherwise."""
    if name not in world.models:
        raise unknown_model(name)
    return name


def require_speaking(world: World, name: str) -> str:
    """The name if it is a model that answers in text; raises 404 otherwise."""
    if require(world, name).startswith("text-embedding"):
        raise Problem(404, f"The model `{name}` makes embeddings; it does not answer in text.", param="model")
    return name


def _view(name: str) -> dict[str, Any]:
    owner = "antiphon" if name.startswith("ft:") else "openai"
    return {"id": name, "object": "model", "created": CREATED, "owned_by": owner}


async def _list(exchange: Exchange) -> Reply:
    return json_reply({"object": "list", "data": [_view(name) for name in exchange.world.models]})


async def _retrieve(exchange: Exchange) -> Reply:
    return json_reply(_view(require(exchange.world, exchange.path["model"])))


async def _delete(exchange: Exchange) -> Reply:
    name = require(exchange.world, exchange.path["model"])
    if not name.startswith("ft:"):
        raise Problem(403, f"The model `{name}` is not yours to delete; only fine-tuned ones are.", param="model")
    del exchange.world.models[name]
    return json_reply({"id": name, "object": "model", "deleted": True})


HANDLERS: dict[str, Handler] = {
    "models.list": _list,
    "models.retrieve": _retrieve,
    "models.delete": _delete,
}

"""Models: the names the API description spells out, those the user added, and fine-tuned ones that can be deleted.

A fine-tuned model lies on a shelf, with what it was trained from; who asks `require` need not know the difference.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from ..exchange import Exchange, Handler, Reply, json_reply
from ..problem import Problem, unknown_model
from ..world import World

CREATED: Final = 1_704_067_200
FAMILY: Final = "models"
SILENT: Final = {
    "embedding": "makes embeddings",
    "moderation": "moderates",
    "image": "makes images",
    "dall-e": "makes images",
    "whisper": "transcribes speech",
    "transcribe": "transcribes speech",
    "tts": "speaks",
    "sora": "makes videos",
}
"""What the API's models with such a word in their name do instead of answering."""


def exists(world: World, name: str) -> bool:
    """Whether a model of this name can be used."""
    return name in world.models or world.shelf(FAMILY).get(name) is not None


def require(world: World, name: str) -> str:
    """The name if such a model exists; raises 404 with code `model_not_found` otherwise."""
    if not exists(world, name):
        raise unknown_model(name)
    return name


def require_speaking(world: World, name: str) -> str:
    """The name if it is a model that answers in text; raises 404 otherwise."""
    if require(world, name) in world.description.models and (does := _does(name)):
        raise Problem(404, f"The model `{name}` {does}; it does not answer in text.", param="model")
    return name


@lru_cache(256)
def _does(name: str) -> str:
    """What a model of this name does instead of answering; empty where it answers."""
    return next((does for word, does in SILENT.items() if word in name), "")


def add(world: World, name: str, owner: str, *, job: str) -> None:
    """Make the model of a fine-tuning job known."""
    view = {"id": name, "object": "model", "created": world.now(), "owned_by": owner}
    world.shelf(FAMILY).put(name, {"view": view, "job": job})


def tuned(world: World, name: str) -> dict[str, Any] | None:
    """What is remembered of a fine-tuned model."""
    found: dict[str, Any] | None = world.shelf(FAMILY).get(name)
    return found


def examples_of(job: str) -> str:
    """The shelf of what a fine-tuning job's file asked and answered."""
    return f"fine_tuning.jobs.examples/{job}"


def recalled(world: World, name: str, asked: str) -> str | None:
    """What the model was trained to say to this; None for what it was not."""
    if (known := tuned(world, name)) is None:
        return None
    examples: dict[str, str] = world.shelf(examples_of(known["job"])).get("examples") or {}
    return examples.get(asked)


def _view(world: World, name: str) -> dict[str, Any]:
    if (known := tuned(world, name)) is not None:
        view: dict[str, Any] = known["view"]
        return view
    owner = "antiphon" if name.startswith("ft:") else "openai"
    return {"id": name, "object": "model", "created": CREATED, "owned_by": owner}


async def _list(exchange: Exchange) -> Reply:
    """Lists the models of the API, those the setting adds, and every fine-tuned one."""
    world = exchange.world
    named = dict.fromkeys([*world.models, *(known["view"]["id"] for known in world.shelf(FAMILY))])
    return json_reply({"object": "list", "data": [_view(world, name) for name in named]})


async def _retrieve(exchange: Exchange) -> Reply:
    """Shows one model; 404 with `model_not_found` when there is none, or no longer."""
    return json_reply(_view(exchange.world, require(exchange.world, exchange.path["model"])))


async def _delete(exchange: Exchange) -> Reply:
    """Removes a fine-tuned model, which nothing can use from then on; 403 for the API's own."""
    world, name = exchange.world, require(exchange.world, exchange.path["model"])
    if not name.startswith("ft:"):
        raise Problem(403, f"The model `{name}` is not yours to delete; only fine-tuned ones are.", param="model")
    world.models.pop(name, None)
    world.shelf(FAMILY).pop(name)
    return json_reply({"id": name, "object": "model", "deleted": True})


HANDLERS: dict[str, Handler] = {
    "models.list": _list,
    "models.retrieve": _retrieve,
    "models.delete": _delete,
}

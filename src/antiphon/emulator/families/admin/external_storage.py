"""Storage that a customer keeps in its own cloud, one registration for a project; no cloud is asked for anything."""

from __future__ import annotations

from typing import Final

from ...access import ORGANIZATION
from ...exchange import Exchange, Handler, Reply, json_reply
from ...problem import invalid
from ..crud import Object, crud
from .event import audited
from .part import PROJECT, Part

STORAGE: Final = Part(
    home="admin.organization.external_storage",
    param="external_storage_id",
    noun="external storage",
    prefix="extstore_",
    search=("project_id",),
)
_PLACES: Final = {"eu": "eu", "europe": "eu", "us": "us", "ap": "ap", "asia": "ap"}


def _completed(provider: Object) -> Object:
    """What the request says of a place and what follows from it: accounts are in their names, regions have a usual one."""
    match provider["type"]:
        case "aws":
            parts = provider["role_arn"].split(":")
            account = parts[4] if len(parts) > 5 else ""
            return provider | {"account_id": account, "external_id": ORGANIZATION, "region": "us-east-1"}
        case "gcp":
            return provider | {"audience": ORGANIZATION, "region": "us-central1"}
        case "azure":
            return provider | {"region": "eastus"}
        case _:
            return provider


def _geography(provider: Object) -> str:
    """The part of the world a cloud's region is in, as far as its name tells."""
    return _PLACES.get(provider["region"].lower().partition("-")[0], "us")


async def _create(exchange: Exchange) -> Reply:
    """Keeps a project's registration, pending until it is validated; 400 for a second one of the same place."""
    body = exchange.body
    project = PROJECT.found(exchange, body["project_id"])
    provider = _completed(body["provider"])
    if any(k["project_id"] == project["id"] and k["provider"] == provider for k in STORAGE.kept(exchange)):
        raise invalid("provider", "This storage is registered for the project already.", "external_storage_exists")
    return json_reply(STORAGE.made(exchange, provider=provider, status="pending", geography=_geography(provider)))


async def _validate(exchange: Exchange) -> Reply:
    """Looks whether every name of the place is there: it is `validated` then, `unhealthy` otherwise."""
    known = STORAGE.found(exchange)
    whole = all(str(value).strip() for value in known["provider"].values())
    return json_reply(STORAGE.change(exchange, known, status="validated" if whole else "unhealthy"))


HANDLERS: dict[str, Handler] = audited(
    crud(STORAGE) | {f"{STORAGE.home}.create": _create, f"{STORAGE.home}.validate": _validate}
)

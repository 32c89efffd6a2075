"""Service accounts of a project, and the keys that are made for them."""

from __future__ import annotations

from typing import Final

from ...access import KEYS, Record
from ...exchange import Exchange, Handler, Reply, json_reply
from ...problem import invalid
from ..crud import Object, crud
from .event import audited
from .key import ACCOUNTS, lifetime
from .part import PROJECT, Part

ACCOUNT: Final = Part(
    home=ACCOUNTS,
    param="service_account_id",
    noun="service account",
    prefix="svc_acct_",
    owner=PROJECT,
    oldest_first=True,
)


def _issued(exchange: Exchange, account: Object, name: str) -> Object:
    """A key for an account, in clear this once."""
    body, world = exchange.body, exchange.world
    key, record = world.access.issue(
        "sk-svcacct-",
        name,
        lifetime(body),
        project=exchange.path["project_id"],
        rights="project",
        owner={"type": "service_account", "id": account["id"]},
        scopes=body.get("scopes") or [],
    )
    told = {n: record[n] for n in ("id", "name", "created_at", "expires_at")}
    return {"object": "organization.project.service_account.api_key", "value": key, **told}


async def _create(exchange: Exchange) -> Reply:
    """Makes an account and, unless only that is asked for, a key that works at once; its value is told this once."""
    body, alone = exchange.body, exchange.body.get("create_service_account_only")
    if alone and body.get("expires_in_seconds") is not None:
        raise invalid("expires_in_seconds", "An account without a key has none that could expire.")
    lifetime(body)
    made = ACCOUNT.made(exchange, role="none" if alone else "member")
    key = None if alone else _issued(exchange, made, "Secret Key")
    kept = {n: v for n, v in made.items() if n != "api_key"}
    ACCOUNT.kept(exchange).put(made["id"], kept)
    return json_reply(kept | {"api_key": key})


async def _create_key(exchange: Exchange) -> Reply:
    """Makes one more key for an account; its value is told this once."""
    account = ACCOUNT.found(exchange)
    return json_reply(_issued(exchange, account, exchange.body.get("name") or account["name"]))


async def _delete(exchange: Exchange) -> Reply:
    """Removes an account; its keys get 401 from then on."""
    account, access = ACCOUNT.found(exchange), exchange.world.access
    for record in exchange.world.shelf(KEYS):
        if _is_of(record, account):
            access.revoke(record)
    return await ACCOUNT.delete(exchange)


def _is_of(record: Record, account: Object) -> bool:
    return bool(record["owner"]["id"] == account["id"])


HANDLERS: dict[str, Handler] = audited(
    crud(ACCOUNT)
    | {
        f"{ACCOUNT.home}.create": _create,
        f"{ACCOUNT.home}.delete": _delete,
        f"{ACCOUNT.home}.api_keys.create": _create_key,
    }
)

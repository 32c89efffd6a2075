"""Vaults of an agent's credentials: named stores of secrets that no answer ever shows."""

from __future__ import annotations

import re
from typing import Any, Final

from ..exchange import Exchange, Handler, Reply, json_reply
from ..problem import invalid
from ..shape import is_object, part
from .crud import Kind, Object, crud, listing

VAULT: Final = Kind(home="beta.agents.vaults", param="vault_id", noun="vault", prefix="vault_")
CREDENTIAL: Final = Kind(
    home="beta.agents.vaults.credentials",
    param="credential_id",
    noun="credential",
    prefix="cred_",
    owner=VAULT,
    hidden=("secret",),
)
LONGEST: Final = 256
_WRITE_ONLY: Final = frozenset({"access_token", "token", "secret_value", "refresh_token", "client_secret"})
_VARIABLE: Final = re.compile(r"(?!CODEX_)[A-Za-z_][A-Za-z0-9_]*")


async def _create(exchange: Exchange) -> Reply:
    """Makes a vault; credentials are added to it."""
    given = exchange.body.get("name")
    return json_reply(VAULT.made(exchange, name=None if given is None else _name(given)))


async def _update(exchange: Exchange) -> Reply:
    """Changes a vault's name (null clears it) or replaces its metadata; 404 when there is none."""
    known, body = VAULT.found(exchange), exchange.body
    name = body.get("name")
    body = body | ({"name": _name(name)} if name is not None else {})
    exchange.body = body | ({"metadata": body["metadata"] or {}} if "metadata" in body else {})
    return json_reply(VAULT.change(exchange, known))


async def _list(exchange: Exchange) -> Reply:
    """Lists vaults, those that have all the metadata asked for; all are active, for deleted ones are gone."""
    return listing(exchange, VAULT.listed(exchange, lambda known: _fits(exchange, known)))


async def _list_credentials(exchange: Exchange) -> Reply:
    """Lists a vault's credentials without their secrets, those that have all the metadata asked for."""
    found = CREDENTIAL.listed(exchange, lambda known: _fits(exchange, known))
    return listing(exchange, found, CREDENTIAL.shown)


def _fits(exchange: Exchange, known: Object) -> bool:
    wanted, status = part(exchange.query, "metadata"), exchange.query.get("status")
    active = status is None or "active" in ([status] if isinstance(status, str) else status)
    return active and all(known["metadata"].get(name) == value for name, value in wanted.items())


async def _add(exchange: Exchange) -> Reply:
    """Keeps a credential in the vault; its secret is taken, and never shown."""
    auth = exchange.body["auth"]
    _check(auth)
    open_part, secret = _parted(auth)
    made = CREDENTIAL.made(
        exchange,
        name=_name(exchange.body["name"]),
        vault_id=exchange.path[VAULT.param],
        metadata=exchange.body.get("metadata") or {},
        auth=_completed(open_part),
        secret=secret,
    )
    return json_reply(CREDENTIAL.shown(made))


async def _rotate(exchange: Exchange) -> Reply:
    """Replaces a credential's secret, its kind and destination unchanged, or its metadata."""
    known, auth = CREDENTIAL.found(exchange), exchange.body.get("auth")
    more: Object = {}
    if auth is not None:
        if auth["type"] != known["auth"]["type"]:
            message = f"This credential is of type '{known['auth']['type']}' and stays so."
            raise invalid("auth.type", message, "credential_type_mismatch")
        _check(auth)
        open_part, secret = _parted(auth)
        if auth.get("access_token") and "expires_at" not in auth and auth["type"] == "mcp_oauth":
            open_part["expires_at"] = None
        more = {"auth": _merged(known["auth"], open_part), "secret": _merged(known["secret"], secret)}
    else:
        more = {"auth": known["auth"]}
    return json_reply(CREDENTIAL.shown(CREDENTIAL.change(exchange, known, **more)))


def _parted(value: Object) -> tuple[Object, Object]:
    """What may be shown, and the secrets, each in the shape in which they came."""
    shown: Object = {}
    secret: Object = {}
    for name, inner in value.items():
        if name in _WRITE_ONLY:
            if inner is not None:
                secret[name] = inner
        elif is_object(inner):
            shown[name], hidden = _parted(inner)
            if hidden:
                secret[name] = hidden
        else:
            shown[name] = inner
    return shown, secret


def _merged(known: Object, more: Object) -> Object:
    made = dict(known)
    for name, value in more.items():
        before = made.get(name)
        made[name] = _merged(before, value) if is_object(before) and is_object(value) else value
    return made


def _completed(auth: Object) -> Object:
    """With the fields that an answer always has."""
    if auth["type"] != "mcp_oauth":
        return auth
    refresh = auth.get("refresh")
    if refresh is not None:
        refresh = {"resource": None, "scope": None, **refresh}
    return {"expires_at": None, **auth, "refresh": refresh}


def _check(auth: dict[str, Any]) -> None:
    if "mcp_server_url" in auth and not auth["mcp_server_url"].startswith("https://"):
        raise invalid("auth.mcp_server_url", "Give an https:// URL.", "invalid_url")
    if "secret_name" in auth and _VARIABLE.fullmatch(auth["secret_name"]) is None:
        message = "A variable's name has ASCII letters, digits and underscores, begins with no digit nor 'CODEX_'."
        raise invalid("auth.secret_name", message)
    for field in _WRITE_ONLY & auth.keys():
        value = auth[field]
        if value is not None and (not value or any(sign in value for sign in "\r\n\0")):
            raise invalid(f"auth.{field}", "A secret is not empty and has no line breaks.")


def _name(given: str) -> str:
    name = given.strip()
    if not 1 <= len(name.encode()) <= LONGEST:
        raise invalid("name", f"A name has 1 to {LONGEST} bytes.", "invalid_length")
    return name


HANDLERS: dict[str, Handler] = crud(VAULT, CREDENTIAL) | {
    "beta.agents.vaults.create": _create,
    "beta.agents.vaults.update": _update,
    "beta.agents.vaults.list": _list,
    "beta.agents.vaults.credentials.create": _add,
    "beta.agents.vaults.credentials.list": _list_credentials,
    "beta.agents.vaults.credentials.update": _rotate,
}

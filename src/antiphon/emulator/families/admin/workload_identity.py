"""Identity providers whose tokens stand for service accounts, and the rules that say which token stands for which."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from ...exchange import Exchange, Handler, Reply, json_reply
from ...problem import Problem, invalid
from ..crud import Object, crud
from .event import audited
from .part import PROJECT, Part
from .service_account import ACCOUNT

PROVIDER: Final = Part(
    home="admin.organization.workload_identity_providers",
    param="workload_identity_provider_id",
    noun="workload identity provider",
    prefix="wip_",
)
RULE: Final = Part(
    home="admin.organization.workload_identity_providers.federation_rules",
    param="workload_identity_federation_rule_id",
    noun="federation rule",
    prefix="wifr_",
    owner=PROVIDER,
    search=("service_account_id",),
)


def _checked(body: Object) -> None:
    issuer: str | None = body.get("issuer")
    if issuer is not None and (urlsplit(issuer).scheme != "https" or not urlsplit(issuer).hostname):
        raise invalid("issuer", "An issuer is a URL that begins with https://.")
    for name in ("name", "audience"):
        if name in body and not body[name].strip():
            raise invalid(name, f"'{name}' must not be empty.")
    verification: Object = body.get("verification") or {}
    if verification.get("type") == "uploaded_jwks" and not isinstance(verification["jwks"].get("keys"), list):
        raise invalid("verification.jwks", "A key set has a list of keys.")


async def _create(exchange: Exchange) -> Reply:
    """Keeps an enabled provider; 400 for an issuer that is no https URL."""
    body = exchange.body
    _checked(body)
    usual: dict[str, Any] = {"enabled": True, "description": None, "attribute_transformations": []}
    usual["verification"] = {"type": "discovery", "discovery_url": None}
    known = {name: value for name, value in usual.items() if body.get(name) is None}
    return json_reply(PROVIDER.made(exchange, **known))


async def _update(exchange: Exchange) -> Reply:
    """Changes what is given of a provider and keeps the rest."""
    known = PROVIDER.found(exchange)
    _checked(exchange.body)
    return json_reply(PROVIDER.change(exchange, known))


async def _delete(exchange: Exchange) -> Reply:
    """Removes a provider; 409 while it has rules."""
    known = PROVIDER.found(exchange)
    if len(exchange.world.shelf(f"{RULE.home}/{known['id']}")):
        message = "The provider has federation rules. Delete them first."
        raise Problem(409, message, param=PROVIDER.param, code="provider_in_use")
    return await PROVIDER.delete(exchange)


def _matchers(body: Object) -> None:
    if "attribute_matchers" in body and not body["attribute_matchers"]:
        raise invalid("attribute_matchers", "A rule without matchers would match every token.")


async def _create_rule(exchange: Exchange) -> Reply:
    """Binds tokens to a project's service account; 404 unless both exist."""
    body, provider = exchange.body, PROVIDER.found(exchange)
    _matchers(body)
    project = PROJECT.found(exchange, body["project_id"])
    account = exchange.world.shelf(f"{ACCOUNT.home}/{project['id']}").get(body["service_account_id"])
    if account is None:
        message = f"No service account found with id '{body['service_account_id']}'."
        raise Problem(404, message, param="service_account_id", code="not_found")
    usual: dict[str, Any] = {"enabled": True, "description": None, "name": None}
    usual["permissions"] = {"type": "service_account_default"}
    known = {name: value for name, value in usual.items() if body.get(name) is None}
    return json_reply(RULE.made(exchange, workload_identity_provider_id=provider["id"], **known))


async def _update_rule(exchange: Exchange) -> Reply:
    """Changes what is given of a rule and keeps the rest; whom it stands for stays."""
    known = RULE.found(exchange)
    _matchers(exchange.body)
    return json_reply(RULE.change(exchange, known))


HANDLERS: dict[str, Handler] = audited(
    crud(PROVIDER, RULE)
    | {
        f"{PROVIDER.home}.create": _create,
        f"{PROVIDER.home}.update": _update,
        f"{PROVIDER.home}.delete": _delete,
        f"{RULE.home}.create": _create_rule,
        f"{RULE.home}.update": _update_rule,
    }
)

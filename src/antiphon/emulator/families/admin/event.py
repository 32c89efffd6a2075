"""What the audit log says of each change: which type of event an operation is, and what of it may be told.

What is told are the fields that the API's event has and nothing besides, so that no secret gets there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ...access import ORGANIZATION
from ...description import description
from ...exchange import AnyReply, Exchange, Handler, Reply
from ...least import fields_of
from ...organization import USERS
from ...world import World
from ..crud import Object

SHELF: Final = "admin.organization.audit_logs"
_HOME: Final = "admin.organization."
_NOUNS: Final = {
    "admin_api_keys": "api_key",
    "certificates": "certificate",
    "external_keys": "external_key",
    "external_storage": "external_storage",
    "groups": "group",
    "groups.roles": "role.assignment",
    "invites": "invite",
    "projects": "project",
    "projects.api_keys": "api_key",
    "projects.certificates": "certificate",
    "projects.groups": "role.assignment",
    "projects.groups.roles": "role.assignment",
    "projects.rate_limits": "rate_limit",
    "projects.roles": "role",
    "projects.service_accounts": "service_account",
    "projects.service_accounts.api_keys": "api_key",
    "projects.users": "user",
    "projects.users.roles": "role.assignment",
    "roles": "role",
    "users": "user",
    "users.roles": "role.assignment",
    "workload_identity_providers": "workload_identity_provider",
    "workload_identity_providers.federation_rules": "workload_identity_provider_mapping",
}
_VERBS: Final = {"create": "created", "update": "updated", "delete": "deleted", "archive": "archived"}
_SPECIAL: Final = {
    "certificates.activate": "certificates.activated",
    "certificates.deactivate": "certificates.deactivated",
    "external_keys.create": "external_key.registered",
    "external_keys.delete": "external_key.removed",
    "external_storage.create": "external_storage.registered",
    "external_storage.delete": "external_storage.removed",
    "groups.users.create": "group.updated",
    "groups.users.delete": "group.updated",
    "invites.create": "invite.sent",
    "projects.certificates.activate": "certificates.activated",
    "projects.certificates.deactivate": "certificates.deactivated",
    "projects.rate_limits.update_rate_limit": "rate_limit.updated",
    "projects.users.create": "user.added",
}
_ALIASES: Final = {"title": "name", "group_name": "name"}


def audited(handlers: Mapping[str, Handler]) -> dict[str, Handler]:
    """The handlers, each of whose changes leaves a line in the audit log."""
    return {name: _audited(handler, kind) if (kind := _kind(name)) else handler for name, handler in handlers.items()}


def record(exchange: Exchange, kind: str, told: Mapping[str, Any]) -> None:
    """Write down what a request did."""
    write(exchange.world, kind, told, _actor(exchange), exchange.path.get("project_id"))


def write(world: World, kind: str, told: Mapping[str, Any], actor: Object, project: str | None = None) -> None:
    """Write one event down."""
    made: Object = {
        "id": world.identity.draw("audit_log-", 24),
        "type": kind,
        "effective_at": world.now(),
        "actor": actor,
        kind: _payload(kind, told),
    }
    if project is not None:
        known: Object = world.shelf(_HOME + "projects").get(project) or {}
        made["project"] = {"id": project, "name": known.get("name")}
    world.shelf(SHELF).put(made["id"], made)


def _kind(operation: str) -> str | None:
    """The type of event, for operations that change something."""
    name = operation.removeprefix(_HOME)
    if description().operations[operation].verb == "GET" or name.endswith(".validate"):
        return None
    if name in _SPECIAL:
        return _SPECIAL[name]
    home, _, action = name.rpartition(".")
    if home in _NOUNS:
        return f"{_NOUNS[home]}.{_VERBS[action]}"
    return "project.updated" if home.startswith("projects.") else "organization.updated"


def _audited(handler: Handler, kind: str) -> Handler:
    async def handle(exchange: Exchange) -> AnyReply:
        reply = await handler(exchange)
        result: Object = msgspec.json.decode(reply.body) if isinstance(reply, Reply) else {}
        record(exchange, kind, _told(exchange, kind, result))
        return reply

    handle.__doc__ = handler.__doc__
    return handle


def _told(exchange: Exchange, kind: str, result: Object) -> Object:
    """All that is known of a change, by the names that events use."""
    path = exchange.path
    body: Object = exchange.body or {}
    param = f"{kind.partition('.')[0]}_id"
    named = result.get("id") or path.get(param) or next(reversed(path.values()), ORGANIZATION)
    if kind in ("project.updated", "organization.updated"):
        named = path.get("project_id", ORGANIZATION)
    told: Object = {**result, **body, **path, "id": named, "certificates": result.get("data")}
    if kind.startswith("role.assignment"):
        user = path.get("user_id")
        told["id"] = body.get("role_id") or path.get("role_id") or body.get("role") or named
        told["principal_id"] = user or path.get("group_id") or body.get("group_id")
        told["principal_type"] = "user" if user else "group"
        told["resource_id"] = path.get("project_id", ORGANIZATION)
        told["resource_type"] = "api.project" if "project_id" in path else "api.organization"
    return told


def _payload(name: str, told: Mapping[str, Any]) -> Object:
    """What of it the event of this name has a place for."""
    operation = description().operations[SHELF + ".list"]
    event = fields_of(operation.schema, operation.result)[name][0]
    made: Object = {}
    for field, (node, _) in fields_of(operation.schema, event).items():
        inner = fields_of(operation.schema, node)
        if field in ("data", "changes_requested"):
            made[field] = {n: v for n in inner if (v := told.get(_ALIASES.get(n, n), told.get(n))) is not None}
        elif field == "certificates":
            made[field] = [{"id": c["id"], "name": c["name"]} for c in told["certificates"] or ()]
        elif told.get(field) is not None:
            made[field] = told[field]
    return made


def _actor(exchange: Exchange) -> Object:
    caller = exchange.caller
    user = exchange.world.shelf(USERS).get(caller.user)
    if user is None:
        owner: Object = {"type": "service_account", "service_account": {"id": caller.user}}
    else:
        owner = {"type": "user", "user": {"id": caller.user, "email": user["email"]}}
    return {"type": "api_key", "api_key": {"id": caller.id} | owner}

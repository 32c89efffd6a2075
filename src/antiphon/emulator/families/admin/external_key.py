"""Keys that a customer keeps in a cloud's vault: what each cloud needs to be told, checked for its form.

Nothing is asked of a cloud: a key is valid when what was told of it has the form of that cloud's names.
"""

from __future__ import annotations

import re
from typing import Final

from ...access import ORGANIZATION
from ...exchange import Exchange, Handler, Reply, json_reply
from ...problem import Problem, invalid, missing
from ..crud import Object, crud
from .event import audited
from .part import PROJECT, Part, shown_page

KEY: Final = Part(
    home="admin.organization.external_keys",
    param="external_key_id",
    noun="external key",
    prefix="extkey_",
    search=("purpose",),
)
_NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "aws": ("external_id", "kms_arn", "role_arn"),
    "gcp": (
        "audience",
        "kms_key_location",
        "kms_key_name",
        "kms_key_ring_name",
        "kms_project_id",
        "workload_identity_pool_id",
        "workload_identity_project_number",
        "workload_identity_provider_id",
    ),
    "azure": ("key_name", "tenant_id", "vault_uri"),
    "oci": ("key_ocid", "region", "vault_ocid"),
}
_VERSION: Final = {"gcp": "kms_key_version", "azure": "key_version", "oci": "key_version_ocid"}
_FORMS: Final = {
    "kms_arn": r"arn:aws[\w-]*:kms:[\w-]+:\d{12}:(key|alias)/.+",
    "role_arn": r"arn:aws[\w-]*:iam::\d{12}:role/.+",
    "workload_identity_project_number": r"\d+",
    "tenant_id": r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    "vault_uri": r"https://[\w.-]+/?",
    "key_ocid": r"ocid1\.key\..+",
    "vault_ocid": r"ocid1\.vault\..+",
}


def _shown(exchange: Exchange, known: Object) -> Object:
    projects = [p["id"] for p in exchange.world.shelf(PROJECT.home) if p["external_key_id"] == known["id"]]
    return known | {"api_project_ids": projects}


async def _create(exchange: Exchange) -> Reply:
    """Keeps a key's registration; 400 when something its cloud needs is absent, or is another cloud's."""
    body = exchange.body
    kind, purpose = body["type"], body.get("purpose", "ekm")
    allowed = {"name", "type", "purpose", *_NEEDED[kind]}
    if purpose == "psp_decryption" and kind in _VERSION:
        allowed.add(_VERSION[kind])
    for name in body:
        if name not in allowed:
            raise invalid(name, f"'{name}' is not for a key of type '{kind}' and purpose '{purpose}'.")
    for name in sorted(allowed - {"purpose"}):
        if not body.get(name):
            raise missing(name)
    more: Object = {"object": "external_key", "workspace_id": ORGANIZATION, "api_project_ids": [], "purpose": purpose}
    return json_reply(KEY.made(exchange, **more))


async def _list(exchange: Exchange) -> Reply:
    """Lists the registrations, newest first, or those of one purpose."""
    return shown_page(exchange, KEY.listed(exchange), lambda known: _shown(exchange, known))


async def _retrieve(exchange: Exchange) -> Reply:
    """Shows a registration and the projects that use it; 404 when there is none."""
    return json_reply(_shown(exchange, KEY.found(exchange)))


async def _delete(exchange: Exchange) -> Reply:
    """Removes a registration, and shows it this last time; 400 while a project uses it."""
    known = _shown(exchange, KEY.found(exchange))
    if known["api_project_ids"]:
        message = f"The key is used by {', '.join(known['api_project_ids'])}."
        raise Problem(400, message, param="external_key_id", code="external_key_in_use")
    KEY.remove(exchange, known)
    return json_reply(known)


async def _validate(exchange: Exchange) -> Reply:
    """Says whether what was told of a key has its cloud's forms: `valid` or `invalid`."""
    known = KEY.found(exchange)
    fits = all(re.fullmatch(form, known[name]) for name, form in _FORMS.items() if known.get(name) is not None)
    owner = known.get("external_id") or known.get("audience") or ORGANIZATION
    ours = owner == ORGANIZATION or exchange.world.shelf(PROJECT.home).get(owner) is not None
    return json_reply({"status": "valid" if fits and ours else "invalid"})


HANDLERS: dict[str, Handler] = audited(
    crud(KEY)
    | {
        f"{KEY.home}.create": _create,
        f"{KEY.home}.list": _list,
        f"{KEY.home}.retrieve": _retrieve,
        f"{KEY.home}.delete": _delete,
        f"{KEY.home}.validate": _validate,
    }
)

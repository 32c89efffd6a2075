"""Certificates for mutual TLS: read for their dates and fingerprint, switched on and off for organisation and projects."""

from __future__ import annotations

import hashlib
from typing import Final

from ...access import ORGANIZATION
from ...exchange import Exchange, Handler, Reply, json_reply
from ...problem import Problem, invalid
from ..crud import Object, crud, deleted
from .event import audited
from .part import PROJECT, Part, shown_page
from .x509 import validity

CERTIFICATE: Final = Part(
    home="admin.organization.certificates", param="certificate_id", noun="certificate", prefix="cert_"
)
_PROJECT_HOME: Final = "admin.organization.projects.certificates"
_MOST: Final = 50
_MOST_AT_ONCE: Final = 10


def _shown(known: Object, *, whole: bool = False) -> Object:
    details = {n: known[n] for n in ("valid_at", "expires_at")}
    if whole:
        details["content"] = known["content"]
    told = {n: known[n] for n in ("id", "name", "created_at")}
    return {"object": "certificate", **told, "certificate_details": details}


def _shown_at(known: Object, place: str) -> Object:
    """The certificate as lists of the organisation or of a project show it."""
    kind = "organization.certificate" if place == ORGANIZATION else "organization.project.certificate"
    return _shown(known) | {"object": kind, "active": place in known["active_at"]}


def _place(exchange: Exchange) -> str:
    if "project_id" not in exchange.path:
        return ORGANIZATION
    place: str = PROJECT.found(exchange)["id"]
    return place


async def _create(exchange: Exchange) -> Reply:
    """Reads a certificate's dates and keeps it, inactive; 400 for what is none, a known one, or the fifty-first."""
    shelf, body = CERTIFICATE.kept(exchange), exchange.body
    if len(shelf) >= _MOST:
        raise Problem(400, f"An organisation keeps {_MOST} certificates at most.", code="too_many_certificates")
    try:
        der, valid_at, expires_at = validity(body["certificate"])
    except ValueError as error:
        raise invalid("certificate", f"This is no certificate in PEM: {error}.", "invalid_certificate") from None
    print_ = hashlib.sha256(der).hexdigest()
    if any(known["fingerprint"] == print_ for known in shelf):
        raise invalid("certificate", "This certificate was uploaded before.", "certificate_exists")
    world = exchange.world
    made: Object = {
        "id": world.identity.draw(CERTIFICATE.prefix, CERTIFICATE.digits),
        "name": body.get("name"),
        "created_at": world.now(),
        "valid_at": valid_at,
        "expires_at": expires_at,
        "content": body["certificate"],
        "fingerprint": print_,
        "active_at": [],
    }
    shelf.put(made["id"], made)
    return json_reply(_shown(made))


async def _retrieve(exchange: Exchange) -> Reply:
    """Shows a certificate's dates, and its content when asked; 404 when there is none."""
    whole = "content" in (exchange.query.get("include") or ())
    return json_reply(_shown(CERTIFICATE.found(exchange), whole=whole))


async def _update(exchange: Exchange) -> Reply:
    """Renames a certificate; nothing else of it changes."""
    known = CERTIFICATE.found(exchange)
    changed = known | {"name": exchange.body.get("name", known["name"])}
    CERTIFICATE.kept(exchange).put(known["id"], changed)
    return json_reply(_shown(changed))


async def _delete(exchange: Exchange) -> Reply:
    """Removes a certificate; 400 while it is active anywhere."""
    known = CERTIFICATE.found(exchange)
    if known["active_at"]:
        message = f"The certificate is active at {', '.join(known['active_at'])}. Deactivate it first."
        raise Problem(400, message, param="certificate_id", code="certificate_active")
    CERTIFICATE.remove(exchange, known)
    return deleted(exchange, known["id"])


async def _list(exchange: Exchange) -> Reply:
    """Lists all certificates, newest first, with whether each is active here."""
    place = _place(exchange)
    return shown_page(exchange, CERTIFICATE.listed(exchange), lambda known: _shown_at(known, place))


def _switch(exchange: Exchange, *, on: bool) -> Reply:
    """All of the named ones, or none of them."""
    place, wanted = _place(exchange), list(dict.fromkeys(exchange.body["certificate_ids"]))
    if not 1 <= len(wanted) <= _MOST_AT_ONCE:
        raise invalid("certificate_ids", f"Name one to {_MOST_AT_ONCE} certificates.")
    changed: list[Object] = []
    for known in [CERTIFICATE.found(exchange, name) for name in wanted]:
        places = [p for p in known["active_at"] if p != place] + [place] * on
        changed.append(known | {"active_at": places})
        CERTIFICATE.kept(exchange).put(known["id"], changed[-1])
    data = [_shown_at(known, place) for known in changed]
    kind = f"{data[0]['object']}.{'activation' if on else 'deactivation'}"
    return json_reply({"object": kind, "data": data})


async def _activate(exchange: Exchange) -> Reply:
    """Switches up to ten certificates on here, all or none."""
    return _switch(exchange, on=True)


async def _deactivate(exchange: Exchange) -> Reply:
    """Switches up to ten certificates off here, all or none."""
    return _switch(exchange, on=False)


HANDLERS: dict[str, Handler] = audited(
    crud(CERTIFICATE)
    | {
        f"{CERTIFICATE.home}.create": _create,
        f"{CERTIFICATE.home}.retrieve": _retrieve,
        f"{CERTIFICATE.home}.update": _update,
        f"{CERTIFICATE.home}.delete": _delete,
        f"{CERTIFICATE.home}.list": _list,
        f"{CERTIFICATE.home}.activate": _activate,
        f"{CERTIFICATE.home}.deactivate": _deactivate,
        f"{_PROJECT_HOME}.list": _list,
        f"{_PROJECT_HOME}.activate": _activate,
        f"{_PROJECT_HOME}.deactivate": _deactivate,
    }
)

"""Alerts of the organisation and of its projects: a letter, once a month, when spending passes a threshold.

Nothing leaves the house: letters lie on the shelf `admin.outbox`, where the control plane shows them.
"""

from __future__ import annotations

from typing import Final

from ...bound import within
from ...exchange import Exchange, Handler, Reply, json_reply
from ...organization import ALERTS
from ...problem import invalid
from ..crud import crud
from .event import audited
from .part import PROJECT, Part

ALERT: Final = Part(
    home="admin.organization.spend_alerts",
    param="alert_id",
    noun="spend alert",
    prefix="alert_",
    shelf=ALERTS,
    oldest_first=True,
)
PROJECT_ALERT: Final = Part(
    home="admin.organization.projects.spend_alerts",
    param="alert_id",
    noun="spend alert",
    prefix="alert_",
    owner=PROJECT,
    shelf=ALERTS,
    oldest_first=True,
)


def _checked(exchange: Exchange) -> None:
    body = exchange.body
    within("threshold_amount", body["threshold_amount"], 1, 10**12)
    if not body["notification_channel"]["recipients"]:
        raise invalid("notification_channel.recipients", "Somebody must get the letter.")


def _handlers(kind: Part) -> dict[str, Handler]:
    async def create(exchange: Exchange) -> Reply:
        """Keeps an alert; when spending passes it, a letter is put into the outbox, once a month."""
        _checked(exchange)
        return json_reply(kind.made(exchange))

    async def update(exchange: Exchange) -> Reply:
        """Changes an alert; it is judged anew by the next request that costs something."""
        known = kind.found(exchange)
        _checked(exchange)
        return json_reply(kind.change(exchange, known))

    return {f"{kind.home}.create": create, f"{kind.home}.update": update}


HANDLERS: dict[str, Handler] = audited(crud(ALERT, PROJECT_ALERT) | _handlers(ALERT) | _handlers(PROJECT_ALERT))

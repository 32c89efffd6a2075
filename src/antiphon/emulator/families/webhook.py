"""Webhooks: endpoints, their secrets, and events that are really sent to them, again and again until somebody says 2xx.

`emit` is what the other families call. A delivery is kept until it is through: its next attempt is on the agenda before
the present one begins, so that neither a dead receiver nor a killed emulator loses an event (it may come twice, with the
same `webhook-id`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ..delivery import PATIENCE, Undelivered, post, refusal, secret_of, signed
from ..description import description
from ..exchange import Exchange, Handler, Reply, json_reply
from ..problem import Problem, invalid
from ..span import DAY
from ..world import Job, World
from .crud import Kind, Object, crud

DELIVERIES: Final = "webhooks.deliveries"
PAUSES: Final = (15, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 72_000)
"""Seconds between attempts; in all some three days. The first is longer than an attempt may take."""
OLD: Final = ("old_secret", "old_until")
_SAMPLES: Final[dict[str, dict[str, Any]]] = {
    "batch": {"id": "batch_sample"},
    "response": {"id": "resp_sample"},
    "eval": {"id": "evalrun_sample"},
    "fine_tuning": {"id": "ftjob_sample"},
    "realtime": {"call_id": "rtc_sample", "sip_headers": [{"name": "From", "value": "sip:+15550100@sip.example.com"}]},
    "video": {"id": "video_sample"},
    "agent.environment": {"id": "env_sample"},
    "agent.session": {"id": "sess_sample", "environment_type": "none"},
    "agent.session.action_required": {"id": "sess_sample", "required_action": {"type": "function_call"}},
    "safety": {"id": "alert_sample"},
}

ENDPOINT: Final = Kind(
    home="webhooks",
    param="webhook_endpoint_id",
    noun="webhook endpoint",
    prefix="whe_",
    hidden=("signing_secret", *OLD),
)


def emit(world: World, type: str, data: Mapping[str, Any]) -> None:
    """Tell the endpoints that asked for events of this type; the request that caused it does not wait.

    `data` is the event's own part, such as `{"id": "resp_1"}`.
    """
    endpoints = world.shelf(ENDPOINT.home)
    if not endpoints:
        return
    wanted = [endpoint for endpoint in endpoints if type in endpoint["event_types"]]
    if wanted:
        event = _event(world, type, data)
        for endpoint in wanted:
            _enqueue(world, endpoint, event)


def _event(world: World, type: str, data: Mapping[str, Any]) -> Object:
    made = world.identity.draw("evt_", 24)
    return {"id": made, "object": "event", "created_at": world.now(), "type": type, "data": dict(data)}


def _enqueue(world: World, endpoint: Object, event: Object) -> None:
    made = world.identity.draw("whdel_", 24)
    kept: Object = {"id": made, "endpoint": endpoint["id"], "status": "pending", "event": event}
    world.shelf(DELIVERIES).put(made, kept | {"attempts": [], "retry": None, "postponed": 0})
    world.later(0, "webhook.deliver", delivery=made)


async def _deliver(world: World, delivery: str) -> None:
    """One attempt, beside everything else; the one after it is noted first."""
    kept = world.shelf(DELIVERIES).get(delivery)
    if kept is None or kept["status"] != "pending":
        return
    tried = len(kept["attempts"])
    if _is_under_way(kept["attempts"]):
        kept["retry"] = world.later(PAUSES[0] << kept["postponed"], "webhook.deliver", delivery=delivery)
        kept["postponed"] += 1
    else:
        _note_retry(world, kept, tried)
        kept["attempts"].append({"at": world.now(), "began": time.time(), "status_code": None, "error": None})
        world.spawn(_attempt(world, delivery, tried))
    world.shelf(DELIVERIES).put(delivery, kept)


def _note_retry(world: World, kept: Object, number: int) -> None:
    """Put the attempt after this one on the agenda, if there is to be one."""
    world.agenda.cancel(kept["retry"] or "")
    left = number < len(PAUSES)
    kept["retry"] = world.later(PAUSES[number], "webhook.deliver", delivery=kept["id"]) if left else None
    kept["postponed"] = 0


def _is_under_way(attempts: list[Object]) -> bool:
    """Whether the last attempt may still get its answer, in the receiver's time; this world's clock may have been moved."""
    if not attempts:
        return False
    last = attempts[-1]
    return last["status_code"] is None and last["error"] is None and time.time() - last["began"] < PATIENCE


async def _attempt(world: World, delivery: str, number: int) -> None:
    shelf = world.shelf(DELIVERIES)
    kept = shelf.get(delivery)
    endpoint = None if kept is None else world.shelf(ENDPOINT.home).get(kept["endpoint"])
    if kept is None or endpoint is None:
        _drop(world, delivery)
        return
    attempt = kept["attempts"][number]
    try:
        attempt["status_code"] = await _post(world, endpoint, kept["event"])
    except Undelivered as error:
        attempt["error"] = str(error)
    through = attempt["status_code"] is not None and attempt["status_code"] // 100 == 2
    if through or number == len(PAUSES):
        kept["status"] = "delivered" if through else "failed"
        world.agenda.cancel(kept["retry"] or "")
    elif kept["postponed"]:
        _note_retry(world, kept, number)
    if shelf.get(delivery) is not None:
        shelf.put(delivery, kept)
    world.commit()


def _drop(world: World, delivery: str) -> None:
    """Nobody is left to hear of it."""
    kept = world.shelf(DELIVERIES).pop(delivery)
    if kept is not None:
        world.agenda.cancel(kept["retry"] or "")
    world.commit()


async def _post(world: World, endpoint: Object, event: Object) -> int:
    payload = msgspec.json.encode(event)
    # The receiver compares this with its own clock, which nobody moved.
    headers = signed(_secrets(endpoint, world.now()), event["id"], int(time.time()), payload)
    return await post(endpoint["url"], headers, payload, world.setting.allow_remote)


def _secrets(endpoint: Object, now: int) -> list[str]:
    """Those in force, the newest first."""
    old = [endpoint["old_secret"]] if endpoint["old_secret"] and now < endpoint["old_until"] else []
    return [endpoint["signing_secret"], *old]


# The operations.


async def _create(exchange: Exchange) -> Reply:
    """Makes an endpoint that gets the named events from now on; its secret is shown here and never again."""
    _refuse(exchange)
    secret = _fresh(exchange.world)
    made = ENDPOINT.made(
        exchange,
        updated_at=exchange.world.now(),
        signing_secret=secret,
        signing_secret_hint=_hint(secret),
        old_secret=None,
        old_until=0,
    )
    return json_reply(_with_secret(made))


async def _update(exchange: Exchange) -> Reply:
    """Changes name, address or events; deliveries that wait go to the new address. `updated_at` moves only on a change."""
    known = ENDPOINT.found(exchange)
    _refuse(exchange)
    if all(known[name] == value for name, value in exchange.body.items()):
        return json_reply(ENDPOINT.shown(known))
    return json_reply(ENDPOINT.shown(ENDPOINT.change(exchange, known)))


async def _delete(exchange: Exchange) -> Reply:
    """Removes an endpoint, and with it what was still to be delivered to it; 404 from then on."""
    world, gone = exchange.world, exchange.path[ENDPOINT.param]
    reply = await ENDPOINT.delete(exchange)
    for kept in world.shelf(DELIVERIES):
        if kept["endpoint"] == gone and kept["status"] == "pending":
            _drop(world, kept["id"])
    return reply


async def _rotate(exchange: Exchange) -> Reply:
    """Gives a new secret, shown once; the old one signs too for 24 hours when asked, else it is void at once."""
    known, world = ENDPOINT.found(exchange), exchange.world
    keep = bool(exchange.body.get("keep_old_secret_active_for_24_hours"))
    secret, now = _fresh(world), world.now()
    old = {"old_secret": known["signing_secret"] if keep else None, "old_until": now + DAY if keep else 0}
    changed = known | {"signing_secret": secret, "signing_secret_hint": _hint(secret), "updated_at": now} | old
    world.shelf(ENDPOINT.home).put(known["id"], changed)
    return json_reply(_with_secret(changed))


async def _test(exchange: Exchange) -> Reply:
    """Sends a sample event now and tells what status the receiver gave; 400 when it cannot be reached."""
    endpoint, world = ENDPOINT.found(exchange), exchange.world
    wanted = exchange.body["event_type"]
    sample = max((start for start in _SAMPLES if wanted.startswith(start)), key=len)
    try:
        status = await _post(world, endpoint, _event(world, wanted, _SAMPLES[sample]))
    except Undelivered as error:
        message = f"The test event could not be delivered: {error}"
        raise Problem(400, message, code="webhook_delivery_failed") from error
    told = {"object": "webhook_endpoint.test", "event_type": wanted, "status_code": status, "success": True}
    return json_reply(told | {"webhook_endpoint_id": endpoint["id"]})


async def _event_types(_: Exchange) -> Reply:
    """Lists every type of event an endpoint may ask for."""
    return json_reply({"object": "list", "data": event_types()})


def event_types() -> list[str]:
    """All of them, as the description names them."""
    node = description().operations["webhooks.create"].fields["event_types"][0]
    named: list[str] = node[1][1]
    return list(named)


def _refuse(exchange: Exchange) -> None:
    body = exchange.body
    if "url" in body and (why := refusal(body["url"], exchange.world.setting.allow_remote)):
        raise invalid("url", f"Invalid 'url': {why}", "invalid_url")
    if "event_types" in body and not body["event_types"]:
        raise invalid("event_types", "Name at least one type of event.", "empty_array")
    if "event_types" in body and len(set(body["event_types"])) < len(body["event_types"]):
        raise invalid("event_types", "A type of event is named twice.")
    if "name" in body and not body["name"].strip():
        raise invalid("name", "Give the endpoint a name.", "empty_string")


def _fresh(world: World) -> str:
    return secret_of(bytes.fromhex(world.secret(48)))


def _hint(secret: str) -> str:
    return f"whsec_...{secret[-4:]}"


def _with_secret(known: Object) -> Object:
    return {name: value for name, value in known.items() if name not in OLD}


HANDLERS: dict[str, Handler] = crud(ENDPOINT) | {
    "webhooks.create": _create,
    "webhooks.update": _update,
    "webhooks.delete": _delete,
    "webhooks.rotate_secret": _rotate,
    "webhooks.test": _test,
    "webhooks.event_types.list": _event_types,
}
JOBS: dict[str, Job] = {"deliver": _deliver}

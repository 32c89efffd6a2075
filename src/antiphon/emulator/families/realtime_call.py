"""Calls: over WebRTC, made by an offer, or over SIP, that somebody makes ring. One telephone for Realtime and Live.

A SIP call comes from a telephone network that a local server does not have: `ring` is how one comes here. It rings on
both surfaces, under `rtc_…` and `live_…`, and belongs to the one that accepts it first; who has ended is forgotten.
"""

from __future__ import annotations

from typing import Any, Final

from ..problem import Problem, invalid
from ..span import HOUR
from ..world import World
from .crud import Object
from .webhook import emit

FAMILY: Final = "realtime.calls"
PREFIXES: Final = {"realtime": "rtc_", "live": "live_"}
RINGING: Final = 60
"""Seconds after which a caller gives up."""
LASTING: Final = HOUR
"""Seconds after which any call ends."""
DECLINE: Final = 603


def ring(world: World, caller: str = "sip:+15550100@sip.example.com", **headers: str) -> Object:
    """Make a SIP call come in, and tell the webhooks. Gives the call; its ids are `call_id` and `session_id`."""
    call = _kept(world, "sip", "ringing", None, {})
    listed = [{"name": name, "value": value} for name, value in {"From": caller, **headers}.items()]
    emit(world, "realtime.call.incoming", {"call_id": call["call_id"], "sip_headers": listed})
    told = {"session_id": call["session_id"], "sip_headers": listed, "type": "sip"}
    for name in ("live.transport.incoming", "live.call.incoming"):
        emit(world, name, told)
    world.later(RINGING, "realtime.give_up", call_id=call["id"])
    return call


def connect(world: World, surface: str, session: Object) -> Object:
    """A call over WebRTC that has begun."""
    return _begun(world, _kept(world, "webrtc", "active", surface, session))


def accept(world: World, call: Object, surface: str, session: Object) -> None:
    """Take a ringing call; raises 400 for one that does not ring."""
    if call["state"] != "ringing":
        raise _wrong_state(call, "accepted")
    _begun(world, call | {"state": "active", "surface": surface, "session": session})


def reject(world: World, call: Object, status_code: int | None) -> None:
    """Send a ringing call away; raises 400 for one that does not ring, or a status that SIP does not reject with."""
    code = DECLINE if status_code is None else status_code
    if not 300 <= code <= 699:
        raise invalid("status_code", f"Invalid 'status_code': {code} is not between 300 and 699.")
    if call["state"] != "ringing":
        raise _wrong_state(call, "rejected")
    end(world, call)


def refer(world: World, call: Object, target: str) -> None:
    """Send an accepted SIP call elsewhere: it leaves."""
    scheme, colon, rest = target.strip().partition(":")
    if not colon or not rest or not scheme.isalpha():
        raise invalid("target_uri", "Invalid 'target_uri': give a URI such as 'tel:+14155550123'.")
    if call["kind"] != "sip" or call["state"] != "active":
        raise _wrong_state(call, "referred")
    end(world, call)


def end(world: World, call: Object) -> None:
    """The call is over; nobody finds it again."""
    world.shelf(FAMILY).pop(call["id"])


def found(world: World, surface: str, id: str) -> Object:
    """The call by its id on a surface; raises 404 when there is none, or it went to the other surface."""
    call: Object | None = world.shelf(FAMILY).get(id.removeprefix(PREFIXES[surface]))
    if call is None or not id.startswith(PREFIXES[surface]) or call["surface"] not in (None, surface):
        param = "call_id" if surface == "realtime" else "session_id"
        raise Problem(
            404,
            f"No {'call' if param == 'call_id' else 'session'} found with id '{id}'.",
            param=param,
            code="not_found",
        )
    return call


async def give_up(world: World, call_id: str) -> None:
    """Nobody took the call."""
    call = world.shelf(FAMILY).get(call_id)
    if call is not None and call["state"] == "ringing":
        end(world, call)


async def time_out(world: World, call_id: str) -> None:
    """The call lasted as long as one may."""
    call = world.shelf(FAMILY).get(call_id)
    if call is not None:
        end(world, call)


def _kept(world: World, kind: str, state: str, surface: str | None, session: Object) -> Object:
    made = world.identity.draw("", 24)
    ids = {"call_id": f"rtc_{made}", "session_id": f"live_{made}"}
    facts: dict[str, Any] = {"kind": kind, "state": state, "surface": surface, "session": session}
    call: Object = {"id": made, **ids, **facts}
    world.shelf(FAMILY).put(made, call)
    return call


def _begun(world: World, call: Object) -> Object:
    world.shelf(FAMILY).put(call["id"], call)
    world.later(LASTING, "realtime.time_out", call_id=call["id"])
    return call


def _wrong_state(call: Object, wanted: str) -> Problem:
    kind = "SIP" if call["kind"] == "sip" else "WebRTC"
    return Problem(400, f"This {kind} call is {call['state']} and cannot be {wanted}.", code="invalid_call_state")

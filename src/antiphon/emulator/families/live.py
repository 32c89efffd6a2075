"""Live sessions: over WebRTC or taken from a ringing call, kept where they asked for it, to be forked and heard again."""

from __future__ import annotations

from typing import Any, Final

from ..exchange import Exchange, FileReply, Handler, Reply, json_reply
from ..problem import Problem, unknown_model
from ..world import World
from . import realtime_call
from .crud import Object
from .live_recording import write_silence
from .model import exists
from .realtime import nothing
from .realtime_call import LASTING
from .realtime_sdp import answer
from .webhook import emit

STORED: Final = "live.stored"
"""What is known of sessions that asked to be stored: their setting, and from when to when they went."""
MODELS: Final = {"gpt-live-1"}


async def _create(exchange: Exchange) -> Reply:
    """Answers an offer of media with a session that goes on until it is hung up; stored when it asks for that."""
    world, body = exchange.world, exchange.body
    return _connected(world, _checked(world, body["session"]), body["transport"]["sdp"])


def _checked(world: World, session: Object) -> Object:
    if session["model"] not in MODELS and not exists(world, session["model"]):
        raise unknown_model(session["model"])
    return session


def _connected(world: World, session: Object, offer: str) -> Reply:
    sdp = answer(offer, world.identity, "transport.sdp")
    call = realtime_call.connect(world, "live", session)
    _begin(world, call["session_id"], session)
    emit(world, "live.transport.connected", {"session_id": call["session_id"], "type": "webrtc"})
    return json_reply({"session": {"id": call["session_id"]}, "transport": {"type": "webrtc", "sdp": sdp}})


def _begin(world: World, id: str, session: Object) -> None:
    if session.get("store"):
        world.shelf(STORED).put(id, {"id": id, "session": session, "started": world.clock(), "ended": None})


def _found(exchange: Exchange) -> Object:
    return realtime_call.found(exchange.world, "live", exchange.path["session_id"])


def _stored(exchange: Exchange) -> Object:
    wanted = exchange.path["session_id"]
    known: Object | None = exchange.world.shelf(STORED).get(wanted)
    if known is None:
        raise Problem(404, f"No stored session found with id '{wanted}'.", param="session_id", code="not_found")
    return known


def _end(exchange: Exchange, call: Object) -> None:
    """The session is over; a stored one knows when."""
    shelf = exchange.world.shelf(STORED)
    if (known := shelf.get(call["session_id"])) is not None:
        shelf.put(known["id"], known | {"ended": exchange.world.clock()})


async def _accept(exchange: Exchange) -> Reply:
    """Takes a SIP call that rings into a Live session; 400 when it no longer rings, 404 when Realtime took it."""
    world, call = exchange.world, _found(exchange)
    session = _checked(world, exchange.body["session"])
    realtime_call.accept(world, call, "live", session)
    _begin(world, call["session_id"], session)
    return nothing()


async def _reject(exchange: Exchange) -> Reply:
    """Sends a ringing SIP call away with a status; it is gone."""
    realtime_call.reject(exchange.world, _found(exchange), exchange.body["status_code"])
    return nothing()


async def _refer(exchange: Exchange) -> Reply:
    """Moves a SIP call to another number; the session is over."""
    call = _found(exchange)
    realtime_call.refer(exchange.world, call, exchange.body["target_uri"])
    _end(exchange, call)
    return nothing()


async def _hangup(exchange: Exchange) -> Reply:
    """Ends a session; 404 from then on, but what was stored of it stays."""
    call = _found(exchange)
    realtime_call.end(exchange.world, call)
    _end(exchange, call)
    return nothing()


async def _fork(exchange: Exchange) -> Reply:
    """Goes on from a stored session in a new one of the same model; 404 for a session that was not stored."""
    known, body = _stored(exchange), exchange.body
    changes: dict[str, Any] = body.get("session") or {}
    return _connected(exchange.world, known["session"] | changes, body["transport"]["sdp"])


async def _recording(exchange: Exchange) -> FileReply:
    """Gives what was heard in a stored session that is over: silence as long as it went, as no media flows here."""
    world, known = exchange.world, _stored(exchange)
    ended = known["ended"]
    if ended is None and world.shelf(realtime_call.FAMILY).get(known["id"].removeprefix("live_")) is not None:
        raise Problem(400, "The session still goes on; its recording can be had when it is over.", code="not_ready")
    # A session that nobody hung up ended when its time was over.
    seconds = (known["started"] + LASTING if ended is None else ended) - known["started"]
    path = world.folder() / f"recording-{known['id']}"
    size = write_silence(path, min(seconds, LASTING))
    disposition = (b"content-disposition", b'attachment; filename="%b.wav"' % known["id"].encode())
    return FileReply(path, size, b"audio/wav", [disposition])


HANDLERS: dict[str, Handler] = {
    "live.create": _create,
    "live.sessions.accept": _accept,
    "live.sessions.download_recording": _recording,
    "live.sessions.fork": _fork,
    "live.sessions.hangup": _hangup,
    "live.sessions.refer": _refer,
    "live.sessions.reject": _reject,
}

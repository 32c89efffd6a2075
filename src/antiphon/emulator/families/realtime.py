"""Realtime over REST: client secrets that open sessions for a while, and calls that are answered, moved and ended."""

from __future__ import annotations

from typing import Any, Final

from .. import bound
from ..description import Fields
from ..exchange import Exchange, Handler, Reply, json_reply
from ..schema import Schema
from ..shape import part
from ..world import Job, World
from . import realtime_call
from .crud import Object
from .realtime_sdp import answer
from .realtime_session import session_of

SECRETS: Final = "realtime.client_secrets"
"""The sessions of client secrets, by the id of the key."""
LIFE: Final = (10, 7_200)
TEN_MINUTES: Final = 600
MINUTE: Final = 60
TRANSLATING: Final = {"gpt-realtime-translate"}
SCOPE: Final = "api.realtime.request"


def issued(exchange: Exchange, session: Object, seconds: int) -> tuple[str, int]:
    """A key that opens nothing but Realtime, for so many seconds, and when it ends; the session goes with it."""
    world, caller = exchange.world, exchange.caller
    owner = {"type": "session", "id": caller.user}
    key, record = world.access.issue(
        "ek_", session["id"], seconds, project=caller.project, rights="project", owner=owner, scopes=[SCOPE]
    )
    world.shelf(SECRETS).put(record["id"], session)
    world.later(seconds, "realtime.forget", key=record["id"])
    return key, record["expires_at"]


async def _forget(world: World, key: str) -> None:
    world.shelf(SECRETS).pop(key)


def _models(exchange: Exchange, under: str | None = None) -> set[str]:
    """The models that the description names for the session in the body, or in a field of it."""
    operation = exchange.operation
    schema = operation.schema
    fields = [operation.fields] if under is None else _fields(schema, operation.fields[under][0])
    options = [leaf for each in fields if "model" in each for leaf in schema.members(each["model"][0])]
    resolved = [schema.resolved(option) for option in options]
    return {name for option in resolved if option[0] == "enum" for name in option[1]}


def _fields(schema: Schema, node: Any) -> list[Fields]:
    return [schema.resolved(option)[1] for option in schema.members(node)]


def _seconds(body: Object, default: int) -> int:
    seconds = part(body, "expires_after").get("seconds")
    if seconds is None:
        return default
    bound.within("expires_after.seconds", seconds, *LIFE)
    return int(seconds)


async def _secret(exchange: Exchange) -> Reply:
    """Issues a key that works for Realtime alone until it expires, with the session it opens."""
    body = exchange.body
    given = part(body, "session") or {"type": "realtime"}
    session = session_of(exchange.world, given["type"], given, _models(exchange, "session"))
    value, expires_at = issued(exchange, session, _seconds(body, TEN_MINUTES))
    return json_reply({"value": value, "expires_at": expires_at, "session": {**session, "expires_at": expires_at}})


async def _translation_secret(exchange: Exchange) -> Reply:
    """Issues a key for a translation session, that works until it expires."""
    body = exchange.body
    session = session_of(exchange.world, "translation", body["session"], TRANSLATING)
    value, expires_at = issued(exchange, session, _seconds(body, TEN_MINUTES))
    return json_reply({"value": value, "expires_at": expires_at, "session": {**session, "expires_at": expires_at}})


async def _old_session(exchange: Exchange) -> Reply:
    """Issues a key in the manner of the beta: a minute long unless asked otherwise, shown in the session."""
    return _old(exchange, "old", "expires_after", MINUTE)


async def _old_transcription(exchange: Exchange) -> Reply:
    """Issues a key for transcription in the manner of the beta, shown in the session."""
    return _old(exchange, "old_transcription", "expires_at", TEN_MINUTES)


def _old(exchange: Exchange, kind: str, lasting: str, default: int) -> Reply:
    body = {name: value for name, value in exchange.body.items() if name != "client_secret"}
    session = session_of(exchange.world, kind, body, _models(exchange))
    wanted = part(part(exchange.body, "client_secret"), lasting)
    value, expires_at = issued(exchange, session, _seconds({"expires_after": wanted}, default))
    return json_reply({**session, "expires_at": 0, "client_secret": {"value": value, "expires_at": expires_at}})


async def _call(exchange: Exchange) -> Reply:
    """Answers an offer of media: a call that goes on until it is hung up, under the id in the Location."""
    world, body = exchange.world, exchange.body
    sdp = answer(body["sdp"], world.identity, "sdp")
    given = part(body, "session") or world.shelf(SECRETS).get(exchange.caller.id)
    if not given or "id" not in given:
        given = session_of(world, "realtime", given or {}, _models(exchange, "session"))
    call = realtime_call.connect(world, "realtime", given)
    location = (b"location", b"/v1/realtime/calls/%b" % call["call_id"].encode())
    return Reply(sdp.encode(), 201, b"application/sdp", [location])


def _found(exchange: Exchange) -> Object:
    return realtime_call.found(exchange.world, "realtime", exchange.path["call_id"])


def nothing() -> Reply:
    """Done, and there is nothing to say."""
    return Reply(b"", content_type=b"text/plain; charset=utf-8")


async def _accept(exchange: Exchange) -> Reply:
    """Takes a SIP call that rings, with the session it gets; 400 when it no longer rings."""
    world, call = exchange.world, _found(exchange)
    realtime_call.accept(world, call, "realtime", session_of(world, "realtime", exchange.body, _models(exchange)))
    return nothing()


async def _reject(exchange: Exchange) -> Reply:
    """Sends a ringing SIP call away with a status; it is gone."""
    realtime_call.reject(exchange.world, _found(exchange), exchange.body.get("status_code"))
    return nothing()


async def _refer(exchange: Exchange) -> Reply:
    """Moves an accepted SIP call to another number; it is gone from here."""
    realtime_call.refer(exchange.world, _found(exchange), exchange.body["target_uri"])
    return nothing()


async def _hangup(exchange: Exchange) -> Reply:
    """Ends a call of either kind; 404 from then on."""
    realtime_call.end(exchange.world, _found(exchange))
    return nothing()


HANDLERS: dict[str, Handler] = {
    "beta.realtime.sessions.create": _old_session,
    "beta.realtime.transcription_sessions.create": _old_transcription,
    "realtime.client_secrets.create": _secret,
    "realtime.translations.client_secrets.create": _translation_secret,
    "realtime.calls.create": _call,
    "realtime.calls.accept": _accept,
    "realtime.calls.reject": _reject,
    "realtime.calls.refer": _refer,
    "realtime.calls.hangup": _hangup,
}
JOBS: dict[str, Job] = {
    "forget": _forget,
    "give_up": realtime_call.give_up,
    "time_out": realtime_call.time_out,
}

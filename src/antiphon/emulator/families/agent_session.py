"""Sessions: an agent at work. Made from settings, given input, followed event by event, asked for what it did, deleted."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

from .. import bound
from ..exchange import ENCODER, AnyReply, Exchange, FileReply, Handler, Reply, json_reply
from ..problem import Problem, invalid, missing
from ..shape import Object, part
from ..world import World
from . import agent_turn, environment, webhook
from .agent import AGENT
from .agent_config import in_session, resolved
from .agent_event import close, first, listen, live, session_changed
from .agent_trace import trace
from .agent_usage import spent
from .crud import Kind, crud, deleted, listing
from .listing import page

SESSION: Final = Kind(home=agent_turn.SESSIONS, param="session_id", noun="session", prefix="sess_")
ITEM: Final = Kind(home=f"{SESSION.home}.items", param="item_id", noun="item", owner=SESSION)
TURN: Final = Kind(home=f"{SESSION.home}.turns", param="turn_id", noun="turn", owner=SESSION)
ARTIFACT: Final = Kind(home=f"{SESSION.home}.artifacts", param="artifact_id", noun="artifact", owner=SESSION)
SUBAGENT: Final = Kind(home=f"{SESSION.home}.subagents", param="subagent_id", noun="subagent", owner=SESSION)
SUBAGENT_ITEM: Final = Kind(home=f"{SUBAGENT.home}.items", param="item_id", noun="item", owner=SUBAGENT)
SUBAGENT_TURN: Final = Kind(home=f"{SUBAGENT.home}.turns", param="turn_id", noun="turn", owner=SUBAGENT)
KEYS: Final = f"{SESSION.home}.keys"


async def _create(exchange: Exchange) -> AnyReply:
    """Makes a session in its environment; its input starts a turn that goes on by itself, or is streamed as it goes."""
    body, world = exchange.body, exchange.world
    messages = _messages(body)
    if body.get("stream_options") is not None and not body.get("stream"):
        raise invalid("stream_options", "'stream_options' is only allowed when 'stream' is true.")
    session = opened(world, body)
    if not body.get("stream"):
        begin(world, session, messages)
        return json_reply(session)
    queue = listen(world, session["id"])
    begin(world, session, messages)
    obfuscated = part(body, "stream_options").get("include_obfuscation") is not False
    return first(exchange, session["id"], queue, obfuscated)


def begin(world: World, session: Object, messages: list[Object]) -> None:
    """Tell of a new session, and give it its first input."""
    told: Object = {"id": session["id"], "environment_type": session["environment"]["type"]}
    if "id" in session["environment"]:
        told["environment_id"] = session["environment"]["id"]
    if "remote_url" in session["environment"]:
        told["connect"] = {"remote_url": session["environment"]["remote_url"]}
    session_changed(world, session, "created")
    webhook.emit(world, "agent.session.created", told)
    if messages:
        agent_turn.submit(world, session, messages)
    else:
        session_changed(world, session)


def _messages(body: Object) -> list[Object]:
    """The first input; raises 400 where there must be one."""
    given, kind = body.get("input"), body["environment"]["type"]
    if given is None or not given:
        if kind == "none" or (body.get("stream") and kind != "self_hosted"):
            raise missing("input")
        return []
    if isinstance(given, str):
        return [{"role": "user", "content": [{"type": "input_text", "text": given}]}]
    _check_messages(given, "input")
    return list(given)


def _check_messages(messages: list[Object], param: str) -> None:
    if not messages:
        raise invalid(param, "Give at least one message.", "empty_array")
    for number, message in enumerate(messages):
        if not message["content"]:
            raise invalid(f"{param}[{number}].content", "A message has at least one part.", "empty_array")


def opened(world: World, given: Object) -> Object:
    """A new session of these settings, kept; raises 400 and 404 for what cannot be."""
    bound.metadata(given.get("metadata"))
    environment.check_vaults(world, given.get("vault_ids"))
    agent = agent_of(world, given)
    _check_spend(given)
    made = world.identity.draw(SESSION.prefix, SESSION.digits)
    session: Object = {
        "id": made,
        "object": "agent.session",
        "agent": agent,
        "created_at": world.now(),
        "environment": environment.for_session(world, given["environment"], made),
        "error": None,
        "last_active_at": world.now(),
        "metadata": part(given, "metadata"),
        "required_actions": [],
        "status": "idle",
        "usage": None,
        "vault_ids": given.get("vault_ids") or [],
        "prompt_cache_options": _cache(given),
        "review": given.get("review") or "none",
        "spend_control": _spend(given, 0),
    }
    world.shelf(SESSION.home).put(made, session)
    return session


def agent_of(world: World, given: Object) -> Object:
    """The agent of a new session: a saved one, with what the request changes, or one of the request's own."""
    saved: Object | None = None
    if (wanted := given.get("agent_id")) is not None:
        saved = world.shelf(AGENT.home).get(wanted)
        if saved is None:
            raise Problem(404, f"No agent found with id '{wanted}'.", param="agent_id", code="not_found")
    elif "model" not in part(given, "agent"):
        raise missing("agent.model" if given.get("agent") else "agent")
    settings = in_session(resolved(world, part(given, "agent"), saved))
    known = {"id": wanted, "name": None if saved is None else saved["name"]}
    return known | settings | {"id": wanted or world.identity.draw(AGENT.prefix, AGENT.digits)}


def _cache(given: Object) -> Object | None:
    options: Object | None = given.get("prompt_cache_options")
    return None if options is None else {"ttl": options.get("ttl", "30m")}


def _check_spend(given: Object) -> None:
    limit = part(given, "spend_control").get("limit")
    if limit is not None:
        bound.within("spend_control.limit", limit, 1, None)


def _spend(given: Object, consumed: int) -> Object | None:
    limit = part(given, "spend_control").get("limit")
    return None if limit is None else {"limit": limit, "consumed": consumed}


async def _update(exchange: Exchange) -> Reply:
    """Changes what later turns work with; metadata is replaced, a spending limit keeps what was spent."""
    session, body, world = SESSION.found(exchange), exchange.body, exchange.world
    _check_spend(body)
    if "agent" in body:
        session["agent"] = session["agent"] | in_session(resolved(world, body["agent"], session["agent"]))
    if "metadata" in body:
        session["metadata"] = part(body, "metadata")
    if "prompt_cache_options" in body:
        session["prompt_cache_options"] = _cache(body)
    if "review" in body:
        session["review"] = body["review"]
    if "spend_control" in body:
        session["spend_control"] = _spend(body, spent(session))
    world.shelf(SESSION.home).put(session["id"], session)
    return json_reply(session)


async def _list(exchange: Exchange) -> Reply:
    """Lists sessions, those of one agent or with all the metadata asked for."""
    agent, wanted = exchange.query.get("agent_id"), part(exchange.query, "metadata")

    def fits(known: Object) -> bool:
        mine = agent is None or known["agent"]["id"] == agent
        return mine and all(known["metadata"].get(name) == value for name, value in wanted.items())

    return listing(exchange, SESSION.listed(exchange, fits))


async def _delete(exchange: Exchange) -> Reply:
    """Removes a session with turns, items, artifacts and its environment, and ends the streams that follow it."""
    session, world = SESSION.found(exchange), exchange.world
    for artifact in world.shelf(f"{ARTIFACT.home}/{session['id']}"):
        (world.folder() / artifact["id"]).unlink(missing_ok=True)
    if (place := session["environment"].get("id")) is not None:
        environment.gone(world, place)
    SESSION.remove(exchange, session)
    close(world, session["id"])
    return deleted(exchange, session["id"])


# Its events.


async def _submit(exchange: Exchange) -> Reply:
    """Takes messages (each input is a turn), a cancellation, or results of calls that are waited for; all or nothing."""
    session, world, sent = SESSION.found(exchange), exchange.world, exchange.body["events"]
    if not sent:
        raise invalid("events", "Give at least one event.", "empty_array")
    if _was_sent(exchange, session):
        return Reply(b"", 202)
    for number, event in enumerate(sent):
        _check(session, event, f"events[{number}]")
    _check_together(sent)
    _remember(exchange, session)
    for event in sent:
        _take(world, session, event)
    return Reply(b"", 202)


def _key(exchange: Exchange) -> str:
    return exchange.headers.get(b"idempotency-key", b"").decode("latin-1")


def _digest(exchange: Exchange) -> str:
    return sha256(ENCODER.encode(exchange.body)).hexdigest()


def _was_sent(exchange: Exchange, session: Object) -> bool:
    """Whether these very events came before, by their idempotency key; raises 400 where others came with it."""
    known = exchange.world.shelf(f"{KEYS}/{session['id']}").get(_key(exchange))
    if known is not None and known["digest"] != _digest(exchange):
        raise Problem(400, "This idempotency key came with other events before.", code="idempotency_error")
    return known is not None


def _remember(exchange: Exchange, session: Object) -> None:
    if key := _key(exchange):
        exchange.world.shelf(f"{KEYS}/{session['id']}").put(key, {"id": key, "digest": _digest(exchange)})


def _check_together(sent: list[Object]) -> None:
    """A call has one result, and a cancelled turn wants none."""
    results = [event["call_id"] for event in sent if event["type"] == "agent.session.input.tool_result"]
    cancelled = any(event["type"] == "agent.session.input.cancel" for event in sent)
    if len(set(results)) < len(results) or (results and cancelled):
        raise invalid("events", "These events contradict one another.", "contradictory_events")


def _check(session: Object, event: Object, param: str) -> None:
    match event["type"]:
        case "agent.session.input.message":
            _check_messages(event["input"], f"{param}.input")
        case "agent.session.input.tool_result":
            agent_turn.check_result(session, event)
        case "agent.session.input.cancel":
            pass
        case _:
            raise invalid(f"{param}.request_id", "No such request is pending.", "unknown_request")


def _take(world: World, session: Object, event: Object) -> None:
    match event["type"]:
        case "agent.session.input.message":
            agent_turn.submit(world, session, event["input"])
        case "agent.session.input.cancel":
            agent_turn.cancel(world, session)
        case _:
            agent_turn.take_result(world, session, event)


async def _stream(exchange: Exchange) -> AnyReply:
    """Tells how the session stands, then everything that happens in it, as long as the caller listens."""
    session = SESSION.found(exchange)
    return live(exchange, session, exchange.query.get("include_obfuscation") is not False)


# What it did.


async def _turn_items(exchange: Exchange) -> Reply:
    """Lists the items of one turn; 404 when there is no such turn."""
    turn = TURN.found(exchange)
    return listing(exchange, ITEM.listed(exchange, lambda item: item["turn_id"] == turn["id"]))


async def _subagent_turn_items(exchange: Exchange) -> Reply:
    """Lists the items of one turn of a subagent; 404 when there is no such turn."""
    turn = SUBAGENT_TURN.found(exchange)
    return listing(exchange, SUBAGENT_ITEM.listed(exchange, lambda item: item["turn_id"] == turn["id"]))


async def _artifacts(exchange: Exchange) -> Reply:
    """Lists what completed turns in a hosted environment wrote."""
    wanted = exchange.query.get("environment_id")
    found = ARTIFACT.listed(exchange, lambda known: wanted is None or known["environment_id"] == wanted)
    return listing(exchange, found)


async def _content(exchange: Exchange) -> FileReply:
    """Gives an artifact's bytes as they were when its turn ended."""
    known = ARTIFACT.found(exchange)
    path = exchange.world.folder() / known["id"]
    if not path.is_file():
        raise Problem(404, f"The bytes of {known['id']} are no longer in the emulator's folder.", param="artifact_id")
    return FileReply(path, known["size_bytes"])


async def _delete_artifact(exchange: Exchange) -> Reply:
    """Removes an artifact and its bytes; the file in the environment stays."""
    known = ARTIFACT.found(exchange)
    (exchange.world.folder() / known["id"]).unlink(missing_ok=True)
    ARTIFACT.remove(exchange, known)
    return deleted(exchange, known["id"])


async def _traces(exchange: Exchange) -> Reply:
    """Gives the traces of turns that have ended, in OTLP's JSON."""
    turns: list[Any] = [turn for turn in TURN.kept(exchange) if turn["completed_at"] is not None]
    items = list(ITEM.kept(exchange))
    found = page(exchange, [trace(turn, [i for i in items if i["turn_id"] == turn["id"]]) for turn in turns])
    return listing(exchange, found)


HANDLERS: dict[str, Handler] = crud(SESSION, ITEM, TURN, ARTIFACT, SUBAGENT, SUBAGENT_ITEM, SUBAGENT_TURN) | {
    f"{SESSION.home}.create": _create,
    f"{SESSION.home}.update": _update,
    f"{SESSION.home}.list": _list,
    f"{SESSION.home}.delete": _delete,
    f"{SESSION.home}.events.create": _submit,
    f"{SESSION.home}.events.stream": _stream,
    f"{TURN.home}.items.list": _turn_items,
    f"{SUBAGENT_TURN.home}.items.list": _subagent_turn_items,
    f"{ARTIFACT.home}.list": _artifacts,
    f"{ARTIFACT.home}.content": _content,
    f"{ARTIFACT.home}.delete": _delete_artifact,
    f"{SESSION.home}.traces.list": _traces,
}

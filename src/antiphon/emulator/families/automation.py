"""Automations: by a cron expression, once, or by hand they make sessions, or give one that exists its instructions.

Each delivery leaves an invocation. While one is still waiting, the next one that is due is skipped.
"""

from __future__ import annotations

from typing import Any, Final

from ..exchange import Exchange, Handler, Reply, json_reply
from ..problem import Problem, invalid, missing
from ..shape import Object, part
from ..world import Job, World
from . import agent_session, agent_turn
from .automation_schedule import following, parsed
from .crud import Kind, crud, listing
from .environment_setup import FIELDS, judged, shown, template_files, template_skills

AUTOMATION: Final = Kind(
    home="beta.agents.automations",
    param="automation_id",
    noun="automation",
    prefix="auto_",
    hidden=("entry", "given", "delivered"),
)
INVOCATION: Final = Kind(
    home="beta.agents.automations.invocations",
    param="invocation_id",
    noun="automation invocation",
    prefix="autoinv_",
    owner=AUTOMATION,
)
LONGEST_PAUSE: Final = 3_600.0
"""Seconds after which at most a busy session is asked again."""
_OWN: Final = {"periodic": ("expression", "timezone"), "once": ("run_at",)}


async def _create(exchange: Exchange) -> Reply:
    """Saves an automation and puts its first run on the agenda; nothing runs yet."""
    body, world = exchange.body, exchange.world
    for name in _OWN[body["type"]]:
        if name not in body:
            raise missing(name)
    _refuse_others(body, body["type"])
    _check_schedule(world, body)
    known: Object = {
        "id": world.identity.draw(AUTOMATION.prefix, AUTOMATION.digits),
        "object": "agent.automation",
        "type": body["type"],
        "name": body["name"],
        "status": "active",
        "created_at": world.now(),
        "created_by": {"type": "developer"},
        "metadata": part(body, "metadata"),
        "target": _target(world, body["target"]),
        "given": body["target"],
        "pause_reason": None,
        "entry": None,
        "delivered": False,
        **{name: body[name] for name in _OWN[body["type"]]},
    }
    _schedule(world, known)
    return json_reply(AUTOMATION.shown(known))


def _refuse_others(body: Object, type: str) -> None:
    for kind, names in _OWN.items():
        for name in names:
            if kind != type and name in body:
                raise invalid(name, f"'{name}' is not for automations of type '{type}'.", "unknown_parameter")


def _check_schedule(world: World, body: Object) -> None:
    if "run_at" in body and body["run_at"] <= world.now():
        raise invalid("run_at", "Give a time in the future.", "not_in_future")
    if "expression" in body:
        try:
            parsed(body["expression"])
        except ValueError as error:
            raise invalid("expression", f"This is no cron expression: {error}.", "invalid_cron") from None
    if "timezone" in body:
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(body["timezone"])
        except (ValueError, OSError, KeyError):
            raise invalid("timezone", f"There is no time zone '{body['timezone']}'.", "invalid_timezone") from None


def _target(world: World, given: Object) -> Object:
    """The target as answers show it; raises 400 and 404 for one that cannot be delivered to."""
    if given["type"] == "existing_session":
        if world.shelf(agent_turn.SESSIONS).get(given["session_id"]) is None:
            message = f"No session found with id '{given['session_id']}'."
            raise Problem(404, message, param="target.session_id", code="not_found")
        return dict(given)
    if (given.get("agent") is None) == (given.get("agent_id") is None):
        raise invalid("target.agent", "Give either 'agent' or 'agent_id'.", "mutually_exclusive")
    if not given["input"]:
        raise invalid("target.input", "Give at least one message.", "empty_array")
    agent = agent_session.agent_of(world, given)
    settings = {name: value for name, value in agent.items() if name not in ("id", "name")}
    return {
        "type": "new_session",
        "agent": None if given.get("agent_id") else settings,
        "agent_id": given.get("agent_id"),
        "environment": _environment(world, given["environment"]),
        "input": [{"type": "message", **message} for message in given["input"]],
        "metadata": part(given, "metadata"),
        "vault_ids": given.get("vault_ids") or [],
    }


def _environment(world: World, given: Object) -> Object:
    if given["type"] == "none":
        return {"type": "none"}
    if given["type"] == "self_hosted":
        return {"capability_directories": [], "environment_id": None, **given}
    setup = judged(world, given)
    view = shown(world, setup) | {"files": template_files(setup), "skills": template_skills(setup)}
    told = {name: view.get(name) if setup.get(name) is not None else None for name in FIELDS}
    hidden = ("env", "setup_commands")
    ids = {name: given.get(name) for name in ("environment_id", "environment_template_id")}
    size = {"container_size": given.get("container_size")}
    return {"type": "openai_hosted", **{n: v for n, v in told.items() if n not in hidden}, **size, **ids}


def _keep(world: World, known: Object) -> None:
    world.shelf(AUTOMATION.home).put(known["id"], known)


def _schedule(world: World, known: Object) -> None:
    """Put the next run on the agenda instead of the one that is there, and keep it all."""
    world.agenda.cancel(known["entry"] or "")
    known["entry"] = None
    if known["type"] == "once":
        due = None if known["delivered"] else known["run_at"]
    else:
        due = following(known["expression"], known["timezone"], world.clock())
    if known["status"] == "active" and due is not None:
        wait = max(0.0, due - world.clock())
        known["entry"] = world.later(wait, "automation.run", automation=known["id"], scheduled_at=due)
    _keep(world, known)


async def _run(world: World, automation: str, scheduled_at: int) -> None:
    """A run that is due."""
    known = world.shelf(AUTOMATION.home).get(automation)
    if known is None or known["status"] != "active":
        return
    source = {"type": "automation", "automation": AUTOMATION.shown(known)}
    _invoke(world, known, source, scheduled_at)
    if known["type"] == "once":
        known |= {"status": "completed", "delivered": True}
    _schedule(world, known)


def _invoke(world: World, known: Object, source: Object, scheduled_at: int | None) -> Object:
    """A new invocation, on its way unless another one is."""
    shelf = world.shelf(f"{INVOCATION.home}/{known['id']}")
    pending = any(other["status"] == "queued" for other in shelf)
    skipped = pending and scheduled_at is not None
    made: Object = {
        "id": world.identity.draw(INVOCATION.prefix, INVOCATION.digits),
        "object": "agent.automation.invocation",
        "automation_id": known["id"],
        "created_at": world.now(),
        "scheduled_at": scheduled_at,
        "session_id": known["given"].get("session_id"),
        "source": source,
        "status": "skipped" if skipped else "queued",
        "skip_reason": "pending_delivery" if skipped else None,
        "error": None,
    }
    shelf.put(made["id"], made)
    if not skipped:
        world.later(0, "automation.deliver", automation=known["id"], invocation=made["id"])
    return made


async def _deliver(world: World, automation: str, invocation: str, pause: float = 1.0) -> None:
    """Make the session, or tell the one that exists; a busy one is asked again later."""
    known, shelf = world.shelf(AUTOMATION.home).get(automation), world.shelf(f"{INVOCATION.home}/{automation}")
    made = shelf.get(invocation)
    if known is None or made is None:
        return
    target = known["given"]
    try:
        done = _new_session(world, target) if target["type"] == "new_session" else _existing(world, target)
    except Problem as problem:
        shelf.put(invocation, made | {"status": "failed", "error": _error(problem)})
        return
    if done is None:
        again = {"automation": automation, "invocation": invocation, "pause": min(pause * 2, LONGEST_PAUSE)}
        world.later(pause, "automation.deliver", **again)
        return
    shelf.put(invocation, made | {"status": "completed", "session_id": done})


def _error(problem: Problem) -> Object:
    return {"code": problem.code or "delivery_failed", "message": problem.message}


def _new_session(world: World, target: Object) -> str:
    session = agent_session.opened(world, target)
    agent_session.begin(world, session, target["input"])
    made: str = session["id"]
    return made


def _existing(world: World, target: Object) -> str | None:
    """The session's id once it has the instructions; None while it is busy."""
    session = world.shelf(agent_turn.SESSIONS).get(target["session_id"])
    if session is None:
        raise Problem(404, f"The session '{target['session_id']}' is gone.", code="session_not_found")
    if session["status"] in ("in_progress", "requires_action"):
        return None
    content = [{"type": "input_text", "text": target["instructions"]}]
    agent_turn.submit(world, session, [{"role": "user", "content": content}])
    made: str = session["id"]
    return made


async def _update(exchange: Exchange) -> Reply:
    """Changes the given fields, and the agenda with them; the type of automation and of target stay."""
    known, body, world = AUTOMATION.found(exchange), exchange.body, exchange.world
    _refuse_others(body, known["type"])
    _check_schedule(world, body)
    if "run_at" in body and known["delivered"]:
        raise invalid("run_at", "This automation has run already.", "already_invoked")
    if "target" in body:
        if body["target"]["type"] != known["target"]["type"]:
            raise invalid("target.type", f"The target stays a '{known['target']['type']}'.", "target_type_mismatch")
        known |= {"target": _target(world, body["target"]), "given": body["target"]}
    known |= {name: body[name] for name in ("name", "expression", "timezone", "run_at", "metadata") if name in body}
    _schedule(world, known)
    return json_reply(AUTOMATION.shown(known))


async def _pause(exchange: Exchange) -> Reply:
    """Takes an automation off the agenda; sessions that run go on. Twice is as good as once."""
    known = AUTOMATION.found(exchange)
    _refuse_completed(known)
    known["status"] = "paused"
    _schedule(exchange.world, known)
    return json_reply(AUTOMATION.shown(known))


async def _resume(exchange: Exchange) -> Reply:
    """Puts an automation back on the agenda; one for a time that has passed needs another time first."""
    known, world = AUTOMATION.found(exchange), exchange.world
    _refuse_completed(known)
    if known["type"] == "once" and known["run_at"] <= world.now():
        raise invalid("run_at", "Its time has passed: give it a future 'run_at' first.", "not_in_future")
    known |= {"status": "active", "pause_reason": None}
    _schedule(world, known)
    return json_reply(AUTOMATION.shown(known))


def _refuse_completed(known: Object) -> None:
    if known["status"] == "completed":
        raise Problem(400, "This automation has run and is completed.", code="automation_completed")


async def _list(exchange: Exchange) -> Reply:
    """Lists automations, those for one session when asked."""
    wanted = exchange.query.get("session_id")
    found = AUTOMATION.listed(exchange, lambda known: wanted is None or known["target"].get("session_id") == wanted)
    return listing(exchange, found, AUTOMATION.shown)


async def _delete(exchange: Exchange) -> Reply:
    """Removes an automation and its invocations, off the agenda too; its sessions stay."""
    exchange.world.agenda.cancel(AUTOMATION.found(exchange)["entry"] or "")
    return await AUTOMATION.delete(exchange)


async def _invoke_now(exchange: Exchange) -> Reply:
    """Runs an automation by hand, its schedule unchanged; the answer is the invocation, still on its way."""
    known: Any = AUTOMATION.found(exchange)
    return json_reply(_invoke(exchange.world, known, {"type": "manual"}, None))


HANDLERS: dict[str, Handler] = crud(AUTOMATION, INVOCATION) | {
    "beta.agents.automations.create": _create,
    "beta.agents.automations.update": _update,
    "beta.agents.automations.list": _list,
    "beta.agents.automations.delete": _delete,
    "beta.agents.automations.pause": _pause,
    "beta.agents.automations.resume": _resume,
    "beta.agents.automations.invocations.create": _invoke_now,
}
JOBS: dict[str, Job] = {"run": _run, "deliver": _deliver}

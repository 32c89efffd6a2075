"""Environments and their templates: prepared, used, put to rest when nobody uses them, and gone a day later; and their files.

Files live until their environment expires. An application's own environment counts as connected: nobody connects to the
emulator, and no command is run.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

from ..exchange import Exchange, Handler, Reply, json_reply
from ..problem import Problem, invalid
from ..shape import Object, part, rows
from ..span import DAY
from ..world import Job, World
from . import environment_file, webhook
from .agent_event import publish
from .crud import Kind, crud, listing
from .environment_setup import FIELDS, WORKSPACE, judged, merged, shown, template_files, template_skills

REST: Final = 1_800
"""Seconds without use after which an environment is suspended."""
EXPIRY: Final = DAY
"""Seconds after which a suspended one is gone."""
MOST_VAULTS: Final = 10
ENVIRONMENT: Final = Kind(
    home="beta.agents.environments",
    param="environment_id",
    noun="environment",
    prefix="env_",
    hidden=("setup", "view", "used_at", "session_id", "error"),
)
TEMPLATE: Final = Kind(
    home="beta.agents.environments.templates",
    param="environment_template_id",
    noun="environment template",
    prefix="envtmpl_",
    hidden=("setup",),
)


async def _create(exchange: Exchange) -> Reply:
    """Prepares a hosted environment: pending at first, ready soon, suspended when nobody uses it."""
    world, body = exchange.world, exchange.body
    check_vaults(world, body.get("vault_ids"))
    if len(rows(body, "vault_ids")) > MOST_VAULTS:
        raise invalid("vault_ids", f"At most {MOST_VAULTS} vaults.", "array_above_max_length")
    made = _hosted(world, body["environment"])
    world.later(world.setting.background_seconds, "environment.ready", environment=made["id"])
    return json_reply(ENVIRONMENT.shown(made))


def check_vaults(world: World, wanted: list[str] | None) -> None:
    """Raise 404 for a vault that does not exist."""
    for vault in wanted or ():
        if world.shelf("beta.agents.vaults").get(vault) is None:
            raise Problem(404, f"No vault found with id '{vault}'.", param="vault_ids", code="not_found")


def for_session(world: World, given: Object, session: str) -> Object:
    """The environment a new session runs in, as the session shows it; raises 400 and 404 for what cannot be."""
    if given["type"] == "none":
        return {"type": "none"}
    if given["type"] == "self_hosted":
        known = _self_hosted(world, given)
    elif (wanted := given.get("environment_id")) is not None:
        known = _attached(world, wanted, given)
    else:
        known = _hosted(world, given)
    known["session_id"] = session
    _shelf(world, known)
    view: Object = known["view"]
    return view


def _attached(world: World, id: str, given: Object) -> Object:
    if any(given.get(name) is not None for name in (*FIELDS, "environment_template_id")):
        message = "An existing environment cannot be combined with a template or a configuration."
        raise invalid("environment.environment_id", message, "mutually_exclusive")
    known: Object | None = world.shelf(ENVIRONMENT.home).get(id)
    if known is None:
        message = f"No environment found with id '{id}'."
        raise Problem(404, message, param="environment.environment_id", code="not_found")
    if known["session_id"] is not None or known["status"] in ("expired", "failed"):
        raise invalid("environment.environment_id", f"The environment '{id}' cannot be attached.", "not_attachable")
    return known


def _hosted(world: World, given: Object) -> Object:
    setup = judged(world, given)
    if (template := given.get("environment_template_id")) is not None:
        known = world.shelf(TEMPLATE.home).get(template)
        if known is None:
            message = f"No environment template found with id '{template}'."
            raise Problem(404, message, param="environment_template_id", code="not_found")
        setup = judged(world, merged(known["setup"], setup))
    made = world.identity.draw(ENVIRONMENT.prefix, ENVIRONMENT.digits)
    files = [environment_file.put(world, made, file) for file in rows(setup, "files")]
    view = shown(world, setup) | {"id": made, "type": "openai_hosted", "files": files}
    view["container_size"] = setup.get("container_size") or "medium"
    confidential: Object = {name: setup[name] for name in ("env", "setup_commands") if name in setup}
    return _begun(world, view, confidential, "pending")


def _self_hosted(world: World, given: Object) -> Object:
    if not PurePosixPath(given["workspace_directory"]).is_absolute():
        raise invalid("environment.workspace_directory", "Give an absolute path.", "invalid_path")
    made = world.identity.draw(ENVIRONMENT.prefix, ENVIRONMENT.digits)
    view = {
        "id": made,
        "type": "self_hosted",
        "capability_directories": rows(given, "capability_directories"),
        "remote_url": f"wss://localhost/v1/agents/environments/{made}/connect",
        "workspace_directory": given["workspace_directory"],
    }
    return _begun(world, view, {}, "pending")


def _begun(world: World, view: Object, setup: Object, status: str) -> Object:
    known: Object = {
        "id": view["id"],
        "object": "agent.environment",
        "type": view["type"],
        "status": status,
        "files": view.get("files", []),
        "plugins": view.get("plugins", []),
        "skills": view.get("skills", []),
        "setup": setup,
        "view": view,
        "used_at": world.now(),
        "session_id": None,
        "error": None,
    }
    _shelf(world, known)
    return known


def _shelf(world: World, known: Object) -> None:
    world.shelf(ENVIRONMENT.home).put(known["id"], known)


def state(known: Object) -> Object:
    """How an environment stands, as the events of a session show it."""
    return {name: known[name] for name in ("id", "type", "status", "error")}


def used(world: World, id: str) -> list[Object]:
    """Note that an environment is used; gives the states it went through on the way to being connected."""
    passed: list[Object] = []
    known: Object | None = world.shelf(ENVIRONMENT.home).get(id)
    if known is None:
        return passed
    wanted = {"pending": ("ready", "connected"), "ready": ("connected",), "suspended": ("connected",)}
    for status in wanted.get(known["status"], ()):
        known["status"] = status
        passed.append(state(known))
    if passed and known["type"] == "openai_hosted":
        world.later(REST, "environment.rest", environment=id)
    known["used_at"] = world.now()
    _shelf(world, known)
    return passed


def is_connected(world: World, id: str) -> bool:
    """Whether an environment can be worked in."""
    known = world.shelf(ENVIRONMENT.home).get(id)
    return known is not None and known["status"] == "connected"


def gone(world: World, id: str) -> None:
    """The session an environment belonged to was deleted, and it goes along."""
    environment_file.clear(world, id)
    world.shelf(ENVIRONMENT.home).pop(id)
    world.drop_owned(id)


async def _ready(world: World, environment: str) -> None:
    known = world.shelf(ENVIRONMENT.home).get(environment)
    if known is not None and known["status"] == "pending":
        _shelf(world, known | {"status": "ready"})
        webhook.emit(world, "agent.environment.ready", {"id": environment})
        world.later(REST, "environment.rest", environment=environment)


async def _rest(world: World, environment: str) -> None:
    """Suspend it when nobody used it for long; look again later at one that was used."""
    known = world.shelf(ENVIRONMENT.home).get(environment)
    if known is None or known["status"] not in ("ready", "connected"):
        return
    left = known["used_at"] + REST - world.clock()
    if left > 0:
        world.later(left, "environment.rest", environment=environment)
        return
    _change(world, known, "suspended")
    world.later(EXPIRY, "environment.expire", environment=environment)


async def _expire(world: World, environment: str) -> None:
    known = world.shelf(ENVIRONMENT.home).get(environment)
    if known is None or known["status"] != "suspended":
        return
    left = known["used_at"] + REST + EXPIRY - world.clock()
    if left > 0:
        world.later(left, "environment.expire", environment=environment)
        return
    environment_file.clear(world, environment)
    _change(world, known, "expired")


def _change(world: World, known: Object, status: str) -> None:

    changed = known | {"status": status}
    _shelf(world, changed)
    webhook.emit(world, f"agent.environment.{status}", {"id": known["id"]})
    if (session := known["session_id"]) is not None:
        publish(world, session, f"environment.{status}", session_id=session, environment=state(changed), turn_id=None)


# Templates.


async def _create_template(exchange: Exchange) -> Reply:
    """Keeps a configuration for environments to come; variables and commands are taken and never shown."""
    setup = judged(exchange.world, exchange.body)
    made = TEMPLATE.made(
        exchange,
        **_template_view(exchange.world, setup),
        name=exchange.body.get("name"),
        updated_at=exchange.world.now(),
        setup=setup,
    )
    return json_reply(TEMPLATE.shown(made))


async def _update_template(exchange: Exchange) -> Reply:
    """Replaces the given parts of a template; environments that exist stay as they are."""
    known, world, body = TEMPLATE.found(exchange), exchange.world, exchange.body
    setup = judged(world, known["setup"] | judged(world, body))
    changed = TEMPLATE.change(exchange, known, **_template_view(world, setup), setup=setup)
    return json_reply(TEMPLATE.shown(changed))


def _template_view(world: World, setup: Object) -> Object:
    view = shown(world, {name: value for name, value in setup.items() if name != "skills"})
    return view | {"files": template_files(setup), "skills": template_skills(setup)}


# Files.


async def _add_file(exchange: Exchange) -> Reply:
    """Puts a file into an environment, in place of what lies there; 400 once the environment has expired."""
    known = _live(exchange)
    file = environment_file.put(exchange.world, known["id"], exchange.body)
    return json_reply(environment_file.live(known["id"], file["path"], file["size_bytes"]))


async def _list_files(exchange: Exchange) -> Reply:
    """Lists an environment's files by path, those of one directory when asked."""
    known = _live(exchange)
    return json_reply(environment_file.listed(exchange.world, known["id"], exchange.query))


def _live(exchange: Exchange) -> Object:
    known = ENVIRONMENT.found(exchange)
    if known["status"] in ("expired", "failed"):
        raise Problem(400, f"The environment has {known['status']}.", param=ENVIRONMENT.param, code="not_connected")
    if part(known, "view")["type"] == "self_hosted":
        raise Problem(400, f"Files of {WORKSPACE} are kept for hosted environments only.", code="not_hosted")
    return known


async def _list(exchange: Exchange) -> Reply:
    """Lists the hosted environments."""
    found = ENVIRONMENT.listed(exchange, lambda known: known["type"] == "openai_hosted")
    return listing(exchange, found, ENVIRONMENT.shown)


HANDLERS: dict[str, Handler] = crud(ENVIRONMENT, TEMPLATE) | {
    "beta.agents.environments.create": _create,
    "beta.agents.environments.list": _list,
    "beta.agents.environments.templates.create": _create_template,
    "beta.agents.environments.templates.update": _update_template,
    "beta.agents.environments.files.create": _add_file,
    "beta.agents.environments.files.list": _list_files,
}
JOBS: dict[str, Job] = {"ready": _ready, "rest": _rest, "expire": _expire}

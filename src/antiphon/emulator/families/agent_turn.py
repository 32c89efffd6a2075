"""How an agent's turn goes: from its input over calls of the application's functions to its end, in short jobs.

One turn runs at a time; inputs that come meanwhile wait as queued turns. In a hosted environment an agent that is asked
to write its answer into a file below /workspace does so, and the file is published when the turn is completed.
"""

from __future__ import annotations

import json
import logging
import re
from typing import Any, Final

from .. import token
from ..brain import Answer, Invocation, Prompt, Tool, Turn
from ..problem import Problem
from ..shape import Object, part
from ..world import Job, World
from . import agent_subagent, environment, environment_file, webhook
from .agent_config import functions, schema_of
from .agent_event import publish, session_changed
from .agent_output import ITEMS, Output
from .agent_usage import added, spent
from .prompt_size import LARGE, aside, tokens_of

SESSIONS: Final = "beta.agents.sessions"
TURNS: Final = "beta.agents.sessions.turns"
ARTIFACTS: Final = "beta.agents.sessions.artifacts"
OPEN: Final = frozenset({"queued", "in_progress", "waiting"})
_WRITTEN: Final = re.compile(r"\b(?:write|save|store|put|create)\b[^\n]*?(/workspace/[\w./-]*\w)", re.IGNORECASE)
_LOG: Final = logging.getLogger("antiphon.emulator")


def submit(world: World, session: Object, messages: list[Object]) -> Object:
    """A new turn for these messages; it begins when no other is open."""
    waiting = _open(world, session) is not None
    turn = _made(world, session)
    publish(world, session["id"], "turn.created", session_id=session["id"], turn_id=turn["id"], turn=turn)
    output = Output(world, turn)
    for message in messages:
        output.given("message", role="user", phase=None, status="completed", content=message["content"])
    if not waiting:
        _begin(world, session, turn)
    return turn


def _made(world: World, session: Object) -> Object:
    made = world.identity.draw("turn_", 32)
    turn: Object = {
        "id": made,
        "object": "agent.session.turn",
        "agent_id": session["agent"]["id"],
        "session_id": session["id"],
        "subagent_id": None,
        "status": "queued",
        "created_at": world.now(),
        "started_at": None,
        "completed_at": None,
        "error": None,
        "usage": None,
        "prompt_cache_options": session["prompt_cache_options"],
    }
    _keep(world, turn)
    return turn


def _begin(world: World, session: Object, turn: Object) -> None:
    _set(world, session, "in_progress")
    world.later(0, "agent_turn.start", session=session["id"], turn=turn["id"])


def _open(world: World, session: Object) -> Object | None:
    """The turn that is under way, or the next one that waits."""
    turns = world.shelf(f"{TURNS}/{session['id']}")
    found = [turn for turn in turns if turn["status"] in OPEN]
    return next((turn for turn in found if turn["status"] != "queued"), found[0] if found else None)


def _keep(world: World, turn: Object) -> None:
    world.shelf(f"{TURNS}/{turn['session_id']}").put(turn["id"], turn)


def _set(world: World, session: Object, status: str, actions: list[Object] | None = None) -> None:
    """Bring a session into a state, and tell everybody."""
    session |= {"status": status, "required_actions": actions or [], "last_active_at": world.now()}
    world.shelf(SESSIONS).put(session["id"], session)
    session_changed(world, session)
    name = "action_required" if status == "requires_action" else status
    where = session["environment"]
    data: Object = {"id": session["id"]}
    if actions:
        data["required_action"] = {"type": actions[0]["type"]}
    else:
        data |= {"environment_type": where["type"], "environment_id": where.get("id")}
    webhook.emit(world, f"agent.session.{name}", data)


def _tell(world: World, turn: Object, **facts: Any) -> None:
    where = {"session_id": turn["session_id"], "turn_id": turn["id"]}
    publish(world, turn["session_id"], f"turn.{turn['status']}", **where, turn=turn, **facts)


def _found(world: World, session: str, turn: str, status: str) -> tuple[Object, Object] | None:
    """Session and turn, where both are still there and the turn is in this state."""
    known, running = world.shelf(SESSIONS).get(session), world.shelf(f"{TURNS}/{session}").get(turn)
    return None if known is None or running is None or running["status"] != status else (known, running)


async def _start(world: World, session: str, turn: str) -> None:
    if (found := _found(world, session, turn, "queued")) is None:
        return
    known, running = found
    running |= {"status": "in_progress", "started_at": world.now()}
    _keep(world, running)
    _tell(world, running)
    if (place := known["environment"].get("id")) is not None and not _connected(world, known, running, place):
        _fail(world, known, running, "sandbox_error", "The environment has expired.")
        return
    world.later(world.setting.background_seconds, "agent_turn.think", session=session, turn=turn)


def _connected(world: World, session: Object, turn: Object, place: str) -> bool:
    for state in environment.used(world, place):
        where = {"session_id": session["id"], "turn_id": turn["id"]}
        publish(world, session["id"], f"environment.{state['status']}", environment=state, **where)
    return environment.is_connected(world, place)


async def _think(world: World, session: str, turn: str) -> None:
    """Ask the brain, and do what it says."""
    if (found := _found(world, session, turn, "in_progress")) is None:
        return
    known, running = found
    limit = part(known, "spend_control").get("limit")
    if limit is not None and spent(known) >= limit:
        _fail(world, known, running, "session_budget_exceeded", "The session's spending limit is reached.")
        return
    if agent_subagent.delegate(world, known, running):
        _keep(world, running)
    prompt = _prompt(world, known)
    large = sum(len(heard.text) for heard in prompt.turns) > LARGE
    try:
        answer = await aside(large, world.brain.answer, prompt)
        size = await aside(large, tokens_of, prompt)
    except Exception:
        _LOG.exception("the brain failed in the turn %s", turn)
        _fail(world, known, running, "server_error", "The model failed to answer.")
        return
    if _found(world, session, turn, "in_progress") is not None:  # or it was cancelled meanwhile
        _count(world, known, running, size, answer)
        _follow(world, known, running, answer)


def _follow(world: World, session: Object, turn: Object, answer: Answer) -> None:
    output = Output(world, turn)
    if answer.thought and session["agent"]["reasoning"]["summary"] is not None:
        output.thought(answer.thought)
    if answer.requests:
        if answer.text:
            output.message(answer.text, "commentary")
        _call(world, session, turn, output, answer)
        return
    _write(world, session, turn, output, answer.text)
    output.message(answer.text)
    _end(world, session, turn, "completed")


def _prompt(world: World, session: Object) -> Prompt:
    agent = session["agent"]
    turns = [Turn("system", agent["instructions"])] if agent["instructions"] else []
    kept = map(_turn, world.shelf(f"{ITEMS}/{session['id']}"))
    turns += [turn for turn in kept if turn is not None]
    tools = [Tool(tool["name"], tool["description"], tool["parameters"]) for tool in functions(agent)]
    reasoning = agent["reasoning"]["summary"] is not None and agent["reasoning"]["effort"] != "none"
    return Prompt(agent["model"], turns, tools, schema=schema_of(agent), reasoning=reasoning)


def _turn(item: Object) -> Turn | None:
    match item["type"]:
        case "message":
            texts = [content["text"] for content in item["content"] if "text" in content]
            return Turn(item["role"], "\n".join(texts), images=len(item["content"]) - len(texts))
        case "function_call":
            return Turn("assistant", "", calls=(Invocation(item["call_id"], item["name"], item["arguments"]),))
        case "function_call_output":
            return Turn("tool", heard(item), answers=item["call_id"])
        case "agent_message":
            return Turn("tool", item["content"][0]["text"], answers=item["sender_agent_id"])
        case _:
            return None


def heard(item: Object) -> str:
    """What a function's result says to the model."""
    if item["error"] is not None:
        return f"Error: {item['error']}"
    given = item["output"]
    if given is None or isinstance(given, str):
        return given or ""
    return "\n".join(content["text"] for content in given if "text" in content)


def _call(world: World, session: Object, turn: Object, output: Output, answer: Answer) -> None:
    """Ask the application for its functions' results, and wait."""
    actions: list[Object] = []
    for request in answer.requests:
        call = {"call_id": world.identity.draw("call_", 24), "name": request.tool.name, "arguments": request.arguments}
        actions.append({"type": "function_call", "turn_id": turn["id"], **call})
    # The session waits before it tells of the calls: whoever hears of one may answer at once.
    turn["status"] = "waiting"
    _keep(world, turn)
    session["required_actions"] = actions
    for action in actions:
        output.began("function_call", **{name: action[name] for name in ("call_id", "name", "arguments")})
    _set(world, session, "requires_action", actions)


def take_result(world: World, session: Object, event: Object) -> None:
    """The result of a call; when it was the last one waited for, the turn goes on."""
    output = Output(world, _running(world, session))
    status = "completed" if event["success"] else "failed"
    output.ended(output.found(event["call_id"]), status)
    error = None if event["success"] else event.get("error") or "The function failed."
    given = event.get("output") if event["success"] else None
    output.given("function_call_output", call_id=event["call_id"], status=status, error=error, output=given)
    left = [action for action in session["required_actions"] if action["call_id"] != event["call_id"]]
    if left:
        _set(world, session, "requires_action", left)
        return
    turn = _running(world, session) | {"status": "in_progress"}
    _keep(world, turn)
    _set(world, session, "in_progress")
    world.later(world.setting.background_seconds, "agent_turn.think", session=session["id"], turn=turn["id"])


def check_result(session: Object, event: Object) -> None:
    """Raise the 400 for the result of a call that nobody waits for."""
    for action in session["required_actions"]:
        if (action["call_id"], action["turn_id"]) == (event["call_id"], event["turn_id"]):
            return
    message = f"Unknown pending tool call: {event['call_id']}"
    raise Problem(400, message, code="invalid_request_error")


def cancel(world: World, session: Object) -> None:
    """End the turn that is under way, if there is one."""
    turn = _open(world, session)
    if turn is not None:
        Output(world, turn).abandon()
        _end(world, session, turn, "cancelled")


def _running(world: World, session: Object) -> Object:
    turn = _open(world, session)
    assert turn is not None
    return turn


def _fail(world: World, session: Object, turn: Object, code: str, message: str) -> None:
    turn["error"] = {"code": code, "message": message}
    told = {"type": "turn_failed", "code": code, "message": message, "param": None}
    publish(world, session["id"], "error", session_id=session["id"], error=told)
    _end(world, session, turn, "failed")


def _end(world: World, session: Object, turn: Object, status: str) -> None:
    """Close a turn, and begin the next one that waits, or rest."""
    turn |= {"status": status, "completed_at": world.now()}
    _keep(world, turn)
    if status == "completed":
        _publish_files(world, session, turn)
    _tell(world, turn, usage=turn["usage"])
    following = _open(world, session)
    if following is None:
        _set(world, session, "idle")
    else:
        _begin(world, session, following)


# Files.


def _write(world: World, session: Object, turn: Object, output: Output, text: str) -> None:
    """Write the answer where the input asks for it."""
    where = session["environment"]
    if where["type"] != "openai_hosted":
        return
    for path in dict.fromkeys(_WRITTEN.findall(_asked(world, session, turn))):
        environment_file.write(world, where["id"], path, text.encode())
        facts = {"command": f"tee {path}", "cwd": "/workspace", "exit_code": 0, "duration_ms": 0, "output": text}
        output.did("command_execution", begun={"exit_code": None, "duration_ms": None, "output": None}, **facts)


def _asked(world: World, session: Object, turn: Object) -> str:
    items = world.shelf(f"{ITEMS}/{session['id']}")
    mine = [item for item in items if item["turn_id"] == turn["id"] and item.get("role") == "user"]
    return "\n".join(content.get("text", "") for item in mine for content in item["content"])


def _publish_files(world: World, session: Object, turn: Object) -> None:
    """Keep what the turn wrote as it is now, whatever becomes of the environment."""
    where = session["environment"]
    for item in world.shelf(f"{ITEMS}/{session['id']}"):
        if item["turn_id"] != turn["id"] or item["type"] != "command_execution":
            continue
        made, data = world.identity.draw("artifact_", 24), item["output"].encode()
        (world.folder() / made).write_bytes(data)
        facts = {"environment_id": where["id"], "path": item["command"].removeprefix("tee "), "size_bytes": len(data)}
        known = {"id": made, "object": "agent.session.artifact", "created_at": world.now(), **facts}
        known |= {"session_id": session["id"], "turn_id": turn["id"]}
        world.shelf(f"{ARTIFACTS}/{session['id']}").put(made, known)


# What it cost.


def _count(world: World, session: Object, turn: Object, given: int, answer: Answer) -> None:
    thought = token.count(answer.thought) if answer.thought else 0
    said = token.count(answer.text) + token.total(json.dumps(request.arguments) for request in answer.requests)
    turn["usage"] = added(turn["usage"], given, said + thought, thought)
    session["usage"] = added(session["usage"], given, said + thought, thought)
    if (control := session["spend_control"]) is not None:
        control["consumed"] = spent(session)
    _keep(world, turn)
    world.shelf(SESSIONS).put(session["id"], session)


JOBS: dict[str, Job] = {"start": _start, "think": _think}

"""Subagents: where an agent may have them, each point of a listed task is given to one of its own, and its answer heard.

As many are open at once as the agent may have; the others wait until those are closed.
"""

from __future__ import annotations

import re
from typing import Any, Final

from .. import token
from ..brain import Prompt, Turn
from ..shape import Object
from ..world import World
from .agent_event import publish
from .agent_output import ITEMS, Output
from .agent_usage import added
from .prompt_size import tokens_of

SUBAGENTS: Final = "beta.agents.sessions.subagents"
SUBAGENT_TURNS: Final = "beta.agents.sessions.subagents.turns"
_POINT: Final = re.compile(r"^\s*(?:[-*]|\d+[.)])\s+(\S.*)$", re.MULTILINE)


def delegate(world: World, session: Object, turn: Object) -> bool:
    """Have the points of the turn's input done by subagents, once; whether there were any."""
    agent = session["agent"]
    if not agent["multi_agent"]["enabled"]:
        return False
    items = [item for item in world.shelf(f"{ITEMS}/{session['id']}") if item["turn_id"] == turn["id"]]
    if any(item["type"] == "create_subagent_call" for item in items):
        return False
    asked = "\n".join(c.get("text", "") for item in items if item.get("role") == "user" for c in item["content"])
    tasks: list[str] = _POINT.findall(asked)
    if len(tasks) < 2:
        return False
    most: int = agent["multi_agent"]["max_concurrent_subagents"]
    for start in range(0, len(tasks), most):
        _wave(world, session, turn, tasks[start : start + most])
    return True


def _wave(world: World, session: Object, turn: Object, tasks: list[str]) -> None:
    output, root = Output(world, turn), session["agent"]["id"]
    opened = [_open(world, session, output, task) for task in tasks]
    recipients = [known["id"] for known in opened]
    waited = output.began("wait_for_subagents_call", recipient_agent_ids=recipients, sender_agent_id=root)
    for known, task in zip(opened, tasks, strict=True):
        answer = _work(world, session, turn, known, task)
        content = [{"type": "output_text", "text": answer}]
        output.given("agent_message", content=content, recipient_agent_id=root, sender_agent_id=known["id"])
    output.ended(waited)
    for known in opened:
        output.did("close_subagent_call", recipient_agent_id=known["id"], sender_agent_id=root)
        closed = known | {"status": "closed", "closed_at": world.now()}
        _keep(world, closed)
        publish(world, session["id"], "subagent.closed", subagent=closed)


def _open(world: World, session: Object, output: Output, task: str) -> Object:
    agent, content = session["agent"], [{"type": "output_text", "text": task}]
    facts = {"model": agent["model"], "reasoning_effort": agent["reasoning"]["effort"]}
    output.did("create_subagent_call", agent_id=agent["id"], content=content, **facts)
    known: Object = {
        "id": world.identity.draw("subagent_", 24),
        "object": "agent.session.subagent",
        "session_id": session["id"],
        "parent_agent_id": agent["id"],
        "name": None,
        "instructions": content,
        "status": "active",
        "opened_at": world.now(),
        "closed_at": None,
    }
    _keep(world, known)
    publish(world, session["id"], "subagent.created", subagent=known)
    return known


def _keep(world: World, known: Object) -> None:
    world.shelf(f"{SUBAGENTS}/{known['session_id']}").put(known["id"], known)


def _work(world: World, session: Object, turn: Object, known: Object, task: str) -> str:
    """One turn of a subagent: its task, and what it says to that."""
    own = _turn(world, turn, known)
    output, agent = Output(world, own), session["agent"]
    asked = [{"type": "input_text", "text": task}]
    output.given("message", role="user", phase=None, status="completed", content=asked)
    prompt = Prompt(agent["model"], [Turn("user", task)])
    answer = world.brain.answer(prompt)
    output.message(answer.text)
    own |= {"status": "completed", "completed_at": world.now()}
    given, said = tokens_of(prompt), token.count(answer.text)
    own["usage"] = added(None, given, said)
    session["usage"] = added(session["usage"], given, said)
    _tell(world, own, usage=own["usage"])
    world.shelf(f"{SUBAGENT_TURNS}/{session['id']}/{known['id']}").put(own["id"], own)
    return answer.text


def _turn(world: World, turn: Object, known: Object) -> Object:
    made, now = world.identity.draw("turn_", 32), world.now()
    more = {"id": made, "agent_id": known["id"], "subagent_id": known["id"], "created_at": now, "started_at": now}
    own: Object = turn | more | {"status": "in_progress", "usage": None}
    world.shelf(f"{SUBAGENT_TURNS}/{own['session_id']}/{known['id']}").put(made, own)
    publish(world, own["session_id"], "turn.created", session_id=own["session_id"], turn_id=made, turn=own)
    _tell(world, own)
    return own


def _tell(world: World, own: Object, **facts: Any) -> None:
    where = {"session_id": own["session_id"], "turn_id": own["id"]}
    publish(world, own["session_id"], f"turn.{own['status']}", **where, turn=own, **facts)

"""A recorded session of an agent: one turn that calls a tool and answers, as the events of its stream."""

from __future__ import annotations

import itertools
import json

from .conftest import Answer, plain

SESSION = {
    "id": "sess_1",
    "object": "agent.session",
    "status": "idle",
    "agent": {"id": "agent_1", "model": "gpt-5.5"},
    "environment": {"type": "hosted", "id": "env_1"},
    "created_at": 1,
    "last_active_at": 1,
    "metadata": {},
    "required_actions": [],
}
TURN = {
    "id": "turn_1",
    "object": "agent.session.turn",
    "agent_id": "agent_1",
    "session_id": "sess_1",
    "status": "in_progress",
    "subagent_id": None,
    "created_at": 1,
}
_numbers = itertools.count(1)


def event(kind, **fields):
    name = "error" if kind == "error" else f"agent.session.{kind}"
    return {"type": name, "event_id": f"event_{next(_numbers)}", "session_id": "sess_1", **fields}


def session(kind, **changes):
    return event(kind, session=SESSION | changes)


def turn(state, **changes):
    return event(f"turn.{state}", turn_id="turn_1", turn=TURN | changes)


def call(name="weather", arguments='{"city":"Ghent"}', call_id="call_1"):
    item = {
        "id": f"item_{call_id}",
        "type": "function_call",
        "name": name,
        "arguments": arguments,
        "call_id": call_id,
        "turn_id": "turn_1",
        "status": "in_progress",
    }
    return event("turn.item.added", item=item, turn_id="turn_1", output_index=0)


def message(text, index=1, id="msg_1", **changes):
    item = {
        "id": id,
        "type": "message",
        "role": "assistant",
        "phase": "final_answer",
        "status": "completed",
        "turn_id": "turn_1",
        "content": [{"type": "output_text", "text": text, "annotations": []}],
        **changes,
    }
    return event("turn.item.done", item=item, turn_id="turn_1", output_index=index)


def action(name="weather", kind="function_call"):
    return {"type": kind, "name": name, "call_id": "call_1", "turn_id": "turn_1"}


def a_turn(*middle, state="completed"):
    """The events from the input on: an idle event of the past comes first."""
    return [session("idle"), turn("created"), *middle, turn(state, status=state), session("idle")]


def stream(*events):
    lines = [f"event: {item['type']}\ndata: {json.dumps(item)}\n\n" for item in events]
    return Answer("".join(lines).encode(), "text/event-stream")


def nothing():
    return Answer(b"", "application/json", status=204)


def idle():
    return plain(SESSION)

"""Sessions of agents: followed by the package's helpers, waiting for results, limited, with subagents and traces."""

from __future__ import annotations

from typing import Any

import openai

from ..tour import Tour

WEATHER: Any = {
    "type": "function",
    "name": "weather",
    "description": "The weather in a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
NOWHERE: Any = {"type": "none"}
ASKED = "What is the weather in Ghent? Use the weather tool."


def walk(t: Tour) -> None:
    """The chapter."""
    _answered(t)
    _followed(t)
    _waiting(t)
    _limited(t)
    _subagents(t)
    _saved(t)


def _begun(t: Tour, input: str = "hello there", **agent: Any) -> Any:
    return t.client.beta.agents.sessions.create(agent={"model": "gpt-4o", **agent}, environment=NOWHERE, input=input)


def _rested(t: Tour, session: str, *before: str) -> Any:
    return t.settled(lambda: t.client.beta.agents.sessions.retrieve(session), "in_progress", *before)


def _answered(t: Tour) -> None:
    sessions, made = t.client.beta.agents.sessions, _begun(t)
    t.same(made.status, "in_progress")
    session = _rested(t, made.id)
    (turn,) = sessions.turns.list(made.id)
    t.same((session.status, turn.status, session.usage), ("idle", "completed", turn.usage))
    t.same(sessions.turns.retrieve(turn.id, session_id=made.id), turn)
    items = list(sessions.items.list(made.id, order="asc"))
    t.same([(item.type, item.role) for item in items], [("message", "user"), ("message", "assistant")])
    t.same(items[0].content[0].text, "hello there")
    t.same(list(sessions.turns.items.list(turn.id, session_id=made.id, order="asc")), items)
    (trace,) = sessions.traces.list(made.id)
    spans = trace.otlp["resourceSpans"][0]["scopeSpans"][0]["spans"]
    t.same((trace.id, [span["name"] for span in spans]), (turn.id, ["agent.turn", "message", "message"]))


def _followed(t: Tour) -> None:
    sessions = t.client.beta.agents.sessions
    made = _begun(t, tools=[WEATHER])
    _rested(t, made.id)
    with sessions.stream(made.id, input="what is 2 + 3?") as stream:
        stream.with_result_collection()
        kinds = [event.type for event in stream]
        result = stream.get_final_result()
    t.true("5" in result.output_text)
    t.same((kinds[0], kinds[-1]), ("agent.session.idle", "agent.session.idle"))
    t.true("agent.session.turn.output_text.delta" in kinds)
    seen: list[Any] = []

    def weather(arguments: dict[str, Any]) -> str:
        seen.append(arguments)
        return "sunny and 21 degrees"

    with sessions.stream(made.id, input=ASKED, tool_handlers={"weather": weather}) as stream:
        result = stream.get_final_result()
    t.same(len(seen), 1)
    t.true("21" in result.output_text)


def _waiting(t: Tour) -> None:
    sessions = t.client.beta.agents.sessions
    made = _begun(t, ASKED, tools=[WEATHER])
    waiting = _rested(t, made.id)
    (action,) = waiting.required_actions
    t.same((waiting.status, action.type, action.name), ("requires_action", "function_call", "weather"))
    result: Any = {"type": "agent.session.input.tool_result", "turn_id": action.turn_id, "success": True}
    wrong = [result | {"call_id": "call_none", "output": "x"}]
    t.refused(openai.BadRequestError, sessions.events.create, made.id, events=wrong)
    sessions.events.create(made.id, events=[result | {"call_id": action.call_id, "output": "21 degrees"}])
    t.same(_rested(t, made.id, "requires_action").required_actions, [])
    t.true("21" in sessions.items.list(made.id).data[0].content[0].text)


def _limited(t: Tour) -> None:
    sessions, made = t.client.beta.agents.sessions, _begun(t, "word " * 1_500)
    _rested(t, made.id)
    changed = sessions.update(made.id, spend_control={"limit": 1}, metadata={"a": "b"})
    t.true(changed.spend_control.consumed >= 1)
    t.same(changed.metadata, {"a": "b"})
    with sessions.stream(made.id, input="more") as stream:
        t.true("error" in [event.type for event in stream])
    t.same(sessions.turns.list(made.id).data[0].error.code, "session_budget_exceeded")


def _subagents(t: Tour) -> None:
    sessions, sub = t.client.beta.agents.sessions, t.client.beta.agents.sessions.subagents
    task = "Please:\n- what is 2 + 3?\n- what is 4 + 5?\n- what is 1 + 1?"
    stream = sessions.create(
        agent={"model": "gpt-4o", "multi_agent": {"enabled": True}}, environment=NOWHERE, input=task, stream=True
    )
    events = list(stream)
    t.same((events[0].type, events[-1].type), ("agent.session.created", "agent.session.idle"))
    session = events[0].session.id
    known = list(sub.list(session, order="asc"))
    t.same([one.status for one in known], ["closed"] * 3)
    first = known[0].id
    t.same(sub.retrieve(first, session_id=session), known[0])
    items = list(sub.items.list(first, session_id=session, order="asc"))
    t.same(items[0].content[0].text, "what is 2 + 3?")
    (turn,) = sub.turns.list(first, session_id=session)
    t.same(sub.turns.retrieve(turn.id, session_id=session, subagent_id=first), turn)
    own = sub.turns.items.list(turn.id, session_id=session, subagent_id=first, order="asc")
    t.same(list(own), items)


def _saved(t: Tour) -> None:
    sessions, agents = t.client.beta.agents.sessions, t.client.beta.agents
    agent = agents.create(model="gpt-4o", name="helper")
    made = sessions.create(agent_id=agent.id, environment=NOWHERE, input="hello", metadata={"k": "v"})
    t.same((made.agent.id, made.agent.name), (agent.id, "helper"))
    t.same([known.id for known in sessions.list(agent_id=agent.id)], [made.id])
    _rested(t, made.id)
    stream = sessions.events.stream(made.id)
    t.same(next(iter(stream)).type, "agent.session.idle")
    t.same(sessions.delete(made.id).deleted, True)
    t.same(list(stream), [])
    t.gone(sessions.retrieve, made.id)

"""Sessions of agents: followed by both packages' helpers, stopped, continued, limited, restarted."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

import antiphon
from antiphon.emulator import Emulator, Setting
from antiphon.emulator.families import agent_event

WEATHER: Any = {
    "type": "function",
    "name": "weather",
    "description": "The weather in a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
NOWHERE: Any = {"type": "none"}


@pytest.fixture
def house() -> Iterator[Emulator]:
    with Emulator(Setting(seed=11, background_seconds=0.01)) as running:
        yield running


@pytest.fixture
def user(house: Emulator) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=house.base_url, api_key="sk-test", max_retries=0, timeout=20) as made:
        yield made


@pytest.fixture(params=["official", "antiphon"])
def either(request: pytest.FixtureRequest, house: Emulator) -> Iterator[Any]:
    package: Any = openai if request.param == "official" else antiphon
    with package.OpenAI(base_url=house.base_url, api_key="sk-test", max_retries=0, timeout=20) as made:
        yield made


def until(holds: Callable[[], Any]) -> Any:
    end = time.monotonic() + 10
    while not (found := holds()):
        assert time.monotonic() < end
        time.sleep(0.005)
    return found


def rested(user: Any, session: str, status: str = "idle") -> Any:
    def stands() -> Any:
        known = user.beta.agents.sessions.retrieve(session)
        return known if known.status == status else None

    return until(stands)


def begin(user: Any, input: str | None = "hello there", **agent: Any) -> Any:
    return user.beta.agents.sessions.create(agent={"model": "gpt-4o", **agent}, environment=NOWHERE, input=input)


@pytest.mark.operation(
    "beta.agents.sessions.create", "beta.agents.sessions.retrieve", "beta.agents.sessions.items.list",
    "beta.agents.sessions.turns.list", "beta.agents.sessions.turns.retrieve", "beta.agents.sessions.turns.items.list",
)  # fmt: skip
def test_a_session_answers_its_input(user: openai.OpenAI) -> None:
    made = begin(user, instructions="Be brief.")
    assert made.status == "in_progress"
    session = rested(user, made.id)
    (turn,) = user.beta.agents.sessions.turns.list(made.id)
    assert (turn.status, turn.session_id, turn.agent_id) == ("completed", made.id, made.agent.id)
    assert turn.usage
    assert turn.usage.total_tokens == turn.usage.input_tokens + turn.usage.output_tokens > 0
    assert session.usage == turn.usage
    assert user.beta.agents.sessions.turns.retrieve(turn.id, session_id=made.id) == turn
    items: Any = list(user.beta.agents.sessions.items.list(made.id, order="asc"))
    assert [(item.type, item.role) for item in items] == [("message", "user"), ("message", "assistant")]
    assert items[0].content[0].text == "hello there"
    assert items[1].content[0].text
    assert list(user.beta.agents.sessions.turns.items.list(turn.id, session_id=made.id, order="asc")) == items
    with pytest.raises(openai.NotFoundError):
        user.beta.agents.sessions.turns.items.list("turn_none", session_id=made.id)


@pytest.mark.operation("beta.agents.sessions.events.stream", "beta.agents.sessions.events.create")
def test_a_turn_is_followed_by_either_package(either: Any) -> None:
    made = begin(either)
    rested(either, made.id)
    with either.beta.agents.sessions.stream(made.id, input="what is 2 + 3?") as stream:
        stream.with_result_collection()
        kinds = [event.type.removeprefix("agent.session.") for event in stream]
        result = stream.get_final_result()
    assert "5" in result.output_text
    shape = [kind for kind in kinds if kind != "turn.output_text.delta"]
    assert shape == [
        "idle", "turn.created", "turn.item.added", "in_progress", "turn.in_progress", "turn.item.added",
        "turn.content_part.added", "turn.output_text.done", "turn.content_part.done", "turn.item.done",
        "turn.completed", "idle",
    ]  # fmt: skip
    assert kinds.count("turn.output_text.delta") >= 1


@pytest.mark.operation("beta.agents.sessions.create")
def test_creation_is_streamed_to_its_end(either: Any) -> None:
    stream = either.beta.agents.sessions.create(
        agent={"model": "gpt-4o", "reasoning": {"summary": "auto"}},
        environment=NOWHERE,
        input="what is 2 + 3?",
        stream=True,
    )
    events = list(stream)
    assert events[0].type == "agent.session.created"
    assert events[-1].type == "agent.session.idle"
    assert all(event.obfuscation for event in events)
    deltas = "".join(event.delta for event in events if event.type == "agent.session.turn.output_text.delta")
    assert [event.text for event in events if event.type == "agent.session.turn.output_text.done"] == [deltas]
    assert any(event.type == "agent.session.turn.reasoning_summary_text.done" for event in events)
    assert len({event.event_id for event in events}) == len(events)


@pytest.mark.operation("beta.agents.sessions.events.create")
def test_a_function_is_called_by_the_helper(either: Any) -> None:
    seen: list[Any] = []

    def weather(arguments: dict[str, Any]) -> str:
        seen.append(arguments)
        return "sunny and 21 degrees"

    made = begin(either, tools=[WEATHER], input="hello")
    rested(either, made.id)
    with either.beta.agents.sessions.stream(
        made.id, input="What is the weather in Ghent? Use the weather tool.", tool_handlers={"weather": weather}
    ) as stream:
        result = stream.get_final_result()
    assert len(seen) == 1
    assert "city" in seen[0]
    assert "21" in result.output_text
    items = list(either.beta.agents.sessions.items.list(made.id, order="asc"))[2:]
    assert [item.type for item in items] == ["message", "function_call", "function_call_output", "message"]
    assert (items[1].status, items[2].output) == ("completed", "sunny and 21 degrees")


@pytest.mark.operation("beta.agents.sessions.events.create")
def test_a_session_waits_for_a_result(user: openai.OpenAI) -> None:
    made = begin(user, "What is the weather in Ghent? Use the weather tool.", tools=[WEATHER])
    waiting = rested(user, made.id, "requires_action")
    (action,) = waiting.required_actions
    assert (action.type, action.name) == ("function_call", "weather")
    assert isinstance(json.loads(action.arguments), dict)
    (turn,) = user.beta.agents.sessions.turns.list(made.id)
    assert turn.status == "waiting"
    result: Any = {"type": "agent.session.input.tool_result", "turn_id": turn.id, "success": False, "error": "no data"}
    with pytest.raises(openai.BadRequestError) as unknown:
        user.beta.agents.sessions.events.create(made.id, events=[result | {"call_id": "call_none"}])
    assert unknown.value.body == {
        "message": "Unknown pending tool call: call_none", "type": "invalid_request_error", "param": None,
        "code": "invalid_request_error",
    }  # fmt: skip
    good = [result | {"call_id": action.call_id}]
    for _ in range(2):  # the same key is the same input
        user.beta.agents.sessions.events.create(made.id, events=good, idempotency_key="once")
    session = rested(user, made.id)
    assert session.required_actions == []
    items: Any = list(user.beta.agents.sessions.items.list(made.id))
    outputs = [item for item in items if item.type == "function_call_output"]
    assert [(item.status, item.error) for item in outputs] == [("failed", "no data")]
    with pytest.raises(openai.BadRequestError):
        user.beta.agents.sessions.events.create(made.id, events=good)


@pytest.mark.operation("beta.agents.sessions.events.create")
def test_cancellation_ends_the_turn_and_a_waiting_one_begins(user: openai.OpenAI) -> None:
    made = begin(user, "What is the weather in Ghent? Use the weather tool.", tools=[WEATHER])
    rested(user, made.id, "requires_action")
    message = {"role": "user", "content": [{"type": "input_text", "text": "never mind, hello"}]}
    user.beta.agents.sessions.events.create(
        made.id,
        events=[{"type": "agent.session.input.message", "input": [message]}],  # type: ignore[list-item]
    )
    turns = list(user.beta.agents.sessions.turns.list(made.id, order="asc"))
    assert [turn.status for turn in turns] == ["waiting", "queued"]
    user.beta.agents.sessions.events.create(made.id, events=[{"type": "agent.session.input.cancel"}])
    assert rested(user, made.id).required_actions == []
    turns = list(user.beta.agents.sessions.turns.list(made.id, order="asc"))
    assert [turn.status for turn in turns] == ["cancelled", "completed"]
    items: Any = list(user.beta.agents.sessions.items.list(made.id))
    assert [item.status for item in items if item.type == "function_call"] == ["incomplete"]
    user.beta.agents.sessions.events.create(made.id, events=[{"type": "agent.session.input.cancel"}])
    assert user.beta.agents.sessions.retrieve(made.id).status == "idle"


@pytest.mark.operation("beta.agents.sessions.update")
def test_a_spending_limit_stops_the_next_turn(user: openai.OpenAI) -> None:
    made = begin(user, "word " * 1_500)
    rested(user, made.id)
    changed = user.beta.agents.sessions.update(
        made.id, spend_control={"limit": 1}, review="auto_review", metadata={"a": "b"}
    )
    assert changed.spend_control
    assert changed.spend_control.consumed
    assert changed.spend_control.consumed >= 1
    assert (changed.review, changed.metadata) == ("auto_review", {"a": "b"})
    with user.beta.agents.sessions.stream(made.id, input="more") as stream:
        events = list(stream)
    assert "error" in [event.type for event in events]
    turn = user.beta.agents.sessions.turns.list(made.id).data[0]
    assert turn.status == "failed"
    assert turn.error
    assert turn.error.code == "session_budget_exceeded"
    assert user.beta.agents.sessions.update(made.id, spend_control=None).spend_control is None
    changed = user.beta.agents.sessions.update(made.id, agent={"model": "gpt-4o-mini", "reasoning": {"effort": "high"}})
    assert (changed.agent.model, changed.agent.reasoning.effort) == ("gpt-4o-mini", "high")
    with user.beta.agents.sessions.stream(made.id, input="more") as stream:
        assert stream.get_final_result().turn.status == "completed"


@pytest.mark.operation("beta.agents.sessions.list", "beta.agents.sessions.delete")
def test_sessions_of_a_saved_agent(user: openai.OpenAI) -> None:
    sessions = user.beta.agents.sessions
    agent = user.beta.agents.create(model="gpt-4o", name="helper", instructions="Be brief.")
    made = sessions.create(agent_id=agent.id, environment=NOWHERE, input="hello", metadata={"k": "v"})
    begin(user)
    assert (made.agent.id, made.agent.name, made.agent.instructions) == (agent.id, "helper", "Be brief.")
    user.beta.agents.update(agent.id, name="other")
    assert sessions.retrieve(made.id).agent.name == "helper"
    assert [known.id for known in sessions.list(agent_id=agent.id)] == [made.id]
    assert [known.id for known in sessions.list(metadata={"k": "v"})] == [made.id]
    rested(user, made.id)
    stream = sessions.events.stream(made.id)
    assert next(stream).type == "agent.session.idle"
    assert sessions.delete(made.id).deleted
    assert list(stream) == []
    for act in (sessions.retrieve, sessions.turns.list, sessions.items.list, sessions.traces.list):
        with pytest.raises(openai.NotFoundError):
            act(made.id)


@pytest.mark.operation("beta.agents.sessions.events.stream")
def test_a_stream_says_that_it_lives_and_ends_with_its_listener(
    house: Emulator, user: openai.OpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_event, "PULSE", 0.02)
    made = begin(user)
    rested(user, made.id)
    url = f"{house.base_url}/agents/sessions/{made.id}/events?include_obfuscation=false"
    with httpx.stream("GET", url, headers={"Authorization": "Bearer k"}) as raw:
        lines = raw.iter_lines()
        assert next(lines) == "event: agent.session.idle"
        assert json.loads(next(lines).removeprefix("data: ")).keys() == {"type", "event_id", "session"}
        until(lambda: next(lines).startswith(":"))
        assert len(house.app.world.listeners) == 1
    until(lambda: not house.app.world.listeners)


@pytest.mark.operation("beta.agents.sessions.traces.list")
def test_a_turn_leaves_a_trace(user: openai.OpenAI) -> None:
    made = begin(user)
    rested(user, made.id)
    (trace,) = user.beta.agents.sessions.traces.list(made.id)
    resources: Any = trace.otlp["resourceSpans"]
    spans = resources[0]["scopeSpans"][0]["spans"]
    assert [span["name"] for span in spans] == ["agent.turn", "message", "message"]
    assert {span["parentSpanId"] for span in spans[1:]} == {spans[0]["spanId"]}
    assert len({span["traceId"] for span in spans}) == 1
    (turn,) = user.beta.agents.sessions.turns.list(made.id)
    assert trace.id == turn.id


@pytest.mark.operation(
    "beta.agents.sessions.subagents.list", "beta.agents.sessions.subagents.retrieve",
    "beta.agents.sessions.subagents.items.list", "beta.agents.sessions.subagents.turns.list",
    "beta.agents.sessions.subagents.turns.retrieve", "beta.agents.sessions.subagents.turns.items.list",
)  # fmt: skip
def test_points_of_a_task_go_to_subagents(user: openai.OpenAI) -> None:
    task = "Please:\n- what is 2 + 3?\n- what is 4 + 5?\n- what is 1 + 1?"
    agent: Any = {"model": "gpt-4o", "multi_agent": {"enabled": True, "max_concurrent_subagents": 2}}
    stream = user.beta.agents.sessions.create(agent=agent, environment=NOWHERE, input=task, stream=True)
    events: Any = list(stream.with_result_collection())
    result = stream.get_final_result()
    kinds = [event.type.removeprefix("agent.session.subagent.") for event in events if ".subagent." in event.type]
    assert kinds == ["created", "created", "closed", "closed", "created", "closed"]
    sub = user.beta.agents.sessions.subagents
    known = list(sub.list(result.session_id, order="asc"))
    assert [one.status for one in known] == ["closed"] * 3
    first = sub.retrieve(known[0].id, session_id=result.session_id)
    assert first == known[0]
    items: Any = list(sub.items.list(first.id, session_id=result.session_id, order="asc"))
    assert items[0].content[0].text == "what is 2 + 3?"
    assert "5" in items[1].content[0].text
    (turn,) = sub.turns.list(first.id, session_id=result.session_id)
    assert (turn.subagent_id, turn.status) == (first.id, "completed")
    assert sub.turns.retrieve(turn.id, session_id=result.session_id, subagent_id=first.id) == turn
    own = sub.turns.items.list(turn.id, session_id=result.session_id, subagent_id=first.id, order="asc")
    assert list(own) == items
    roots = [item.type for item in user.beta.agents.sessions.items.list(result.session_id)]
    assert roots.count("create_subagent_call") == roots.count("close_subagent_call") == 3
    assert roots.count("wait_for_subagents_call") == 2


def test_a_turn_whose_brain_fails(house: Emulator, user: openai.OpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    made = begin(user)
    rested(user, made.id)

    def fail(_: Any) -> Any:
        raise RuntimeError("no brain")

    monkeypatch.setattr(house.app.world.brain, "answer", fail)
    with user.beta.agents.sessions.stream(made.id, input="hello") as stream:
        assert [event.error.code for event in stream if event.type == "error"] == ["server_error"]
    assert user.beta.agents.sessions.turns.list(made.id).data[0].status == "failed"
    monkeypatch.undo()
    with user.beta.agents.sessions.stream(made.id, input="word " * 21_000) as stream:
        assert stream.get_final_result().turn.status == "completed", "a long one is answered beside the rest"


def test_a_turn_goes_on_after_a_restart(tmp_path: Path) -> None:
    setting = Setting(data=tmp_path, background_seconds=0.3)
    with Emulator(setting) as house, openai.OpenAI(base_url=house.base_url, api_key="k") as user:
        made = begin(user, "What is the weather in Ghent? Use the weather tool.", tools=[WEATHER])
        action = rested(user, made.id, "requires_action").required_actions[0]
        result: Any = {"type": "agent.session.input.tool_result", "turn_id": action.turn_id, "call_id": action.call_id}
        user.beta.agents.sessions.events.create(made.id, events=[result | {"success": True, "output": "21 degrees"}])
    with Emulator(setting) as house, openai.OpenAI(base_url=house.base_url, api_key="k") as user:
        rested(user, made.id)
        last: Any = user.beta.agents.sessions.items.list(made.id).data[0]
        assert "21" in last.content[0].text


def test_refusals(user: openai.OpenAI) -> None:
    create: Any = user.beta.agents.sessions.create
    for given, error in (
        ({"environment": NOWHERE, "agent": {"model": "gpt-4o"}}, openai.BadRequestError),
        ({"environment": NOWHERE, "input": "x"}, openai.BadRequestError),
        ({"environment": NOWHERE, "input": "x", "agent_id": "agent_none"}, openai.NotFoundError),
        ({"environment": NOWHERE, "input": "x", "agent": {"model": "none"}}, openai.NotFoundError),
        (
            {"environment": NOWHERE, "input": "x", "agent": {"model": "gpt-4o"}, "vault_ids": ["v"]},
            openai.NotFoundError,
        ),
        (
            {"environment": NOWHERE, "input": "x", "agent": {"model": "gpt-4o"}, "spend_control": {"limit": 0}},
            openai.BadRequestError,
        ),
    ):
        with pytest.raises(error):
            create(**given)

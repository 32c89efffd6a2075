"""Streamed runs: the whole sequence of events, as the wire has it and as the official package's handler takes it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import openai
import pytest
from openai import AssistantEventHandler
from openai.types.beta.threads import Text
from openai.types.beta.threads.runs import ToolCall

from tests.emulator.asking import Heard

from .running import WEATHER, Stage, stage

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
ANSWER = [
    "thread.run.step.created",
    "thread.run.step.in_progress",
    "thread.message.created",
    "thread.message.in_progress",
    "thread.message.delta",
    "thread.message.completed",
    "thread.run.step.completed",
    "thread.run.completed",
    "done",
]


@pytest.fixture(scope="module")
def own() -> Iterator[Stage]:
    with stage() as made:
        yield made


@pytest.fixture
def official(own: Stage) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=own.emulator.base_url, api_key="sk-test", max_retries=0) as made:
        yield made


def names(heard: Heard) -> list[str]:
    """The events in order, each run of equal ones once."""
    found = [line[7:] for line in heard.body.decode().split("\n") if line.startswith("event: ")]
    return [name for name, _ in groupby(found)]


class Listening(AssistantEventHandler):
    """Takes down what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.calls: list[tuple[str, str]] = []

    def on_text_done(self, text: Text) -> None:
        self.texts.append(text.value)

    def on_tool_call_done(self, tool_call: ToolCall) -> None:
        if tool_call.type == "function":
            self.calls.append((tool_call.id, tool_call.function.arguments))


@pytest.mark.operation("beta.threads.runs.create")
def test_a_streamed_run_tells_everything_in_order(own: Stage) -> None:
    thread = own.thread("What is 12 * 7?")
    heard = own.ask("POST", f"/v1/threads/{thread}/runs", {"assistant_id": own.assistant(), "stream": True})
    assert heard.headers["content-type"].startswith("text/event-stream")
    assert names(heard) == ["thread.run.created", "thread.run.queued", "thread.run.in_progress", *ANSWER]
    *events, done = heard.events
    assert done == "[DONE]"
    assert [e["status"] for e in events if e["object"] == "thread.run"] == [
        "queued",
        "queued",
        "in_progress",
        "completed",
    ]
    deltas = [e["delta"]["content"][0]["text"]["value"] for e in events if e["object"] == "thread.message.delta"]
    assert len(deltas) > 3
    assert "".join(deltas) == "12 * 7 = 84"
    assert own.said(thread)[-1] == ("assistant", "12 * 7 = 84")
    assert own.get(f"/threads/{thread}/runs/{events[0]['id']}") == events[-1]


@pytest.mark.operation("beta.threads.create_and_run", "beta.threads.runs.submit_tool_outputs")
def test_the_official_handler_follows_a_run_with_tools(own: Stage, official: openai.OpenAI) -> None:
    threads, listening = official.beta.threads, Listening()
    messages: Any = [{"role": "user", "content": "What is the weather in Paris?"}]
    with threads.create_and_run_stream(
        assistant_id=own.assistant(tools=[WEATHER]), thread={"messages": messages}, event_handler=listening
    ) as stream:
        run = stream.get_final_run()
    assert run.status == "requires_action"
    assert run.required_action is not None
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    assert listening.calls[-1] == (call.id, '{"city":"Paris"}')
    listening = Listening()
    with threads.runs.submit_tool_outputs_stream(
        run_id=run.id,
        thread_id=run.thread_id,
        tool_outputs=[{"tool_call_id": call.id, "output": "sunny"}],
        event_handler=listening,
    ) as stream:
        assert "".join(stream.text_deltas) == "get_weather(Paris): sunny"
        (message,) = stream.get_final_messages()
        run = stream.get_final_run()
        (step,) = stream.get_final_run_steps()
    assert listening.texts == ["get_weather(Paris): sunny"]
    assert (run.status, message.status, step.type) == ("completed", "completed", "message_creation")
    assert run.usage is not None
    kept = threads.runs.retrieve(run.id, thread_id=run.thread_id)
    assert kept.usage == run.usage


@pytest.mark.operation("beta.threads.create_and_run", "beta.threads.runs.submit_tool_outputs")
def test_each_stream_begins_with_what_it_made(own: Stage) -> None:
    body = {"assistant_id": own.assistant(tools=[WEATHER]), "stream": True}
    messages = [{"role": "user", "content": "What is the weather in Rome?"}]
    heard = own.ask("POST", "/v1/threads/runs", body | {"thread": {"messages": messages}})
    begun = ["thread.created", "thread.run.created", "thread.run.queued", "thread.run.in_progress"]
    asking = ["thread.run.step.created", "thread.run.step.in_progress", "thread.run.step.delta"]
    assert names(heard) == [*begun, *asking, "thread.run.requires_action", "done"]
    run = heard.events[-2]
    call = run["required_action"]["submit_tool_outputs"]["tool_calls"][0]
    outputs = {"tool_outputs": [{"tool_call_id": call["id"], "output": "rain"}], "stream": True}
    heard = own.ask("POST", f"/v1/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs", outputs)
    assert names(heard) == ["thread.run.step.completed", "thread.run.queued", "thread.run.in_progress", *ANSWER]
    assert heard.events[0]["step_details"]["tool_calls"][0]["function"]["output"] == "rain"


@pytest.mark.operation("beta.threads.runs.create")
def test_what_nobody_listened_to_the_end_of_is_done_all_the_same(own: Stage) -> None:
    thread, assistant = own.thread("What is 2 + 2?"), own.assistant()
    body = {"assistant_id": assistant, "stream": True}
    headers = {"x-antiphon-fault": "truncate_sse=2"}
    heard = own.ask("POST", f"/v1/threads/{thread}/runs", body, headers=headers)
    assert "done" not in names(heard)
    assert own.said(thread)[-1] == ("assistant", "2 + 2 = 4")
    assert own.get(f"/threads/{thread}/runs")["data"][0]["status"] == "completed"


@pytest.mark.operation("beta.threads.runs.create")
def test_a_streamed_run_that_is_cut_short_says_so(own: Stage) -> None:
    thread = own.thread("word " * 300)
    body = {"assistant_id": own.assistant(), "stream": True, "max_prompt_tokens": 256}
    heard = own.ask("POST", f"/v1/threads/{thread}/runs", body)
    assert names(heard)[-2:] == ["thread.run.incomplete", "done"]
    assert own.get(f"/threads/{thread}/messages")["data"][0]["role"] == "user"

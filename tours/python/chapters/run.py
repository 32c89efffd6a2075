"""Runs: polled, streamed, waiting for an action that is required, searching files, cancelled, expired."""

from __future__ import annotations

from typing import Any

import openai

from ..tour import Tour, user

WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
STORY = "The heron stands in the water. The code word for the vault is bluebird. Nobody knows the name of the cook."


def walk(t: Tour) -> None:
    """The chapter."""
    assistants = t.client.beta.assistants
    plain = assistants.create(model="gpt-4o", instructions="Be brief.").id
    weather = assistants.create(model="gpt-4o", tools=[WEATHER]).id
    _answered(t, plain)
    _required_action(t, weather)
    _streamed(t, weather)
    _searching(t)
    _ended(t, weather)


def _said(t: Tour, thread: str) -> list[str]:
    return [m.content[0].text.value for m in t.client.beta.threads.messages.list(thread, order="asc")]


def _answered(t: Tour, assistant: str) -> None:
    threads = t.client.beta.threads
    thread = threads.create(messages=user("What is 12 * 7?")).id
    made = threads.runs.create(thread, assistant_id=assistant)
    t.same((made.status, made.instructions), ("queued", "Be brief."))
    t.refused(openai.BadRequestError, threads.messages.create, thread, role="user", content="more")
    done = threads.runs.poll(made.id, thread_id=thread, poll_interval_ms=50)
    t.same((done.status, _said(t, thread)), ("completed", ["What is 12 * 7?", "12 * 7 = 84"]))
    t.same(done.usage.total_tokens, done.usage.prompt_tokens + done.usage.completion_tokens)
    (step,) = threads.runs.steps.list(done.id, thread_id=thread)
    t.same((step.type, step.status), ("message_creation", "completed"))
    t.same(threads.runs.steps.retrieve(step.id, thread_id=thread, run_id=done.id), step)
    t.same(threads.runs.update(done.id, thread_id=thread, metadata={"a": "b"}).metadata, {"a": "b"})
    t.same([run.id for run in threads.runs.list(thread)], [done.id])
    both = threads.create_and_run_poll(
        assistant_id=assistant, thread={"messages": user("What is 6 * 7?")}, poll_interval_ms=50
    )
    t.same((both.status, _said(t, both.thread_id)[-1]), ("completed", "6 * 7 = 42"))


def _required_action(t: Tour, assistant: str) -> None:
    threads = t.client.beta.threads
    thread = threads.create(messages=user("What is the weather in Paris and Rome?")).id
    run = threads.runs.create_and_poll(thread_id=thread, assistant_id=assistant, poll_interval_ms=50)
    t.same((run.status, run.required_action.type), ("requires_action", "submit_tool_outputs"))
    calls = run.required_action.submit_tool_outputs.tool_calls
    t.same([call.function.arguments for call in calls], ['{"city":"Paris"}', '{"city":"Rome"}'])
    one: Any = [{"tool_call_id": calls[0].id, "output": "sunny"}]
    t.refused(openai.BadRequestError, threads.runs.submit_tool_outputs, run.id, thread_id=thread, tool_outputs=one)
    both = [*one, {"tool_call_id": calls[1].id, "output": "rain"}]
    done = threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=thread, tool_outputs=both, poll_interval_ms=50
    )
    t.same((done.status, done.required_action), ("completed", None))
    t.same(_said(t, thread)[-1], "get_weather(Paris): sunny\nget_weather(Rome): rain")
    calling, _ = threads.runs.steps.list(run.id, thread_id=thread, order="asc")
    t.same([call.function.output for call in calling.step_details.tool_calls], ["sunny", "rain"])


def _streamed(t: Tour, assistant: str) -> None:
    threads = t.client.beta.threads
    asked: Any = {"messages": user("What is the weather in Paris?")}
    with threads.create_and_run_stream(assistant_id=assistant, thread=asked) as stream:
        run = stream.get_final_run()
    t.same(run.status, "requires_action")
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    outputs: Any = [{"tool_call_id": call.id, "output": "sunny"}]
    with threads.runs.submit_tool_outputs_stream(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs
    ) as stream:
        t.same("".join(stream.text_deltas), "get_weather(Paris): sunny")
        (message,) = stream.get_final_messages()
        t.same((stream.get_final_run().status, message.status), ("completed", "completed"))
    thread = threads.create(messages=user("What is 12 * 7?")).id
    events = list(threads.runs.create(thread, assistant_id=assistant, stream=True))
    t.same((events[0].event, events[-1].event), ("thread.run.created", "thread.run.completed"))
    deltas = [event.data.delta.content[0].text.value for event in events if event.event == "thread.message.delta"]
    t.same("".join(deltas), "12 * 7 = 84")


def _searching(t: Tour) -> None:
    threads, file = t.client.beta.threads, t.upload("story.txt", STORY, "assistants")
    assistant = t.client.beta.assistants.create(model="gpt-4o", tools=[{"type": "file_search"}]).id
    attached: Any = [{"file_id": file, "tools": [{"type": "file_search"}]}]
    asked: Any = [m | {"attachments": attached} for m in user("What is the code word for the vault?")]
    run = threads.create_and_run_poll(assistant_id=assistant, thread={"messages": asked}, poll_interval_ms=50)
    t.same(run.status, "completed")
    text = threads.messages.list(run.thread_id, run_id=run.id).data[0].content[0].text
    t.true(text.value.startswith("The code word for the vault is bluebird."))
    (cited,) = text.annotations
    t.same((cited.file_citation.file_id, text.value[cited.start_index : cited.end_index]), (file, cited.text))


def _ended(t: Tour, assistant: str) -> None:
    threads = t.client.beta.threads
    waiting = []
    for _ in range(2):
        thread = threads.create(messages=user("What is the weather in Paris?")).id
        waiting.append(threads.runs.create_and_poll(thread_id=thread, assistant_id=assistant, poll_interval_ms=50))
    first, second = waiting
    t.same(threads.runs.cancel(first.id, thread_id=first.thread_id).status, "cancelling")
    t.house.wait(601)
    for run, status in ((first, "cancelled"), (second, "expired")):
        t.same(threads.runs.retrieve(run.id, thread_id=run.thread_id).status, status)
    t.gone(threads.runs.create, first.thread_id, assistant_id="asst_none")

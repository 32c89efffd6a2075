"""Responses: chains, streams, work in the background that is followed and cancelled, reasoning, counts, compaction."""

from __future__ import annotations

import json
from typing import Any

import openai
import pydantic

from ..tour import Tour, user

TOOL: Any = {
    "type": "function",
    "name": "get_weather",
    "description": "Weather of a city",
    "strict": True,
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
}


class Person(pydantic.BaseModel):
    """What is said of somebody."""

    name: str
    age: int


def walk(t: Tour) -> None:
    """The chapter."""
    _chains(t)
    _tools(t)
    _streams(t)
    _background(t)
    _reasoning(t)
    _compaction(t)
    _beta(t)
    _refusals(t)


def _chains(t: Tour) -> None:
    responses = t.client.responses
    first = responses.create(model="gpt-5", input="My name is Zoe", instructions="Be kind.", metadata={"k": "v"})
    t.same((first.status, first.metadata, first.instructions), ("completed", {"k": "v"}, "Be kind."))
    second = responses.create(model="gpt-5", input="What is my name?", previous_response_id=first.id)
    t.same(second.output_text, "Your name is Zoe.")
    t.same(responses.retrieve(second.id).output_text, second.output_text)
    items = list(responses.input_items.list(second.id, order="asc"))
    t.same(items[0].content[0].text, "What is my name?")
    counted = responses.input_tokens.count(model="gpt-5", input="My name is Zoe", instructions="Be kind.")
    t.same(counted.input_tokens, first.usage.input_tokens)
    many = responses.create(model="gpt-5", input=[{"role": "user", "content": f"line {n}"} for n in range(5)])
    told = [item.content[0].text for item in responses.input_items.list(many.id, limit=2, order="asc")]
    t.same(told, [f"line {n}" for n in range(5)])
    responses.delete(first.id)
    t.gone(responses.retrieve, first.id)
    unstored = responses.create(model="gpt-5", input="hi", store=False)
    t.gone(responses.retrieve, unstored.id)


def _tools(t: Tour) -> None:
    create = t.client.responses.create
    called = create(model="gpt-5", input="Weather in Paris?", tools=[TOOL])
    call = called.output[-1]
    t.same((call.type, call.name, json.loads(call.arguments)), ("function_call", "get_weather", {"city": "Paris"}))
    output = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}
    told = create(model="gpt-5", input=[*user("Weather in Paris?"), *called.output, output], tools=[TOOL])
    t.same(told.output_text, "get_weather(Paris): sunny")
    chained = create(model="gpt-5", input=[output], previous_response_id=called.id, tools=[TOOL])
    t.same(chained.output_text, told.output_text)
    parsed = t.client.responses.parse(model="gpt-5", input="Bob is 41 years old", text_format=Person)
    t.same(parsed.output_parsed, Person(name="Bob", age=41))
    logged = create(
        model="gpt-4o", input="Say: one two", include=["message.output_text.logprobs"], top_logprobs=2
    ).output[0]
    t.same([entry.token for entry in logged.content[0].logprobs], ["one", " two"])
    t.same([len(entry.top_logprobs) for entry in logged.content[0].logprobs], [2, 2])


def _streams(t: Tour) -> None:
    responses = t.client.responses
    events = list(responses.create(model="gpt-5", input="Say: one two three", stream=True))
    t.same((events[0].type, events[-1].type), ("response.created", "response.completed"))
    t.same([event.sequence_number for event in events], list(range(len(events))))
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    t.same("".join(deltas), "one two three")
    with responses.stream(model="gpt-5", input="Weather in Rome?", tools=[TOOL]) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_response()
    t.true("response.function_call_arguments.done" in kinds)
    t.same(json.loads(final.output[-1].arguments), {"city": "Rome"})


def _background(t: Tour) -> None:
    responses = t.client.responses
    made = responses.create(model="gpt-5", input="Say: one two three", background=True)
    t.same((made.status, made.output), ("queued", []))
    numbers = [event.sequence_number for event in responses.retrieve(made.id, stream=True, starting_after=2)]
    t.same(numbers, list(range(3, 3 + len(numbers))))
    done = responses.retrieve(made.id)
    t.same((done.status, done.output_text), ("completed", "one two three"))
    t.refused(openai.BadRequestError, responses.cancel, made.id)
    stopped = responses.create(model="gpt-5", input="Say: x", background=True)
    t.same(responses.cancel(stopped.id).status, "cancelled")
    t.house.wait(10)
    t.same(responses.retrieve(stopped.id).status, "cancelled")
    polled = responses.create(model="gpt-5", input="Say: later", background=True)
    t.same(t.settled(lambda: responses.retrieve(polled.id), "queued", "in_progress").output_text, "later")


def _reasoning(t: Tour) -> None:
    create = t.client.responses.create
    given: Any = {"effort": "low", "summary": "auto"}
    found = create(
        model="gpt-5", input="What is 6*7?", reasoning=given, include=["reasoning.encrypted_content"], store=False
    )
    thought, message = found.output
    t.same((thought.type, message.content[0].text), ("reasoning", "6*7 = 42"))
    t.true(thought.summary[0].text)
    t.true(thought.encrypted_content)
    t.true(found.usage.output_tokens_details.reasoning_tokens > 0)
    again = create(model="gpt-5", input=[*user("What is 6*7?"), thought, message, *user("Say: ok")])
    t.same(again.output_text, "ok")


def _compaction(t: Tour) -> None:
    responses = t.client.responses
    filler = "The sea was calm that day and nothing happened at all for hours. " * 40
    talk = [*user("My name is Zoe."), {"role": "assistant", "content": filler}, *user("Go on.")]
    made = responses.compact(model="gpt-4o", input=talk)
    t.same([item.type for item in made.output], ["message", "message", "compaction"])
    kept = [item.to_dict(warnings=False) for item in made.output]  # the package has no type for what users said in it
    told = responses.create(model="gpt-4o", input=[*kept, *user("What is my name?")])
    t.same(told.output_text, "Your name is Zoe.")
    t.true(told.usage.input_tokens < made.usage.input_tokens / 2)


def _beta(t: Tour) -> None:
    responses = t.client.beta.responses
    tasks = "Please do both:\n1. What is 6*7?\n2. What is 10-3?"
    made = responses.create(model="gpt-4o", input=tasks, multi_agent={"enabled": True})
    t.same([item.type for item in made.output], ["multi_agent_call", "multi_agent_call_output"] * 4 + ["message"])
    t.same(made.output[-1].content[0].text, "What is 6*7?: 6*7 = 42\nWhat is 10-3?: 10-3 = 7")
    t.same(responses.retrieve(made.id).id, made.id)
    t.same(t.client.responses.retrieve(made.id).id, made.id)
    t.same(next(iter(responses.input_items.list(made.id))).content[0].text, tasks)
    counted = responses.input_tokens.count(model="gpt-4o", input="My name is Zoe.")
    compacted = responses.compact(model="gpt-4o", input="My name is Zoe.")
    t.same(compacted.usage.input_tokens, counted.input_tokens)
    later = responses.create(model="gpt-4o", input="Say: hi", background=True)
    t.same(responses.cancel(later.id).status, "cancelled")
    responses.delete(made.id)
    t.gone(responses.retrieve, made.id)


def _refusals(t: Tour) -> None:
    create = t.client.responses.create
    bad = t.refused(openai.BadRequestError, create, model="gpt-5", input="x", extra_body={"colour": "red"})
    t.same((bad.param, bad.code), ("colour", "unknown_parameter"))
    t.refused(openai.BadRequestError, create, model="gpt-5", input="x", previous_response_id="resp_none")
    t.gone(create, model="gpt-none", input="x")

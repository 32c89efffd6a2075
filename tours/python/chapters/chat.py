"""Chat completions: several choices, log probabilities, streams, tools, schemas, and what is stored of them."""

from __future__ import annotations

import json
from typing import Any

import openai
import pydantic

from ..tour import Tour, user

TOOL: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather of a city",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}


class Person(pydantic.BaseModel):
    """What is said of somebody."""

    name: str
    age: int


def walk(t: Tour) -> None:
    """The chapter."""
    _choices(t)
    _streams(t)
    _tools(t)
    _schemas(t)
    _stored(t)
    _refusals(t)


def _choices(t: Tour) -> None:
    create = t.client.chat.completions.create
    two = create(model="gpt-4o", messages=user("Tell me about whales"), n=2, logprobs=True, top_logprobs=2)
    t.same([choice.index for choice in two.choices], [0, 1])
    t.same(len({choice.message.content for choice in two.choices}), 2)
    for choice in two.choices:
        t.same("".join(entry.token for entry in choice.logprobs.content), choice.message.content)
        t.true(all(entry.logprob <= 0 for entry in choice.logprobs.content))
        t.true(all(len(entry.top_logprobs) == 2 for entry in choice.logprobs.content))
    t.same(two.usage.total_tokens, two.usage.prompt_tokens + two.usage.completion_tokens)
    t.same(sum(len(choice.logprobs.content) for choice in two.choices), two.usage.completion_tokens)
    sum_ = create(model="gpt-4o", messages=user("What is 12*7+3?"))
    t.same(sum_.choices[0].message.content, "12*7+3 = 87")
    cut = create(model="gpt-4o", messages=user("Say: one two three"), max_completion_tokens=2)
    t.same((cut.choices[0].message.content, cut.choices[0].finish_reason), ("one two", "length"))
    stopped = create(model="gpt-4o", messages=user("Say: one two three"), stop=[" two"])
    t.same((stopped.choices[0].message.content, stopped.choices[0].finish_reason), ("one", "stop"))


def _streams(t: Tour) -> None:
    completions = t.client.chat.completions
    asked: Any = {"model": "gpt-4o", "messages": user("Say: one two three")}
    chunks = list(completions.create(**asked, stream=True, stream_options={"include_usage": True}))
    t.same("".join(c.choices[0].delta.content or "" for c in chunks if c.choices), "one two three")
    t.same((chunks[-1].choices, chunks[-1].usage.completion_tokens), ([], 3))
    t.same(len({chunk.id for chunk in chunks}), 1)
    with completions.stream(**asked) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_completion()
    t.true({"content.delta", "content.done"} <= set(kinds))
    t.same(final.choices[0].message.content, "one two three")


def _tools(t: Tour) -> None:
    create = t.client.chat.completions.create
    asked = user("Weather in Paris?")
    message = create(model="gpt-4o", messages=asked, tools=[TOOL]).choices[0].message
    t.same(json.loads(message.tool_calls[0].function.arguments), {"city": "Paris"})
    answer = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": '{"temp": 21}'}
    told = create(model="gpt-4o", messages=[*asked, message, answer], tools=[TOOL])
    t.same(told.choices[0].message.content, "get_weather(Paris): temp 21.")
    both = create(model="gpt-4o", messages=user("Weather in Paris and Rome?"), tools=[TOOL]).choices[0]
    t.same((both.finish_reason, len(both.message.tool_calls)), ("tool_calls", 2))


def _schemas(t: Tour) -> None:
    completions = t.client.chat.completions
    asked = user("Alice is 30 years old")
    parsed = completions.parse(model="gpt-4o", messages=asked, response_format=Person)
    t.same(parsed.choices[0].message.parsed, Person(name="Alice", age=30))
    mode = completions.create(
        model="gpt-4o", messages=user("As JSON: what is 6*7?"), response_format={"type": "json_object"}
    )
    t.same(json.loads(mode.choices[0].message.content), {"answer": "6*7 = 42"})


def _stored(t: Tour) -> None:
    completions, tag = t.client.chat.completions, {"tour": "chat"}
    ids = [
        completions.create(model="gpt-4o", messages=user(f"Say: {n}"), store=True, metadata=tag).id for n in range(5)
    ]
    t.same([item.id for item in completions.list(metadata=tag, limit=2)], ids)
    t.same(completions.retrieve(ids[0]).choices[0].message.content, "0")
    t.same(completions.update(ids[0], metadata={"a": "b"}).metadata, {"a": "b"})
    t.same([item.id for item in completions.list(metadata=tag)], ids[1:])
    t.same([item.content for item in completions.messages.list(ids[0])], ["Say: 0"])
    t.same(completions.delete(ids[0]).deleted, True)
    t.gone(completions.retrieve, ids[0])
    unstored = completions.create(model="gpt-4o", messages=user("hi")).id
    t.gone(completions.retrieve, unstored)


def _refusals(t: Tour) -> None:
    create = t.client.chat.completions.create
    bad = t.refused(openai.BadRequestError, create, model="gpt-4o", messages=user("x"), extra_body={"colour": "red"})
    t.same((bad.param, bad.code), ("colour", "unknown_parameter"))
    hot = t.refused(openai.BadRequestError, create, model="gpt-4o", messages=user("x"), temperature=9)
    t.same(hot.param, "temperature")
    t.gone(create, model="gpt-none", messages=user("x"))

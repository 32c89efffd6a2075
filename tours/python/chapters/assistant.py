"""Assistants, threads and messages: kept, changed, listed, and gone with what belongs to them."""

from __future__ import annotations

from typing import Any

import openai

from ..tour import Tour, user

FUNCTION: Any = {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}


def walk(t: Tour) -> None:
    """The chapter."""
    _assistants(t)
    _threads(t)


def _assistants(t: Tour) -> None:
    assistants = t.client.beta.assistants
    made = [assistants.create(model="gpt-4o", name=str(n), temperature=0.3, tools=[FUNCTION]) for n in range(3)]
    ids = [each.id for each in made]
    t.same((made[0].name, made[0].temperature, made[0].tools[0].function.name), ("0", 0.3, "add"))
    t.same([each.id for each in assistants.list(limit=2)][:3], ids[::-1])
    changed = assistants.update(ids[0], name="Ada", temperature=None)
    t.same((changed.name, changed.temperature), ("Ada", 1.0))
    t.same(assistants.retrieve(ids[0]), changed)
    for each in ids:
        t.same(assistants.delete(each).deleted, True)
    t.gone(assistants.retrieve, ids[0])
    t.gone(assistants.create, model="gpt-none")
    t.refused(openai.BadRequestError, assistants.create, model="gpt-4o", tools=[FUNCTION, FUNCTION])


def _threads(t: Tour) -> None:
    threads = t.client.beta.threads
    made = threads.create(messages=user("Hello"), metadata={"a": "b"})
    t.same((made.object, made.metadata), ("thread", {"a": "b"}))
    t.same(threads.update(made.id, metadata={"c": "d"}).metadata, {"c": "d"})
    t.same(threads.retrieve(made.id).metadata, {"c": "d"})
    added = [threads.messages.create(made.id, role="user", content=f"line {n}") for n in range(3)]
    texts = [m.content[0].text.value for m in threads.messages.list(made.id, order="asc", limit=2)]
    t.same(texts, ["Hello", "line 0", "line 1", "line 2"])
    message = added[0].id
    t.same(threads.messages.update(message, thread_id=made.id, metadata={"x": "y"}).metadata, {"x": "y"})
    t.same(threads.messages.retrieve(message, thread_id=made.id).content[0].text.value, "line 0")
    t.same(threads.messages.delete(message, thread_id=made.id).deleted, True)
    t.gone(threads.messages.retrieve, message, thread_id=made.id)
    t.same(threads.delete(made.id).deleted, True)
    t.gone(threads.retrieve, made.id)
    t.gone(threads.messages.list, made.id)

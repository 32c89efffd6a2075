"""Conversations: items that come and go, and responses that read them and add to them."""

from __future__ import annotations

from typing import Any

import openai

from ..tour import Tour, user


def walk(t: Tour) -> None:
    """The chapter."""
    conversations, create = t.client.conversations, t.client.responses.create
    made = conversations.create(metadata={"topic": "whales"}, items=user("My name is Zoe."))
    t.same((made.object, made.metadata), ("conversation", {"topic": "whales"}))
    t.same(conversations.retrieve(made.id), made)
    t.same(conversations.update(made.id, metadata={"topic": "ships"}).metadata, {"topic": "ships"})
    first = create(model="gpt-4o", input="What is my name?", conversation=made.id)
    t.same((first.output_text, first.conversation.id), ("Your name is Zoe.", made.id))
    create(model="gpt-4o", input="I live in Rome.", conversation=made.id)
    *_, last = create(model="gpt-4o", input="Where do I live?", conversation=made.id, stream=True)
    t.same(last.response.output_text, "You live in Rome.")
    t.same(_said(t, made.id)[:4], ["My name is Zoe.", "What is my name?", "Your name is Zoe.", "I live in Rome."])
    added = conversations.items.create(made.id, items=[*user("one"), *user("two")])
    t.same([item.content[0].text for item in added.data], ["one", "two"])
    t.same(_said(t, made.id)[-2:], ["one", "two"])
    item = added.data[0].id
    t.same(conversations.items.retrieve(item, conversation_id=made.id).content[0].text, "one")
    t.same(conversations.items.delete(item, conversation_id=made.id).id, made.id)
    t.gone(conversations.items.retrieve, item, conversation_id=made.id)
    many: Any = [message for n in range(21) for message in user(str(n))]
    t.same(t.refused(openai.BadRequestError, conversations.items.create, made.id, items=many).param, "items")
    t.same(conversations.delete(made.id).deleted, True)
    t.gone(conversations.retrieve, made.id)
    t.gone(create, model="gpt-4o", input="hi", conversation=made.id)


def _said(t: Tour, conversation: str) -> list[str]:
    items = t.client.conversations.items.list(conversation, order="asc", limit=2)
    return [part.text for item in items if item.type == "message" for part in item.content]

"""Conversations: their items, their metadata, and the responses that read them and add to them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from .answering import TOOK, Scene, kinds, scene, text_of


@pytest.fixture
def own() -> Iterator[Scene]:
    with scene() as made:
        yield made


def said(own: Scene, conversation: str) -> list[str]:
    """The texts of all messages, in order."""
    items = own.get(f"/conversations/{conversation}/items?order=asc&limit=100")["data"]
    return [part["text"] for item in items if item["type"] == "message" for part in item["content"]]


def user(text: str) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": text}


@pytest.mark.operation("conversations.create", "conversations.retrieve", "conversations.update", "conversations.delete")
def test_a_conversation_lives(own: Scene) -> None:
    made = own.post("/conversations", metadata={"topic": "whales"})
    assert (made["object"], made["metadata"]) == ("conversation", {"topic": "whales"})
    assert made["id"].startswith("conv_")
    path = f"/conversations/{made['id']}"
    changed = own.post(path, metadata={"topic": "ships", "more": "1"})
    assert changed == made | {"metadata": {"topic": "ships", "more": "1"}}
    assert own.get(path) == changed
    assert own.post("/conversations")["metadata"] == {}
    assert own.delete(path) == {"id": made["id"], "object": "conversation.deleted", "deleted": True}
    for heard in (own.ask("GET", f"/v1{path}"), own.ask("GET", f"/v1{path}/items"), own.ask("DELETE", f"/v1{path}")):
        assert heard.status == 404
    assert own.ask("POST", f"/v1{path}", {"metadata": {}}).status == 404


@pytest.mark.operation("conversations.items.create", "conversations.items.list", "conversations.items.retrieve")
def test_items_are_added_listed_and_found(own: Scene) -> None:
    made = own.post("/conversations", items=[user("one")])["id"]
    added = own.post(f"/conversations/{made}/items", items=[user("two"), user("three")])
    assert [item["content"][0]["text"] for item in added["data"]] == ["two", "three"]
    assert (added["first_id"], added["last_id"]) == (added["data"][0]["id"], added["data"][1]["id"])
    assert said(own, made) == ["one", "two", "three"]
    newest = own.get(f"/conversations/{made}/items?limit=2")
    assert ([i["content"][0]["text"] for i in newest["data"]], newest["has_more"]) == (["three", "two"], True)
    rest = own.get(f"/conversations/{made}/items?after={newest['last_id']}")
    assert ([i["content"][0]["text"] for i in rest["data"]], rest["has_more"]) == (["one"], False)
    item = added["data"][0]
    assert own.get(f"/conversations/{made}/items/{item['id']}") == item
    assert own.ask("GET", f"/v1/conversations/{made}/items/msg_none").status == 404
    other = own.post("/conversations")["id"]
    assert own.ask("GET", f"/v1/conversations/{other}/items/{item['id']}").status == 404


@pytest.mark.operation("conversations.items.delete")
def test_an_item_that_is_deleted_is_no_longer_known(own: Scene) -> None:
    made = own.post("/conversations", items=[user("My name is Zoe.")])
    (item,) = own.get(f"/conversations/{made['id']}/items")["data"]
    assert text_of(own.respond("What is my name?", conversation=made["id"], store=False)) == "Your name is Zoe."
    assert own.delete(f"/conversations/{made['id']}/items/{item['id']}") == made
    assert own.ask("DELETE", f"/v1/conversations/{made['id']}/items/{item['id']}").status == 404
    assert "not told" in text_of(own.respond("What is my name?", conversation=made["id"]))


def test_what_is_refused(own: Scene) -> None:
    many = [user(f"{n}") for n in range(21)]
    assert own.refused("/conversations", items=many) == (400, "items", "array_above_max_length")
    made = own.post("/conversations")["id"]
    assert own.refused(f"/conversations/{made}/items", items=many) == (400, "items", "array_above_max_length")
    assert own.refused(f"/conversations/{made}/items") == (400, "items", "missing_required_parameter")
    assert own.refused("/conversations/conv_none/items", items=many[:1])[0] == 404
    assert own.refused("/conversations", metadata={"k": "v" * 513})[0] == 400
    asked = {"model": "gpt-4o", "input": "hi"}
    assert own.refused("/responses", **asked, conversation="conv_none")[0] == 404
    first = own.respond("hi")["id"]
    both = own.refused("/responses", **asked, conversation=made, previous_response_id=first)
    assert both == (400, "conversation", "mutually_exclusive")


def test_responses_read_it_and_add_to_it(own: Scene) -> None:
    made = own.post("/conversations", items=[user("My name is Zoe.")])["id"]
    first = own.respond("What is my name?", conversation=made)
    assert (text_of(first), first["conversation"]) == ("Your name is Zoe.", {"id": made})
    own.respond("I live in Rome.", conversation={"id": made})
    streamed = own.stream("Where do I live?", conversation=made)[-1]["response"]
    assert text_of(streamed) == "You live in Rome."
    heard = said(own, made)
    assert heard[:4] == ["My name is Zoe.", "What is my name?", "Your name is Zoe.", "I live in Rome."]
    assert heard[-2:] == ["Where do I live?", "You live in Rome."]
    own.delete(f"/responses/{first['id']}")
    assert said(own, made) == heard
    counted = own.post("/responses/input_tokens", model="gpt-4o", input="And?", conversation=made)["input_tokens"]
    assert counted > streamed["usage"]["input_tokens"]


def test_its_items_can_be_referred_to(own: Scene) -> None:
    made = own.post("/conversations", items=[user("Say: once more")])["id"]
    (item,) = own.get(f"/conversations/{made}/items")["data"]
    own.respond("Say: other", conversation=made)
    reference = {"type": "item_reference", "id": item["id"]}
    assert own.refused("/responses", model="gpt-4o", input=[reference])[0] == 404
    assert text_of(own.respond([reference], conversation=made)) == "once more"


def test_a_tool_round_trip_within_it(own: Scene) -> None:
    tool = {
        "type": "function",
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    }
    made = own.post("/conversations")["id"]
    first = own.respond("Weather in Paris?", conversation=made, tools=[tool])
    assert kinds(first) == ["function_call"]
    output = {"type": "function_call_output", "call_id": first["output"][0]["call_id"], "output": '{"temp": 21}'}
    assert text_of(own.respond([output], conversation=made, tools=[tool])) == "get_weather(Paris): temp 21."
    listed = own.get(f"/conversations/{made}/items?order=asc")["data"]
    assert [i["type"] for i in listed] == ["message", "function_call", "function_call_output", "message"]


def test_a_background_response_adds_to_it_when_it_is_done(own: Scene) -> None:
    made = own.post("/conversations")["id"]
    own.respond("Say: hi", conversation=made, background=True)
    assert said(own, made) == []
    own.wait(TOOK)
    assert said(own, made) == ["Say: hi", "hi"]
    cancelled = own.respond("Say: no", conversation=made, background=True)
    own.post(f"/responses/{cancelled['id']}/cancel")
    own.wait(TOOK)
    assert said(own, made) == ["Say: hi", "hi"]


def test_images_are_shown_on_demand(own: Scene) -> None:
    picture = {"type": "input_image", "image_url": "data:image/png;base64,AAAA"}
    made = own.post("/conversations", items=[{"type": "message", "role": "user", "content": [picture]}])["id"]
    path = f"/conversations/{made}/items"
    assert own.get(path)["data"][0]["content"][0]["image_url"] is None
    shown = own.get(f"{path}?include[]=message.input_image.image_url")["data"][0]["content"][0]
    assert (shown["image_url"], shown["detail"]) == (picture["image_url"], "auto")


def test_it_survives_a_restart(tmp_path: Path) -> None:
    with scene(data=tmp_path) as first:
        made = first.post("/conversations", metadata={"a": "b"})
        first.respond("My name is Zoe.", conversation=made["id"])
        heard = said(first, made["id"])
    with scene(data=tmp_path) as second:
        assert second.get(f"/conversations/{made['id']}") == made
        assert said(second, made["id"]) == heard
        assert text_of(second.respond("What is my name?", conversation=made["id"])) == "Your name is Zoe."


def test_the_official_client_reads_it(client: openai.OpenAI) -> None:
    conversation = client.conversations.create(items=[{"role": "user", "content": "My name is Zoe."}])
    client.responses.create(model="gpt-4o", input="What is my name?", conversation=conversation.id)
    items = list(client.conversations.items.list(conversation.id, order="asc", limit=1))
    assert [item.type for item in items] == ["message"] * 3
    assert client.conversations.delete(conversation.id).deleted

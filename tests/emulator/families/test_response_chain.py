"""Chains of responses: what was said lives as long as somebody continues it, and costs no more than was said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from .answering import Scene, scene, text_of


@pytest.fixture
def own() -> Iterator[Scene]:
    with scene() as made:
        yield made


def chain(own: Scene, *texts: str) -> list[str]:
    """The ids of responses that continue one another."""
    ids: list[str] = []
    for text in texts:
        more = {"previous_response_id": ids[-1]} if ids else {}
        ids.append(own.respond(text, **more)["id"])
    return ids


@pytest.mark.operation("responses.delete")
def test_a_deleted_parent_is_still_known_to_its_children(own: Scene) -> None:
    first, second = chain(own, "My name is Zoe.", "I live in Rome.")
    answer = own.delete(f"/responses/{first}")
    assert answer == {"id": first, "object": "response", "deleted": True}
    assert own.ask("GET", f"/v1/responses/{first}").status == 404
    assert own.ask("GET", f"/v1/responses/{first}/input_items").status == 404
    assert own.ask("DELETE", f"/v1/responses/{first}").status == 404
    asked = {"model": "gpt-4o", "input": "What is my name?"}
    gone = own.refused("/responses", **asked, previous_response_id=first)
    assert gone == (400, "previous_response_id", "previous_response_not_found")
    assert text_of(own.respond("What is my name?", previous_response_id=second)) == "Your name is Zoe."


def test_what_nobody_continues_leaves_nothing_behind(own: Scene) -> None:
    ids = chain(own, "one", "two", "three")
    branch = own.respond("other", previous_response_id=ids[0])["id"]
    shelf = own.world.shelf("responses")
    for each in (ids[0], ids[1], ids[2]):
        own.delete(f"/responses/{each}")
    assert [record["id"] for record in shelf] == [ids[0], branch]
    own.delete(f"/responses/{branch}")
    assert len(shelf) == 0


def test_a_long_chain_costs_what_was_said(own: Scene) -> None:
    chain(own, *(f"Say: number {n} of a long talk" for n in range(60)))
    sizes = [len(msgspec.json.encode(record)) for record in own.world.shelf("responses")]
    assert max(sizes) < min(sizes) * 1.3


def test_a_chain_survives_a_restart_and_a_deletion(tmp_path: Path) -> None:
    with scene(data=tmp_path) as first:
        ids = chain(first, "My name is Zoe.", "I live in Rome.")
        first.delete(f"/responses/{ids[0]}")
        shown = first.get(f"/responses/{ids[1]}")
    with scene(data=tmp_path) as second:
        assert second.get(f"/responses/{ids[1]}") == shown
        assert second.ask("GET", f"/v1/responses/{ids[0]}").status == 404
        assert text_of(second.respond("What is my name?", previous_response_id=ids[1])) == "Your name is Zoe."


@pytest.mark.operation("responses.input_items.list")
def test_a_reference_is_the_item_it_names(own: Scene) -> None:
    first = own.respond("My name is Zoe.")
    (item,) = own.get(f"/responses/{first['id']}/input_items")["data"]
    assert own.respond([{"id": item["id"]}, {"role": "user", "content": "My name?"}])["usage"]["input_tokens"] > 12
    asked = [{"type": "item_reference", "id": item["id"]}, {"role": "user", "content": "What is my name?"}]
    second = own.respond(asked)
    assert text_of(second) == "Your name is Zoe."
    own.delete(f"/responses/{first['id']}")
    assert own.get(f"/responses/{second['id']}/input_items?order=asc")["data"][0] == item
    assert text_of(own.respond("And my name?", previous_response_id=second["id"]))


def test_outputs_of_a_program_name_no_call(own: Scene) -> None:
    output = {"type": "function_call_output", "call_id": None, "output": "done"}
    asked = [output | {"caller": {"type": "program", "caller_id": "p1"}}, {"role": "user", "content": "Say: ok"}]
    assert text_of(own.respond(asked)) == "ok"


@pytest.mark.operation("responses.input_items.list")
def test_images_of_the_input_are_shown_on_demand(own: Scene) -> None:
    picture = {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "low"}
    made = own.respond([{"role": "user", "content": [picture, {"type": "input_text", "text": "Say: hi"}]}])
    path = f"/responses/{made['id']}/input_items"
    assert own.get(path)["data"][0]["content"][0] == picture | {"image_url": None}
    assert own.get(f"{path}?include[]=message.input_image.image_url")["data"][0]["content"][0] == picture

"""Tools that responses use by themselves: search in files, sums in containers, pictures."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

from ..tour import Tour

PASSAGE = "The lighthouse of Zelandia was built in 1812 by two brothers."
SUMS: Any = {"type": "code_interpreter", "container": {"type": "auto"}}
PAINT: Any = {"type": "image_generation", "size": "64x48", "partial_images": 2}


def walk(t: Tour) -> None:
    """The chapter."""
    _search(t)
    _sums(t)
    _pictures(t)


def _search(t: Tour) -> None:
    create, question = t.client.responses.create, "When was the lighthouse of Zelandia built?"
    tale, other = t.upload("tale.txt", PASSAGE, "assistants"), t.upload("other.txt", "Whales are large.", "assistants")
    store = t.client.vector_stores.create(file_ids=[tale, other]).id
    t.same(t.settled(lambda: t.client.vector_stores.retrieve(store), "in_progress").status, "completed")
    tool: Any = {"type": "file_search", "vector_store_ids": [store]}
    call, message = create(model="gpt-4o", input=question, tools=[tool], include=["file_search_call.results"]).output
    t.same((call.type, call.status, call.results[0].file_id), ("file_search_call", "completed", tale))
    t.same((message.content[0].text, message.content[0].annotations[0].file_id), (PASSAGE, tale))
    t.same(create(model="gpt-4o", input=question, tools=[tool]).output[0].results, None)
    tool["vector_store_ids"] = ["vs_none"]
    t.gone(create, model="gpt-4o", input=question, tools=[tool])


def _sums(t: Tour) -> None:
    create = t.client.responses.create
    made = create(model="gpt-4o", input="What is 12*7+3?", tools=[SUMS], include=["code_interpreter_call.outputs"])
    call = made.output[0]
    t.same((call.code, call.outputs[0].logs), ("print(12*7+3)", "87\n"))
    t.same(t.client.containers.retrieve(call.container_id).status, "running")
    again = create(model="gpt-4o", input="And 2+2?", tools=[SUMS], previous_response_id=made.id)
    t.same(again.output[0].container_id, call.container_id)
    events = list(create(model="gpt-4o", input="What is 1+1?", tools=[SUMS], stream=True))
    deltas = [event.delta for event in events if event.type == "response.code_interpreter_call_code.delta"]
    t.same("".join(deltas), "print(1+1)")


def _pictures(t: Tour) -> None:
    create = t.client.responses.create
    item = create(model="gpt-4o", input="Draw a red whale", tools=[PAINT]).output[0]
    data = b64decode(item.result)
    t.same((data[:4], int.from_bytes(data[16:20]), int.from_bytes(data[20:24])), (b"\x89PNG", 64, 48))
    events = list(create(model="gpt-4o", input="Draw a red whale", tools=[PAINT], stream=True))
    partial = [event for event in events if event.type == "response.image_generation_call.partial_image"]
    t.same([event.partial_image_index for event in partial], [0, 1])
    t.same(events[-1].response.output[0].result, item.result)

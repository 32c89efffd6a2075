"""Hosted tools: searches that search, sums in real containers, pictures that are pictures; and how streams tell of them."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from antiphon.emulator.families import retrieval

from .answering import TOOK, Scene, kinds, scene, text_of, wait_for

SUMS = {"type": "code_interpreter", "container": {"type": "auto"}}
PAINT = {"type": "image_generation", "size": "64x48", "partial_images": 2}
WEATHER = {"type": "function", "name": "get_weather", "parameters": {"type": "object", "properties": {}}}
PASSAGE = "The lighthouse of Zelandia was built in 1812 by two brothers."


@pytest.fixture
def own() -> Iterator[Scene]:
    with scene() as made:
        yield made


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What searches were asked; they find two chunks."""
    asked: list[Any] = []

    async def search(
        world: Any, stores: Any, query: Any, filters: Any = None, limit: int = 10, ranking: Any = None
    ) -> list[retrieval.Hit]:
        asked.append((list(stores), query, filters, limit, ranking))
        texts = {"file-1": PASSAGE, "file-2": "Whales are large."}
        return [
            {
                "file_id": file,
                "filename": f"{file}.txt",
                "score": 0.9,
                "attributes": {"kind": "tale"},
                "content": [{"type": "text", "text": text}],
                "vector_store_id": "vs_1",
            }
            for file, text in texts.items()
        ]

    monkeypatch.setattr(retrieval, "search", search)
    return asked


def searching(**more: Any) -> dict[str, Any]:
    return {"type": "file_search", "vector_store_ids": ["vs_1"], **more}


def test_a_search_is_told_and_cited(own: Scene, found: list[Any]) -> None:
    filters = {"type": "eq", "key": "kind", "value": "tale"}
    question = "When was the lighthouse of Zelandia built?"
    made = own.respond(question, tools=[searching(filters=filters, max_num_results=3)])
    assert found == [(["vs_1"], question, filters, 3, None)]
    spent = {row["kind"]: row["requests"] for row in own.world.meter.rows(0, float("inf"))}
    assert spent == {"completions": 1, "file_search_calls": 1}
    call, message = made["output"]
    assert (call["type"], call["status"], call["results"]) == ("file_search_call", "completed", None)
    assert call["queries"] == ["lighthouse Zelandia built"]
    part = message["content"][0]
    assert part["text"] == PASSAGE
    cited = {"type": "file_citation", "file_id": "file-1", "filename": "file-1.txt", "index": len(PASSAGE)}
    assert part["annotations"] == [cited]


def test_a_real_store_is_searched(own: Scene) -> None:
    with openai.OpenAI(base_url=own.emulator.base_url, api_key="sk-test", max_retries=0) as client:
        tale = client.files.create(file=("tale.txt", PASSAGE.encode()), purpose="assistants")
        other = client.files.create(file=("other.txt", b"Whales are large animals."), purpose="assistants")
        store = client.vector_stores.create(file_ids=[tale.id, other.id])
        own.wait(TOOK * 2)
        wait_for(lambda: client.vector_stores.retrieve(store.id).status == "completed")
        tool: Any = {"type": "file_search", "vector_store_ids": [store.id]}
        made = client.responses.create(
            model="gpt-4o",
            input="When was the lighthouse of Zelandia built?",
            tools=[tool],
            include=["file_search_call.results"],
        )
    call, message = made.output
    assert call.type == "file_search_call"
    assert message.type == "message"
    results = call.results or []
    assert (results[0].file_id, results[0].filename) == (tale.id, "tale.txt")
    part = message.content[0]
    assert part.type == "output_text"
    assert part.text == PASSAGE
    (cited,) = part.annotations
    assert cited.type == "file_citation"
    assert cited.file_id == tale.id


def test_results_are_shown_on_demand(own: Scene, found: list[Any]) -> None:
    made = own.respond("Tell of whales", tools=[searching()], include=["file_search_call.results"])
    shown = made["output"][0]["results"]
    assert [result["file_id"] for result in shown] == ["file-1", "file-2"]
    assert shown[0] == {
        "attributes": {"kind": "tale"},
        "file_id": "file-1",
        "filename": "file-1.txt",
        "score": 0.9,
        "text": PASSAGE,
    }
    plain = own.respond("Tell of whales", tools=[searching()])
    again = own.get(f"/responses/{plain['id']}?include[]=file_search_call.results")
    assert (plain["output"][0]["results"], again["output"][0]["results"]) == (None, shown)


def test_a_stream_tells_of_the_search(own: Scene, found: list[Any]) -> None:
    events = own.stream("When was the lighthouse of Zelandia built?", tools=[searching()])
    types = [event["type"].removeprefix("response.") for event in events]
    steps = ["in_progress", "searching", "completed"]
    assert types[2:7] == ["output_item.added", *(f"file_search_call.{s}" for s in steps), "output_item.done"]
    annotated = events[types.index("output_text.annotation.added")]
    assert annotated["annotation"]["file_id"] == "file-1"
    assert types.index("output_text.annotation.added") < types.index("output_text.done")


def test_a_store_that_is_not_there(own: Scene) -> None:
    assert own.refused("/responses", model="gpt-4o", input="x?", tools=[searching()])[0] == 404


def test_sums_are_done_in_a_container(own: Scene) -> None:
    made = own.respond("What is 12*7+3?", tools=[SUMS], include=["code_interpreter_call.outputs"])
    call, message = made["output"]
    assert (call["type"], call["code"]) == ("code_interpreter_call", "print(12*7+3)")
    assert call["outputs"] == [{"type": "logs", "logs": "87\n"}]
    assert own.get(f"/containers/{call['container_id']}")["status"] == "running"
    assert "87" in message["content"][0]["text"]
    again = own.respond("And 2+2?", tools=[SUMS], previous_response_id=made["id"])["output"][0]
    assert (again["container_id"], again["outputs"]) == (call["container_id"], None)
    named = own.respond("What is 1+1?", tools=[SUMS | {"container": call["container_id"]}])["output"][0]
    assert named["container_id"] == call["container_id"]
    other = own.refused("/responses", model="gpt-4o", input="1+1", tools=[SUMS | {"container": "cntr_none"}])
    assert other[:2] == (404, "tools")


def test_no_tool_is_used_for_nothing(own: Scene) -> None:
    assert kinds(own.respond("Say: hi", tools=[SUMS, PAINT, {"type": "web_search"}])) == ["message"]
    assert kinds(own.respond("What is 1+1?", tools=[SUMS], tool_choice="none")) == ["message"]
    only = {"type": "image_generation"}
    assert kinds(own.respond("What is 1+1?", tools=[SUMS, PAINT], tool_choice=only)) == ["image_generation_call"]
    assert kinds(own.respond("What is 1+1?", tools=[SUMS, PAINT], max_tool_calls=1)) == [
        "code_interpreter_call",
        "message",
    ]


def test_a_picture_is_drawn(own: Scene) -> None:
    made = own.respond("Draw a red whale", tools=[PAINT])
    (item,) = made["output"]
    assert (item["type"], item["size"], item["output_format"]) == ("image_generation_call", "64x48", "png")
    data = b64decode(item["result"])
    assert data.startswith(b"\x89PNG")
    assert (int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")) == (64, 48)


def test_a_stream_shows_pictures_on_their_way(own: Scene) -> None:
    for background in (False, True):
        made = own.respond("Draw a red whale", tools=[PAINT], background=background) if background else None
        own.wait(TOOK)
        events = own.follow(made["id"]) if made else own.stream("Draw a red whale", tools=[PAINT])
        partial = [e for e in events if e["type"] == "response.image_generation_call.partial_image"]
        assert [e["partial_image_index"] for e in partial] == [0, 1]
        whole = events[-1]["response"]["output"][0]["result"]
        assert len({whole, *(e["partial_image_b64"] for e in partial)}) == 3


def test_code_is_told_bit_by_bit(own: Scene) -> None:
    events = own.stream("What is 12*7+3?", tools=[SUMS])
    deltas = [e["delta"] for e in events if e["type"] == "response.code_interpreter_call_code.delta"]
    assert "".join(deltas) == "print(12*7+3)"
    types = [e["type"] for e in events]
    assert types.index("response.code_interpreter_call.interpreting") > types.index(
        "response.code_interpreter_call_code.done"
    )


def test_functions_and_hosted_tools_together(own: Scene) -> None:
    made = own.respond("get_weather for 1+1", tools=[SUMS, WEATHER])
    assert kinds(made) == ["code_interpreter_call", "function_call"]
    output = {"type": "function_call_output", "call_id": made["output"][1]["call_id"], "output": "fine"}
    after = own.respond([output], tools=[SUMS, WEATHER], previous_response_id=made["id"])
    assert (kinds(after), text_of(after)) == (["message"], "get_weather(): fine")


def test_what_a_tool_cannot_do_is_refused(own: Scene) -> None:
    for size in ("big", "0x10", "9999x9999"):
        asked = own.refused("/responses", model="gpt-4o", input="Draw a whale", tools=[PAINT | {"size": size}])
        assert asked == (400, "tools", "invalid_value")


def test_nothing_asked_uses_no_tool(own: Scene) -> None:
    assert kinds(own.respond([], tools=[SUMS, WEATHER])) == ["message"]

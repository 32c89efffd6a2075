"""Responses: life cycle, chains, background work, streams and their order."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from antiphon.emulator import Emulator, Setting
from tests.emulator.asking import Asking, response

PATH = "/v1/responses"
TOOL = {
    "type": "function",
    "name": "get_weather",
    "description": "Weather of a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
TEXT_ORDER = [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
]
CALL_ORDER = [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.output_item.done",
    "response.completed",
]
REASONING_ORDER = [
    *TEXT_ORDER[:2],
    "response.output_item.added",
    "response.reasoning_summary_part.added",
    "response.reasoning_summary_text.delta",
    "response.reasoning_summary_text.done",
    "response.reasoning_summary_part.done",
    "response.output_item.done",
    *TEXT_ORDER[2:],
]


def made(ask: Asking, given: Any, **more: Any) -> dict[str, Any]:
    heard = ask("POST", PATH, response(given, **more))
    assert heard.status == 200, heard.body
    return heard.json


def text_of(found: dict[str, Any]) -> str:
    return "".join(p["text"] for item in found["output"] if item["type"] == "message" for p in item["content"])


def squeezed(events: list[Any]) -> list[str]:
    """The types in order, runs of one type told once."""
    types = [event["type"] for event in events]
    return [kind for index, kind in enumerate(types) if index == 0 or types[index - 1] != kind]


@pytest.mark.operation("responses.create")
def test_an_answer(ask: Asking) -> None:
    found = made(ask, "What is 12*7+3?", metadata={"k": "v"}, temperature=0.5)
    assert (found["object"], found["status"], found["error"]) == ("response", "completed", None)
    assert text_of(found) == "12*7+3 = 87"
    assert (found["metadata"], found["temperature"], found["top_p"], found["store"]) == ({"k": "v"}, 0.5, 1.0, True)
    usage = found["usage"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert usage["output_tokens"] == 7
    assert found["output"][0]["id"].startswith("msg_")


@pytest.mark.parametrize(
    ("more", "order"),
    [
        ({"input": "Say: one two three"}, TEXT_ORDER),
        ({"input": "Weather in Paris?", "tools": [TOOL]}, CALL_ORDER),
        ({"input": "Say: one two", "reasoning": {"effort": "low", "summary": "auto"}}, REASONING_ORDER),
        (
            {"input": "Make a note: milk", "tools": [{"type": "custom", "name": "note", "description": "a note"}]},
            [kind.replace("function_call_arguments", "custom_tool_call_input") for kind in CALL_ORDER],
        ),
        (
            {"input": f"Say: {'word ' * 40}", "max_output_tokens": 16},
            [*TEXT_ORDER[:-1], "response.incomplete"],
        ),
        ({"input": "Say: hi", "background": True}, ["response.created", "response.queued", *TEXT_ORDER[1:]]),
    ],
)
def test_event_order(ask: Asking, more: dict[str, Any], order: list[str]) -> None:
    heard = ask("POST", PATH, {"model": "gpt-4o", "stream": True} | more)
    assert heard.status == 200, heard.body
    events = heard.events
    assert squeezed(events) == order
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    names = [line[7:] for line in heard.body.decode().split("\n") if line.startswith("event: ")]
    assert names == [event["type"] for event in events]
    check_deltas(events)


def check_deltas(events: list[Any]) -> None:
    """Deltas add up to what done says, and done to what the last event holds."""
    final = events[-1]["response"]
    assert events[0]["response"]["output"] == []
    assert events[0]["response"]["status"] in ("in_progress", "queued")
    for index, item in enumerate(final["output"]):
        own = [event for event in events if event.get("output_index") == index]
        assert own[0]["item"]["id"] == own[-1]["item"]["id"] == item["id"]
        assert own[-1]["item"] == item
        assert all(event["item_id"] == item["id"] for event in own[1:-1])
        deltas = "".join(event["delta"] for event in own if event["type"].endswith(".delta"))
        told = {
            "message": lambda i: i["content"][0]["text"],
            "function_call": lambda i: i["arguments"],
            "custom_tool_call": lambda i: i["input"],
            "reasoning": lambda i: i["summary"][0]["text"],
        }[item["type"]](item)
        assert deltas == told


def test_stream_and_whole_agree(ask: Asking) -> None:
    whole = made(ask, "Say: one two three")
    final = ask("POST", PATH, response("Say: one two three", stream=True)).events[-1]["response"]
    assert text_of(final) == text_of(whole)
    assert final["usage"] == whole["usage"]
    assert final.keys() == whole.keys()


def test_obfuscation_on_demand(ask: Asking) -> None:
    events = ask("POST", PATH, response("Say: hi", stream=True, stream_options={"include_obfuscation": True})).events
    assert next(e for e in events if e["type"].endswith("text.delta"))["obfuscation"]


@pytest.mark.operation("responses.create", "responses.delete")
def test_chains_remember(ask: Asking) -> None:
    first = made(ask, "My name is Zoe", instructions="Be kind.")
    second = made(ask, "I live in Rome", previous_response_id=first["id"])
    assert second["previous_response_id"] == first["id"]
    assert second["instructions"] is None
    assert ask("DELETE", f"{PATH}/{first['id']}").json == {"id": first["id"], "object": "response", "deleted": True}
    third = made(ask, "What is my name?", previous_response_id=second["id"])
    assert text_of(third) == "Your name is Zoe."
    assert third["usage"]["input_tokens"] > second["usage"]["input_tokens"] > first["usage"]["input_tokens"]
    assert ask("GET", f"{PATH}/{first['id']}").status == 404


def test_a_tool_round_trip_by_id_and_by_items(ask: Asking) -> None:
    first = made(ask, "Weather in Paris?", tools=[TOOL])
    call = first["output"][0]
    assert json.loads(call["arguments"]) == {"city": "Paris"}
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": '{"temp": 21}'}
    told = "get_weather(Paris): temp 21."
    assert text_of(made(ask, [output], tools=[TOOL], previous_response_id=first["id"])) == told
    question = {"role": "user", "content": "Weather in Paris?"}
    assert text_of(made(ask, [question, call, output], tools=[TOOL])) == told
    assert text_of(made(ask, [question, {"type": "item_reference", "id": call["id"]}, output], tools=[TOOL])) == told


def test_calls_and_outputs_must_fit(ask: Asking) -> None:
    call = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
    output = {"type": "function_call_output", "call_id": "c1", "output": "x"}
    for items in ([output], [call], [output, call], [call, output, output]):
        heard = ask("POST", PATH, response(items))
        assert (heard.status, heard.error["param"]) == (400, "input")
    assert ask("POST", PATH, response([{"type": "item_reference", "id": "msg_none"}])).status == 404
    first = made(ask, "Weather in Paris?", tools=[TOOL])
    assert ask("POST", PATH, response("And now?", previous_response_id=first["id"])).status == 400


def test_store_false_is_forgotten(ask: Asking) -> None:
    found = made(ask, "hi", store=False)
    assert found["store"] is False
    assert ask("GET", f"{PATH}/{found['id']}").status == 404


@pytest.mark.operation("responses.input_items.list")
def test_input_items_are_listed(ask: Asking) -> None:
    items = [{"role": "user", "content": f"line {n}"} for n in range(5)]
    found = made(ask, items)
    path = f"{PATH}/{found['id']}/input_items"
    whole = ask("GET", f"{path}?order=asc").json
    texts = [item["content"][0]["text"] for item in whole["data"]]
    assert texts == [f"line {n}" for n in range(5)]
    assert all(item["id"].startswith("msg_") and item["type"] == "message" for item in whole["data"])
    first = ask("GET", f"{path}?limit=2").json
    assert ([item["content"][0]["text"] for item in first["data"]], first["has_more"]) == (["line 4", "line 3"], True)
    second = ask("GET", f"{path}?limit=10&after={first['last_id']}").json
    assert ([item["content"][0]["text"] for item in second["data"]], second["has_more"]) == (
        ["line 2", "line 1", "line 0"],
        False,
    )
    assert ask("GET", f"{path}?limit=101").status == 400


@pytest.mark.operation("responses.input_tokens.count")
def test_token_counts_agree_with_usage(ask: Asking) -> None:
    found = made(ask, "How many tokens is this?", instructions="Count.", tools=[TOOL], tool_choice="none")
    counted = ask(
        "POST",
        f"{PATH}/input_tokens",
        {"model": "gpt-4o", "input": "How many tokens is this?", "instructions": "Count.", "tools": [TOOL]},
    ).json
    assert counted == {"object": "response.input_tokens", "input_tokens": found["usage"]["input_tokens"]}


@pytest.mark.operation("responses.retrieve")
def test_background_work_takes_its_time() -> None:
    with Emulator(Setting(background_seconds=0.8)) as server:
        ask = Asking(server.base_url)
        found = made(ask, "Say: hi", background=True)
        assert (found["status"], found["output"], found["usage"]) == ("queued", [], None)
        seen = [found["status"]]
        while seen[-1] not in ("completed", "failed"):
            time.sleep(0.02)
            now = ask("GET", f"{PATH}/{found['id']}").json
            seen += [now["status"]] if now["status"] != seen[-1] else []
        assert seen == ["queued", "in_progress", "completed"]
        assert text_of(now) == "hi"
        assert ask("POST", f"{PATH}/{found['id']}/cancel").status == 400
        ask.close()


@pytest.mark.operation("responses.cancel")
def test_cancelling() -> None:
    with Emulator(Setting(background_seconds=60)) as server:
        ask = Asking(server.base_url)
        found = made(ask, "Say: hi", background=True)
        for _ in range(2):
            cancelled = ask("POST", f"{PATH}/{found['id']}/cancel")
            assert (cancelled.status, cancelled.json["status"], cancelled.json["output"]) == (200, "cancelled", [])
        assert ask("GET", f"{PATH}/{found['id']}").json["status"] == "cancelled"
        assert ask("POST", f"{PATH}/{made(ask, 'hi')['id']}/cancel").status == 400
        assert ask("POST", f"{PATH}/resp_none/cancel").status == 404
        ask.close()


def test_streams_can_be_taken_up_again(ask: Asking) -> None:
    whole = ask("POST", PATH, response("Say: one two three four", stream=True, background=True)).events
    made_id = whole[-1]["response"]["id"]
    again = ask("GET", f"{PATH}/{made_id}?stream=true").events
    assert [event["type"] for event in again] == [event["type"] for event in whole]
    rest = ask("GET", f"{PATH}/{made_id}?stream=true&starting_after=4").events
    assert rest == again[5:]
    assert ask("GET", f"{PATH}/{made_id}?starting_after=4").status == 400
    plain = made(ask, "hi")
    assert ask("GET", f"{PATH}/{plain['id']}?stream=true").status == 400


def test_reasoning_items(ask: Asking) -> None:
    found = made(
        ask, "What is 6*7?", reasoning={"effort": "low", "summary": "auto"}, include=["reasoning.encrypted_content"]
    )
    thought, message = found["output"]
    assert thought["type"] == "reasoning"
    assert thought["summary"][0]["text"]
    assert thought["encrypted_content"]
    assert message["content"][0]["text"] == "6*7 = 42"
    assert found["usage"]["output_tokens_details"]["reasoning_tokens"] > 0
    again = made(
        ask, [{"role": "user", "content": "What is 6*7?"}, thought, message, {"role": "user", "content": "Say: ok"}]
    )
    assert text_of(again) == "ok"
    assert made(ask, "hi", reasoning={"effort": "none"})["output"][0]["type"] == "message"
    assert made(ask, "hi", reasoning={"effort": "low"})["output"][0]["summary"] == []


def test_logprobs_on_demand(ask: Asking) -> None:
    asked = {"include": ["message.output_text.logprobs"], "top_logprobs": 2}
    part = made(ask, "Say: one two", **asked)["output"][0]["content"][0]
    assert [item["token"] for item in part["logprobs"]] == ["one", " two"]
    assert all(len(item["top_logprobs"]) == 2 for item in part["logprobs"])
    events = ask("POST", PATH, response("Say: one two", stream=True, **asked)).events
    deltas = [event for event in events if event["type"].endswith("text.delta")]
    assert [event["logprobs"][0] for event in deltas] == part["logprobs"]


def test_schema_and_what_is_refused(ask: Asking) -> None:
    schema = {
        "type": "object",
        "properties": {"age": {"type": "integer"}},
        "required": ["age"],
        "additionalProperties": False,
    }
    shape = {"type": "json_schema", "name": "person", "schema": schema, "strict": True}
    assert json.loads(text_of(made(ask, "Alice is 30 years old", text={"format": shape}))) == {"age": 30}
    schema["required"] = []
    heard = ask("POST", PATH, response("x", text={"format": shape}))
    assert (heard.error["param"], heard.error["code"]) == ("text.format.schema", "invalid_json_schema")
    heard = ask("POST", PATH, response("x", tools=[TOOL | {"parameters": {"type": "nothing"}}]))
    assert (heard.error["param"], heard.error["code"]) == ("tools[0].parameters", "invalid_function_parameters")
    assert ask("POST", PATH, response("x", conversation="conv_none")).status == 404
    assert ask("POST", PATH, response("x", prompt={"id": "pmpt_none"})).status == 404


def test_only_the_newest_are_kept() -> None:
    with Emulator(Setting(keep=2)) as server:
        ask = Asking(server.base_url)
        ids = [made(ask, "hi")["id"] for _ in range(3)]
        assert [ask("GET", f"{PATH}/{each}").status for each in ids] == [404, 200, 200]
        ask.close()

"""Chat completions over a real socket, whole and in pieces."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.asking import Asking, chat

from .answering import scene

PATH = "/v1/chat/completions"
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def made(ask: Asking, text: str, **more: Any) -> dict[str, Any]:
    heard = ask("POST", PATH, chat(text, **more))
    assert heard.status == 200, heard.body
    return heard.json


def joined(events: list[Any], index: int = 0) -> dict[str, Any]:
    """The choice a stream's chunks add up to."""
    content, calls, finish = "", {}, None
    for chunk in events[:-1]:
        for choice in chunk["choices"]:
            if choice["index"] != index:
                continue
            content += choice["delta"].get("content") or ""
            finish = choice["finish_reason"] or finish
            for call in choice["delta"].get("tool_calls", ()):
                known = calls.setdefault(call["index"], {"arguments": ""})
                known["id"] = call.get("id", known.get("id"))
                known["name"] = call["function"].get("name", known.get("name"))
                known["arguments"] += call["function"]["arguments"]
    return {"content": content, "calls": list(calls.values()), "finish": finish}


@pytest.mark.operation("chat.completions.create")
def test_an_answer(ask: Asking) -> None:
    found = made(ask, "What is 12*7+3?")
    assert found["object"] == "chat.completion"
    assert found["id"].startswith("chatcmpl-")
    choice = found["choices"][0]
    assert choice["message"] == {"role": "assistant", "content": "12*7+3 = 87", "refusal": None, "annotations": []}
    assert (choice["index"], choice["finish_reason"], choice["logprobs"]) == (0, "stop", None)
    usage = found["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["completion_tokens"] == 7


@pytest.mark.parametrize("more", [{}, {"n": 2}, {"max_tokens": 3}, {"stop": "three"}, {"tools": [TOOL]}])
@pytest.mark.parametrize("text", ["Say: one two three four", "Weather in Paris and Rome?", "What about whales?"])
def test_stream_and_whole_agree(ask: Asking, text: str, more: dict[str, Any]) -> None:
    whole = made(ask, text, **more)
    streamed = ask("POST", PATH, chat(text, stream=True, stream_options={"include_usage": True}, **more))
    assert streamed.headers["content-type"].startswith("text/event-stream")
    assert streamed.events[-1] == "[DONE]"
    assert streamed.events[-2]["usage"] == whole["usage"]
    assert streamed.events[-2]["choices"] == []
    assert all(chunk["usage"] is None for chunk in streamed.events[:-2])
    for choice in whole["choices"]:
        found = joined(streamed.events, choice["index"])
        assert found["finish"] == choice["finish_reason"]
        assert found["content"] == (choice["message"]["content"] or "")
        calls = choice["message"].get("tool_calls", [])
        assert [(c["name"], c["arguments"]) for c in found["calls"]] == [
            (c["function"]["name"], c["function"]["arguments"]) for c in calls
        ]


def test_chunks_share_their_head_and_begin_with_the_role(ask: Asking) -> None:
    events = ask("POST", PATH, chat("Say: one two", stream=True)).events
    assert {(e["id"], e["object"], e["model"]) for e in events[:-1]} == {
        (events[0]["id"], "chat.completion.chunk", "gpt-4o")
    }
    assert events[0]["choices"][0]["delta"]["role"] == "assistant"
    assert "usage" not in events[0]
    assert events[-2]["choices"][0] == {"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}
    assert len(events) == 5


def test_tool_calls_arrive_in_pieces(ask: Asking) -> None:
    events = ask("POST", PATH, chat("Weather in Paris?", stream=True, tools=[TOOL])).events
    pieces = [c for e in events[:-1] for c in e["choices"][0]["delta"].get("tool_calls", ())]
    assert pieces[0]["id"].startswith("call_")
    assert pieces[0]["function"] == {"name": "get_weather", "arguments": ""}
    assert len(pieces) > 3
    assert json.loads(joined(events)["calls"][0]["arguments"]) == {"city": "Paris"}
    assert joined(events)["finish"] == "tool_calls"


def test_several_choices_differ(ask: Asking) -> None:
    choices = made(ask, "Tell me about whales", n=3)["choices"]
    assert [choice["index"] for choice in choices] == [0, 1, 2]
    assert len({choice["message"]["content"] for choice in choices}) == 3


def test_limits_and_stops(ask: Asking) -> None:
    cut = made(ask, "Say: one two three", max_completion_tokens=2)["choices"][0]
    assert (cut["message"]["content"], cut["finish_reason"]) == ("one two", "length")
    stopped = made(ask, "Say: one two three", stop=["x", " two"])["choices"][0]
    assert (stopped["message"]["content"], stopped["finish_reason"]) == ("one", "stop")


def test_logprobs(ask: Asking) -> None:
    found = made(ask, "Say: one two", logprobs=True, top_logprobs=3)["choices"][0]["logprobs"]["content"]
    assert [item["token"] for item in found] == ["one", " two"]
    for item in found:
        assert item["logprob"] <= 0
        assert bytes(item["bytes"]).decode() == item["token"]
        tops = [top["logprob"] for top in item["top_logprobs"]]
        assert len(tops) == 3
        assert tops == sorted(tops, reverse=True)
        assert len({top["token"] for top in item["top_logprobs"]}) == 3
    events = ask("POST", PATH, chat("Say: one two", logprobs=True, top_logprobs=3, stream=True)).events
    streamed = [x for e in events[:-1] for x in ((e["choices"][0]["logprobs"] or {}).get("content") or ())]
    assert streamed == found


def test_json_mode_and_schema(ask: Asking) -> None:
    asked = made(ask, "As JSON: what is 6*7?", response_format={"type": "json_object"})
    assert json.loads(asked["choices"][0]["message"]["content"]) == {"answer": "6*7 = 42"}
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    shape = {"type": "json_schema", "json_schema": {"name": "person", "schema": schema, "strict": True}}
    filled = made(ask, "Alice is 30 years old", response_format=shape)
    assert json.loads(filled["choices"][0]["message"]["content"]) == {"name": "Alice", "age": 30}
    del schema["additionalProperties"]
    refused = ask("POST", PATH, chat("Alice", response_format=shape))
    assert (refused.status, refused.error["code"]) == (400, "invalid_json_schema")


def test_a_tool_round_trip(ask: Asking) -> None:
    first = made(ask, "Weather in Paris?", tools=[TOOL])["choices"][0]
    call = first["message"]["tool_calls"][0]
    messages = [
        {"role": "user", "content": "Weather in Paris?"},
        first["message"],
        {"role": "tool", "tool_call_id": call["id"], "content": '{"temp": 21}'},
    ]
    heard = ask("POST", PATH, {"model": "gpt-4o", "messages": messages, "tools": [TOOL]})
    assert heard.json["choices"][0]["message"]["content"] == "get_weather(Paris): temp 21."


def test_tool_turns_must_fit(ask: Asking) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    user = {"role": "user", "content": "x"}
    lost = {"role": "tool", "tool_call_id": "c1", "content": "x"}
    asked = {"role": "assistant", "tool_calls": [call]}
    for messages in ([user, lost], [user, asked], [user, asked, user, lost], [user, asked, lost, lost]):
        assert ask("POST", PATH, {"model": "gpt-4o", "messages": messages}).status == 400
    assert ask("POST", PATH, {"model": "gpt-4o", "messages": [user, asked, lost]}).status == 200


@pytest.mark.parametrize(
    ("more", "finish", "calls"),
    [
        ({"tool_choice": "none"}, "stop", 0),
        ({"tool_choice": "required"}, "tool_calls", 1),
        ({"tool_choice": {"type": "function", "function": {"name": "get_weather"}}}, "stop", 1),
        ({"parallel_tool_calls": False}, "tool_calls", 1),
        ({}, "tool_calls", 2),
    ],
)
def test_tool_choice(ask: Asking, more: dict[str, Any], finish: str, calls: int) -> None:
    choice = made(ask, "Weather in Paris and Rome?", tools=[TOOL], **more)["choices"][0]
    assert choice["finish_reason"] == finish or (
        more == {"tool_choice": "required"} and choice["finish_reason"] == "tool_calls"
    )
    assert len(choice["message"].get("tool_calls", ())) >= calls
    assert bool(choice["message"].get("tool_calls")) == bool(calls)


def test_yesterdays_functions(ask: Asking) -> None:
    choice = made(ask, "Weather in Paris?", functions=[TOOL["function"]])["choices"][0]
    assert choice["finish_reason"] == "function_call"
    assert json.loads(choice["message"]["function_call"]["arguments"]) == {"city": "Paris"}
    events = ask("POST", PATH, chat("Weather in Paris?", functions=[TOOL["function"]], stream=True)).events
    pieces = [
        e["choices"][0]["delta"]["function_call"] for e in events[:-1] if "function_call" in e["choices"][0]["delta"]
    ]
    assert pieces[0]["name"] == "get_weather"
    assert "".join(piece["arguments"] for piece in pieces) == choice["message"]["function_call"]["arguments"]


def test_custom_tools(ask: Asking) -> None:
    tool = {"type": "custom", "custom": {"name": "note", "description": "Write down a note"}}
    call = made(ask, "Make a note: milk", tools=[tool])["choices"][0]["message"]["tool_calls"][0]
    assert (call["type"], call["custom"]) == ("custom", {"name": "note", "input": "Make a note: milk"})


def test_parts_are_read(ask: Asking) -> None:
    content = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
        {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
    ]
    heard = ask("POST", PATH, {"model": "gpt-4o", "messages": [{"role": "user", "content": content}]})
    assert "1 image and 1 audio clip" in heard.json["choices"][0]["message"]["content"]


@pytest.mark.operation(
    "chat.completions.create",
    "chat.completions.list",
    "chat.completions.retrieve",
    "chat.completions.update",
    "chat.completions.delete",
    "chat.completions.messages.list",
)
def test_stored_completions_live(ask: Asking) -> None:
    ids = [made(ask, f"Say: {n}", store=True, metadata={"run": "live", "n": str(n)})["id"] for n in range(3)]
    listed = ask("GET", f"{PATH}?metadata[run]=live&limit=2").json
    assert ([item["id"] for item in listed["data"]], listed["has_more"]) == (ids[:2], True)
    assert (listed["first_id"], listed["last_id"]) == (ids[0], ids[1])
    rest = ask("GET", f"{PATH}?metadata[run]=live&after={ids[1]}").json
    assert ([item["id"] for item in rest["data"]], rest["has_more"]) == (ids[2:], False)
    assert ask("GET", f"{PATH}?metadata[run]=live&order=desc&limit=1").json["data"][0]["id"] == ids[2]
    assert ask("GET", f"{PATH}?metadata[run]=other").json["data"] == []
    assert ask("GET", f"{PATH}?model=gpt-5&metadata[run]=live").json["data"] == []
    assert ask("GET", f"{PATH}/{ids[0]}").json["choices"][0]["message"]["content"] == "0"
    updated = ask("POST", f"{PATH}/{ids[0]}", {"metadata": {"run": "changed"}}).json
    assert updated["metadata"] == {"run": "changed"}
    assert ask("GET", f"{PATH}/{ids[0]}").json["metadata"] == {"run": "changed"}
    assert ask("POST", f"{PATH}/{ids[0]}", {"metadata": {"run": "x" * 600}}).status == 400
    messages = ask("GET", f"{PATH}/{ids[0]}/messages").json
    assert [(m["id"], m["role"], m["content"]) for m in messages["data"]] == [(f"{ids[0]}-0", "user", "Say: 0")]
    assert ask("DELETE", f"{PATH}/{ids[0]}").json == {
        "object": "chat.completion.deleted",
        "id": ids[0],
        "deleted": True,
    }
    assert ask("GET", f"{PATH}/{ids[0]}").status == 404


def test_only_what_is_stored_is_kept(ask: Asking) -> None:
    assert ask("GET", f"{PATH}/{made(ask, 'hi')['id']}").status == 404


@pytest.mark.operation("chat.completions.list", "chat.completions.update")
def test_stored_ones_are_found_by_metadata_and_model(ask: Asking) -> None:
    tag = {"suite": "found-by-metadata"}
    first = made(ask, "one", store=True, metadata=tag)["id"]
    second = made(ask, "two", store=True, metadata=tag | {"more": "1"})["id"]
    other = ask("POST", PATH, chat("three", store=True, metadata=tag) | {"model": "gpt-4.1"}).json["id"]

    def listed(query: str) -> list[str]:
        return [each["id"] for each in ask("GET", f"{PATH}?metadata[suite]=found-by-metadata&{query}").json["data"]]

    assert listed("") == [first, second, other]
    assert listed("order=desc") == [other, second, first]
    assert listed("model=gpt-4.1") == [other]
    assert listed("metadata[more]=1") == [second]
    assert listed(f"after={first}&limit=1") == [second]
    assert ask("POST", f"{PATH}/{first}", {"metadata": {"suite": "moved"}}).json["metadata"] == {"suite": "moved"}
    assert listed("") == [second, other]
    assert ask("POST", f"{PATH}/chatcmpl-none", {"metadata": {}}).status == 404


@pytest.mark.operation("chat.completions.update", "chat.completions.messages.list")
def test_stored_ones_survive_a_restart(tmp_path: Path) -> None:
    with scene(data=tmp_path) as first:
        messages = [{"role": "user", "content": "Say: hi"}]
        kept = first.post("/chat/completions", model="gpt-4o", messages=messages, store=True)["id"]
        first.post(f"/chat/completions/{kept}", metadata={"a": "b"})
    with scene(data=tmp_path) as second:
        assert second.get(f"/chat/completions/{kept}")["metadata"] == {"a": "b"}
        (message,) = second.get(f"/chat/completions/{kept}/messages")["data"]
        assert (message["id"], message["content"]) == (f"{kept}-0", "Say: hi")


def test_tiers_and_predictions(ask: Asking) -> None:
    tiers = [made(ask, "hi", service_tier=tier)["service_tier"] for tier in ("auto", "flex", "priority", None)]
    assert tiers == ["default", "flex", "priority", "default"]
    foretold = {"type": "content", "content": "one two five four"}
    usage = made(ask, "Say: one two three four", prediction=foretold)["usage"]
    details = usage["completion_tokens_details"]
    assert (details["accepted_prediction_tokens"], details["rejected_prediction_tokens"]) == (3, 1)
    assert usage["completion_tokens"] == 5


def test_chunks_are_padded_unless_it_is_refused(ask: Asking) -> None:
    padded = ask("POST", PATH, chat("Say: one two", stream=True)).events
    assert all(chunk["obfuscation"] for chunk in padded[:-1])
    options = {"include_obfuscation": False}
    plain = ask("POST", PATH, chat("Say: one two", stream=True, stream_options=options)).events
    assert not any("obfuscation" in chunk for chunk in plain[:-1])


def test_what_it_cost_is_in_the_journal() -> None:
    with scene() as own:
        usage = own.post("/chat/completions", **chat("Say: hi"))["usage"]
        told = own.respond("Say: hi")["usage"]
        own.post("/embeddings", model="text-embedding-3-small", input="three small words")
        own.post("/completions", model="gpt-3.5-turbo-instruct", prompt="Say: hi")
        spent = [line.usage for line in own.world.journal]
    kinds = [each["kind"] for each in spent if each]
    assert kinds == ["completions", "completions", "embeddings", "completions"]
    assert [each["input_tokens"] for each in spent if each][:2] == [usage["prompt_tokens"], told["input_tokens"]]


def test_large_prompts_do_not_block_the_others() -> None:
    with scene() as own:
        text = " ".join(f"The word number {n} is about whales and ships." for n in range(20_000))
        body = chat(text) | {"model": "gpt-4.1"}
        other = Asking(own.emulator.base_url)
        answered: list[int] = []
        reader = threading.Thread(target=lambda: answered.append(own.ask("POST", PATH, body).status))
        reader.start()
        number = 0
        while reader.is_alive():
            assert other("GET", "/v1/models/gpt-4o").status == 200
            number += 1
        other.close()
        assert answered == [200]
        assert number > 3

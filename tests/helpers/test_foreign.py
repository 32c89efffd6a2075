"""Servers that are not OpenAI's, as they stream and reply: what they leave out, add and send as null costs no result."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from antiphon.helpers.schema import pydantic_function_tool

from .oddity import Asker, lines, official, streamed
from .test_odd_reply import ASKED, CITY, TEXT, Answer, Weather

COLOURS = pytest.mark.parametrize("colour", ["sync", "async"])


def outcome(colour: str, reply: Any, work: Any) -> Any:
    result, problem = asyncio.run(Asker(colour).outcome(lambda verb, path: reply, work))
    if problem is not None:
        raise problem
    return result


async def read_completion(asker: Any, client: Any) -> Any:
    async def use(stream: Any) -> Any:
        kinds: list[str] = []
        await asker.events(stream, lambda event: kinds.append(event.type))
        final = await asker.got(stream.get_final_completion())
        said = final.choices[0].message
        calls = [call.function.arguments for call in said.tool_calls or ()]
        return said.content, said.parsed, calls, final.choices[0].finish_reason, "content.done" in kinds

    tools = [pydantic_function_tool(Weather)]
    return await asker.within(client.chat.completions.stream(**ASKED, response_format=Answer, tools=tools), use)


async def parse_completion(asker: Any, client: Any) -> Any:
    tools = [pydantic_function_tool(Weather)]
    made = await asker.got(client.chat.completions.parse(**ASKED, response_format=Answer, tools=tools))
    said = made.choices[0].message
    return said.content, said.parsed, [call.function.arguments for call in said.tool_calls or ()]


def chunk(*choices: Any, **more: Any) -> dict[str, Any]:
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": list(choices), **more}


CALL = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "Weather", "arguments": CITY}}
STREAMS = {
    "ollama": [
        chunk({"index": 0, "delta": {"role": "assistant", "content": TEXT[:4]}, "finish_reason": None}),
        chunk({"index": 0, "delta": {"role": "assistant", "content": TEXT[4:]}, "finish_reason": None}),
        chunk({"index": 0, "delta": {"role": "assistant", "content": "", "tool_calls": [CALL]}, "finish_reason": None}),
        chunk({"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": "stop"}),
    ],
    "vllm": [
        chunk({"index": 0, "delta": {"role": "assistant", "content": ""}, "logprobs": None, "finish_reason": None}),
        chunk(
            {"index": 0, "delta": {"content": TEXT, "reasoning_content": None}, "logprobs": None, "token_ids": None},
            usage=None,
        ),
        chunk(
            {"index": 0, "delta": {"tool_calls": [CALL]}, "logprobs": None, "finish_reason": None, "stop_reason": None}
        ),
        chunk({"index": 0, "delta": {"content": ""}, "logprobs": None, "finish_reason": "stop", "stop_reason": None}),
        chunk(usage={"prompt_tokens": 1, "total_tokens": 2, "completion_tokens": 1, "prompt_tokens_details": None}),
    ],
    "llama.cpp": [
        chunk({"finish_reason": None, "index": 0, "delta": {"role": "assistant", "content": None}}),
        chunk({"finish_reason": None, "index": 0, "delta": {"content": TEXT}}),
        chunk({"finish_reason": None, "index": 0, "delta": {"tool_calls": [CALL]}}),
        chunk({"finish_reason": "stop", "index": 0, "delta": {}}, timings={"prompt_n": 1}),
    ],
    "azure": [
        {
            "choices": [],
            "created": 0,
            "id": "",
            "model": "",
            "object": "",
            "prompt_filter_results": [{"prompt_index": 0}],
        },
        chunk(
            {"content_filter_results": {}, "delta": {"content": "", "refusal": None}, "finish_reason": None, "index": 0}
        ),
        chunk({"content_filter_results": {"hate": {}}, "delta": {"content": TEXT}, "finish_reason": None, "index": 0}),
        chunk({"delta": {"tool_calls": [CALL]}, "finish_reason": None, "index": 0, "logprobs": None}),
        chunk({"content_filter_results": {}, "delta": {}, "finish_reason": "stop", "index": 0, "logprobs": None}),
        {"choices": [{"content_filter_offsets": {}, "index": 0}], "id": "", "object": "", "created": 0, "model": ""},
    ],
}


@COLOURS
@pytest.mark.parametrize("server", STREAMS)
def test_streamed_completions(server: str, colour: str) -> None:
    reply = streamed(lines(STREAMS[server], done=True))
    ours = outcome(colour, reply, read_completion)
    assert ours == (TEXT, Answer(value=1), [CITY], "stop", True)
    with official(lambda verb, path: reply) as client:
        assert asyncio.run(read_completion(Asker("sync"), client)) == ours


SAID = {"role": "assistant", "content": TEXT}
CALLED = {"id": "call_1", "type": "function", "function": {"name": "Weather", "arguments": CITY}}
REPLIES = {
    "ollama": {"choices": [{"index": 0, "message": {**SAID, "tool_calls": [CALLED]}, "finish_reason": "stop"}]},
    "vllm": {
        "choices": [
            {
                "index": 0,
                "message": {**SAID, "refusal": None, "annotations": None, "tool_calls": [CALLED], "reasoning": None},
                "logprobs": None,
                "finish_reason": "stop",
                "stop_reason": None,
            }
        ],
        "usage": {"prompt_tokens": 1, "total_tokens": 2, "completion_tokens": 1, "prompt_tokens_details": None},
        "prompt_logprobs": None,
    },
    "no tools, no usage, no ids": {"choices": [{"message": {**SAID, "tool_calls": None}}], "usage": None},
}


@COLOURS
@pytest.mark.parametrize("server", REPLIES)
def test_completions(server: str, colour: str) -> None:
    reply = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", **REPLIES[server]}
    ours = outcome(colour, reply, parse_completion)
    assert ours[:2] == (TEXT, Answer(value=1))
    with official(lambda verb, path: reply) as client:
        assert asyncio.run(parse_completion(Asker("sync"), client)) == ours


def item(**more: Any) -> dict[str, Any]:
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", **more}


CALLING = {"type": "function_call", "call_id": "fc_1", "name": "Weather", "status": "completed"}
FINAL = {
    "id": "resp_1",
    "object": "response",
    "status": "completed",
    "output": [item(content=[{"type": "output_text", "text": TEXT}]), {**CALLING, "arguments": CITY}],
}
PLACELESS = [
    {"type": "response.created", "response": {"id": "resp_1", "object": "response", "status": "in_progress"}},
    {"type": "response.in_progress", "response": {"id": "resp_1", "object": "response", "status": "in_progress"}},
    {"type": "response.output_item.added", "item": item(content=[], status="in_progress")},
    {"type": "response.content_part.added", "item_id": "msg_1", "part": {"type": "output_text", "text": ""}},
    {"type": "response.output_text.delta", "item_id": "msg_1", "delta": TEXT[:4]},
    {"type": "response.output_text.delta", "item_id": "msg_1", "delta": TEXT[4:]},
    {"type": "response.output_item.added", "item": {**CALLING, "arguments": "", "status": "in_progress"}},
    {"type": "response.function_call_arguments.delta", "item_id": "fc_1", "delta": CITY},
    {"type": "response.output_text.done", "item_id": "msg_1", "text": TEXT},
    {"type": "response.output_item.done", "item": FINAL["output"][0]},
    {"type": "response.output_item.done", "item": FINAL["output"][1]},
    {"type": "response.completed", "response": FINAL},
]


@COLOURS
def test_events_of_a_response_that_tell_no_place(colour: str) -> None:
    """llama.cpp gives neither indexes nor numbers; items are found by their ids."""
    snapshots: list[str] = []

    async def read(asker: Any, client: Any) -> Any:
        async def use(stream: Any) -> Any:
            def note(event: Any) -> None:
                if event.type.endswith(".delta"):
                    snapshots.append(event.snapshot)
                if event.type == "response.output_text.done":
                    so_far = stream.current_response_snapshot
                    snapshots.extend([so_far.output_text, so_far.output[1].arguments])

            await asker.events(stream, note)
            return await asker.got(stream.get_final_response())

        return await asker.within(client.responses.stream(model="m", input="hi", text_format=Answer), use)

    final = outcome(colour, streamed(lines(PLACELESS)), read)
    assert final.output_parsed == Answer(value=1)
    assert final.output[1].arguments == CITY
    assert snapshots == [TEXT[:4], TEXT, CITY, TEXT, CITY]

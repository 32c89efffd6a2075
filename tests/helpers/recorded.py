"""Replies and event streams as the API sends them, for the official package and for antiphon alike."""

from __future__ import annotations

import json
from typing import Any

TEXT = '{"steps":[{"explanation":"half both","output":"x = 2"}],"final_answer":"x = 2"}'


def response(output: Any, **more: Any) -> dict[str, Any]:
    base = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1754090000,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": "gpt-5.5",
        "output": output,
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": {
            "input_tokens": 3,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 5,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 8,
        },
    }
    return {**base, **more}


def message(text: str, *, id: str = "msg_1", status: str = "completed", **more: Any) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {"id": id, "type": "message", "role": "assistant", "status": status, "content": [part], **more}


def call(name: str, arguments: str, *, id: str = "fc_1", call_id: str = "call_1", **more: Any) -> dict[str, Any]:
    base = {
        "id": id,
        "type": "function_call",
        "call_id": call_id,
        "name": name,
        "arguments": arguments,
        "status": "completed",
    }
    return {**base, **more}


def pieces(text: str, size: int = 4) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def numbered(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


def message_events(text: str, index: int = 0, *, id: str = "msg_1", size: int = 4, **more: Any) -> list[dict[str, Any]]:
    place = {"item_id": id, "output_index": index, "content_index": 0}
    empty = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    item = message(text, id=id, **more)
    return [
        {
            "type": "response.output_item.added",
            "output_index": index,
            "item": {**item, "status": "in_progress", "content": []},
        },
        {"type": "response.content_part.added", **place, "part": empty},
        *(
            {"type": "response.output_text.delta", **place, "delta": piece, "logprobs": [], "obfuscation": "x"}
            for piece in pieces(text, size)
        ),
        {"type": "response.output_text.done", **place, "text": text, "logprobs": []},
        {"type": "response.content_part.done", **place, "part": item["content"][0]},
        {"type": "response.output_item.done", "output_index": index, "item": item},
    ]


def call_events(
    name: str, arguments: str, index: int, *, id: str = "fc_1", call_id: str = "call_1"
) -> list[dict[str, Any]]:
    place = {"item_id": id, "output_index": index}
    item = call(name, arguments, id=id, call_id=call_id)
    started = {**item, "arguments": "", "status": "in_progress"}
    return [
        {"type": "response.output_item.added", "output_index": index, "item": started},
        *({"type": "response.function_call_arguments.delta", **place, "delta": piece} for piece in pieces(arguments)),
        {"type": "response.function_call_arguments.done", **place, "arguments": arguments, "name": name},
        {"type": "response.output_item.done", "output_index": index, "item": item},
    ]


def response_events(
    inner: list[dict[str, Any]], output: Any, end: str = "completed", **more: Any
) -> list[dict[str, Any]]:
    started = response([], status="in_progress", usage=None)
    last = response(output, **{"status": end, **more})
    return numbered(
        [
            {"type": "response.created", "response": started},
            {"type": "response.in_progress", "response": started},
            *inner,
            {"type": f"response.{end}", "response": last},
        ]
    )


def completion(*choices: dict[str, Any], **more: Any) -> dict[str, Any]:
    usage = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}
    base = {"id": "chatcmpl_1", "object": "chat.completion", "created": 1754090000, "model": "gpt-5.5", "usage": usage}
    return {**base, "choices": list(choices), **more}


def choice(content: str | None = None, *, index: int = 0, finish: str = "stop", **message: Any) -> dict[str, Any]:
    said = {"role": "assistant", "content": content, "refusal": None, **message}
    return {"index": index, "finish_reason": finish, "message": said, "logprobs": None}


def tool_call(name: str, arguments: str, *, id: str = "call_1") -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def chunk(
    delta: dict[str, Any] | None = None, *, index: int = 0, finish: str | None = None, **more: Any
) -> dict[str, Any]:
    base = {
        "id": "chatcmpl_1",
        "object": "chat.completion.chunk",
        "created": 1754090000,
        "model": "gpt-5.5",
        "service_tier": "default",
        "system_fingerprint": "fp_1",
    }
    logprobs = more.pop("logprobs", None)
    said = (
        [{"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}] if delta is not None else []
    )
    return {**base, "choices": said, **more}


def content_chunks(text: str, *, index: int = 0, finish: str = "stop", size: int = 4) -> list[dict[str, Any]]:
    return [
        chunk({"role": "assistant", "content": "", "refusal": None}, index=index),
        *(chunk({"content": piece}, index=index) for piece in pieces(text, size)),
        chunk({}, index=index, finish=finish),
    ]


def call_chunks(*calls: tuple[str, str], finish: str | None = "tool_calls") -> list[dict[str, Any]]:
    made = [chunk({"role": "assistant", "content": None})]
    for index, (name, arguments) in enumerate(calls):
        start = {"index": index, "id": f"call_{index}", "type": "function", "function": {"name": name, "arguments": ""}}
        made.append(chunk({"tool_calls": [start]}))
        made += [
            chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
            for piece in pieces(arguments, 5)
        ]
    return [*made, chunk({}, finish=finish)] if finish else made


def usage_chunk() -> dict[str, Any]:
    return chunk(usage={"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8})


def token(text: str) -> dict[str, Any]:
    return {"token": text, "logprob": -0.5, "bytes": list(text.encode()), "top_logprobs": []}


def dumped(value: Any) -> Any:
    """A value as plain data without absent fields, so that two packages can be compared."""
    if hasattr(value, "model_dump"):
        value = (
            value.model_dump(mode="json", warnings=False)
            if hasattr(value, "to_dict")
            else value.model_dump(mode="json")
        )
    return without_absent(value)


def without_absent(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_absent(entry) for key, entry in value.items() if entry is not None}
    return [without_absent(entry) for entry in value] if isinstance(value, list) else value


def same_json(one: bytes, other: bytes) -> bool:
    return json.loads(one) == json.loads(other)

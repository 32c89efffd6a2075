"""What the server answers and the clients decode; shapes of the API, text of our own."""

from __future__ import annotations

import json

COMPLETION = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "gpt-5.5",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "call and response " * 8,
                    "refusal": None,
                    "annotations": [],
                },
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 10,
            "completion_tokens": 20,
            "total_tokens": 30,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        },
        "service_tier": "default",
        "system_fingerprint": "fp_1",
    }
).encode()


def response(texts: int = 3, calls: int = 3) -> bytes:
    """A finished response with some messages and function calls."""
    output: list[dict[str, object]] = [
        {
            "id": f"msg_{n}",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "call and response " * 20, "annotations": [], "logprobs": []}],
        }
        for n in range(texts)
    ]
    output += [
        {
            "id": f"fc_{n}",
            "type": "function_call",
            "call_id": f"call_{n}",
            "name": "get_weather",
            "arguments": '{"city":"Paris"}',
            "status": "completed",
        }
        for n in range(calls)
    ]
    return json.dumps(
        {
            "id": "resp_1",
            "object": "response",
            "created_at": 1_700_000_000.0,
            "status": "completed",
            "error": None,
            "incomplete_details": None,
            "instructions": None,
            "max_output_tokens": None,
            "model": "gpt-5.5",
            "output": output,
            "parallel_tool_calls": True,
            "previous_response_id": None,
            "reasoning": {"effort": None, "summary": None},
            "store": True,
            "temperature": 1.0,
            "text": {"format": {"type": "text"}},
            "tool_choice": "auto",
            "tools": [],
            "top_p": 1.0,
            "truncation": "disabled",
            "usage": {
                "input_tokens": 36,
                "input_tokens_details": {"cached_tokens": 0},
                "output_tokens": 87,
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": 123,
            },
            "user": None,
            "metadata": {},
        }
    ).encode()


def chat_events(count: int) -> list[bytes]:
    """Server-sent events of a streamed completion: `count` of them, then the end mark."""
    events: list[bytes] = []
    for n in range(count):
        last = n == count - 1
        chunk = {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1_700_000_000,
            "model": "gpt-5.5",
            "service_tier": "default",
            "system_fingerprint": "fp_1",
            "choices": [
                {
                    "index": 0,
                    "delta": {} if last else {"content": " word"},
                    "logprobs": None,
                    "finish_reason": "stop" if last else None,
                }
            ],
        }
        events.append(b"data: " + json.dumps(chunk, separators=(",", ":")).encode() + b"\n\n")
    return [*events, b"data: [DONE]\n\n"]


def response_events(count: int) -> list[bytes]:
    """Server-sent events of a streamed response with `count` text deltas."""
    whole = json.loads(response(texts=0, calls=0))
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    where = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    text = " word" * count
    done_part = {**part, "text": text}
    done_item = {**item, "status": "completed", "content": [done_part]}
    events: list[dict[str, object]] = [
        {"type": "response.created", "response": {**whole, "status": "in_progress"}},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.content_part.added", **where, "part": part},
        *({"type": "response.output_text.delta", **where, "delta": " word", "logprobs": []} for _ in range(count)),
        {"type": "response.output_text.done", **where, "text": text, "logprobs": []},
        {"type": "response.content_part.done", **where, "part": done_part},
        {"type": "response.output_item.done", "output_index": 0, "item": done_item},
        {"type": "response.completed", "response": {**whole, "output": [done_item]}},
    ]
    return [
        f"event: {event['type']}\ndata: ".encode()
        + json.dumps({**event, "sequence_number": n}, separators=(",", ":")).encode()
        + b"\n\n"
        for n, event in enumerate(events)
    ]

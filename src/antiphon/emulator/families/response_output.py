"""A brain's answer as output items: reasoning, the message with its citations, tool calls; and what they cost."""

from __future__ import annotations

from typing import Any, Final

from .. import token
from ..brain import Answer
from ..identity import Identity
from .chat_choice import cut, logprob
from .response_record import Item
from .response_seal import sealed

LOGPROBS: Final = "message.output_text.logprobs"


def output_of(
    answer: Answer, body: dict[str, Any], identity: Identity, *, reasoning: bool, citations: list[Item]
) -> tuple[list[Item], str]:
    """The items of an answer, and the status the response ends with."""
    items: list[Item] = [_reasoning(answer.thought, body["reasoning"], identity)] if reasoning else []
    status = "completed"
    if answer.text or not answer.requests:
        text, finish = cut(answer.text, None, body.get("max_output_tokens"))
        status = "completed" if finish == "stop" else "incomplete"
        asked = LOGPROBS in (body.get("include") or ())
        wanted = (body.get("top_logprobs") or 0) if asked else None
        items.append(_message(text, status, wanted, identity, citations))
    items += [_call(each.tool.name, each.arguments, each.tool.parameters, identity) for each in answer.requests]
    return items, status


def _reasoning(thought: str, asked: dict[str, Any], identity: Identity) -> Item:
    wants_summary = asked.get("summary") or asked.get("generate_summary")
    summary = [{"type": "summary_text", "text": thought}] if wants_summary and thought else []
    known = {"id": identity.draw("rs_", 48), "type": "reasoning", "summary": summary}
    return known | {"encrypted_content": sealed("reasoning", thought)}


def _message(text: str, status: str, alternatives: int | None, identity: Identity, citations: list[Item]) -> Item:
    logprobs = [] if alternatives is None else [logprob(piece, alternatives) for piece in token.pieces(text)]
    part = {"type": "output_text", "annotations": citations, "logprobs": logprobs, "text": text}
    return {
        "id": identity.draw("msg_", 48),
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": [part],
    }


def _call(name: str, arguments: str, parameters: dict[str, Any] | None, identity: Identity) -> Item:
    call_id = identity.draw("call_", 24)
    if parameters is None:
        head = {"id": identity.draw("ctc_", 48), "type": "custom_tool_call", "status": "completed"}
        return head | {"call_id": call_id, "name": name, "input": arguments}
    head = {"id": identity.draw("fc_", 48), "type": "function_call", "status": "completed"}
    return head | {"call_id": call_id, "name": name, "arguments": arguments}


def usage_of(input_tokens: int, cached: int, output: list[Item], thinking: int) -> dict[str, Any]:
    """What the response cost."""
    spent = thinking
    for item in output:
        spent += _size(item)
    return {
        "input_tokens": input_tokens,
        "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": 0},
        "output_tokens": spent,
        "output_tokens_details": {"reasoning_tokens": thinking},
        "total_tokens": input_tokens + spent,
    }


def _size(item: Item) -> int:
    match item["type"]:
        case "message":
            return sum(token.count(part["text"]) for part in item["content"])
        case "function_call":
            return token.count(item["name"]) + token.count(item["arguments"])
        case "custom_tool_call":
            return token.count(item["name"]) + token.count(item["input"])
        case "code_interpreter_call":
            return token.count(item["code"])
        case "compaction":
            return len(item["encrypted_content"]) // 4
        case _:
            return 0


def bill_of(view: dict[str, Any], usage: dict[str, Any]) -> dict[str, Any]:
    """The same as the organisation's usage counts it."""
    return {
        "kind": "completions",
        "model": view["model"],
        "service_tier": view.get("service_tier"),
        "input_tokens": usage["input_tokens"],
        "input_cached_tokens": usage["input_tokens_details"]["cached_tokens"],
        "output_tokens": usage["output_tokens"],
    }

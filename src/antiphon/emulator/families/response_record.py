"""One response: its output items, its view, and what it shows at each moment of its life. Knows no HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .. import token
from ..brain import Answer
from ..identity import Identity
from ..shape import part, rows
from ..world import World
from .chat_choice import cut, logprob
from .response_prompt import Item

QUEUED_SHARE = 0.25


@dataclass(slots=True)
class Record:
    """A response as it is kept: the finished view, the input, and the response it continues."""

    id: str
    view: dict[str, Any]
    items: list[Item]
    parent: Record | None
    started: float
    takes: float = 0.0
    cancelled: bool = False
    include: frozenset[str] = field(default_factory=frozenset[str])

    def lineage(self) -> Iterator[Record]:
        """The responses this one continues, the first of them first, itself last."""
        found: list[Record] = []
        record: Record | None = self
        while record is not None:
            found.append(record)
            record = record.parent
        return reversed(found)

    def status(self, now: float) -> str:
        """queued, in_progress, or how it ended."""
        if self.cancelled:
            return "cancelled"
        elapsed = now - self.started
        if elapsed >= self.takes:
            return str(self.view["status"])
        return "queued" if elapsed < self.takes * QUEUED_SHARE else "in_progress"

    def shown(self, now: float) -> dict[str, Any]:
        """The view at a moment: before the end without output and usage."""
        status = self.status(now)
        if status == self.view["status"]:
            return self.view
        return self.view | unfinished(status)


def unfinished(status: str) -> dict[str, Any]:
    """What differs while a response is not finished."""
    return {"status": status, "output": [], "usage": None, "completed_at": None, "incomplete_details": None}


def output_of(answer: Answer, body: dict[str, Any], identity: Identity, reasoning: bool) -> tuple[list[Item], str]:
    """The output items of an answer, and the status the response ends with."""
    include = body.get("include") or ()
    items: list[Item] = []
    if reasoning:
        items.append(_reasoning(answer.thought, body["reasoning"], "reasoning.encrypted_content" in include, identity))
    status = "completed"
    if answer.text or not answer.requests:
        text, finish = cut(answer.text, None, body.get("max_output_tokens"))
        status = "completed" if finish == "stop" else "incomplete"
        wanted = body.get("top_logprobs") if "message.output_text.logprobs" in include else None
        if wanted is None and "message.output_text.logprobs" in include:
            wanted = 0
        items.append(_message(text, status, wanted, identity))
    items.extend(
        _call(request.tool.name, request.arguments, request.tool.parameters, identity) for request in answer.requests
    )
    return items, status


def _reasoning(thought: str, asked: dict[str, Any], sealed: bool, identity: Identity) -> Item:
    wants_summary = asked.get("summary") or asked.get("generate_summary")
    item: Item = {"id": identity.draw("rs_", 48), "type": "reasoning", "summary": []}
    if wants_summary and thought:
        item["summary"] = [{"type": "summary_text", "text": thought}]
    if sealed:
        item["encrypted_content"] = identity.draw("", 128)
    return item


def _message(text: str, status: str, alternatives: int | None, identity: Identity) -> Item:
    logprobs = [] if alternatives is None else [logprob(piece, alternatives) for piece in token.pieces(text)]
    part = {"type": "output_text", "annotations": [], "logprobs": logprobs, "text": text}
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


def view_of(
    world: World, id: str, body: dict[str, Any], output: list[Item], status: str, usage: Item
) -> dict[str, Any]:
    """The finished response object."""
    text, reasoning, now = part(body, "text"), part(body, "reasoning"), world.now()
    return {
        "id": id,
        "object": "response",
        "created_at": now,
        "status": status,
        "background": bool(body.get("background")),
        "completed_at": now if status == "completed" else None,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "max_tool_calls": body.get("max_tool_calls"),
        "model": body["model"],
        "output": output,
        "parallel_tool_calls": body.get("parallel_tool_calls") is not False,
        "previous_response_id": body.get("previous_response_id"),
        "prompt_cache_key": body.get("prompt_cache_key"),
        "reasoning": {"effort": reasoning.get("effort"), "summary": reasoning.get("summary")},
        "safety_identifier": body.get("safety_identifier"),
        "service_tier": "default",
        "store": body.get("store") is not False,
        "temperature": 1.0 if body.get("temperature") is None else body["temperature"],
        "text": {"format": _format(text), "verbosity": text.get("verbosity") or "medium"},
        "tool_choice": body.get("tool_choice") or "auto",
        "tools": [_tool(tool) for tool in rows(body, "tools")],
        "top_logprobs": body.get("top_logprobs") or 0,
        "top_p": 1.0 if body.get("top_p") is None else body["top_p"],
        "truncation": body.get("truncation") or "disabled",
        "usage": usage,
        "user": body.get("user"),
        "metadata": body.get("metadata") or {},
    }


def _format(text: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = text.get("format") or {"type": "text"}
    if found["type"] == "json_schema":
        return {"description": None, "strict": False, **found}
    return found


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    if tool["type"] == "function":
        return {"description": None, "strict": True, **tool}
    return tool


def usage_of(input_tokens: int, output: list[Item], thought: str) -> dict[str, Any]:
    """What the response cost."""
    spent = sum(_size(item) for item in output)
    thinking = token.count(thought) if any(item["type"] == "reasoning" for item in output) else 0
    return {
        "input_tokens": input_tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": spent + thinking,
        "output_tokens_details": {"reasoning_tokens": thinking},
        "total_tokens": input_tokens + spent + thinking,
    }


def _size(item: Item) -> int:
    match item["type"]:
        case "message":
            return sum(token.count(part["text"]) for part in item["content"])
        case "function_call":
            return token.count(item["name"]) + token.count(item["arguments"])
        case "custom_tool_call":
            return token.count(item["name"]) + token.count(item["input"])
        case _:
            return 0


def spoken(record: Record | None) -> list[Item]:
    """All items a response continues from: inputs and outputs along its lineage."""
    if record is None:
        return []
    return [item for each in record.lineage() for item in (*each.items, *each.view["output"])]

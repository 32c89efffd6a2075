"""Responses as answers show them: the object, what an unfinished one leaves out, and what only `include` brings."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from ..shape import is_object, part, rows
from .response_record import Item, Record

View = dict[str, Any]
_HIDDEN: Final = {
    "file_search_call": ("results", "file_search_call.results"),
    "code_interpreter_call": ("outputs", "code_interpreter_call.outputs"),
    "reasoning": ("encrypted_content", "reasoning.encrypted_content"),
}
_IMAGE: Final = "message.input_image.image_url"
_SCREEN: Final = "computer_call_output.output.image_url"


def view_of(id: str, body: dict[str, Any], now: int) -> View:
    """The response object before anything is answered."""
    text, reasoning, tier = part(body, "text"), part(body, "reasoning"), body.get("service_tier")
    view = {
        "id": id,
        "object": "response",
        "created_at": now,
        "status": "in_progress",
        "background": bool(body.get("background")),
        "completed_at": None,
        "error": None,
        "incomplete_details": None,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "max_tool_calls": body.get("max_tool_calls"),
        "model": body["model"],
        "output": [],
        "parallel_tool_calls": body.get("parallel_tool_calls") is not False,
        "previous_response_id": body.get("previous_response_id"),
        "prompt_cache_key": body.get("prompt_cache_key"),
        "reasoning": {"effort": reasoning.get("effort"), "summary": reasoning.get("summary")},
        "safety_identifier": body.get("safety_identifier"),
        "service_tier": "default" if tier in (None, "auto") else tier,
        "store": body.get("store") is not False,
        "temperature": 1.0 if body.get("temperature") is None else body["temperature"],
        "text": {"format": _format(text), "verbosity": text.get("verbosity") or "medium"},
        "tool_choice": body.get("tool_choice") or "auto",
        "tools": [_tool(tool) for tool in rows(body, "tools")],
        "top_logprobs": body.get("top_logprobs") or 0,
        "top_p": 1.0 if body.get("top_p") is None else body["top_p"],
        "truncation": body.get("truncation") or "disabled",
        "usage": None,
        "user": body.get("user"),
        "metadata": body.get("metadata") or {},
    }
    if (conversation := conversation_of(body)) is not None:
        view["conversation"] = {"id": conversation}
    if (retention := body.get("prompt_cache_retention")) is not None:
        view["prompt_cache_retention"] = retention
    return view


def conversation_of(body: dict[str, Any]) -> str | None:
    """The id of the conversation a request speaks in."""
    given: Any = body.get("conversation")
    found: str | None = given["id"] if is_object(given) else given
    return found


def _format(text: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = text.get("format") or {"type": "text"}
    if found["type"] == "json_schema":
        return {"strict": False, **found}
    return found


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    if tool["type"] == "function":
        return {"description": None, "strict": True, "parameters": None, **tool}
    return tool


def finished(view: View, output: list[Item], status: str, usage: Item | None, now: int) -> View:
    """The view with what came of it."""
    details = {"reason": "max_output_tokens"} if status == "incomplete" else None
    ended = {"status": status, "completed_at": now if status == "completed" else None, "incomplete_details": details}
    return view | {"output": output, "usage": usage} | ended


def failed(view: View, code: str, message: str) -> View:
    """The view of one that came to nothing."""
    return view | {"status": "failed", "error": {"code": code, "message": message}}


def unfinished(view: View, status: str) -> View:
    """The view as it was before the end."""
    nothing = dict.fromkeys(("usage", "error", "completed_at", "incomplete_details"))
    return view | nothing | {"status": status, "output": []}


def shown(record: Record, include: Collection[str] = ()) -> View:
    """The response with what it or this request includes."""
    view: View = record["view"]
    output = shown_items(view["output"], {*record["include"], *include})
    return view if output is view["output"] else view | {"output": output}


def shown_items(items: list[Item], include: Collection[str]) -> list[Item]:
    """The items with what is included; the very list when there is nothing to leave out."""
    if all(item["type"] == "message" and item["role"] == "assistant" for item in items):
        return items
    return [shown_item(item, include) for item in items]


def shown_item(item: Item, include: Collection[str]) -> Item:
    """The item with what is included."""
    kind = item["type"]
    if kind in _HIDDEN:
        field, name = _HIDDEN[kind]
        if name in include or item.get(field) is None:
            return item
        return {n: v for n, v in item.items() if n != field} if kind == "reasoning" else item | {field: None}
    if kind == "message" and _IMAGE not in include and any(p["type"] == "input_image" for p in item["content"]):
        return item | {"content": [_without_image(piece) for piece in item["content"]]}
    if kind == "computer_call_output" and _SCREEN not in include:
        return item | {"output": item["output"] | {"image_url": None}}
    return item


def _without_image(piece: Item) -> Item:
    return piece | {"image_url": None} if piece["type"] == "input_image" else piece

"""What a request for a run asks, made into a queued run: the assistant's setting, overridden where the request says so."""

from __future__ import annotations

from typing import Any, Final

from ..exchange import Exchange
from ..problem import Problem, invalid, missing
from ..shape import is_object, part, rows
from .assistant import ASSISTANT
from .assistant_setting import check_setting
from .crud import Object
from .run_course import WORK
from .thread_record import RUN, runs

MOST_TOOLS: Final = 20
LIFE: Final = 600
"""Seconds until a run that has not ended expires."""


def check_run(exchange: Exchange, body: dict[str, Any]) -> Object:
    """The assistant of a run that may be made; raises 400 or 404 for one that may not."""
    check_setting(exchange.world, body, MOST_TOOLS)
    strategy = part(body, "truncation_strategy")
    if strategy.get("type") == "last_messages" and strategy.get("last_messages") is None:
        raise missing("truncation_strategy.last_messages")
    assistant = ASSISTANT.found(exchange, body["assistant_id"])
    _check_choice(body.get("tool_choice"), _tools(body, assistant))
    return assistant


def _tools(body: dict[str, Any], assistant: Object) -> list[Object]:
    return assistant["tools"] if body.get("tools") is None else rows(body, "tools")


def _check_choice(choice: Any, tools: list[Object]) -> None:
    """What is to be called must be among the tools."""
    if choice == "required" and not tools:
        raise invalid("tool_choice", "'tool_choice' can only be 'required' when there are tools.")
    if not is_object(choice):
        return
    if choice["type"] == "function" and not choice.get("function"):
        raise missing("tool_choice.function")
    wanted = choice["function"]["name"] if choice["type"] == "function" else choice["type"]
    names = [tool["function"]["name"] if tool["type"] == "function" else tool["type"] for tool in tools]
    if wanted not in names:
        raise invalid("tool_choice", f"The tool '{wanted}' that 'tool_choice' names is not among the tools.")


def made_run(exchange: Exchange, assistant: Object, thread: Object, body: dict[str, Any], resources: Object) -> Object:
    """A queued run, kept, that expires when it has not ended in time; `resources` replace the assistant's."""
    world = exchange.world
    now = world.now()
    instructions = body.get("instructions")
    said = [assistant["instructions"] if instructions is None else instructions, body.get("additional_instructions")]
    run: Object = {
        "id": world.identity.draw(RUN.prefix, 24),
        "object": "thread.run",
        "created_at": now,
        "assistant_id": assistant["id"],
        "thread_id": thread["id"],
        "status": "queued",
        "started_at": None,
        "expires_at": now + LIFE,
        "cancelled_at": None,
        "failed_at": None,
        "completed_at": None,
        "required_action": None,
        "last_error": None,
        "model": body.get("model") or assistant["model"],
        "instructions": "\n".join(text for text in said if text),
        "tools": _tools(body, assistant),
        "metadata": body.get("metadata") or {},
        "temperature": _either(body, assistant, "temperature"),
        "top_p": _either(body, assistant, "top_p"),
        "max_completion_tokens": body.get("max_completion_tokens"),
        "max_prompt_tokens": body.get("max_prompt_tokens"),
        "truncation_strategy": {"type": "auto", "last_messages": None, **part(body, "truncation_strategy")},
        "incomplete_details": None,
        "usage": None,
        "response_format": _either(body, assistant, "response_format"),
        "tool_choice": body.get("tool_choice") or "auto",
        "parallel_tool_calls": body.get("parallel_tool_calls") is not False,
    }
    runs(world, thread["id"]).put(run["id"], run)
    expiry = world.later(LIFE, "run.expire", thread_id=thread["id"], run_id=run["id"])
    stores = _stores(assistant["tool_resources"] | resources) + _stores(thread["tool_resources"])
    work = {"expiry": expiry, "stores": stores, "spent": [0, 0], "last": [0, 0], "used": False}
    work["caller"] = [*exchange.caller[:4]]
    world.shelf(f"{WORK}/{thread['id']}").put(run["id"], work)
    return run


def refuse_second(run_id: str | None, thread_id: str) -> None:
    """Raise 400 when a run is at work on the thread."""
    if run_id is not None:
        raise Problem(400, f"Thread {thread_id} already has an active run {run_id}.")


def _either(body: dict[str, Any], assistant: Object, name: str) -> Any:
    return assistant[name] if body.get(name) is None else body[name]


def _stores(resources: Object) -> list[str]:
    return rows(part(resources, "file_search"), "vector_store_ids")

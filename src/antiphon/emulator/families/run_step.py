"""Steps of a run: what it did, one message or one round of tool calls each."""

from __future__ import annotations

from collections.abc import Iterable

from ..exchange import Exchange, Handler, Reply, json_reply
from ..world import World
from .crud import Object, listing
from .thread_record import STEP

CONTENT = "step_details.tool_calls[*].file_search.results[*].content"


def made_step(world: World, run: Object, details: Object) -> Object:
    """A step in progress."""
    return {
        "id": world.identity.draw(STEP.prefix, 24),
        "object": "thread.run.step",
        "created_at": world.now(),
        "assistant_id": run["assistant_id"],
        "thread_id": run["thread_id"],
        "run_id": run["id"],
        "type": details["type"],
        "status": "in_progress",
        "step_details": details,
        "last_error": None,
        "expired_at": None,
        "cancelled_at": None,
        "failed_at": None,
        "completed_at": None,
        "metadata": None,
        "usage": None,
    }


def ended(status: str, now: int) -> Object:
    """What changes when a step ends."""
    return {"status": status, f"{status}_at": now}


def usage_of(read: int, said: int) -> Object:
    """Tokens as runs and steps show them."""
    return {"prompt_tokens": read, "completion_tokens": said, "total_tokens": read + said}


def shown_step(step: Object, include: Iterable[str]) -> Object:
    """The step; what a search found is only shown to whoever asks for it."""
    calls = step["step_details"].get("tool_calls")
    if CONTENT in include or not calls:
        return step
    return step | {"step_details": {"type": "tool_calls", "tool_calls": [_bare(call) for call in calls]}}


def _bare(call: Object) -> Object:
    if call["type"] != "file_search":
        return call
    results = [{k: v for k, v in result.items() if k != "content"} for result in call["file_search"]["results"]]
    return call | {"file_search": call["file_search"] | {"results": results}}


async def _list(exchange: Exchange) -> Reply:
    """Lists what the run did so far, newest first unless asked otherwise."""
    include: list[str] = exchange.query.get("include") or []
    return listing(exchange, STEP.listed(exchange), lambda step: shown_step(step, include))


async def _retrieve(exchange: Exchange) -> Reply:
    """Shows one step as it is now; 404 when the run has none such."""
    return json_reply(shown_step(STEP.found(exchange), exchange.query.get("include") or []))


HANDLERS: dict[str, Handler] = {
    "beta.threads.runs.steps.list": _list,
    "beta.threads.runs.steps.retrieve": _retrieve,
}

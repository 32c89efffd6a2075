"""Threads, messages, runs and steps as they are kept, and what a message of a request becomes. Knows no HTTP answers."""

from __future__ import annotations

from typing import Any, Final

from .. import bound
from ..problem import invalid
from ..shape import is_array, rows
from ..store import Shelf
from ..world import World
from .crud import Kind, Object
from .file import uploaded

THREAD: Final = Kind(home="beta.threads", param="thread_id", noun="thread", prefix="thread_")
MESSAGE: Final = Kind(
    home="beta.threads.messages", param="message_id", noun="message", prefix="msg_", owner=THREAD, search=("run_id",)
)
RUN: Final = Kind(home="beta.threads.runs", param="run_id", noun="run", prefix="run_", owner=THREAD)
STEP: Final = Kind(home="beta.threads.runs.steps", param="step_id", noun="run step", prefix="step_", owner=RUN)
ACTIVE: Final = frozenset({"queued", "in_progress", "requires_action", "cancelling"})
MOST_TEXT: Final = 256_000


def messages(world: World, thread_id: str) -> Shelf[Object]:
    """The messages of a thread."""
    return world.shelf(f"{MESSAGE.home}/{thread_id}")


def runs(world: World, thread_id: str) -> Shelf[Object]:
    """The runs of a thread."""
    return world.shelf(f"{RUN.home}/{thread_id}")


def steps(world: World, run: Object) -> Shelf[Object]:
    """The steps of a run."""
    return world.shelf(f"{STEP.home}/{run['thread_id']}/{run['id']}")


def active_run(world: World, thread_id: str) -> str | None:
    """The id of the run that holds the thread; only the newest can, as no second one is let in."""
    newest = runs(world, thread_id).page(limit=1).data
    return newest[0]["id"] if newest and newest[0]["status"] in ACTIVE else None


def check_message(world: World, message: Object, where: str = "") -> None:
    """Raise 400 or 404 for a message that cannot be kept; `where` is the path to it in the request."""
    bound.metadata(message.get("metadata"))
    content = parts_of(message["content"])
    if not content:
        raise invalid(f"{where}content", f"Invalid '{where}content': expected at least one part.", "empty_array")
    for part in content:
        if part["type"] == "image_file":
            uploaded(world, part["image_file"]["file_id"], f"{where}content")
        elif part["type"] == "text":
            _check_text(part["text"], f"{where}content")
    for attachment in rows(message, "attachments"):
        uploaded(world, attachment.get("file_id"), f"{where}attachments")


def parts_of(content: str | list[Object]) -> list[Object]:
    """The parts of a message's content; a plain text is one part."""
    return content if is_array(content) else [{"type": "text", "text": content}]


def _check_text(text: str, param: str) -> None:
    if not text:
        raise invalid(param, f"Invalid '{param}': the text is empty.", "empty_string")
    if len(text) > MOST_TEXT:
        raise invalid(param, f"Invalid '{param}': at most {MOST_TEXT} characters.", "string_above_max_length")


def message_of(world: World, thread_id: str, message: Object, **known: Any) -> Object:
    """A message of a request as the thread keeps it; not kept yet."""
    now = world.now()
    return {
        "id": world.identity.draw(MESSAGE.prefix, 24),
        "object": "thread.message",
        "created_at": now,
        "assistant_id": None,
        "thread_id": thread_id,
        "run_id": None,
        "status": "completed",
        "incomplete_details": None,
        "completed_at": now,
        "incomplete_at": None,
        "role": message["role"],
        "content": [_part(part) for part in parts_of(message["content"])],
        "attachments": rows(message, "attachments"),
        "metadata": message.get("metadata") or {},
        **known,
    }


def _part(part: Object) -> Object:
    match part["type"]:
        case "text":
            return text_part(part["text"])
        case kind:
            return {"type": kind, kind: {"detail": "auto", **part[kind]}}


def text_part(text: str, annotations: list[Object] | None = None) -> Object:
    """A text as a message holds it."""
    return {"type": "text", "text": {"value": text, "annotations": annotations or []}}

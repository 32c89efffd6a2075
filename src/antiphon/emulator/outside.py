"""What reaches an account from outside of its API: telephone calls that ring, and what people write in ChatKit's widget.

Programs in any language ask for it by the control plane. Knows what may be asked; what it does is in the families.
"""

from __future__ import annotations

from typing import Any

from .problem import Problem, invalid
from .world import World


def call(world: World, body: dict[str, Any]) -> dict[str, str]:
    """A call comes in and rings for a minute, at Realtime and at Live; `from` is who calls. Gives its two ids."""
    from .families.realtime_call import ring

    made = ring(world, caller) if (caller := _text(body, "from", None)) else ring(world)
    return {"call_id": made["call_id"], "session_id": made["session_id"]}


def widget(world: World, body: dict[str, Any]) -> dict[str, Any]:
    """`user` writes `text` in the thread `thread_id`, or in a new one. Gives the thread and what was answered."""
    from .families import chatkit

    user, text, known = _text(body, "user"), _text(body, "text"), _text(body, "thread_id", None)
    thread = world.shelf(chatkit.THREAD.home).get(known) if known else chatkit.begin(world, user)
    if thread is None or thread["user"] != user:
        raise Problem(404, f"'{user}' has no thread '{known}'.", param="thread_id")
    return {"thread_id": thread["id"], "answer": chatkit.say(world, thread, text)["content"][0]["text"]}


def _text(body: dict[str, Any], name: str, default: str | None = "") -> Any:
    """The text under a name; raises 400 for none where one must be, and for what is not a text."""
    if default is None and name not in body:
        return None
    found = body.get(name, default)
    if type(found) is not str or not found.strip():
        raise invalid(name, f"'{name}' is a text that says something.", "invalid_type")
    return found

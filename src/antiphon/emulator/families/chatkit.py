"""ChatKit: sessions whose secret a browser uses for a while, and the threads that people have with the widget there.

No request of this API makes a thread: the widget does. `begin` and `say` are what it does, for whoever plays its part.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from ..brain import Prompt, Turn
from ..exchange import Exchange, Handler, Reply, json_reply
from ..problem import invalid
from ..shape import is_object, part
from ..world import World
from .crud import Kind, Object, crud, listing
from .listing import page

LIFE: Final = 600
REQUESTS: Final = 10
MOST_TITLE: Final = 60
_CONFIGURATION: Final[Object] = {
    "automatic_thread_titling": {"enabled": True},
    "file_upload": {"enabled": False, "max_file_size": 512, "max_files": 10},
    "history": {"enabled": True, "recent_threads": None},
}


def _first(exchange: Exchange) -> Mapping[str, Any]:
    body, world = exchange.body, exchange.world
    seconds = part(body, "expires_after").get("seconds", LIFE)
    requests = part(body, "rate_limits").get("max_requests_per_1_minute", REQUESTS)
    configuration = deepcopy(_CONFIGURATION)
    for name, given in part(body, "chatkit_configuration").items():
        configuration[name] |= given
    workflow = {"version": None, "state_variables": {}, "tracing": {"enabled": True}} | body["workflow"]
    return {
        "client_secret": "ek_" + world.secret(48),
        "expires_at": world.now() + seconds,
        "max_requests_per_1_minute": requests,
        "rate_limits": {"max_requests_per_1_minute": requests},
        "status": "active",
        "chatkit_configuration": configuration,
        "workflow": workflow,
    }


SESSION: Final = Kind(
    home="beta.chatkit.sessions", param="session_id", noun="session", prefix="cksess_", digits=32, first=_first
)
THREAD: Final = Kind(
    home="beta.chatkit.threads", param="thread_id", noun="thread", prefix="cthr_", digits=32, search=("user",)
)
ITEMS: Final = "beta.chatkit.threads.items"


async def _create(exchange: Exchange) -> Reply:
    """Opens a session for a user: active until it is cancelled or its time is over."""
    body = exchange.body
    if any(len(name) > 64 for name in part(body["workflow"], "state_variables")):
        where = "workflow.state_variables"
        raise invalid(where, f"Invalid '{where}': names have at most 64 characters.")
    return json_reply(SESSION.made(exchange))


async def _cancel(exchange: Exchange) -> Reply:
    """Ends an active session; one that has expired stays so, and a cancelled one too. 404 when there is none."""
    session = SESSION.found(exchange)
    if session["status"] == "active":
        over = session["expires_at"] <= exchange.world.now()
        session = session | {"status": "expired" if over else "cancelled"}
        SESSION.kept(exchange).put(session["id"], session)
    return json_reply(session)


async def _items(exchange: Exchange) -> Reply:
    """Lists what was said in a thread, newest first unless asked otherwise; 404 when there is none."""
    thread = THREAD.found(exchange)
    return listing(exchange, page(exchange, f"{ITEMS}/{thread['id']}"))


# What the widget does.


def begin(world: World, user: str, title: str | None = None) -> Object:
    """A new thread of a user."""
    made = world.identity.draw(THREAD.prefix, THREAD.digits)
    facts = {"created_at": world.now(), "status": {"type": "active"}, "title": title, "user": user}
    thread: Object = {"id": made, "object": "chatkit.thread", **facts}
    world.shelf(THREAD.home).put(made, thread)
    return thread


def say(world: World, thread: Object, text: str, model: str = "gpt-4o") -> Object:
    """The user says something and is answered; a thread without a title gets one. Gives the answer's item."""
    items = world.shelf(f"{ITEMS}/{thread['id']}")
    asked = {"content": [{"type": "input_text", "text": text}], "attachments": [], "inference_options": None}
    _keep(world, thread, "chatkit.user_message", asked)
    said = world.brain.answer(Prompt(model, [_turn(item) for item in items])).text
    if thread["title"] is None:
        thread["title"] = text[:MOST_TITLE]
        world.shelf(THREAD.home).put(thread["id"], thread)
    content = [{"type": "output_text", "text": said, "annotations": list[Object]()}]
    return _keep(world, thread, "chatkit.assistant_message", {"content": content})


def _keep(world: World, thread: Object, kind: str, facts: Object) -> Object:
    made = world.identity.draw("cthi_", 32)
    head = {"id": made, "object": "chatkit.thread_item", "created_at": world.now(), "thread_id": thread["id"]}
    item: Object = {**head, "type": kind, **facts}
    world.shelf(f"{ITEMS}/{thread['id']}").put(made, item)
    return item


def _turn(item: Object) -> Turn:
    role = "user" if item["type"] == "chatkit.user_message" else "assistant"
    return Turn(role, "\n".join(piece["text"] for piece in item["content"] if is_object(piece)))


HANDLERS: dict[str, Handler] = crud(THREAD) | {
    "beta.chatkit.sessions.create": _create,
    "beta.chatkit.sessions.cancel": _cancel,
    "beta.chatkit.threads.list_items": _items,
}

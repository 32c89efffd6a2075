"""Threads: conversations that are kept, with the messages and files they begin with."""

from __future__ import annotations

from typing import Any

from .. import bound
from ..exchange import Exchange, Handler, Reply, json_reply
from ..shape import rows
from .crud import Object, crud
from .thread_record import THREAD, check_message, message_of, messages
from .tool_resource import attach, kept_resources


async def make_thread(exchange: Exchange, body: dict[str, Any], where: str = "") -> Object:
    """A thread as a request describes it, kept with its messages; nothing is kept when one of them is wrong."""
    world = exchange.world
    bound.metadata(body.get("metadata"))
    for index, message in enumerate(rows(body, "messages")):
        check_message(world, message, f"{where}messages[{index}].")
    resources = await kept_resources(exchange, body.get("tool_resources"), expiring=True)
    made: Object = {
        "id": world.identity.draw(THREAD.prefix, 24),
        "object": "thread",
        "created_at": world.now(),
        "metadata": body.get("metadata") or {},
        "tool_resources": resources,
    }
    for message in rows(body, "messages"):
        await add_message(exchange, made, message)
    THREAD.kept(exchange).put(made["id"], made)
    return made


async def add_message(exchange: Exchange, thread: Object, message: Object) -> Object:
    """Keep a checked message at the end of a thread, and give the thread's tools the files it brings."""
    await attach(exchange, thread, message)
    made = message_of(exchange.world, thread["id"], message)
    messages(exchange.world, thread["id"]).put(made["id"], made)
    return made


async def _create(exchange: Exchange) -> Reply:
    """Keeps a thread with its first messages and the stores its files need."""
    return json_reply(await make_thread(exchange, exchange.body))


async def _update(exchange: Exchange) -> Reply:
    """Changes metadata and tool resources; 404 when there is none."""
    known, more = THREAD.found(exchange), {}
    if "tool_resources" in exchange.body:
        asked = exchange.body["tool_resources"]
        given = await kept_resources(exchange, asked, expiring=True)
        more["tool_resources"] = {} if asked is None else known["tool_resources"] | given
    return json_reply(THREAD.change(exchange, known, **more))


HANDLERS: dict[str, Handler] = crud(THREAD) | {
    "beta.threads.create": _create,
    "beta.threads.update": _update,
}

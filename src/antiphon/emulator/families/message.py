"""Messages of a thread: added by users, or by runs; shown, changed and removed."""

from __future__ import annotations

from ..exchange import Exchange, Handler, Reply, json_reply
from ..problem import Problem
from .crud import crud
from .thread import add_message
from .thread_record import MESSAGE, THREAD, active_run, check_message


async def _create(exchange: Exchange) -> Reply:
    """Adds a message at the end of the thread; 400 while a run is at work on it."""
    world, thread = exchange.world, THREAD.found(exchange)
    if (busy := active_run(world, thread["id"])) is not None:
        raise Problem(400, f"Can't add messages to {thread['id']} while a run {busy} is active.")
    check_message(world, exchange.body)
    made = await add_message(exchange, thread, exchange.body)
    THREAD.kept(exchange).put(thread["id"], thread)
    return json_reply(made)


HANDLERS: dict[str, Handler] = crud(MESSAGE) | {"beta.threads.messages.create": _create}

"""One operation asked by another, in the same world and without a wire: a run that searches, a thread that needs a store."""

from __future__ import annotations

from typing import Any

import msgspec

from ..exchange import NOBODY, Caller, Exchange, Reply
from ..world import World


async def call(
    world: World, operation: str, body: dict[str, Any] | None = None, *, caller: Caller = NOBODY, **path: str
) -> dict[str, Any]:
    """The answer of an operation that answers in JSON; raises the problem that it would answer."""
    from . import HANDLERS

    wanted = world.description.operations[operation]
    if body is not None:
        wanted.check_body(body)
    reply = await HANDLERS[operation](Exchange(world, wanted, path, {}, {}, _nothing, body=body, caller=caller))
    assert isinstance(reply, Reply)
    answer: dict[str, Any] = msgspec.json.decode(reply.body)
    return answer


async def _nothing() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}

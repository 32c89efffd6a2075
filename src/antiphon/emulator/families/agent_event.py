"""The live events of agents' sessions: told to the streams that are open now, kept for nobody.

Whoever connects later is told how the session stands, and everything from then on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

from .. import event
from ..exchange import EventReply, Exchange
from ..world import World
from .crud import Object

BEAT: Final = b": still here\n\n"
PULSE: Final = 15.0
"""Seconds of silence after which a stream says that it lives; so it also learns that nobody listens."""
RESTING: Final = frozenset({"agent.session.idle", "agent.session.failed"})


def publish(world: World, session: str, kind: str, /, **facts: Any) -> None:
    """Tell the open streams of a session that something happened."""
    listening = world.listeners.get(session)
    if listening:
        told = _encoded(world, kind, facts)
        for queue in listening:
            queue.put_nowait(told)


def session_changed(world: World, session: Object, kind: str = "") -> None:
    """Tell how a session stands now."""
    publish(world, session["id"], kind or session["status"], session=session)


def close(world: World, session: str) -> None:
    """End the open streams of a session that is gone."""
    for queue in world.listeners.pop(session, ()):
        queue.put_nowait(None)


def listen(world: World, session: str) -> asyncio.Queue[bytes | None]:
    """Hear everything from now on."""
    queue: asyncio.Queue[bytes | None] = asyncio.Queue()
    world.listeners.setdefault(session, set()).add(queue)
    return queue


def live(exchange: Exchange, session: Object, obfuscated: bool) -> EventReply:
    """A session's events from now on, after how it stands, until the caller leaves or it is deleted."""
    queue = listen(exchange.world, session["id"])
    queue.put_nowait(_encoded(exchange.world, session["status"], {"session": session}))
    return EventReply(_frames(exchange, session["id"], queue, obfuscated, until_rest=False))


def first(exchange: Exchange, session: str, queue: asyncio.Queue[bytes | None], obfuscated: bool) -> EventReply:
    """The events of a session that was just made, until it rests."""
    return EventReply(_frames(exchange, session, queue, obfuscated, until_rest=True))


def _encoded(world: World, kind: str, facts: dict[str, Any]) -> bytes:
    name = "error" if kind == "error" else f"agent.session.{kind}"
    return event.named({"type": name, "event_id": world.identity.draw("evt_", 24), **facts})


async def _frames(
    exchange: Exchange, session: str, queue: asyncio.Queue[bytes | None], obfuscated: bool, until_rest: bool
) -> AsyncIterator[bytes]:
    gone = asyncio.ensure_future(_gone(exchange))
    try:
        while (told := await _next(queue, gone)) is not None:
            yield _padded(told) if obfuscated and told is not BEAT else told
            if until_rest and _kind(told) in RESTING:
                return
    finally:
        gone.cancel()
        listening = exchange.world.listeners.get(session, set())
        listening.discard(queue)
        if not listening:
            exchange.world.listeners.pop(session, None)


async def _next(queue: asyncio.Queue[bytes | None], gone: asyncio.Future[None]) -> bytes | None:
    """The next event, or a sign of life; None when there is nobody to tell it, or nothing more to tell."""
    if not queue.empty():
        return queue.get_nowait()
    news = asyncio.ensure_future(queue.get())
    both: set[asyncio.Future[Any]] = {news, gone}
    try:
        await asyncio.wait(both, timeout=PULSE, return_when=asyncio.FIRST_COMPLETED)
        if news.done():
            return news.result()
        return None if gone.done() else BEAT
    finally:
        news.cancel()


async def _gone(exchange: Exchange) -> None:
    while (await exchange.receive())["type"] != "http.disconnect":
        pass


def _kind(told: bytes) -> str:
    return told.partition(b"\n")[0].removeprefix(b"event: ").decode()


def _padded(told: bytes) -> bytes:
    """With as much padding that its length says little."""
    return b'%b,"obfuscation":"%b"}\n\n' % (told.rstrip()[:-1], b"x" * (1 + -len(told) % 16))

"""The asyncio driver: runs a flow by awaiting its effects in this task."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..core import effects
from ..core.call import Call
from ..core.later import Later
from ..core.reply import AsyncBody, Reply
from ..core.request import Request
from ..core.secret import Secret
from ..core.signal import Signal
from ..errors import APIConnectionError
from .blocking import discard
from .clock import SYSTEM_CLOCK, Clock
from .refusal import refuse

if TYPE_CHECKING:
    from . import aside, async_race, followed, outliving, peeked, waiting
else:  # few clients have a policy that needs them
    followed, waiting = Later("antiphon.drivers.followed"), Later("antiphon.drivers.waiting")
    aside, outliving = Later("antiphon.drivers.aside"), Later("antiphon.drivers.outliving")
    async_race, peeked = Later("antiphon.drivers.async_race"), Later("antiphon.drivers.peeked")

R = TypeVar("R")
Flow = Coroutine[Any, Any, R]


class AsyncDriver:
    """Performs effects with awaits.

    Args:
        send: one exchange.
        perform: a whole API call, answering with its reply too; for flows composed of several.
        clock: time and chance.
        closing: set when the client is closed, which ends the flows that run aside.
    """

    def __init__(
        self,
        send: Callable[[Request], Awaitable[Reply]],
        perform: Callable[[Call[Any]], Awaitable[tuple[Any, Reply]]],
        clock: Clock = SYSTEM_CLOCK,
        closing: Signal | None = None,
    ) -> None:
        self.clock = clock
        self._closing = Signal() if closing is None else closing
        self._send = send
        self._instant: dict[type, Callable[[Any], Any]] = {
            effects.Now: lambda _: clock.monotonic(),
            effects.Wall: lambda _: clock.wall(),
            effects.Random: lambda _: clock.random(),
            effects.Discard: lambda effect: discard(effect.reply),
            effects.Follow: lambda effect: followed.follow(effect.reply, effect.follower, followed.FollowedAsyncBody),
            effects.Spawn: lambda effect: aside.spawn(self.run, effect.flow, self._closing),
        }
        self._hands: dict[type, Callable[[Any], Awaitable[Any]]] = {
            effects.Sleep: lambda effect: clock.asleep(effect.seconds),
            effects.Read: lambda effect: read(effect.reply, effect.limit),
            effects.Invoke: lambda effect: invoke(effect.function, effect.arguments),
            effects.Outside: lambda effect: waiting.outside(effect.function, effect.arguments),
            effects.Wait: lambda effect: waiting.await_signal(effect.signal, effect.seconds),
            effects.Outlive: lambda effect: outliving.outlive(self.run, effect),
            effects.Ask: lambda effect: ask(effect.source),
            effects.Perform: lambda effect: _value(perform(effect.call)),
            effects.PerformRaw: lambda effect: perform(effect.call),
            effects.Gather: lambda effect: self._gather(effect.flows, effect.limit),
            effects.Race: lambda effect: async_race.race(self.run, effect),
            effects.Peek: lambda effect: peeked.peek_async(effect.reply, effect.beyond),
        }

    async def exchange(self, request: Request, begin: Callable[[Request], Flow[Reply]]) -> Reply:
        """As `run(begin(request))`, for a chain that judges failures only: it is not begun before there is one."""
        try:
            reply = await self._send(request)
            if 200 <= reply.status_code < 300:
                return reply
            known: list[Any] = [reply]
        except APIConnectionError as failure:
            known = [failure]
        return await self.run(begin(request), known)

    async def run(self, flow: Flow[R], known: list[Any] | None = None) -> R:
        """Run a flow to its end; its first `Send` is answered by what is `known`: a reply or a failure, taken from the list."""
        hands, instant, send = self._hands, self._instant, effects.Send
        try:
            effect = flow.send(None)
            while True:
                try:
                    kind = effect.__class__
                    if kind is send:  # ahead of the tables, since every call has one
                        # Never under a name: an exception that its own frame holds is left to the collector.
                        if known and isinstance(known[-1], Exception):
                            raise known.pop()
                        answer = known.pop() if known else await self._send(effect.request)
                    elif kind in hands:
                        answer = await hands[kind](effect)
                    else:
                        answer = instant.get(kind, refuse)(effect)
                except BaseException as failure:
                    if failure.__class__ is GeneratorExit and getattr(flow, "cr_frame", flow) is None:
                        raise  # both are garbage of a loop that was closed, and the flow was collected first
                    effect = flow.throw(failure)
                else:
                    effect = flow.send(answer)
        except StopIteration as end:
            result: R = end.value
            return result

    async def _gather(self, flows: list[Flow[Any]], limit: int) -> list[Any]:
        gate = asyncio.Semaphore(limit)

        async def one(flow: Flow[Any]) -> Any:
            async with gate:
                return await self.run(flow)

        tasks = [asyncio.ensure_future(one(flow)) for flow in flows]
        try:
            return await asyncio.gather(*tasks)
        except BaseException:
            for task in tasks:
                task.cancel()
            # Nothing runs on behind the caller's back.
            await asyncio.gather(*tasks, return_exceptions=True)
            raise
        finally:
            # A task that was cancelled before its first step has not begun its flow, and nobody else will.
            for flow in flows:
                if inspect.getcoroutinestate(flow) == inspect.CORO_CREATED:
                    flow.close()


async def read(reply: Reply, limit: int | None = None) -> bytes:
    """Read an open reply to its end, or to `limit` bytes; what comes after is dropped with the connection."""
    if reply.is_read:
        return reply.content
    body = cast("AsyncBody", reply.body)
    pieces: list[bytes] = []
    size = 0
    try:
        while piece := await body.read_chunk():
            pieces.append(piece)
            size += len(piece)
            if limit is not None and size >= limit:
                break
    finally:
        body.close()
    reply.content = content = b"".join(pieces)[:limit]
    return content


async def invoke(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Call a user's function, and await what it returns where it can be awaited."""
    result = function(*arguments)
    return await result if inspect.isawaitable(result) else result


async def ask(source: Callable[[], Any]) -> Secret:
    """Ask a credential's source, and hide the answer."""
    answer = source()
    return Secret(await answer if inspect.isawaitable(answer) else answer)


async def _value(performed: Awaitable[tuple[Any, Reply]]) -> Any:
    return (await performed)[0]

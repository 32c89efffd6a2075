"""The blocking driver: runs a flow by performing its effects in this thread, one after another."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..core import effects
from ..core.call import Call
from ..core.later import Later
from ..core.reply import Body, Reply
from ..core.request import Request
from ..core.secret import Secret
from ..core.signal import Signal
from ..errors import APIConnectionError
from .clock import SYSTEM_CLOCK, Clock
from .refusal import refuse

if TYPE_CHECKING:
    from ..core.ticket import Ticket
    from . import aside, followed, peeked, race, thread_race, waiting
else:  # few clients have a policy that needs them
    followed, waiting = Later("antiphon.drivers.followed"), Later("antiphon.drivers.waiting")
    aside, peeked = Later("antiphon.drivers.aside"), Later("antiphon.drivers.peeked")
    race, thread_race = Later("antiphon.drivers.race"), Later("antiphon.drivers.thread_race")

R = TypeVar("R")
Flow = Coroutine[Any, Any, R]


class BlockingDriver:
    """Performs effects with blocking calls.

    Args:
        send: one exchange.
        perform: a whole API call, answering with its reply too; for flows composed of several.
        clock: time and chance.
        closing: set when the client is closed, which ends the flows that run aside.
    """

    def __init__(
        self,
        send: Callable[[Request], Reply],
        perform: Callable[[Call[Any]], tuple[Any, Reply]],
        clock: Clock = SYSTEM_CLOCK,
        closing: Signal | None = None,
    ) -> None:
        self.clock = clock
        self._closing = Signal() if closing is None else closing
        self._send = send
        self._hands: dict[type, Callable[[Any], Any]] = {
            effects.Sleep: lambda effect: clock.sleep(effect.seconds),
            effects.Now: lambda _: clock.monotonic(),
            effects.Wall: lambda _: clock.wall(),
            effects.Random: lambda _: clock.random(),
            effects.Read: lambda effect: read(effect.reply, effect.limit),
            effects.Discard: lambda effect: discard(effect.reply),
            effects.Invoke: lambda effect: effect.function(*effect.arguments),
            effects.Outside: lambda effect: effect.function(*effect.arguments),
            effects.Wait: lambda effect: waiting.wait(effect.signal, effect.seconds),
            effects.Outlive: self._outlive,
            effects.Follow: lambda effect: followed.follow(effect.reply, effect.follower, followed.FollowedBody),
            effects.Spawn: lambda effect: aside.ThreadAside(self.run, effect.flow, self._closing),
            effects.Ask: lambda effect: ask(effect.source),
            effects.Perform: lambda effect: perform(effect.call)[0],
            effects.PerformRaw: lambda effect: perform(effect.call),
            effects.Gather: lambda effect: self._gather(effect.flows, effect.limit),
            effects.Race: self._race,
            effects.Peek: lambda effect: peeked.peek(effect.reply, effect.beyond),
        }

    def exchange(self, request: Request, begin: Callable[[Request], Flow[Reply]]) -> Reply:
        """As `run(begin(request))`, for a chain that judges failures only: it is not begun before there is one."""
        try:
            reply = self._send(request)
            if 200 <= reply.status_code < 300:
                return reply
            known: list[Any] = [reply]
        except APIConnectionError as failure:
            known = [failure]
        return self.run(begin(request), known)

    def run(self, flow: Flow[R], known: list[Any] | None = None) -> R:
        """Run a flow to its end; its first `Send` is answered by what is `known`: a reply or a failure, taken from the list."""
        hands, send = self._hands, effects.Send
        try:
            effect = flow.send(None)
            while True:
                try:
                    if effect.__class__ is send:  # ahead of the table, since every call has one
                        if known:
                            # Never under a name: an exception that its own frame holds is left to the collector.
                            if isinstance(known[-1], Exception):
                                raise known.pop()
                            answer = known.pop()
                        else:
                            answer = self._send(effect.request)
                    else:
                        answer = hands.get(effect.__class__, refuse)(effect)
                except BaseException as failure:
                    effect = flow.throw(failure)
                else:
                    effect = flow.send(answer)
        except StopIteration as end:
            result: R = end.value
            return result

    def _outlive(self, effect: effects.Outlive[R]) -> R:
        try:
            return self.run(effect.flow)
        finally:
            effect.ended()

    def _race(self, effect: effects.Race[R]) -> R:
        send = self._send
        # A transport of ours rings its tickets' alarms and can cut an exchange short; what is borrowed does neither.
        cut = getattr(getattr(send, "__self__", None), "cut", None)
        if cut is None:
            threaded: R = thread_race.race(lambda flow, _: self.run(flow), effect)
            return threaded

        def run(flow: Flow[R], ticket: Ticket) -> R:
            driver = BlockingDriver.__new__(BlockingDriver)
            vars(driver).update(vars(self), _send=lambda request: send(request, ticket))  # type: ignore[call-arg]
            return driver.run(flow)

        result: R = race.race(run, effect, cut)
        return result

    def _gather(self, flows: list[Flow[Any]], limit: int) -> list[Any]:
        from .crew import gather

        return gather(self.run, flows, limit)


def read(reply: Reply, limit: int | None = None) -> bytes:
    """Read an open reply to its end, or to `limit` bytes; what comes after is dropped with the connection."""
    if reply.is_read:
        return reply.content
    body = cast("Body", reply.body)
    pieces: list[bytes] = []
    size = 0
    try:
        while piece := body.read_chunk():
            pieces.append(piece)
            size += len(piece)
            if limit is not None and size >= limit:
                break
    finally:
        body.close()
    reply.content = content = b"".join(pieces)[:limit]
    return content


def ask(source: Callable[[], Any]) -> Secret:
    """Ask a credential's source, and hide the answer.

    Raises:
        TypeError: the source is a coroutine function, which only an async client can ask.
    """
    answer = source()
    if hasattr(answer, "__await__"):
        if isinstance(answer, Coroutine):
            answer.close()
        raise TypeError("the key's function is async; a blocking client needs a plain one (or use the async client)")
    return Secret(answer)


def discard(reply: Reply) -> None:
    """Close a reply that will not be read."""
    if reply.body is not None:
        reply.body.close()

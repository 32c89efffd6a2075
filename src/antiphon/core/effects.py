"""The effects: everything a flow can ask of the world, as plain values.

A *flow* is an `async def` function that never touches a clock, a socket or a random number. Where it needs one, it awaits
an effect. An effect yields itself to whoever runs the flow and is answered with the result:

    async def twice(request: Request) -> Reply:
        reply = await Send(request)
        if reply.status_code == 503:
            await Sleep(0.5)
            reply = await Send(request)
        return reply

A *driver* runs it: it calls `flow.send(None)`, gets an effect, performs it in its own colour (blocking or asyncio), and sends
the result back in, or throws the exception, until the flow returns. A test does the same by hand. That is the whole
contract. A flow may await other flows; it must not await anything else: a driver refuses what is not an effect.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from ..errors import APIConnectionError
from .call import Call
from .reply import Reply
from .request import Request
from .secret import Secret

if TYPE_CHECKING:
    from .follower import Follower
    from .signal import Signal

R = TypeVar("R")


class Effect(Generic[R]):
    """A wish that yields itself and is answered with an `R`."""

    __slots__ = ()

    def __await__(self) -> Generator[Effect[R], Any, R]:
        answer: R = yield self
        return answer


class Send(Effect[Reply]):
    """Send one request; answered with the reply once its head (or, unless streaming, its whole body) is there.

    Where the request has a trace, the attempt is noted there with what came of it.
    """

    __slots__ = ("request",)

    def __init__(self, request: Request) -> None:
        self.request = request

    def __await__(self) -> Generator[Effect[Reply], Any, Reply]:
        request = self.request
        trace = request.trace
        if trace is None:
            reply: Reply = yield self
            return reply
        trace.attempts += 1
        try:
            reply = yield self
        except APIConnectionError as failure:
            where = request.server or request.origin
            trace.note("attempt", type(failure).__name__, endpoint=where, phase=failure.phase)
            raise
        trace.log.append((request.server or request.origin, reply.status_code))
        return reply


class Sleep(Effect[None]):
    """Wait, in seconds."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


class Now(Effect[float]):
    """The monotonic time in seconds."""

    __slots__ = ()


class Wall(Effect[float]):
    """Seconds since the epoch, for HTTP dates only."""

    __slots__ = ()


class Random(Effect[float]):
    """A number in [0, 1)."""

    __slots__ = ()


class Read(Effect[bytes]):
    """Read an open reply to its end, up to `limit` bytes (the rest is dropped); sets and answers `reply.content`."""

    __slots__ = ("limit", "reply")

    def __init__(self, reply: Reply, limit: int | None = None) -> None:
        self.reply = reply
        self.limit = limit


class Discard(Effect[None]):
    """Close a reply that will not be read."""

    __slots__ = ("reply",)

    def __init__(self, reply: Reply) -> None:
        self.reply = reply


class Invoke(Effect[Any]):
    """Call the user's function; in the asyncio colour its result is awaited when it can be."""

    __slots__ = ("arguments", "function")

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.function = function
        self.arguments = arguments


class Outside(Effect[Any]):
    """Call a function that blocks (a file, a database); under asyncio in a thread, so that the event loop goes on."""

    __slots__ = ("arguments", "function")

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.function = function
        self.arguments = arguments


class Wait(Effect[bool]):
    """Wait for a signal, so many seconds at most (`None`: for ever); answered with whether it was set."""

    __slots__ = ("seconds", "signal")

    def __init__(self, signal: Signal, seconds: float | None = None) -> None:
        self.signal = signal
        self.seconds = seconds


class Outlive(Effect[R]):
    """Run a flow that others wait for as well; answered with its result.

    Where whoever asked is cancelled it goes on, under asyncio in its own task, until `abandoned` is set. A blocking call that is
    interrupted takes it along. In any case `ended` is called once when it is over, even where it never began.

    Attributes:
        lost: set by a driver; whether the flow can never come to its end, because its event loop was closed.
        carried: set by a driver; whether the flow goes on without whoever asked.
    """

    __slots__ = ("abandoned", "carried", "ended", "flow", "lost")

    def __init__(self, flow: Coroutine[Any, Any, R], abandoned: Signal, ended: Callable[[], None]) -> None:
        self.flow = flow
        self.abandoned = abandoned
        self.ended = ended
        self.lost: Callable[[], bool] = bool
        self.carried = False


class Follow(Effect[None]):
    """Have a follower see a reply's body go by; one that was read already it sees at once, with its end."""

    __slots__ = ("follower", "reply")

    def __init__(self, reply: Reply, follower: Follower) -> None:
        self.reply = reply
        self.follower = follower


class Aside(Protocol):
    """A flow that runs aside."""

    @property
    def alive(self) -> bool:
        """Whether it still runs: here, in this process and its loop."""
        ...


class Spawn(Effect[Aside]):
    """Have a flow run aside: in a daemon thread, a task, or virtual time. It ends by itself, or when the client is closed."""

    __slots__ = ("flow",)

    def __init__(self, flow: Coroutine[Any, Any, Any]) -> None:
        self.flow = flow


class Ask(Effect[Secret]):
    """Ask a credential's source; the answer is wrapped at once, so that no frame holds it plain."""

    __slots__ = ("source",)

    def __init__(self, source: Callable[[], Any]) -> None:
        self.source = source


class Perform(Effect[Any]):
    """Make a whole API call through the client: policies, decoding, typed result. For helpers composed of several calls."""

    __slots__ = ("call",)

    def __init__(self, call: Call[Any]) -> None:
        self.call = call


class PerformRaw(Effect[tuple[Any, Reply]]):
    """As `Perform`, answered with the result and the reply it came in, for helpers that read its header fields."""

    __slots__ = ("call",)

    def __init__(self, call: Call[Any]) -> None:
        self.call = call


class Race(Effect[R]):
    """Run a flow, and a second one beside it if the first has not ended after `delay` seconds.

    Answered with what the first of them to return gives, if it is fit. The other one is ended: cancelled, its connection closed,
    its answer let go. A flow that raises an error of its call, or returns what is unfit, is out. Where both are out, the answer is
    what was returned all the same, else what the first one raised is raised. What the first one raises besides, such as a mistake in
    a user's function, ends both at once.
    """

    __slots__ = ("delay", "first", "fit", "second")

    def __init__(
        self,
        first: Coroutine[Any, Any, R],
        second: Callable[[], Coroutine[Any, Any, R]],
        delay: float,
        fit: Callable[[R], bool] = lambda _: True,
    ) -> None:
        self.first = first
        self.second = second
        self.delay = delay
        self.fit = fit


class Peek(Effect[bytes]):
    """Wait for the first bytes of a reply's body, more than `beyond` of them; answered with all that are there.

    They stay there for its reader. Where the body ends before, they are no more than `beyond`.
    """

    __slots__ = ("beyond", "reply")

    def __init__(self, reply: Reply, beyond: int = 0) -> None:
        self.reply = reply
        self.beyond = beyond


class Gather(Effect[list[Any]]):
    """Run several flows, at most `limit` at a time; answered with their results in order. The first failure ends it."""

    __slots__ = ("flows", "limit")

    def __init__(self, flows: list[Coroutine[Any, Any, Any]], limit: int) -> None:
        self.flows = flows
        self.limit = limit

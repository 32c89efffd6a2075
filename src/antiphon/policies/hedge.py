"""Hedge: where an answer is late, ask a second time and take the answer that comes first.

Knows which requests may be made twice, and when one is late. Innermost of all policies but the client's own, so that a second
request needs no further leave: whoever stands outside sees one attempt.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from ..core.effects import Now, Peek, Race, Wall
from ..core.reply import Reply
from ..core.request import Request
from ..core.resource import spelled
from ..errors import APIConnectionError
from .chain import PLACES, Forward
from .machines.backoff import retry_after
from .machines.hedging import Hedging
from .machines.number import is_number, seconds
from .subject import endpoint_of, is_inference, model_of

if TYPE_CHECKING:
    from .failover import Failover

_HOLD = 10.0
"""Seconds without second requests, once a server said not to try again."""
_BEGINS_BADLY = (b"event: error", b'data: {"error"', b"event:error", b'data:{"error"')


class Hedge:
    """Sends a request a second time when its answer is late, and ends the one that comes second.

    >>> Hedge(floor=2.0)
    Hedge(after p95 and at least 2 s, for 5% of requests)

    A request is late when most requests of its kind (same model and endpoint, about the same size, streamed or not) have had
    their first byte by then. Only requests to a model are hedged, and only those that change nothing else. Each second request
    costs as much as the first, whose price is paid too.

    Args:
        delay: when an answer is late: a percentile of the last 256 answers' times to the first byte, such as "p95", or seconds.
        floor: seconds; nothing is late before.
        extra: how many further requests may be sent for one; 1, or 0 for none.
        ratio: the share of requests that may be sent twice, above 0 and up to 1.
        only_if: asked with the request before a second one could be sent; `False` holds it back, e.g. while a circuit is not
            closed.
        failover: whose targets are asked instead of the same one, where another of them could take the request.

    Raises:
        ValueError, TypeError: an argument that cannot be right.
    """

    place: ClassVar[int] = PLACES["Hedge"]

    @spelled
    def __init__(
        self,
        delay: float | str = "p95",
        *,
        floor: float = 1.0,
        extra: int = 1,
        ratio: float = 0.05,
        only_if: Callable[[Request], bool] | None = None,
        failover: Failover | None = None,
    ) -> None:
        fixed, share = _delay(delay)
        if extra not in (0, 1):
            raise ValueError(f"extra must be 1, or 0 for none; got {extra!r}")
        if not is_number(ratio) or not 0 < ratio <= 1:
            raise ValueError(f"ratio must be a share above 0 and up to 1, such as 0.05; got {ratio!r}")
        if only_if is not None and not callable(only_if):
            raise TypeError(f"only_if must be a function; got {type(only_if).__name__}")
        self.late = delay
        self.floor = seconds("floor", floor)
        self.extra = extra
        self.ratio = ratio
        self.only_if = only_if
        self.failover = failover
        self._machine = Hedging(fixed, share, self.floor, ratio)

    def __repr__(self) -> str:
        if not self.extra:
            return "Hedge(off)"
        after = self.late if isinstance(self.late, str) else f"{self.late:g} s"
        return f"Hedge(after {after} and at least {self.floor:g} s, for {self.ratio * 100:.3g}% of requests)"

    def __reduce__(self) -> tuple[Any, ...]:
        # What is known of latencies is this process's own.
        options = {"floor": self.floor, "extra": self.extra, "ratio": self.ratio, "only_if": self.only_if}
        return (_remade, (type(self), self.late, {**options, "failover": self.failover}))

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        content = request.content
        if not (self.extra and (content is None or content.__class__ is bytes) and is_inference(request)):
            return await forward(request)
        # A factor of four in size is one kind.
        kind = (request.server, request.origin.host, model_of(request), request.stream, _size(content))
        begun = await Now()
        delay = self._machine.delay(kind, begun)
        if delay is None or not self._may(request, begun + delay):
            return (await self._alone(request, forward, kind, begun)).reply
        return await self._race(request, forward, kind, begun, delay)

    def _may(self, request: Request, late: float) -> bool:
        if request.deadline is not None and late >= request.deadline:
            return False
        return self.only_if is None or bool(self.only_if(request))

    async def _alone(
        self, request: Request, forward: Forward, kind: Hashable, begun: float, delay: float | None = None
    ) -> _Outcome:
        """One request, its time taken."""
        machine = self._machine
        try:
            reply = await forward(request)
            good = 200 <= reply.status_code < 300
            if good and not reply.is_read and request.events:
                good = not (await Peek(reply)).startswith(_BEGINS_BADLY)
        except APIConnectionError:
            machine.failed(kind)
            raise
        if good:
            machine.answered(kind, await Now() - begun, delay)
        elif not 400 <= reply.status_code < 429:
            machine.failed(kind)
            await self._hold(reply)
        return _Outcome(reply, good)

    async def _second(self, request: Request, forward: Forward, kind: Hashable) -> _Outcome:
        """The request that is sent when the first is late, if it may be."""
        now = await Now()
        if not self._machine.spend(kind, now):
            raise _Unsent
        there = None if self.failover is None else await self.failover.other(request)
        if request.trace is not None:
            request.trace.note("Hedge", "second", target=endpoint_of(there or request))
        # A request of its own: what is cut short is known by it.
        outcome = await self._alone(there or request.replace(), forward, kind, now)
        return outcome._replace(second=True)

    async def _race(self, request: Request, forward: Forward, kind: Hashable, begun: float, delay: float) -> Reply:
        """One request, and a second one if it is late."""
        first = self._alone(request, forward, kind, begun, delay)
        outcome = await Race(first, partial(self._second, request, forward, kind), delay, _is_good)
        if outcome.second:
            # How long the first would have taken is not known, but that it is more than this.
            self._machine.given_up(kind, await Now() - begun)
            if request.trace is not None:
                request.trace.note("Hedge", "second won")
        return outcome.reply

    async def _hold(self, reply: Reply) -> None:
        """Heed a server that wants fewer requests."""
        headers = reply.headers
        hint = retry_after(headers, await Wall() if "retry-after" in headers else 0.0)
        if hint is None and headers.get("x-should-retry") == "false":
            hint = _HOLD
        if hint is not None and hint > 0:
            self._machine.hold(await Now() + hint)


def _remade(kind: type[Hedge], late: float | str, options: dict[str, Any]) -> Hedge:
    return kind(late, **options)


class _Outcome(NamedTuple):
    """What a request came to.

    Attributes:
        reply: the answer.
        good: whether it is one that ends a race.
        second: whether it is the second request's.
    """

    reply: Reply
    good: bool
    second: bool = False


class _Unsent(Exception):
    """No second request may be sent; the first goes on alone."""


def _is_good(outcome: _Outcome) -> bool:
    return outcome.good


def _size(content: Any) -> int:
    """Requests of one size, give or take a factor of four, take about as long."""
    return 0 if content is None else len(content).bit_length() // 2


def _delay(delay: Any) -> tuple[float | None, float]:
    """A fixed delay, or the share of answers that are in time.

    >>> _delay("p95"), _delay(2)
    ((None, 0.95), (2, 0.95))
    """
    if isinstance(delay, str):
        number = delay.removeprefix("p")
        if delay.startswith("p") and number.replace(".", "", 1).isdecimal() and 0 < float(number) < 100:
            return None, float(number) / 100
        raise ValueError(f"delay must be a percentile such as 'p95', or seconds; got {delay!r}")
    return seconds("delay", delay), 0.95

"""Hedge: where an answer is late, ask a second time and take the answer that comes first.

Knows which requests may be made twice, and when one is late. Innermost of all policies but the client's own, so that what is timed
is the server and no wait of ours. The second request passes the gates that the first one has passed (circuit, bulkhead, rate limit)
by itself, where it goes, and is counted there; whoever stands outside of these sees one attempt.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from ..core.effects import Now, Peek, Race, Wall
from ..core.reply import Reply
from ..core.request import Request
from ..core.resource import spelled
from ..errors import APIConnectionError, PolicyError
from .chain import PLACES, Forward, Layer
from .gates import Gates, own_flow
from .machines.backoff import retry_after
from .machines.hedging import Hedging
from .machines.number import is_number, seconds
from .subject import endpoint_of, is_inference, model_of

if TYPE_CHECKING:
    from .failover import Failover

_HOLD = 10.0
"""Seconds without second requests, once a server said not to try again."""
_NONE = Gates()
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
        only_if: asked with the request before a second one could be sent; `False` holds it back.
        failover: any of whose targets may be asked instead of the same one. When left out, the chain's own `Failover` is asked for
            an equal one: of the same group, for the same model.

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

    def among(self, chain: Sequence[Layer]) -> Layer:
        """The flow for its place in a chain, where a second request passes the gates around it."""
        return self.__call__ if own_flow(self, Hedge) else partial(self._judge, Gates.before(self, chain))

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        return await self._judge(_NONE, request, forward)

    async def _judge(self, gates: Gates, request: Request, forward: Forward) -> Reply:
        content = request.content
        if not (self.extra and (content is None or content.__class__ is bytes) and is_inference(request)):
            return await forward(request)
        begun = request.now() if request.now else await Now()
        kind = _kind(request)
        delay, objection = self._machine.delay(kind, begun)
        if delay is not None:
            objection = self._objection(request, begun + delay)
            if not objection:
                return await self._race(gates, request, forward, kind, begun, delay)
        return (await self._alone(request, forward, kind, begun, delay, objection)).reply

    def _objection(self, request: Request, late: float) -> str:
        if request.deadline is not None and late >= request.deadline:
            return "the deadline is near"
        return "" if self.only_if is None or self.only_if(request) else "only_if"

    async def _alone(
        self,
        request: Request,
        forward: Forward,
        kind: Hashable,
        begun: float,
        delay: float | None = None,
        objection: str = "",
    ) -> _Outcome:
        """One request, its time taken; and what spoke against a second one, noted if it was late."""
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
            seconds = (request.now() if request.now else await Now()) - begun
            machine.answered(kind, seconds, None if objection else delay)
            if objection and (after := machine.late(kind, seconds)) is not None:
                _note(request, "held back", reason=objection, after=round(after, 3))
        elif not 400 <= reply.status_code < 429:
            machine.failed(kind)
            await self._hold(reply)
        return _Outcome(reply, good)

    async def _second(self, gates: Gates, request: Request, forward: Forward, kind: Hashable, delay: float) -> _Outcome:
        """The request that is sent when the first is late, if it may be."""
        now = await Now()
        there, objection = request, self._machine.spend(kind, now)
        if not objection:
            there, objection = await self._somewhere(gates, request, now)
            if objection:
                self._machine.unspent()
        if objection:
            _note(request, "held back", reason=objection, after=round(delay, 3))
            raise _Unsent
        _note(request, "second", target=endpoint_of(there), after=round(delay, 3))
        try:
            outcome = await self._alone(there, gates.around(forward), _kind(there), now)
        except PolicyError as refusal:
            _note(request, "held back", reason=type(refusal).__name__)
            raise
        return outcome._replace(second=True)

    async def _somewhere(self, gates: Gates, request: Request, now: float) -> tuple[Request, str]:
        """A second request, to another target if one is there to take it; or what speaks against one."""
        # A request of its own: what is cut short is known by it.
        there = request.replace()
        chooser = self.failover or gates.chooser
        other = None if chooser is None else await chooser.other(request, equal=self.failover is None)
        if other is not None and not gates.objection(other, now):
            return other, ""
        return there, gates.objection(there, now)

    async def _race(
        self, gates: Gates, request: Request, forward: Forward, kind: Hashable, begun: float, delay: float
    ) -> Reply:
        """One request, and a second one if it is late."""
        first = self._alone(request, forward, kind, begun, delay)
        outcome = await Race(first, partial(self._second, gates, request, forward, kind, delay), delay, _is_good)
        if outcome.second:
            # How long the first would have taken is not known, but that it is more than this.
            self._machine.given_up(kind, await Now() - begun)
            _note(request, "second won")
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

    sent = "no"


def _is_good(outcome: _Outcome) -> bool:
    return outcome.good


def _kind(request: Request) -> Hashable:
    """What requests have in common that take about as long; a factor of four in size is one kind."""
    content: Any = request.content
    size = 0 if content is None else len(content).bit_length() // 2
    return request.server, request.origin.host, model_of(request), request.stream, size


def _note(request: Request, event: str, **figures: Any) -> None:
    if request.trace is not None:
        request.trace.note("Hedge", event, **figures)


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

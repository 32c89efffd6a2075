"""RateLimit: stay within the provider's limits, so that nothing is refused and nothing is wasted."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar, Literal, cast

from ..core.effects import Follow, Now, Outside, Read, Wait
from ..core.ratelimit import parse_retry_after
from ..core.reply import Reply
from ..core.request import Request
from ..core.resource import spelled
from ..core.usage import UsageReader
from ..errors import APIConnectionError, PolicyError, RateLimited, RequestTooLarge
from ..shared.store import Quota, Store, StoreError
from .chain import PLACES, Forward
from .machines.lane import IMAGES, REQUESTS, TOKENS, Lane
from .machines.limit import DAY, MINUTE, Limit, Terms
from .machines.number import is_number, seconds, whole
from .machines.pool import SPAN, Pool
from .machines.queue import GRANTED, Ticket, Units
from .machines.told import told
from .machines.verdict import QUOTA_CODES
from .need import ONE, family_of, need, too_large, total_of, total_tokens
from .subject import common_scope_of, endpoint_of, model_of, scope_of

_LANES = 1024
_LOOK = 0.02
"""Seconds between two looks at the head of a reply that was no refusal."""
_BODY_KEPT = 1024 * 1024
_QUOTA = tuple(code.encode() for code in QUOTA_CODES)
Lanes = dict[tuple[Any, ...], Lane]


class RateLimit:
    """Lets requests go as fast as the limits allow, and no faster; the others wait in order.

    >>> RateLimit(rpm=500, tpm=200_000)
    RateLimit(rpm=500, tpm=200000, headers+config, safety=0.95, burst=5/10 s, waits <= 60 s, queue=10000)

    Each credential and model family has limits of its own: the ones named here, and the ones the server tells in its
    `x-ratelimit-*` header fields, whichever is smaller. Without any of the two nothing is held back until the server refuses
    (429); from then on the rate follows what it takes. All dimensions are taken at once, each attempt is charged, and what a
    reply tells it used is settled.

    Args:
        rpm: requests per minute.
        tpm: tokens per minute, of input and answer.
        rpd: requests per day.
        tpd: tokens per day.
        images: images per minute.
        source: "headers+config", "headers" (only what the server tells) or "config" (only what is named here).
        per: whose limit it is: "family" (a model with its dated and tuned versions), "model", or "all" models together.
        burst_seconds: how many seconds' worth of requests, and of all else, may be sent at once after a rest.
        safety: which part of a limit is used, unless the server tells how much is left; more than 0, at most 1.
        queue: how many may wait.
        max_wait: seconds a request waits at most; its deadline holds as well.
        strict: for providers that look at each second: bursts of a second, and `safety` always.
        fair: whether small requests wait behind large ones; otherwise they overtake.
        ramp: input tokens per minute past which traffic grows by half every quarter of an hour only; `None` for any growth.
        store: a store (`SQLiteStore`, `RedisStore`) through which processes or machines keep one limit together.

    Raises:
        ValueError, TypeError: an argument that cannot be right. A call may raise `RateLimited` (the wait would be too long) and
            `RequestTooLarge` (no wait would help), before anything is sent.
    """

    place: ClassVar[int] = PLACES["RateLimit"]

    @spelled
    def __init__(
        self,
        *,
        rpm: float | None = None,
        tpm: float | None = None,
        rpd: float | None = None,
        tpd: float | None = None,
        images: float | None = None,
        source: Literal["headers+config", "headers", "config"] = "headers+config",
        per: Literal["family", "model", "all"] = "family",
        burst_seconds: float | tuple[float, float] = (5.0, 10.0),
        safety: float = 0.95,
        queue: int = 10_000,
        max_wait: float = 60.0,
        strict: bool = False,
        fair: bool = True,
        ramp: float | None = 1_000_000,
        store: Store | None = None,
    ) -> None:
        named = (("rpm", rpm), ("tpm", tpm), ("rpd", rpd), ("tpd", tpd), ("images", images))
        self.limits = {name: _amount(name, value) for name, value in named if value is not None}
        self.source = _one_of("source", source, ("headers+config", "headers", "config"))
        self.per = _one_of("per", per, ("family", "model", "all"))
        if source == "config" and not self.limits:
            raise ValueError('source="config" needs a limit, e.g. rpm=500')
        if source == "headers" and self.limits:
            raise ValueError(f'source="headers" takes no limit of its own; got {", ".join(self.limits)}')
        if not is_number(safety) or not 0 < safety <= 1:
            raise ValueError(f"safety must be more than 0 and at most 1; got {safety!r}")
        burst = (1.0, 1.0) if strict else _bursts(burst_seconds)
        self.terms = Terms(float(safety), *burst, strict=strict)
        self.queue = whole("queue", queue)
        self.max_wait = seconds("max_wait", max_wait)
        self.fair = fair
        self.ramp = None if ramp is None else _amount("ramp", ramp)
        self.store = store
        self._listens = source != "config"
        self._lanes: Lanes = {}
        self._near: Lanes = {}
        """The same by what a request says of itself, whose family need not be looked up then."""

    def __repr__(self) -> str:
        terms = self.terms
        said = [f"{name}={value:.15g}" for name, value in self.limits.items()]
        said += [self.source] + ([] if self.per == "family" else [f"per {self.per}"])
        said += [f"safety={terms.safety:g}", f"burst={terms.request_burst:g}/{terms.burst:g} s"]
        said += [f"waits <= {self.max_wait:g} s", f"queue={self.queue}"]
        said += (["strict"] if terms.strict else []) + ([] if self.fair else ["unfair"])
        return f"RateLimit({', '.join([*said, *([f'store={self.store!r}'] if self.store else [])])})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process keeps its own count, unless a store is shared.
        terms = self.terms
        names = ("source", "per", "queue", "max_wait", "fair", "ramp", "store")
        said: dict[str, Any] = {**self.limits, **{name: getattr(self, name) for name in names}}
        said |= {"burst_seconds": (terms.request_burst, terms.burst), "safety": terms.safety, "strict": terms.strict}
        return (partial(type(self), **said), ())

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        now = request.now() if request.now else await Now()
        said = (request.server or request.origin, request.headers.whose, model_of(request))
        lane = self._near.get(said) or self._found(request, said)
        units = need(request, lane.usual) if lane.counts_more else ONE
        until = now + self.max_wait
        if request.deadline is not None and request.deadline < until:
            until = request.deadline
        ticket = Ticket(units, until)
        try:
            lane.enter(ticket, now)
            if ticket.state is not GRANTED:
                now = await self._turn(lane, ticket, request, now)
        except BaseException as failure:
            try:
                lane.leave(ticket)
            except BaseException:  # a signal handler's, perhaps before it began
                lane.leave(ticket)
                raise
            if isinstance(failure, PolicyError):
                failure.request = request
                if request.trace is not None:
                    request.trace.note("RateLimit", "refused", reason=type(failure).__name__)
            raise
        try:
            reply = await forward(request)
        except APIConnectionError as failure:
            if failure.sent == "no":
                lane.leave(ticket)  # nothing reached the server
            raise
        if reply.request is not request and reply.request.server != request.server:
            return reply  # of a second request, that went to another target and was charged there
        status = reply.status_code
        if status == 429 or status == 503:
            await self._refused(lane, ticket, request, reply, now)
        elif lane.learns or (self._listens and now >= lane.look):
            self._learn(lane, ticket, reply, now, request.now() if request.now else await Now())
        if ticket.units[TOKENS] and status < 400:
            if reply.is_read:
                _settle(lane, ticket, total_tokens(reply))
            elif request.events:
                await Follow(reply, _Settlement(lane, ticket))
        return reply

    def wait_for(self, request: Request, now: float) -> float:
        """Seconds that a request would wait if it came now; 0 for none. Nothing is taken.

        Args:
            request: the one in question, with the credential and the server it would have.
            now: what `await Now()` gave.
        """
        lane = self._lane(request)
        return lane.wait(need(request, lane.usual) if lane.counts_more else ONE, now)[0]

    def headroom(self, request: Request, now: float) -> float:
        """Which part of the burst is free for requests like this, from 0 to 1."""
        return self._lane(request).left(now)

    def health(self, now: float) -> dict[str, Any]:
        """For each endpoint and model how many wait, which part of the burst is free, and the limits in force."""
        told: dict[str, Any] = {}
        for (where, _, model), lane in [*self._lanes.items()]:
            limits = {gate.name: gate.most for gate in lane.gates if isinstance(gate, Limit)}
            told[f"{where} {model}".strip()] = {"queued": lane.queue.length, "free": lane.left(now), "limits": limits}
        return told

    async def _turn(self, lane: Lane, ticket: Ticket, request: Request, began: float) -> float:
        """Wait until it is this one's turn; the time it is then."""
        now = began
        while (delay := lane.turn(ticket, now)) > 0 or ticket.state is not GRANTED:
            if now >= ticket.until:
                wait, name = lane.wait(ticket.units, now)
                raise RateLimited(wait, name, why="this call cannot wait so long")
            wishes = lane.wish(ticket, now) if self.store is not None else None
            if wishes is None:
                assert ticket.signal is not None
                await Wait(ticket.signal, delay)
            else:
                await self._ask(lane, ticket, wishes, request, now)
            now = await Now()
        waited = round(now - began, 3)
        if request.trace is not None and waited:
            request.trace.note("RateLimit", "waited", seconds=waited)
        return now

    async def _ask(self, lane: Lane, ticket: Ticket, wishes: list[Quota], request: Request, now: float) -> None:
        """Lease quota from the store; where it cannot be used, go on alone."""
        assert self.store is not None
        try:
            lease = await Outside(self.store.lease, self._key(request), wishes, ticket.until - now, SPAN)
        except StoreError as failure:
            lane.alone(await Now())
            if request.trace is not None:
                reason = type(failure.__cause__ or failure).__name__
                request.trace.note("RateLimit", "alone", reason=reason, workers=lane.pool and lane.pool.workers)
            return
        except BaseException:
            lane.unasked()
            raise
        lane.leased(wishes, lease, await Now())
        if not lease.portions:
            raise RateLimited(lease.wait, "shared quota", why="this call cannot wait so long")

    def _learn(self, lane: Lane, ticket: Ticket, reply: Reply, sent: float, now: float) -> None:
        """Take in what a reply that is no refusal tells of the limits."""
        if self._listens and sent >= lane.look:
            lane.look = now + _LOOK
            lane.learn(ticket, told(reply.headers), sent, now)
        if reply.status_code < 400:
            lane.took(now)

    async def _refused(self, lane: Lane, ticket: Ticket, request: Request, reply: Reply, sent: float) -> None:
        """The server said that it was too much: it is charged, and what it told is heeded."""
        now = await Now()
        content = reply.content if reply.is_read else await Read(reply, _BODY_KEPT)
        if any(code in content for code in _QUOTA) or (reply.status_code == 503 and b'"slow_down"' not in content):
            return
        heads = told(reply.headers) if self._listens else []
        if heads:
            lane.learn(ticket, heads, sent, now)
        larger = too_large(content)
        if larger is not None:
            raise RequestTooLarge(*larger, "tokens", request=request)
        hint = parse_retry_after(reply.headers, None)
        rate = None
        if hint:
            lane.hold(now + hint)
        elif not heads:
            rate = lane.refused(now)
        if request.trace is not None:
            request.trace.note("RateLimit", "too much", status=reply.status_code, told=len(heads), hint=hint, rate=rate)

    def _lane(self, request: Request) -> Lane:
        """The lane of a request's credential and family."""
        return self._found(request, (request.server or request.origin, request.headers.whose, model_of(request)))

    def _found(self, request: Request, said: tuple[Any, ...]) -> Lane:
        where, _, model = said
        named = "" if self.per == "all" else family_of(model) if self.per == "family" else model
        key = (where, scope_of(request), named)
        lane = self._lanes.get(key) or self._opened(key)
        if len(self._near) >= _LANES:
            self._near.clear()
        self._near[where, request.headers.whose, model] = lane
        return lane

    def _key(self, request: Request) -> str:
        """The same for all who share it."""
        model = "" if self.per == "all" else model_of(request)
        family = family_of(model) if self.per == "family" else model
        return f"rate:{endpoint_of(request)}:{common_scope_of(request)}:{family}"

    def _opened(self, key: tuple[Any, ...]) -> Lane:
        if len(self._lanes) >= _LANES:
            for idle in [name for name, lane in list(self._lanes.items()) if not lane.queue.length][: _LANES // 4]:
                self._lanes.pop(idle, None)
            self._near.clear()
        lane = Lane(
            self._limits(),
            self.terms,
            fair=self.fair,
            room=self.queue,
            ramp=self.ramp,
            pool=Pool() if self.store is not None else None,
        )
        return self._lanes.setdefault(key, lane)

    def _limits(self) -> list[Limit]:
        kinds = {
            "rpm": ("requests", REQUESTS, MINUTE),
            "tpm": ("tokens", TOKENS, MINUTE),
            "rpd": ("requests per day", REQUESTS, DAY),
            "tpd": ("tokens per day", TOKENS, DAY),
            "images": ("images", IMAGES, MINUTE),
        }
        return [Limit(*kinds[name], self.terms, said) for name, said in self.limits.items()]


class _Settlement(UsageReader):
    """Follows a stream, and settles what it used when it ends."""

    def __init__(self, lane: Lane, ticket: Ticket) -> None:
        super().__init__(events=True)
        self._lane = lane
        self._ticket: Ticket | None = ticket

    def end(self, failure: BaseException | None, complete: bool) -> None:
        """As `Follower.end`."""
        super().end(failure, complete)
        ticket, self._ticket = self._ticket, None
        if ticket is not None:
            _settle(self._lane, ticket, total_of(self.usage))


def _settle(lane: Lane, ticket: Ticket, tokens: float | None) -> None:
    if tokens is not None:
        lane.settle(ticket, TOKENS, tokens)
        units: Units = ticket.units
        lane.answered(max(0.0, tokens - units[3]))


def _amount(name: str, value: Any) -> float:
    if not is_number(value):
        raise TypeError(f"{name} must be a number; got {value!r}")
    if not 0 < value <= 1e15:
        raise ValueError(f"{name} must be more than 0; got {value}")
    return float(value)


def _bursts(value: Any) -> tuple[float, float]:
    both = cast("tuple[Any, ...]", value if isinstance(value, (tuple, list)) else (value, value))
    if len(both) != 2:
        raise ValueError(f"burst_seconds takes one number of seconds, or two (requests, all else); got {value!r}")
    for each in both:
        if not seconds("burst_seconds", each) > 0:
            raise ValueError(f"burst_seconds must be more than 0; got {each}")
    return float(both[0]), float(both[1])


def _one_of(name: str, value: Any, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise ValueError(f"{name} must be {' or '.join(map(repr, choices))}; got {value!r}")
    return str(value)

"""CircuitBreaker: leave an endpoint alone that fails again and again, and find out gently when it is back.

Knows which outcomes are an endpoint's fault. A broken connection is the fault of the endpoint; a status that says the server
failed is, unless told otherwise, that of one model there, since others may be served all the while.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ..core.effects import Follow, Now, Random
from ..core.reply import Reply
from ..core.request import Request
from ..core.resource import spelled
from ..errors import (
    APIConnectionError,
    APIResponseValidationError,
    CircuitOpen,
    DeadlineExceeded,
    PoolTimeout,
    ResponseTooLarge,
)
from .chain import PLACES, Forward
from .health import HealthCheck, positive
from .machines.board import Board, Leases, Pair
from .machines.circuit import PROBE_SECONDS, Circuit, Rule
from .machines.number import is_number, whole
from .sharing import Sharing
from .subject import endpoint_of, first_byte, model_of

if TYPE_CHECKING:
    from ..shared.store import Store

FAILED = frozenset({500, 502, 503, 504, 529})
"""Statuses by which a server says that it failed. Of other statuses at least the connection is well."""
_SHORT = 1.0
"""Seconds. Who gives a call less has no ground to complain of the endpoint."""
_OPENS, _CLOSES = b"{}"
_ENDS = {b"{": b"}", b"[": b"]", b'"': b'"'}


class CircuitBreaker:
    """Stops sending to an endpoint after many failures, and lets a few calls find out whether it is back.

    >>> CircuitBreaker(consecutive=3).rule.consecutive
    3

    While open, calls end at once with `CircuitOpen`, whose `retry_in` says when to come back. Then so many probes at a time may
    go; enough successes close the circuit, a failure opens it for twice as long. While every endpoint that is known is open,
    one call every `panic` seconds goes through all the same, so that nobody is locked out by this client's own memory. When the
    last endpoint that was well begins to fail, the others are closed on trial: what is known of them is old.

    Failures are broken and refused connections, failed handshakes, timeouts, statuses 500, 502, 503, 504 and 529, and successes
    that cannot be what they claim. Other statuses, cancelled calls, deadlines shorter than a second and errors of your own code
    count neither way. A stream counts when it ends.

    Slow answers count where `slow` is given: those whose first byte took longer. A text that comes whole is not among them, since
    its time tells how long it is.

    Args:
        window: seconds of calls that are looked at; more than 0.
        min_calls: how few of them tell nothing; 1 or more.
        ratio: the share of failures among them that opens the circuit; more than 0, at most 1.
        consecutive: failures in a row that open it; 1 or more.
        open_for: seconds it stays open the first time, give or take a fifth; doubled each time it opens again.
        max_open: seconds it stays open at most.
        probes: how many calls may find out at once whether it is back; 1 or more.
        close_after: successes that close it; 1 or more.
        slow: seconds to the first byte beyond which an answer is slow; `None` for no such rule.
        slow_ratio: the share of slow ones among the answers that opens the circuit; more than 0, at most 1.
        per: what has a circuit of its own for failures of the server: "endpoint+model", or "endpoint".
        panic: seconds between calls that go through while every endpoint is open; `None` or `False` for none at all.
        health: checks endpoints whose circuit is open; see `HealthCheck`.
        store: a store by which processes tell each other of open circuits; asked at most once a second.

    Raises:
        ValueError, TypeError: an argument that cannot be right.
    """

    place: ClassVar[int] = PLACES["CircuitBreaker"]

    @spelled
    def __init__(
        self,
        *,
        window: float = 30.0,
        min_calls: int = 10,
        ratio: float = 0.5,
        consecutive: int = 5,
        open_for: float = 5.0,
        max_open: float = 300.0,
        probes: int = 1,
        close_after: int = 2,
        slow: float | None = None,
        slow_ratio: float = 1.0,
        per: Literal["endpoint+model", "endpoint"] = "endpoint+model",
        panic: float | Literal[False] | None = 1.0,
        health: HealthCheck | None = None,
        store: Store | None = None,
    ) -> None:
        if per not in ("endpoint", "endpoint+model"):
            raise ValueError(f"per must be 'endpoint+model' or 'endpoint'; got {per!r}")
        if health is not None and not isinstance(health, HealthCheck):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"health must be a HealthCheck(…); got {health!r}")
        self.rule = Rule(
            positive("window", window),
            whole("min_calls", min_calls, 1),
            _share("ratio", ratio),
            whole("consecutive", consecutive, 1),
            positive("open_for", open_for),
            positive("max_open", max_open),
            whole("probes", probes, 1),
            whole("close_after", close_after, 1),
            _share("slow_ratio", slow_ratio),
        )
        if max_open < open_for:
            raise ValueError(f"max_open must be open_for ({open_for:g} s) or more; got {max_open:g} s")
        self.slow = None if slow is None else positive("slow", slow)
        self._bearable = float("inf") if self.slow is None else self.slow
        self.per: str = per
        self.panic = None if panic is None or panic is False else positive("panic", panic)
        self.checks = health
        self.store = store
        self._by_model = per == "endpoint+model"
        self._board = Board(self.rule, per_model=self._by_model, panic=self.panic)
        self._sharing = None if store is None else Sharing(store)

    def __repr__(self) -> str:
        r = self.rule
        said = [
            f"window={r.window:g} s, min_calls={r.min_calls}, ratio={r.ratio:g}, consecutive={r.consecutive}",
            f"open_for={r.open_for:g} s, max_open={r.max_open:g} s, probes={r.probes}, close_after={r.close_after}",
            *([] if self.slow is None else [f"slow={self.slow:g} s, slow_ratio={r.slow_ratio:g}"]),
            f"per {self.per}",
        ]
        if self.panic != 1:
            said.append("no panic" if self.panic is None else f"panic={self.panic:g} s")
        if self.checks is not None:
            said.append(repr(self.checks))
        if self.store is not None:
            said.append(f"shared by {self.store!r}")
        return f"CircuitBreaker({', '.join(said)})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process has circuits of its own, and hears of these by the store alone.
        own = {"slow": self.slow, "per": self.per, "panic": self.panic, "health": self.checks, "store": self.store}
        said: dict[str, Any] = {**self.rule._asdict(), **own}
        return (partial(type(self), **said), ())

    # What others may ask.

    def admissible(self, endpoint: str, now: float, model: str = "") -> bool:
        """Whether a call would be let through, other than in a panic; reserves nothing and asks nobody.

        Args:
            endpoint: a target's name, or host and port.
            now: seconds on the clock the calls go by.
            model: the model asked for.
        """
        return self._board.retry_in(endpoint, model, now) == 0

    def is_closed(self, endpoint: str, model: str = "") -> bool:
        """Whether every call is let through, and none is a probe."""
        return self._board.is_closed(endpoint, model)

    def retry_in(self, endpoint: str, now: float, model: str = "") -> float:
        """Seconds until a call would be let through; 0 for now."""
        return self._board.retry_in(endpoint, model, now)

    def health(self, now: float) -> dict[str, Any]:
        """Each endpoint's state and counts, and those of its models that are not served."""
        return self._board.told(now)

    # The flow.

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        model = model_of(request) if self._by_model else ""
        board = self._board
        pair = board.pairs.get((request.server or request.origin, model))
        if pair is None:
            pair = board.pair(request.server or request.origin, endpoint_of(request), model)
        if self._sharing is not None:
            await self._sharing.hear(request, pair, self.rule.open_for)
        transport, service = pair.transport, pair.service
        leases = transport.generation, service.generation
        probing = not (transport.closed and service.closed)
        if probing:
            leases = await self._admitted(request, forward, pair)
        try:
            reply = await forward(request)
            if reply.request is not request and reply.request.server != request.server:
                return reply  # of a second request, that went to another target and was counted there
            plain = reply.status_code < 400 and not probing and reply.elapsed <= self._bearable
            content = reply.content if plain and (reply.body is None or reply.is_read) else b""
            if content and ((content[0] == _OPENS and content[-1] == _CLOSES) or not _is_broken(reply)):
                pair.succeed(leases, request.now() if request.now else await Now())
            else:
                await self._weigh(request, forward, reply, pair, leases)
        except (APIConnectionError, APIResponseValidationError) as failure:
            if is_failure(failure):
                await self._failed(request, forward, pair, transport, leases[0])
            raise
        finally:
            if probing:
                pair.release(leases)
        return reply

    async def _admitted(self, request: Request, forward: Forward, pair: Pair) -> Leases:
        """Leases of circuits that are not both closed, or the refusal."""
        now = await Now()
        await self._look_after(request, forward, pair, now)
        lasts = PROBE_SECONDS if request.deadline is None else min(PROBE_SECONDS, max(0.0, request.deadline - now))
        leases = pair.admit(now, lasts)
        if leases is not None:
            _note(request, "probe")
            return leases
        pause = min(pair.retry_in(now), self._board.panic_in(pair, now))
        if pause > 0:
            _note(request, "refused", retry_in=round(pause, 3))
            whose = pair.transport if pair.transport.retry_in(now) > 0 else pair.service
            raise CircuitOpen(pair.name(whose), pause, request=request)
        _note(request, "probe", reason="every endpoint is open")
        return pair.insist()

    async def _weigh(self, request: Request, forward: Forward, reply: Reply, pair: Pair, leases: Leases) -> None:
        """Count what is not simply a success: a failure, what says nothing, what a probe found, or what is not over yet."""
        status = reply.status_code
        now = await Now()
        if status in FAILED or (status < 400 and reply.is_read and _is_broken(reply)):
            await self._closed_by(request, pair, pair.answered(leases, now))
            await self._failed(request, forward, pair, pair.service, leases[1])
        elif status >= 400:
            await self._closed_by(request, pair, pair.answered(leases, now))
        else:
            probed = not pair.closed
            slow = self.slow is not None and (first_byte(request, reply) or 0.0) > self.slow
            if slow:
                await self._closed_by(request, pair, pair.answered(leases, now))
                await self._failed(request, forward, pair, pair.service, leases[1], slow=True)
            elif probed or reply.is_read:  # a probe's head is enough to go by: the next one need not wait for the end
                await self._closed_by(request, pair, pair.succeed(leases, now))
            if not reply.is_read:
                await Follow(reply, _Ending(pair, leases, await Random(), probed or slow))

    async def _closed_by(self, request: Request, pair: Pair, closed: bool) -> None:
        if closed:
            _note(request, "closed")
            if self._sharing is not None:
                await self._sharing.tell_closed(request, pair)

    async def _failed(
        self, request: Request, forward: Forward, pair: Pair, circuit: Circuit, lease: int, *, slow: bool = False
    ) -> None:
        now, was_well = await Now(), circuit.is_well
        opened = (circuit.crawl if slow else circuit.fail)(lease, now, await Random())
        if was_well and not circuit.is_well:
            for name in self._board.rally(pair, now):
                _note(request, "on trial", endpoint=name)
        if not opened:
            return
        seconds = circuit.retry_in(now)
        why = {"reason": "slow"} if slow else {}
        _note(request, "opened", circuit=pair.name(circuit), seconds=round(seconds, 3), **why)
        await self._look_after(request, forward, pair, now)
        if self._sharing is not None:
            await self._sharing.tell_open(request, pair.name(circuit), seconds)

    async def _look_after(self, request: Request, forward: Forward, pair: Pair, now: float) -> None:
        """Have an endpoint checked whose circuit is not closed."""
        if self.checks is not None:
            board, name = self._board, pair.endpoint
            wanted = lambda: not board.is_well(name)  # noqa: E731
            await self.checks.attend(name, request, forward, wanted, partial(board.healed, name), now)


class _Ending:
    """Counts a stream when it is over. Told of that in the reader's steps or by the collector, so it has no clock."""

    __slots__ = ("_counted", "_leases", "_pair", "_random", "_seen")

    def __init__(self, pair: Pair, leases: Leases, random: float, counted: bool) -> None:
        self._pair = pair
        self._leases = leases
        self._random = random
        self._counted = counted
        self._seen = False

    def feed(self, chunk: bytes) -> None:
        """It lives."""
        self._seen = True

    def end(self, failure: BaseException | None, complete: bool) -> None:
        """It is over: read to its end, broken, or left by its reader, which is no fault of the endpoint."""
        pair, (first, second) = self._pair, self._leases
        if isinstance(failure, (APIConnectionError, APIResponseValidationError)):
            if is_failure(failure):
                pair.transport.fail_late(first, self._random)
        elif failure is None and (complete or self._seen) and not self._counted:
            pair.transport.succeed_late(first)
            if pair.service is not pair.transport:
                pair.service.succeed_late(second)


def is_failure(failure: Exception) -> bool:
    """Whether a failure is the endpoint's: not where this client had no connection free, little time, or a bound of its own."""
    if isinstance(failure, DeadlineExceeded):
        return failure.elapsed is not None and failure.elapsed >= _SHORT
    return not isinstance(failure, (PoolTimeout, ResponseTooLarge))


def _is_broken(reply: Reply) -> bool:
    """Whether a success cannot be what it claims: a page where data was asked for, or JSON without its end."""
    content = reply.content
    if content and content[0] == _OPENS and content[-1] == _CLOSES:
        return False
    request = reply.request
    if request.call is None or request.download or request.method == "HEAD" or reply.status_code == 204:
        return False
    label = reply.headers.get("content-type", "")
    if "json" in label:
        text = content.strip()
        return not text or _ENDS.get(text[:1], text[-1:]) != text[-1:]
    return "html" in label


def _share(name: str, given: Any) -> float:
    if not is_number(given):
        raise TypeError(f"{name} must be a number above 0 and at most 1; got {given!r}")
    if not 0 < given <= 1:
        raise ValueError(f"{name} must be above 0 and at most 1; got {given}")
    return given  # type: ignore[no-any-return]


def _note(request: Request, event: str, **figures: Any) -> None:
    if request.trace is not None:
        request.trace.note("CircuitBreaker", event, **figures)

"""Bulkhead: so many requests under way at once and no more; the others wait their turn, or are told that they cannot.

Knows when a permit is taken and given back: a stream holds its own until it is closed. Refuses to know how fast the endpoint
is, unless the limit is to find that out by itself.
"""

from __future__ import annotations

from _thread import allocate_lock
from functools import partial
from typing import Any, ClassVar, Literal

from ..core.effects import Follow, Now, Wait
from ..core.reply import Reply
from ..core.request import Request
from ..core.resource import spelled
from ..errors import APITimeoutError, BulkheadFull, ConnectError, DeadlineExceeded
from .chain import PLACES, Forward
from .machines.bulkhead import Compartment, Permit
from .machines.gradient import Adaptive, Aimd, Gradient
from .machines.number import seconds, whole
from .subject import endpoint_of, first_byte, model_of

BUSY = frozenset({429, 503, 529})
"""Statuses by which a server says that it is asked for too much."""
_RULES: dict[str, type[Aimd]] = {"gradient": Gradient, "aimd": Aimd}


class Bulkhead:
    """Bounds how many requests are under way at once; who comes first is served first.

    >>> Bulkhead(8, compartment="bulk")
    Bulkhead(max_concurrency=8, queue=1024, queue_timeout=30 s, per endpoint, compartment=bulk)

    Each bulkhead is a compartment of its own, shared by all clients that hold it: give interactive calls and bulk work one
    each, and neither can drown the other.

    Args:
        max_concurrency: how many may be under way at once; 1 or more. With `adaptive`, the most there may ever be.
        queue: how many may wait; 0 for none. One more ends with `BulkheadFull`.
        queue_timeout: seconds one may wait before it ends with `BulkheadFull`. A call's deadline ends it sooner.
        per: what is counted apart: each "endpoint", each "endpoint+model", or all together ("client").
        adaptive: what moves the limit between 4 and `max_concurrency`, beginning at 20: "gradient" compares the time to the first
            byte with the long run; "aimd" grows with successes and takes a tenth after a refusal or a timeout.
        compartment: a name, for `explain()`, traces and `health()`.

    Raises:
        ValueError, TypeError: an argument that cannot be right.
    """

    place: ClassVar[int] = PLACES["Bulkhead"]

    @spelled
    def __init__(
        self,
        max_concurrency: int = 64,
        *,
        queue: int = 1024,
        queue_timeout: float = 30.0,
        per: Literal["endpoint", "endpoint+model", "client"] = "endpoint",
        adaptive: Literal["gradient", "aimd"] | None = None,
        compartment: str = "",
    ) -> None:
        self.max_concurrency = whole("max_concurrency", max_concurrency, 1)
        self.queue = whole("queue", queue)
        self.queue_timeout = seconds("queue_timeout", queue_timeout)
        if per not in ("endpoint", "endpoint+model", "client"):
            raise ValueError(f"per must be 'endpoint', 'endpoint+model' or 'client'; got {per!r}")
        if adaptive is not None and adaptive not in _RULES:
            raise ValueError(f"adaptive must be 'gradient', 'aimd' or None; got {adaptive!r}")
        if not isinstance(compartment, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"compartment must be a name; got {compartment!r}")
        self.per: str = per
        self.adaptive: str | None = adaptive
        self.compartment = compartment
        self._lock = allocate_lock()
        self._compartments: dict[Any, Compartment] = {}
        self._names: dict[Any, str] = {}

    @property
    def label(self) -> str:
        """What it is called in `health()`."""
        return f"Bulkhead {self.compartment}".rstrip()

    def __repr__(self) -> str:
        said = [
            f"max_concurrency={self.max_concurrency}, queue={self.queue}, queue_timeout={self.queue_timeout:g} s",
            f"per {self.per}",
        ]
        said += [f"adaptive={self.adaptive}"] if self.adaptive else []
        said += [f"compartment={self.compartment}"] if self.compartment else []
        return f"Bulkhead({', '.join(said)})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process has permits of its own.
        said: dict[str, Any] = {
            "queue": self.queue,
            "queue_timeout": self.queue_timeout,
            "per": self.per,
            "adaptive": self.adaptive,
            "compartment": self.compartment,
        }
        return (partial(type(self), self.max_concurrency, **said), ())

    def health(self, now: float) -> dict[str, Any]:
        """For each endpoint how many are under way and wait, the limit, and how many were refused so far."""
        return {
            self._names[key]: {
                "inflight": each.inflight,
                "limit": each.limit,
                "queued": each.queued,
                "refused": each.refused,
            }
            for key, each in [*self._compartments.items()]
        }

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        if request.call is None:
            # Somebody's aside, such as a health check: calls that hang may hold every permit, and it is to find that out.
            return await forward(request)
        key = (request.server or request.origin) if self.per == "endpoint" else self._key(request)
        compartment = self._compartments.get(key) or self._made(key, request)
        permit, kept = Permit(), False
        try:
            if not compartment.enter(permit):
                await self._wait(compartment, permit, request)
            reply = await forward(request)
            if self.adaptive is not None and reply.request.server == request.server:
                _learn(compartment, permit, request, reply)
            if reply.body is not None and not reply.is_read:
                await Follow(reply, _Stay(compartment, permit))
                kept = True
            return reply
        except (APITimeoutError, ConnectError) as failure:
            if not isinstance(failure, DeadlineExceeded):
                compartment.drop(permit)
            raise
        finally:
            if not kept:
                try:
                    compartment.leave(permit)
                except BaseException:  # a signal handler's, perhaps before it began
                    compartment.leave(permit)
                    raise

    def is_full(self, request: Request) -> bool:
        """Whether a request would have to wait for its turn."""
        compartment = self._compartments.get(self._key(request))
        return compartment is not None and (compartment.queued > 0 or compartment.inflight >= compartment.limit)

    def _key(self, request: Request) -> Any:
        where = request.server or request.origin
        if self.per == "endpoint":
            return where
        return None if self.per == "client" else (where, model_of(request))

    def _made(self, key: Any, request: Request) -> Compartment:
        with self._lock:
            made = self._compartments.get(key)
            if made is None:
                rule: Adaptive | None = None if self.adaptive is None else _RULES[self.adaptive](self.max_concurrency)
                self._names[key] = "all" if key is None else endpoint_of(request)
                if self.per == "endpoint+model":
                    self._names[key] += f" for {model_of(request) or 'no model'}"
                made = self._compartments[key] = Compartment(self.max_concurrency, self.queue, rule)
        return made

    async def _wait(self, compartment: Compartment, permit: Permit, request: Request) -> None:
        """Spend a time in the queue, and come out with a permit or an exception."""
        now = await Now()
        until, deadline = now + self.queue_timeout, request.deadline
        if not compartment.line_up(permit, now, until if deadline is None else min(until, deadline)):
            self._note(request, "refused", limit=compartment.limit, queued=compartment.queued)
            raise BulkheadFull(compartment.limit, compartment.queued, why="the queue is full", request=request)
        if not permit.number:
            self._note(request, "wait", queued=compartment.queued)
            assert permit.signal is not None
            await Wait(permit.signal, permit.until - now)
            now = await Now()
        late = deadline is not None and (now >= deadline or (not permit.number and deadline <= until))
        if permit.number and not late:
            return
        compartment.leave(permit)  # before it is told how many wait
        if late:
            self._note(request, "late")
            raise DeadlineExceeded(
                request, message="The deadline passed while the request waited for its turn.", phase="queue"
            )
        self._note(request, "refused", limit=compartment.limit, queued=compartment.queued)
        why = f"no turn came within {self.queue_timeout:g} s"
        raise BulkheadFull(compartment.limit, compartment.queued, why=why, request=request)

    def _note(self, request: Request, event: str, **figures: Any) -> None:
        if request.trace is not None:
            request.trace.note("Bulkhead", event, **figures)


class _Stay:
    """A stream's permit, given back when the stream ends: read, closed, broken or collected."""

    __slots__ = ("_compartment", "_permit")

    def __init__(self, compartment: Compartment, permit: Permit) -> None:
        self._compartment = compartment
        self._permit = permit

    def feed(self, chunk: bytes) -> None:
        """Nothing to do."""

    def end(self, failure: BaseException | None, complete: bool) -> None:
        """Give the permit back."""
        self._compartment.leave(self._permit)


def _learn(compartment: Compartment, permit: Permit, request: Request, reply: Reply) -> None:
    """Let the limit learn from a reply: from the time to its first byte, where that is not the time to its last one."""
    if reply.status_code in BUSY:
        compartment.drop(permit)
    elif reply.status_code < 400:
        compartment.succeed(first_byte(request, reply))

"""Timeouts: how long each phase of an attempt may take, and how long all of it together.

Knows what each phase is called and sets it on the request. The transports keep the time, and the streams; it refuses to know how.
"""

from __future__ import annotations

from typing import ClassVar

from ..core.effects import Now
from ..core.omit import is_left_out
from ..core.reply import Reply
from ..core.request import Request
from ..core.resource import spelled
from ..core.timeout import DEFAULT_TIMEOUT, Phases, Timeout
from .chain import PLACES, Forward
from .machines.number import seconds


class Timeouts:
    """Bounds every phase of an attempt, the silence of a stream, and the call as a whole.

    >>> Timeouts(total=60, idle=None)
    Timeouts(connect=5, pool=10, write=60, first_byte=600, stream_first_event=120, total=60, max_silent=300)

    All are seconds, more than 0; `None` for no bound. A call that brings its own `timeout=` keeps it for its phases, and
    so do all calls of a client that was given one.

    Args:
        connect: until there is a connection: name, TCP, proxy, TLS.
        pool: until one of the client's connections is free.
        write: until the system took one piece of the request.
        first_byte: from the request to the first byte of its reply.
        stream_first_event: from the request to the first event of a stream.
        idle: between two pieces of a body, keep-alives of a stream included.
        total: from the call to the last byte of its result; retries, pauses and waits for other policies included.
        max_silent: between two events of a stream, whatever keep-alives come.

    Raises:
        ValueError, TypeError: a number that cannot be right.
    """

    place: ClassVar[int] = PLACES["Timeouts"]

    @spelled
    def __init__(
        self,
        *,
        connect: float | None = 5,
        pool: float | None = 10,
        write: float | None = 60,
        first_byte: float | None = 600,
        stream_first_event: float | None = 120,
        idle: float | None = 120,
        total: float | None = 900,
        max_silent: float | None = 300,
    ) -> None:
        self.connect = _bound("connect", connect)
        self.pool = _bound("pool", pool)
        self.write = _bound("write", write)
        self.first_byte = _bound("first_byte", first_byte)
        self.stream_first_event = _bound("stream_first_event", stream_first_event)
        self.idle = _bound("idle", idle)
        self.total = _bound("total", total)
        self.max_silent = _bound("max_silent", max_silent)
        self.bounds_streams = stream_first_event is not None or max_silent is not None
        heads = (bound for bound in (first_byte, stream_first_event) if bound is not None)
        whole = Timeout(connect=connect, read=first_byte, write=write, pool=pool)
        stream = Timeout(connect=connect, read=min(heads, default=None), write=write, pool=pool)
        self._whole = Phases(whole, body=idle)
        self._stream = Phases(stream, body=idle, first_event=stream_first_event, silent=max_silent)

    def __repr__(self) -> str:
        names = ("connect", "pool", "write", "first_byte", "stream_first_event", "idle", "total", "max_silent")
        said = ((name, getattr(self, name)) for name in names)
        return f"Timeouts({', '.join(f'{name}={value:g}' for name, value in said if value is not None)})"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        call = request.call
        if (call is None or is_left_out(call.timeout)) and _is_usual(request.timeout):
            request.timeout = self._stream if request.events else self._whole
        if self.total is not None:
            end = (request.now() if request.now else await Now()) + self.total
            if request.deadline is None or end < request.deadline:
                request.deadline = end
        return await forward(request)


def _is_usual(timeout: Timeout) -> bool:
    """Whether no user asked for it: a client's is the default itself, one from another process its equal, or a policy set it."""
    return timeout is DEFAULT_TIMEOUT or isinstance(timeout, Phases) or timeout == DEFAULT_TIMEOUT


def _bound(name: str, value: float | None) -> float | None:
    """A bound, or none.

    Raises:
        ValueError, TypeError: it is no number of seconds above 0.
    """
    if value is None:
        return None
    if not seconds(name, value):
        raise ValueError(f"{name} must be more than 0 seconds, or None for no bound; got {value}")
    return value

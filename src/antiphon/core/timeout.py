"""How long each phase of one attempt may take."""

from __future__ import annotations

from typing import Any, cast

from .omit import NotGiven, not_given


class Timeout:
    """Seconds allowed for each phase of an attempt; `None` waits without bound.

    >>> Timeout(60.0, connect=5.0)
    Timeout(connect=5.0, read=60.0, write=60.0, pool=60.0)

    Args:
        timeout: seconds for every phase that is not named; `None` for no bound; another `Timeout` (or an object with the
            four attributes, such as one of httpx's) is copied.
        connect: seconds to resolve, connect and shake hands.
        read: seconds between two pieces of the reply.
        write: seconds to hand one piece of the request to the system.
        pool: seconds to wait for a free connection.
    """

    __slots__ = ("connect", "pool", "read", "write")
    connect: float | None
    read: float | None
    write: float | None
    pool: float | None

    def __init__(
        self,
        timeout: Any = not_given,
        *,
        connect: float | NotGiven | None = not_given,
        read: float | NotGiven | None = not_given,
        write: float | NotGiven | None = not_given,
        pool: float | NotGiven | None = not_given,
    ) -> None:
        if hasattr(timeout, "connect") and hasattr(timeout, "pool"):
            base: tuple[Any, ...] = (timeout.connect, timeout.read, timeout.write, timeout.pool)
        elif isinstance(timeout, tuple):
            base = tuple(cast("Any", timeout))
        elif isinstance(timeout, NotGiven):
            if any(isinstance(phase, NotGiven) for phase in (connect, read, write, pool)):
                raise ValueError(
                    "Timeout needs either a default for all phases or all four of connect, read, write, pool"
                )
            base = (None, None, None, None)
        else:
            base = (timeout,) * 4
        named = (connect, read, write, pool)
        for name, given, fallback in zip(("connect", "read", "write", "pool"), named, base, strict=True):
            value: Any = fallback if isinstance(given, NotGiven) else given
            if value is not None and not (isinstance(value, (int, float)) and value >= 0):
                raise ValueError(f"{name} timeout must be a number of seconds of 0 or more, or None; got {value!r}")
            object.__setattr__(self, name, value)

    @property
    def body(self) -> float | None:
        """Seconds between two pieces of the body, once the head is there."""
        return self.read

    @property
    def first_event(self) -> float | None:
        """Seconds from the request to the first event of a stream."""
        return None

    @property
    def silent(self) -> float | None:
        """Seconds between two events of a stream, whatever keep-alives come."""
        return None

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"Timeout is immutable; make a new one with {name}=…")

    def as_dict(self) -> dict[str, float | None]:
        """The four phases by name."""
        return {"connect": self.connect, "read": self.read, "write": self.write, "pool": self.pool}

    def __eq__(self, other: object) -> bool:
        phases = ("connect", "read", "write", "pool")
        return all(hasattr(other, p) and getattr(other, p) == getattr(self, p) for p in phases)

    def __hash__(self) -> int:
        return hash((self.connect, self.read, self.write, self.pool))

    def __repr__(self) -> str:
        if not hasattr(self, "pool"):  # its making failed, and a traceback shows it
            return "<Timeout, not made>"
        return f"Timeout(connect={self.connect}, read={self.read}, write={self.write}, pool={self.pool})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (Timeout, ((self.connect, self.read, self.write, self.pool),))


class Phases(Timeout):
    """A `Timeout` that tells a body from its head, and an event from a sign of life.

    Args:
        timeout: the four phases.
        body: seconds between two pieces of the body.
        first_event: seconds from the request to a stream's first event.
        silent: seconds between two events.
    """

    __slots__ = ("body", "first_event", "silent")  # pyright: ignore[reportIncompatibleMethodOverride]  # kept, not worked out
    body: float | None
    first_event: float | None
    silent: float | None

    def __init__(
        self,
        timeout: Timeout,
        *,
        body: float | None,
        first_event: float | None = None,
        silent: float | None = None,
    ) -> None:
        super().__init__(timeout)
        for name, value in (("body", body), ("first_event", first_event), ("silent", silent)):
            object.__setattr__(self, name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        phases = (self.connect, self.read, self.write, self.pool)
        return (_phases, (phases, self.body, self.first_event, self.silent))


def _phases(phases: Any, body: float | None, first_event: float | None, silent: float | None) -> Phases:
    return Phases(Timeout(phases), body=body, first_event=first_event, silent=silent)


DEFAULT_TIMEOUT = Timeout(600, connect=5.0)

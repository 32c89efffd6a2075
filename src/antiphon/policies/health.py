"""Health: what the policies know of their endpoints, and the checks that find out when one is back.

Calls themselves tell how an endpoint is, so nothing is asked of one that serves. Only of one that is left alone somebody has
to ask, and that is done here: aside, cheaply, seldom, and only while calls for it keep coming.
"""

from __future__ import annotations

from _thread import allocate_lock
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ..core.effects import Aside, Now, Random, Sleep, Spawn
from ..core.headers import Headers
from ..core.request import Request
from ..core.resource import spelled
from ..core.timeout import Timeout
from ..errors import APIError
from .chain import Forward, Layer
from .machines.number import LONGEST, is_number, whole

_FORGOTTEN = 60.0
"""Seconds, at least, after which an endpoint is checked no more if no call asked for it."""


class Health(NamedTuple):
    """What a client's policies know, without asking anybody; for a `/readyz` page.

    >>> client.health().ready  # doctest: +SKIP
    True

    Attributes:
        ready: whether a call would be let through to some endpoint.
        policies: by policy and endpoint, e.g. `policies["CircuitBreaker"]["api.openai.com"]["state"]`; JSON as it is.
    """

    ready: bool
    policies: dict[str, dict[str, Any]]


def health(policies: Iterable[Layer], now: float) -> Health:
    """The health of a chain; a policy that knows some has a method `health(now)`.

    Args:
        policies: the chain.
        now: seconds on the clock its calls go by.
    """
    known: dict[str, dict[str, Any]] = {}
    ready = True
    parts = [part for policy in policies for part in getattr(policy, "policies", [policy])]  # some hold a chain
    for policy in parts:
        tell: Callable[[float], dict[str, Any]] | None = getattr(policy, "health", None)
        if callable(tell):
            said = tell(now)
            known[getattr(policy, "label", type(policy).__name__)] = said
            states = [each["state"] for each in said.values() if "state" in each]
            ready = ready and (not states or any(state != "open" for state in states))
    return Health(ready, known)


class HealthCheck:
    """Asks an endpoint that is left alone whether it is back, until it is: `CircuitBreaker(health=HealthCheck())`.

    It asks for the list of models: no tokens are spent. Any answer below 500 is a good one; a refused credential is no fault of
    the endpoint. It runs in a daemon thread, or a task of the event loop, for each such endpoint, and ends when the endpoint is
    back, when no call has asked for it for ten intervals and a minute, and when the client is closed.

    Args:
        interval: seconds between two checks, give or take a fifth; more than 0.
        timeout: seconds one may take; more than 0.
        successes: how many good ones in a row bring the endpoint back; 1 or more.
        path: what is asked for, from the root, e.g. "/healthz"; the list of models when left out.

    Raises:
        ValueError, TypeError: an argument that cannot be right.
    """

    @spelled
    def __init__(
        self, *, interval: float = 10.0, timeout: float = 2.0, successes: int = 2, path: str | None = None
    ) -> None:
        self.interval = positive("interval", interval)
        self.timeout = positive("timeout", timeout)
        self.successes = whole("successes", successes, 1)
        if path is not None and not path.startswith("/"):
            raise ValueError(f"path must begin at the root, e.g. '/healthz'; got {path!r}")
        self.path = path
        self._lock = allocate_lock()
        self._asides: dict[str, Aside | None] = {}
        self._asked: dict[str, float] = {}

    def __repr__(self) -> str:
        path = "" if self.path is None else f", path={self.path}"
        return (
            f"HealthCheck(interval={self.interval:g} s, timeout={self.timeout:g} s, successes={self.successes}{path})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return (_remade, (type(self), self.interval, self.timeout, self.successes, self.path))

    async def attend(
        self,
        target: str,
        request: Request,
        forward: Forward,
        wanted: Callable[[], bool],
        healed: Callable[[float], None],
        now: float,
    ) -> None:
        """See to it that somebody looks after a target that is left alone; does nothing if somebody does.

        Args:
            target: its name.
            request: one that would go there, whose credential the checks carry.
            forward: the way there.
            wanted: whether it is still left alone; otherwise the checks end.
            healed: called with the time when it is back; then the checks end.
            now: the time.
        """
        with self._lock:
            self._asked[target] = now
            aside = self._asides.get(target)
            if target in self._asides and (aside is None or aside.alive):
                return
            self._asides[target] = None
        flow = self._watch(target, self._request(request), forward, wanted, healed)
        try:
            self._asides[target] = await Spawn(flow)
        finally:
            if self._asides[target] is None:  # nobody was there to run it
                flow.close()
                del self._asides[target]

    async def _watch(
        self,
        target: str,
        check: Request,
        forward: Forward,
        wanted: Callable[[], bool],
        healed: Callable[[float], None],
    ) -> None:
        good = 0
        while True:
            await Sleep(self.interval * (0.8 + 0.4 * await Random()))
            now = await Now()
            if not wanted() or now - self._asked[target] > max(_FORGOTTEN, 10 * self.interval):
                return
            good = good + 1 if await self._is_well(check, forward, now) else 0
            if good >= self.successes:
                healed(await Now())
                return

    async def _is_well(self, check: Request, forward: Forward, now: float) -> bool:
        try:
            reply = await forward(check.replace(deadline=now + self.timeout))
        except APIError:
            return False
        return reply.status_code < 500

    def _request(self, request: Request) -> Request:
        """The check for where a request goes; it stands for no call, and is in no call's trace."""
        headers = Headers([field for field in request.headers.fields if field[0].lower() != "content-type"])
        return request.replace(
            headers=headers,
            method="GET",
            target=self.path or f"{_root(request)}/models",
            content=None,
            timeout=Timeout(self.timeout),
            stream=False,
            events=False,
            download=False,
            max_retries=0,
            call=None,
            trace=None,
        )


def _root(request: Request) -> str:
    """Where the API begins, e.g. "/v1": what stands before the path of the call's operation."""
    path = request.target.partition("?")[0]
    call = request.call
    if call is not None:
        begin = call.operation.path.partition("{")[0].rstrip("/")
        if begin and begin in path:
            return path[: path.index(begin)]
    return "/v1" if path.startswith("/v1/") else ""


def positive(name: str, value: Any) -> float:
    """A length of time that is more than none.

    Raises:
        TypeError: it is no number.
        ValueError: it is 0 or less, or too long to be meant.
    """
    if not is_number(value):
        raise TypeError(f"{name} must be a number of seconds; got {value!r}")
    if not 0 < value <= LONGEST:
        raise ValueError(f"{name} must be more than 0 seconds, and at most {LONGEST:.0f}; got {value}")
    return float(value)


def _remade(kind: type[HealthCheck], interval: float, timeout: float, successes: int, path: str | None) -> HealthCheck:
    return kind(interval=interval, timeout=timeout, successes=successes, path=path)

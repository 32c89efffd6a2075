"""Gates: the policies that each request of a call passes by itself (circuit, bulkhead, rate limit), found in the chain.

Those that choose where a request goes, `Failover` and `Hedge`, ask here whether it would be let through there and how long it would
wait, and take nothing by asking. Found once, when the chain is folded, so that it costs a call nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from ..core.request import Request
from .chain import PLACES, Forward, Layer, fold
from .subject import endpoint_of, model_of

ROOM = 0.2
"""The part of a limit that must be free for what need not be sent."""


@runtime_checkable
class Limiter(Protocol):
    """Tells how much room there is, as `RateLimit` does."""

    def wait_for(self, request: Request, now: float) -> float:
        """Seconds that a request would wait."""
        ...

    def headroom(self, request: Request, now: float) -> float:
        """Which part is free, from 0 to 1."""
        ...


@runtime_checkable
class Breaker(Protocol):
    """Tells whether an endpoint is left alone, as `CircuitBreaker` does."""

    def is_closed(self, endpoint: str, model: str = "") -> bool:
        """Whether everybody may go there."""
        ...


@runtime_checkable
class Room(Protocol):
    """Tells whether there is a free place, as `Bulkhead` does."""

    def is_full(self, request: Request) -> bool:
        """Whether a request would have to wait for one."""
        ...


@runtime_checkable
class Account(Protocol):
    """Tells what is left to spend, as `Budget` does."""

    def left(self) -> float:
        """Which part, from 0 to 1."""
        ...


@runtime_checkable
class Chooser(Protocol):
    """Knows of other targets, as `Failover` does."""

    async def other(self, request: Request, *, equal: bool = False) -> Request | None:
        """The same request at another target."""
        ...


class Gates:
    """What stands between a choice and the network.

    Args:
        policies: the gates, outermost first.
        outer: what stands around them, outermost first: accounts that may run low, and who chose where the request goes.
        patient: whether the call is repeated for as long as it takes.
    """

    __slots__ = ("accounts", "breakers", "chooser", "limiters", "patient", "policies", "rooms")

    def __init__(self, policies: Sequence[Layer] = (), outer: Sequence[Layer] = (), *, patient: bool = False) -> None:
        self.policies = policies
        self.limiters = [each for each in policies if isinstance(each, Limiter)]
        self.breakers = [each for each in policies if isinstance(each, Breaker)]
        self.rooms = [each for each in policies if isinstance(each, Room)]
        self.accounts = [each for each in outer if isinstance(each, Account)]
        self.chooser = next((each for each in reversed(outer) if isinstance(each, Chooser)), None)
        self.patient = patient

    @classmethod
    def before(cls, policy: Layer, chain: Sequence[Layer]) -> Gates:
        """The gates that a policy's request has passed when it comes to it."""
        here = _place(policy, chain)
        first = PLACES["CircuitBreaker"]
        begin = next((n for n in range(here) if getattr(chain[n], "place", -1) >= first), here)
        return cls(chain[begin:here], chain[:begin])

    @classmethod
    def behind(cls, policy: Layer, chain: Sequence[Layer]) -> Gates:
        """The gates that a policy's request has yet to pass."""
        here = _place(policy, chain)
        return cls(chain[here + 1 :], patient=any(getattr(each, "patient", False) for each in chain[:here]))

    def around(self, forward: Forward) -> Forward:
        """The way through all of them."""
        return fold(self.policies, forward)

    def wait(self, request: Request, now: float) -> float:
        """Seconds that a request would wait for its limits."""
        longest = 0.0
        for each in self.limiters:
            wait = each.wait_for(request, now)
            if wait > longest:
                longest = wait
        return longest

    def is_troubled(self, request: Request) -> bool:
        """Whether a circuit leaves the endpoint of a request alone, or is not sure of it."""
        endpoint, model = endpoint_of(request), model_of(request)
        return not all(each.is_closed(endpoint, model) for each in self.breakers)

    def objection(self, request: Request, now: float) -> str:
        """Why a request that need not be sent had better not be; "" for no reason."""
        if self.is_troubled(request):
            return "circuit"
        # One that waits for a place may wait for the very one that its own call holds.
        if any(each.is_full(request) for each in self.rooms):
            return "bulkhead"
        if any(each.headroom(request, now) < ROOM or each.wait_for(request, now) > 0 for each in self.limiters):
            return "rate limit"
        return "budget" if any(each.left() < ROOM for each in self.accounts) else ""


def _place(policy: Layer, chain: Sequence[Layer]) -> int:
    return next(n for n, each in enumerate(chain) if each is policy)


def own_flow(policy: Any, kind: type[Any]) -> bool:
    """Whether a class derived from a policy's has a flow of its own, which knows of no gates."""
    return type(policy).__call__ is not kind.__call__

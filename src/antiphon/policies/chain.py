"""The chain: policies folded around the one `Send`, outermost first.

A policy is a callable with the request and the rest of the chain:

    async def patient(request: Request, forward: Forward) -> Reply:
        ...
        return await forward(request)

Folding happens once, when a client is made. An empty chain is `Send` alone and costs nothing more.

A policy that judges failures only says so by `only_failures = True`: it forwards the request at once and as it is, and lets a
2xx reply pass untouched. A chain of such policies need not be begun before there is a failure, so drivers send first, and
begin it with the outcome of that where judgement is needed.

A policy that has to ask others of its chain has a method `among(chain)`, which gives the flow for its place there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from types import FunctionType
from typing import Any, Protocol

from ..core.effects import Send
from ..core.reply import Reply
from ..core.request import Request

Forward = Callable[[Request], Awaitable[Reply]]
"""The rest of the chain, to be awaited."""
send: Forward = Send
"""The innermost of every chain: one exchange. The effect itself, so that it costs no coroutine."""

ORDER = (
    *("Live", "Audit", "Deadline", "Timeouts", "Privacy", "Cache", "SingleFlight", "Coalesce", "Idempotency", "Budget"),
    *("Retry", "Redirect", "Failover", "CircuitBreaker", "Bulkhead", "RateLimit", "Hedge", "Authorize", "Sign"),
)
"""The policies that belong to this package, outermost first. What stands inside `Retry` is gone through once per attempt."""
PLACES = {name: place for place, name in enumerate(ORDER)}


class Layer(Protocol):
    """One policy of a chain, as the chain sees it: it judges one exchange, and calls `forward` zero, one or several times."""

    def __call__(self, request: Request, forward: Forward, /) -> Coroutine[Any, Any, Reply]:
        """A flow that answers with a reply or raises."""
        ...


def fold(policies: Iterable[Layer], inner: Forward = send) -> Forward:
    """One flow out of many policies; the first one is outermost.

    Args:
        policies: what judges.
        inner: what they stand around.

    Raises:
        TypeError: something in the list is not callable, e.g. a policy's class instead of an instance.
    """
    flow, chain = inner, list(policies)
    for policy in reversed(chain):
        if not callable(policy) or isinstance(policy, type):
            raise TypeError(f"{policy!r} is not a policy; {_advice(policy)}")
        flow = _around(policy, flow, chain)
    return flow


def _advice(found: Any) -> str:
    if hasattr(found, "policies"):
        return "a whole Policy stands alone: give it as it is, changed by its replace(…)"
    return "pass them without a list" if isinstance(found, (list, tuple)) else "pass an instance, e.g. Retry(3)"


def _around(policy: Layer, forward: Forward, chain: Sequence[Layer]) -> Forward:
    # Neither a coroutine of its own nor a search for `__call__`: less to do for each policy of each call.
    among: Callable[[Sequence[Layer]], Layer] | None = getattr(policy, "among", None)
    begin = policy if isinstance(policy, FunctionType) else policy.__call__ if among is None else among(chain)
    return lambda request: begin(request, forward)


def ordered(policies: Iterable[Layer]) -> list[Layer]:
    """The same policies, each in its place: outermost first, whatever the order in which they were named.

    A policy without a `place`, such as a user's own, stays directly inside the one it was named after.
    """
    place, keyed = -1, list[tuple[int, Layer]]()
    for policy in policies:
        place = getattr(policy, "place", place)
        keyed.append((place, policy))
    return [policy for _, policy in sorted(keyed, key=lambda pair: pair[0])]


def only_failures(policies: Iterable[Layer]) -> bool:
    """Whether all of them judge failures only."""
    return all(map(_judges_failures_only, policies))


def _judges_failures_only(policy: Layer) -> bool:
    """What the policy itself says, or the class that defines `__call__`: one derived from it may do more than it does."""
    own: dict[str, Any] = getattr(policy, "__dict__", {})
    if "only_failures" in own:
        return bool(own["only_failures"])
    for kind in type(policy).__mro__:
        if "__call__" in vars(kind):
            return bool(vars(kind).get("only_failures", False))
    return False


def explain(policies: Iterable[Layer]) -> str:
    """The chain with its numbers, one policy a line, outermost first; what one holds in turn is indented below it."""
    return "\n".join([*_told(policies, ""), "→ send"])


def _told(policies: Iterable[Layer], indent: str) -> Iterator[str]:
    for number, policy in enumerate(policies, 1):
        yield f"{indent}{number}. {policy!r}"
        yield from _told(getattr(policy, "policies", ()), indent + "   ")

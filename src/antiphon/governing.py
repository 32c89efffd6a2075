"""How a client is given policies: copies that go by more of them, and calls under others than the client's own.

Knows which policies a client names itself; refuses to know what any of them does. A policy's module is loaded when its method
is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, Generic, ParamSpec, Self, TypeVar, cast, overload

from . import policies
from .core.call import Call
from .core.omit import NotGiven
from .policies.chain import PLACES, Layer, ordered
from .policies.redirect import Redirect
from .policies.retry import Retry

if TYPE_CHECKING:
    from .policies.health import Health
    from .policies.live import Live
    from .policies.policy import Policy

P = ParamSpec("P")
C = TypeVar("C", bound="Governed")
T = TypeVar("T")


class _With(Generic[P]):
    """A method that gives a copy whose calls also go through one policy, made from the method's arguments.

    Args:
        load: gives the policy's class, when the method is asked for.
    """

    def __init__(self, load: Callable[[], Callable[P, Layer]]) -> None:
        self._load = load

    @overload
    def __get__(self, client: None, owner: type[Any]) -> Callable[Concatenate[Any, P], Any]: ...

    @overload
    def __get__(self, client: C, owner: type[Any]) -> Callable[P, C]: ...

    def __get__(self, client: Any, owner: type[Any]) -> Any:
        kind: Any = self._load()

        def unbound(client: Any, *args: Any, **options: Any) -> Any:
            if args and isinstance(args[0], kind):
                raise TypeError(f"this takes the arguments of {kind.__name__}; pass a made one to with_policies(…)")
            return client.with_policies(kind(*args, **options))

        def bound(*args: Any, **options: Any) -> Any:
            return unbound(client, *args, **options)

        method: Any = unbound if client is None else bound
        method.__doc__ = f"A copy of the client whose calls also go through one.\n\n{kind.__doc__}"
        if client is not None:
            method.__wrapped__ = kind
        return method


class Governed:
    """The methods of a client that give it policies."""

    _given_policies: Any
    _own_policies: ClassVar[bool]

    # Each loads its policy's module when somebody asks for it.
    with_audit = _With(lambda: policies.Audit)
    with_budget = _With(lambda: policies.Budget)
    with_bulkhead = _With(lambda: policies.Bulkhead)
    with_cache = _With(lambda: policies.Cache)
    with_circuit_breaker = _With(lambda: policies.CircuitBreaker)
    with_coalescing = _With(lambda: policies.Coalesce)
    with_failover = _With(lambda: policies.Failover)
    with_hedging = _With(lambda: policies.Hedge)
    with_idempotency = _With(lambda: policies.Idempotency)
    with_privacy = _With(lambda: policies.Privacy)
    with_rate_limit = _With(lambda: policies.RateLimit)
    with_single_flight = _With(lambda: policies.SingleFlight)
    with_timeouts = _With(lambda: policies.Timeouts)

    if TYPE_CHECKING:
        settings: Any
        _clock: Any
        _policies: Any

        def copy(self, *, policies: Any) -> Self: ...

        def is_closed(self) -> bool: ...

        def perform(self, call: Call[Any]) -> Any: ...

    @property
    def policies(self) -> list[Layer]:
        """What this client was given to go by, or goes by of itself: outermost first."""
        given = self._given_policies
        if not isinstance(given, NotGiven):
            return ordered(given)
        return [Retry(self.settings.max_retries), Redirect()] if self._own_policies else []

    def with_policies(self, *policies: Policy | Live | Layer) -> Self:
        """A client that goes by other policies and shares this one's connections.

        >>> client.with_policies(Policy.production())  # doctest: +SKIP
        >>> client.with_policies(CircuitBreaker(), RateLimit(rpm=500))  # doctest: +SKIP

        Args:
            policies: a `Policy` or a `Live` one stands for the whole chain. Single ones take the place of those of their kind,
                or join the others. What a policy knows (limits, circuits, money spent) is shared by all clients that hold it.

        Raises:
            TypeError: something is no policy.
        """
        return self.copy(policies=merged(self.policies, policies))

    @overload
    def execute_with_policies(self, call: Call[Any], *policies: Policy | Live | Layer) -> Any: ...

    @overload
    def execute_with_policies(self, call: Callable[[Self], T], *policies: Policy | Live | Layer) -> T: ...

    def execute_with_policies(self, call: Call[Any] | Callable[[Self], Any], *policies: Policy | Live | Layer) -> Any:
        """Make one call under other policies than the client's own.

        >>> client.execute_with_policies(lambda it: it.models.list(), Policy.interactive())  # doctest: +SKIP

        Args:
            call: a `Call`, or what is to be done with a client that goes by the policies; async clients give an awaitable.
            policies: as for `with_policies`.
        """
        governed = self.with_policies(*policies)
        asked: Any = call
        return governed.perform(asked) if isinstance(call, Call) else asked(governed)

    def health(self) -> Health:
        """What this client's policies know of their endpoints, for a `/readyz` page; nobody is asked, and nothing is sent.

        >>> client.health().ready  # doctest: +SKIP
        True
        """
        from .policies.health import health

        known = health(self._policies, self._clock.monotonic())
        return known._replace(ready=known.ready and not self.is_closed())


def as_policies(given: Any) -> Any:
    """What a client was given as `policies=`, as a list; a whole `Policy` by its parts."""
    if isinstance(given, (NotGiven, list, tuple)):
        return cast("Any", given)
    parts = getattr(given, "policies", None)
    if parts is not None:
        return [given] if callable(given) else list(parts)
    if callable(given) or isinstance(given, (str, bytes)) or not hasattr(given, "__iter__"):
        raise TypeError(
            "policies must be a list such as [Retry(3)], a Policy such as Policy.production(), or a Live; "
            f"got {given!r}"
        )
    return list(cast("Iterable[Layer]", given))


def merged(old: list[Layer], new: Iterable[Any]) -> list[Layer]:
    """The policies with others put in the place of their kind, or added around what they belong around.

    A whole policy replaces everything before it. One of a user's own comes last.

    Raises:
        ValueError: retries were to be added to a `Live` policy that retries already, so that the attempts would multiply.
    """
    made = list(old)
    for policy in new:
        if hasattr(policy, "policies"):
            made = as_policies(policy)
            continue
        alike = next((n for n, each in enumerate(made) if _are_alike(each, policy)), None)
        if alike is not None:
            made[alike] = policy
            continue
        _refuse_second_retries(made, policy)
        place = getattr(policy, "place", None)
        before = [n for n, each in enumerate(made, 1) if place is None or getattr(each, "place", place + 1) <= place]
        made.insert(max(before, default=0), policy)
    return ordered(made)


def _refuse_second_retries(made: list[Layer], policy: Any) -> None:
    if getattr(policy, "place", None) != PLACES["Retry"]:
        return
    for held in (held for each in made for held in getattr(each, "policies", ())):
        if _are_alike(held, policy):
            raise ValueError(
                f"these policies are live and hold {held!r} already, so that attempts would multiply; change them with "
                "live.update(…), or this client's number of retries with with_options(max_retries=…)"
            )


def _are_alike(one: Layer, other: Layer) -> bool:
    """Whether one stands for the other; a user's own policies never do."""
    return hasattr(other, "place") and (isinstance(one, type(other)) or isinstance(other, type(one)))

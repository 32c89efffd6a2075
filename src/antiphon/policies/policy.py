"""A whole policy: which judgements a client makes, each by its name, and the presets that most programs begin with.

Knows the names and the fixed order; refuses to know what any of them does. The state of limiters, circuits and budgets lives
in the objects it holds, so that every client with the same `Policy` shares it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Self

from .chain import Layer, ordered

if TYPE_CHECKING:
    from .audit import Audit
    from .budget import Budget
    from .bulkhead import Bulkhead
    from .cache import Cache
    from .circuit_breaker import CircuitBreaker
    from .coalesce import Coalesce
    from .deadline import Deadline
    from .failover import Failover
    from .hedge import Hedge
    from .idempotency import Idempotency
    from .privacy import Privacy
    from .rate_limit import RateLimit
    from .redirect import Redirect
    from .retry import Retry
    from .single_flight import SingleFlight
    from .timeouts import Timeouts


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a client does about failures, limits and costs; each part is `None` where it does nothing.

    >>> Policy.none()
    Policy()

    Clients take it as `policies=`, and `client.with_policies(policy)` gives a copy that goes by it. The order in which the parts
    act is fixed: it is the order below, outermost first; `client.explain()` prints it with all numbers.

    Args:
        audit, deadline, timeouts, privacy, cache, single_flight, coalesce, idempotency, budget, retry, redirect, failover,
            circuit_breaker, bulkhead, rate_limit, hedge: a policy of that name.
        own: more policies of yours, directly around each attempt.
    """

    audit: Audit | None = None
    deadline: Deadline | None = None
    timeouts: Timeouts | None = None
    privacy: Privacy | None = None
    cache: Cache | None = None
    single_flight: SingleFlight | None = None
    coalesce: Coalesce | None = None
    idempotency: Idempotency | None = None
    budget: Budget | None = None
    retry: Retry | None = None
    redirect: Redirect | None = None
    failover: Failover | None = None
    circuit_breaker: CircuitBreaker | None = None
    bulkhead: Bulkhead | None = None
    rate_limit: RateLimit | None = None
    hedge: Hedge | None = None
    own: tuple[Layer, ...] = ()

    @property
    def policies(self) -> list[Layer]:
        """Its parts, outermost first."""
        parts = (getattr(self, each.name) for each in fields(self) if each.name != "own")
        return [*ordered(part for part in parts if part is not None), *self.own]

    def replace(self, **changes: Any) -> Self:
        """The same policy with some parts changed; the parts that stay keep their state."""
        return replace(self, **changes)

    @classmethod
    def none(cls) -> Self:
        """Nothing at all: one request per call."""
        return cls()

    @classmethod
    def interactive(cls) -> Self:
        """For somebody who waits: three attempts and an honest error within two minutes."""
        from .circuit_breaker import CircuitBreaker
        from .redirect import Redirect
        from .timeouts import Timeouts

        return cls(
            timeouts=Timeouts(first_byte=60, total=120),
            retry=_retry(2),
            redirect=Redirect(),
            circuit_breaker=CircuitBreaker(),
        )

    @classmethod
    def production(cls) -> Self:
        """For servers: retries within a budget, the server's own rate limits kept, a circuit and a bound on what is open."""
        from .bulkhead import Bulkhead
        from .circuit_breaker import CircuitBreaker
        from .rate_limit import RateLimit
        from .redirect import Redirect
        from .timeouts import Timeouts

        return cls(
            timeouts=Timeouts(),
            retry=_retry(2),
            redirect=Redirect(),
            circuit_breaker=CircuitBreaker(),
            bulkhead=Bulkhead(max_concurrency=256),
            rate_limit=RateLimit(),
        )

    @classmethod
    def bulk(cls) -> Self:
        """For work that may wait: no cap on attempts at what heals by itself, every refusal that says when is waited for."""
        from .bulkhead import Bulkhead
        from .circuit_breaker import CircuitBreaker
        from .rate_limit import RateLimit
        from .redirect import Redirect
        from .timeouts import Timeouts

        return cls(
            timeouts=Timeouts(total=None),
            retry=_retry(None, patient=True),
            redirect=Redirect(),
            circuit_breaker=CircuitBreaker(),
            bulkhead=Bulkhead(max_concurrency=64, compartment="bulk", queue=100_000, queue_timeout=3600),
            rate_limit=RateLimit(max_wait=86_400, queue=100_000),
        )

    @classmethod
    def from_mapping(cls, named: Mapping[str, Any], *, reuse: tuple[Mapping[str, Any], Policy] | None = None) -> Self:
        """A policy out of plain data, such as a configuration file's.

        >>> Policy.from_mapping({"retry": {"max_retries": 4}}).retry
        Retry(max_retries=4, initial=0.5 s, longest=8.0 s)

        Args:
            named: the arguments of each part by its name; `False` for none; `preset` names what the rest changes.
            reuse: data of before and the policy it gave; a part whose data is the same is taken from there, state and all.

        Raises:
            ValueError, TypeError: an unknown part, or an argument that cannot be right; the message names the part.
        """
        from .document import parts

        return cls(**parts(named, cls, reuse))

    def __repr__(self) -> str:
        told = [
            f"{each.name}={value!r}" for each in fields(self) if (value := getattr(self, each.name)) not in (None, ())
        ]
        return f"Policy({', '.join(told)})"


PRESETS: Mapping[str, Callable[[], Policy]] = {
    "none": Policy.none,
    "interactive": Policy.interactive,
    "production": Policy.production,
    "bulk": Policy.bulk,
}


def _retry(most: int | None, **options: Any) -> Retry:
    from .machines.budget import RetryBudget
    from .machines.rule import RELIABLE_RULES
    from .retry import Retry

    return Retry(most, rules=RELIABLE_RULES, jitter="full", budget=RetryBudget(), first_event=True, **options)

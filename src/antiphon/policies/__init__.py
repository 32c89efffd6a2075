"""Judgement: what a client does about failures, limits and costs; one flow per file, machines of pure arithmetic below them.

The public names are loaded when they are first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..core.price import Price
    from ..core.trace import Trace
    from .audit import Audit
    from .budget import Budget
    from .bulkhead import Bulkhead
    from .cache import Cache
    from .circuit_breaker import CircuitBreaker
    from .coalesce import Coalesce
    from .deadline import Deadline
    from .failover import Failover
    from .health import HealthCheck
    from .hedge import Hedge
    from .http_signature import HTTPSignature
    from .idempotency import Idempotency
    from .live import Live
    from .machines.budget import RetryBudget
    from .machines.cipher import Cipher
    from .machines.ejection import Ejection
    from .machines.rule import OFFICIAL_RULES, RELIABLE_RULES, Facts, Rule, Rules
    from .parked import Parked
    from .policy import Policy
    from .privacy import Privacy
    from .rate_limit import RateLimit
    from .redirect import Redirect
    from .retry import Retry
    from .sign_hmac import SignHMAC
    from .single_flight import SingleFlight
    from .target import Target
    from .timeouts import Timeouts

__all__ = [
    "OFFICIAL_RULES",
    "RELIABLE_RULES",
    "Audit",
    "Budget",
    "Bulkhead",
    "Cache",
    "Cipher",
    "CircuitBreaker",
    "Coalesce",
    "Deadline",
    "Ejection",
    "Facts",
    "Failover",
    "HTTPSignature",
    "HealthCheck",
    "Hedge",
    "Idempotency",
    "Live",
    "Parked",
    "Policy",
    "Price",
    "Privacy",
    "RateLimit",
    "Redirect",
    "Retry",
    "RetryBudget",
    "Rule",
    "Rules",
    "SignHMAC",
    "SingleFlight",
    "Target",
    "Timeouts",
    "Trace",
]
_HOMES = {
    "OFFICIAL_RULES": ".machines.rule",
    "RELIABLE_RULES": ".machines.rule",
    "Cipher": ".machines.cipher",
    "CircuitBreaker": ".circuit_breaker",
    "HTTPSignature": ".http_signature",
    "HealthCheck": ".health",
    "Price": "..core.price",
    "Ejection": ".machines.ejection",
    "Facts": ".machines.rule",
    "RateLimit": ".rate_limit",
    "RetryBudget": ".machines.budget",
    "Rule": ".machines.rule",
    "Rules": ".machines.rule",
    "SignHMAC": ".sign_hmac",
    "SingleFlight": ".single_flight",
    "Trace": "..core.trace",
}
"""Where a name lives that is not called as its module."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES.get(name, f".{name.lower()}"), __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""Shared state: what several processes (SQLite) or machines (Redis) know together. Names are loaded when they are used.

from antiphon.shared import SQLiteStore

client = Client(policies=[RateLimit(rpm=500, store=SQLiteStore("~/.cache/antiphon.db"))])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .memory import MemoryStore
    from .redis import RedisStore
    from .sqlite import SQLiteStore
    from .store import Change, Count, Lease, Portion, Quota, Store, StoreError

__all__ = [
    "Change",
    "Count",
    "Lease",
    "MemoryStore",
    "Portion",
    "Quota",
    "RedisStore",
    "SQLiteStore",
    "Store",
    "StoreError",
]
_HOMES = {"MemoryStore": "memory", "RedisStore": "redis", "SQLiteStore": "sqlite"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES.get(name, 'store')}", __name__), name)

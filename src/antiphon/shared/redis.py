"""A store in Redis (or Valkey): shared by machines. One atomic script a step, by the server's clock.

The library `redis` is loaded when a store is made; `pip install 'antiphon[redis]'` brings it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any, cast

from ..errors import OpenAIError
from .script import COUNT, LEASE, SWAP, digest
from .store import Change, Count, Lease, Portion, Quota, StoreError
from .terms import checked, seconds_left


class RedisStore:
    """What machines share, in a Redis server.

        client = Client(policies=[RateLimit(rpm=500, store=RedisStore("redis://cache.internal:6379/0"))])

    On a Redis Cluster the keys of one `count` must lie in one slot: give `prefix` a `{tag}`.

    Args:
        server: a URL ("redis://…", "rediss://…", "unix://…"), or a client of the library `redis` (the blocking one, without
            `decode_responses` and with a `socket_timeout`), whose own time-outs then hold.
        patience: seconds after which a server that does not answer is a `StoreError`; more than 0.
        prefix: what all keys begin with.

    Raises:
        OpenAIError: the library is not installed.
        ValueError, TypeError: an argument that cannot be right. Connecting waits for the first use.
    """

    def __init__(self, server: Any, *, patience: float = 0.25, prefix: str = "antiphon:") -> None:
        try:
            from redis.exceptions import NoScriptError, RedisError
        except ImportError as missing:
            raise OpenAIError("sharing through Redis needs a library: pip install 'antiphon[redis]'") from missing
        if not 0 < patience <= 60:
            raise ValueError(f"patience must be more than 0 and at most 60 seconds; got {patience}")
        self.patience = patience
        self.prefix = prefix
        self._own = isinstance(server, str)
        self._redis: Any = _connected(server, patience) if isinstance(server, str) else _checked(server)
        self._failures = (RedisError, OSError)
        self._unknown = NoScriptError
        self._digests = {script: digest(script) for script in (LEASE, SWAP, COUNT)}
        self._worker = (0, "")

    def lease(self, key: str, quotas: Sequence[Quota], patience: float, span: float = 1.0) -> Lease:
        """As `Store.lease`; each store object of each process is a worker."""
        keys = (self._key("quota", key), self._key("workers", key))
        rows = (each for name, *numbers in quotas for each in (name, *map(_digits, numbers)))
        wait, workers, *rest = self._run(LEASE, keys, (self._name(), _digits(patience), _digits(span), *rows))
        numbers = [float(each) for each in rest]
        return Lease(tuple(map(Portion, numbers[::2], numbers[1::2])), float(wait), int(workers))

    def get(self, key: str) -> bytes | None:
        """As `Store.get`."""
        value: bytes | None = self._call("GET", self._key("value", key))
        return value

    def put(self, key: str, value: bytes, seconds: float | None = None) -> None:
        """As `Store.put`."""
        life = _milliseconds(seconds)
        self._call("SET", self._key("value", key), value, *(("PX", life) if life else ()))

    def swap(self, key: str, expected: bytes | None, value: bytes | None, seconds: float | None = None) -> bool:
        """As `Store.swap`."""
        arguments = (int(expected is not None), expected or b"", int(value is not None), value or b"")
        return bool(self._run(SWAP, (self._key("value", key),), (*arguments, _milliseconds(seconds))))

    def count(self, changes: Sequence[Change]) -> Count:
        """As `Store.count`."""
        checked(changes)
        if not changes:
            return Count(True, ())
        keys = tuple(self._key("counter", change.key) for change in changes)
        arguments = tuple(
            each
            for change in changes
            for each in (change.amount, "" if change.most is None else change.most, _milliseconds(change.seconds))
        )
        done, *values = self._run(COUNT, keys, arguments)
        return Count(bool(done), tuple(int(value) for value in values))

    def now(self) -> float:
        """As `Store.now`: the server's clock."""
        seconds, microseconds = self._call("TIME")
        return float(seconds) + float(microseconds) / 1e6

    def close(self) -> None:
        """As `Store.close`; a client that was handed in is left to its owner."""
        if self._own:
            self._redis.close()

    def _key(self, kind: str, key: str) -> str:
        return f"{self.prefix}{{{key}}}:{kind}"  # the braces: what belongs together lies in one slot of a cluster

    def _name(self) -> str:
        process = os.getpid()
        if self._worker[0] != process:
            self._worker = (process, f"{process}-{os.urandom(6).hex()}")
        return self._worker[1]

    def _run(self, script: str, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        """Run a script by its digest; the server is sent the text once."""
        try:
            return self._redis.execute_command("EVALSHA", self._digests[script], len(keys), *keys, *arguments)
        except self._unknown:
            return self._call("EVAL", script, len(keys), *keys, *arguments)
        except self._failures as failure:
            raise self._error(failure) from failure

    def _call(self, *command: Any) -> Any:
        try:
            return self._redis.execute_command(*command)
        except self._failures as failure:
            raise self._error(failure) from failure

    def _error(self, failure: BaseException) -> StoreError:
        # Not the library's own words: they may hold the address with its password.
        return StoreError(f"the shared Redis store cannot be used ({type(failure).__name__})")

    def __repr__(self) -> str:
        return f"RedisStore(prefix={self.prefix!r})"


def _connected(url: str, patience: float) -> Any:
    """A client that never waits longer than it is told, and sends nothing twice: a counter must not count so."""
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    connect = cast("Any", Redis).from_url  # which is not typed in full
    return connect(
        url,
        socket_timeout=patience,
        socket_connect_timeout=patience,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=30,
    )


def _checked(client: Any) -> Any:
    if hasattr(client, "__aenter__") and not hasattr(client, "__enter__"):
        raise TypeError("a shared store takes the blocking client, redis.Redis(…); async clients use it in a thread")
    if not callable(getattr(client, "execute_command", None)):
        raise TypeError(f"a shared store takes a URL or a client of the library redis; got {type(client).__name__}")
    pool = getattr(client, "connection_pool", None)
    settings: dict[str, Any] = getattr(pool, "connection_kwargs", {})
    if settings.get("decode_responses"):
        raise ValueError("a shared store keeps bytes; give it a client without decode_responses")
    if pool is not None and settings.get("socket_timeout") is None:
        raise ValueError("a shared store must not wait for ever; give it a client with a socket_timeout, e.g. 0.25")
    return client


def _digits(number: Any) -> str:
    return repr(float(number))


def _milliseconds(seconds: float | None) -> int:
    """How long a key lives; 0 for ever."""
    left = seconds_left(seconds, 0.0)
    return 0 if left is None else max(1, math.ceil(left * 1000))

"""Sharing: processes tell each other which circuits opened, through a store.

What another process saw counts like a first opening of one's own: the endpoint is left alone for the short time, and then
everybody finds out for himself. So one machine whose network is broken cannot keep the others from an endpoint that serves them.
"""

from __future__ import annotations

from _thread import allocate_lock
from collections.abc import Callable
from functools import partial
from typing import Any

from ..core.effects import Now, Outside, Random
from ..core.request import Request
from ..shared.store import Store, StoreError
from .machines.board import Pair
from .machines.rest import Rest

EVERY = 1.0
"""Seconds between two looks at the same circuits."""


class Sharing:
    """What is heard of circuits elsewhere, and told of one's own; where the store fails, neither.

    Args:
        store: what the processes share.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rest = Rest()
        self._lock = allocate_lock()
        self._looked: dict[str, float] = {}
        self._known: dict[str, bytes] = {}

    async def hear(self, request: Request, pair: Pair, open_for: float) -> None:
        """Open what opened elsewhere since the last look."""
        now = await Now()
        names = _names(pair)
        with self._lock:
            if now - self._looked.get(names[-1], float("-inf")) < EVERY or not self._rest.over(now):
                return
            self._looked[names[-1]] = now
        try:
            values = await Outside(self._read, names)
        except StoreError:
            await self._failed(request)
            return
        self._rest.worked()
        now = await Now()
        for name, circuit, value in zip(names, (pair.transport, pair.service), values, strict=False):
            if value is not None and value != self._known.get(name):
                self._known[name] = value
                circuit.open(now, min(open_for, _seconds(value)))
                if request.trace is not None:
                    request.trace.note("CircuitBreaker", "opened elsewhere", circuit=name)

    async def tell_open(self, request: Request, name: str, seconds: float) -> None:
        """One's own circuit opened."""
        value = f"{seconds:.3f} {await Random()}".encode()
        self._known[name] = value
        await self._tell(request, lambda: self._store.put(_key(name), value, seconds))

    async def tell_closed(self, request: Request, pair: Pair) -> None:
        """One's own circuits are closed: nobody who comes now need hear of them."""
        await self._tell(request, partial(self._forget, _names(pair)))

    async def _tell(self, request: Request, do: Callable[[], Any]) -> None:
        if not self._rest.over(await Now()):
            return
        try:
            await Outside(do)
        except StoreError:
            await self._failed(request)

    async def _failed(self, request: Request) -> None:
        self._rest.failed(await Now())
        if request.trace is not None:
            request.trace.note("CircuitBreaker", "alone", reason="the store failed")

    def _read(self, names: list[str]) -> list[bytes | None]:
        return [self._store.get(_key(name)) for name in names]

    def _forget(self, names: list[str]) -> None:
        for name in names:
            known = self._store.get(_key(name))
            if known is not None:
                self._store.swap(_key(name), known, None)


def _names(pair: Pair) -> list[str]:
    """The circuits of a pair, the one of all models first."""
    return [pair.endpoint] if pair.service is pair.transport else [pair.endpoint, pair.name(pair.service)]


def _key(name: str) -> str:
    return f"breaker:{name}"


def _seconds(value: bytes) -> float:
    """For how long it was opened; nobody's word is taken for what is no number."""
    try:
        seconds = float(value.partition(b" ")[0])
    except ValueError:
        return 0.0
    return seconds if seconds > 0 else 0.0

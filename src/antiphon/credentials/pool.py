"""Several keys at once: each attempt takes one in turn, and what a server refuses or sends away rests for a while."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Any

from ..core.effects import Now, Read, Wall
from ..core.limits import DEFAULT_WIRE_LIMITS
from ..core.reply import Reply
from ..core.secret import Secret
from ..core.url import URL, Origin
from ..errors import APIConnectionError
from ..policies.machines.backoff import retry_after
from ..policies.machines.finding import of_error
from ..policies.machines.number import seconds
from ..policies.machines.verdict import QUOTA_CODES
from .roster import Choice, Roster
from .source import ONE_TEXT, REFUSED, CredentialNotFound, Source, listed, sourced

LIMITED = 429
CREDIT = 3600.0
"""Seconds that a key without credit rests."""
_LEAST = 1.0
_REMEMBERED = 8


class KeyPool(Source):
    """Several keys, each with limits of its own, of which every attempt uses one.

    A key that is sent away with 429 rests for as long as the server asks, one without credit for an hour, one that is refused
    for `rest` seconds; the attempt goes on at once with another one that does not rest, and the retry policy hears of it only
    where there is none.

    >>> KeyPool([EnvKey("KEY_1"), EnvKey("KEY_2")], choice="least_used")
    KeyPool(2 keys, least_used)

    Args:
        keys: keys or sources; at least one.
        choice: "round_robin", or "least_used": the one with the fewest attempts under way, then with the fewest so far.
        rest: seconds for which a key that was refused is passed over.
        origins: as for every source; sources keep their own beside it.

    Raises:
        TypeError, ValueError: an argument that cannot be right.
    """

    sources: Sequence[Source] = ()  # as a traceback shows one that was never made
    choice: Choice = "round_robin"
    statuses: frozenset[int] = REFUSED | {LIMITED}

    def __init__(
        self,
        keys: Iterable[Any],
        *,
        choice: Choice = "round_robin",
        rest: float = 60.0,
        origins: Iterable[str | URL] | None = None,
    ) -> None:
        given = listed(keys)
        del keys
        if given is None:
            raise TypeError(ONE_TEXT)
        self.sources = [sourced(each) for each in given]
        if not self.sources:
            raise ValueError("a KeyPool needs at least one key")
        if choice not in ("round_robin", "least_used"):
            raise ValueError(f"choice must be 'round_robin' or 'least_used'; got {choice!r}")
        self.choice = choice
        self.rest = seconds("rest", rest)
        super().__init__(origins)
        vars(self).update(self._fresh())

    _roster: Roster
    _lock: Any
    _places: list[tuple[Secret, int]]

    def _fresh(self) -> dict[str, Any]:
        return {"_roster": Roster(len(self.sources), self.choice), "_lock": Lock(), "_places": []}

    def __repr__(self) -> str:
        return f"KeyPool({len(self.sources)} keys, {self.choice})"

    async def key(self, origin: Origin | None) -> Secret:
        """As `Source.key`."""
        self.check(origin)
        found = await self._next(origin, [])
        if found is None:
            raise CredentialNotFound(f"none of the sources of {self!r} holds a key")
        return found

    async def another(self, refused: Sequence[Secret], origin: Origin, reply: Reply) -> Secret | None:
        """Another key of the pool that does not rest."""
        place = self._place(refused[-1])
        now = await Now()
        if place is not None:
            pause = await self._pause(reply)
            with self._lock:
                self._roster.park(place, now + pause)
        tried = [each for each in map(self._place, refused) if each is not None]
        with self._lock:
            free = set(self._roster.free(now)) - set(tried)
        return await self._next(origin, [n for n in range(len(self.sources)) if n not in free]) if free else None

    def settle(self, key: Secret) -> None:
        """As `Source.settle`."""
        place = self._place(key)
        if place is not None:
            with self._lock:
                self._roster.give_back(place)

    async def _next(self, origin: Origin | None, without: list[int]) -> Secret | None:
        now = await Now()
        while True:
            with self._lock:
                place = self._roster.take(now, without)
            if place is None:
                return None
            try:
                found = await self.sources[place].key(origin)
            except BaseException as failure:
                with self._lock:
                    self._roster.give_back(place)
                if not isinstance(failure, CredentialNotFound):
                    raise
                without = [*without, place]
            else:
                self._remember(found, place)
                return found

    def _remember(self, key: Secret, place: int) -> None:
        """Which source a key came from, by its identity."""
        with self._lock:
            if all(known is not key for known, _ in self._places):
                self._places.append((key, place))
                del self._places[: -_REMEMBERED * len(self.sources)]

    def _place(self, key: Secret) -> int | None:
        return next((place for known, place in self._places if known is key), None)

    async def _pause(self, reply: Reply) -> float:
        """For how long a key rests after such a reply."""
        if reply.status_code != LIMITED:
            return self.rest
        try:
            content = reply.content if reply.is_read else await Read(reply, DEFAULT_WIRE_LIMITS.error_body)
        except APIConnectionError:
            content = b""
        if of_error(content).code in QUOTA_CODES:
            return CREDIT
        asked = retry_after(reply.headers, await Wall())
        return _LEAST if asked is None else min(max(asked, 0.0), CREDIT)

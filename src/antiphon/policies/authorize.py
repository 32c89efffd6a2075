"""Authorize: ask a key's source for the key before each attempt, so that a rotated key is used at once; when the server refuses
it, ask for another one, and send the request once more.

Knows what a source is by its two flows, `key` and `another`; any other function is asked, and asked again. Refuses to know where
keys are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, cast

from ..core.credential import PENDING, bearer, checked, is_official
from ..core.effects import Ask, Discard
from ..core.headers import Headers
from ..core.pending import Pending
from ..core.reply import Reply
from ..core.request import Request
from ..core.secret import Secret
from ..core.url import Origin
from .chain import PLACES, Forward

_REFUSED = frozenset({401})


class Authorize:
    """Sets a field from a key's source, once per attempt; a caller's own value of the field is left alone.

    A request that is refused with 401 is sent once more where the source gives another key by then. What is refused twice stays
    refused.

    Args:
        source: returns the key (or, for async clients, an awaitable of it); or one of `antiphon.credentials`.
        field: which one carries the key.
        name: the argument the source came in, for messages.
    """

    place: ClassVar[int] = PLACES["Authorize"]

    def __init__(self, source: Callable[[], Any], *, field: str = "Authorization", name: str = "api_key") -> None:
        self._source = source
        self._flows: Any = cast("Any", source) if getattr(source, "is_credential_source", False) is True else None
        self._refusals: frozenset[int] = _REFUSED if self._flows is None else self._flows.statuses
        self._field = field
        self._name = name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._said()} from {self._flows or 'a function'}, once per attempt)"

    def _said(self) -> str:
        return "key"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        pending = request.headers.get(self._field)
        if pending != PENDING.reveal():
            return await forward(request)
        key = await self._key(request.origin)
        if isinstance(pending, Pending):
            pending.given = key
        reply = await self._attempt(request, key, forward)
        refused: list[Secret] = []
        while reply.status_code in self._refusals and request.rewind():
            refused.append(key)
            other = await self._another(refused, request.origin, reply)
            if other is None:
                break
            if request.trace is not None:
                request.trace.note("Authorize", "another key", status=reply.status_code)
            await Discard(reply)
            key = other
            reply = await self._attempt(request, key, forward)
        return reply

    async def _key(self, origin: Origin) -> Secret:
        if self._flows is not None:
            found: Secret = await self._flows.key(origin)
            return found
        return self._checked(await Ask(self._source), origin)

    async def _another(self, refused: Sequence[Secret], origin: Origin, reply: Reply) -> Secret | None:
        if self._flows is not None:
            found: Secret | None = await self._flows.another(refused, origin, reply)
            return found
        if len(refused) > 1:
            return None
        key = await self._key(origin)
        return None if key in refused else key

    async def _attempt(self, request: Request, key: Secret, forward: Forward) -> Reply:
        if self._flows is None:
            return await forward(self._with(key, request))
        try:
            return await forward(self._with(self._checked(key, request.origin), request))
        finally:
            self._flows.settle(key)

    def _checked(self, key: Secret, origin: Origin) -> Secret:
        return checked(key, self._name, official=is_official(origin.host))

    def _with(self, key: Secret, request: Request) -> Request:
        headers = Headers(request.headers)
        headers[self._field] = (bearer(key) if self._field == "Authorization" else key).reveal()
        return request.replace(headers=headers)

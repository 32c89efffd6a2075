"""Present: a kept token in each attempt's `Authorization`; after a 401 once more, with a new one."""

from __future__ import annotations

from ..core.credential import PENDING, bearer
from ..core.effects import Discard
from ..core.headers import Headers
from ..core.reply import Reply
from ..core.request import Request
from ..core.url import Origin
from ..errors import CredentialScopeError
from ..policies.chain import Forward
from .keeper import Keeper


class Present:
    """Sets `Authorization` from a keeper; innermost. A request whose `Authorization` is the caller's own is left alone.

    Args:
        keeper: keeps the token.
        origin: the one the token is for.
        what: the token's name for `explain()`.

    Raises:
        CredentialScopeError: the request leads to another origin.
    """

    def __init__(self, keeper: Keeper, origin: Origin, what: str) -> None:
        self._keeper = keeper
        self._origin = origin
        self._what = what

    def __repr__(self) -> str:
        return f"Present({self._what}; fetched anew before its end, and once after a 401)"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        if request.headers.get("authorization") != PENDING.reveal():
            return await forward(request)
        if request.origin != self._origin:
            raise CredentialScopeError(
                f"this client's token belongs to {self._origin} and was not sent to {request.origin}"
            )
        reply, refused = await self._attempt(request, forward)
        if refused and request.rewind():
            await Discard(reply)
            reply, _ = await self._attempt(request, forward)
        return reply

    async def _attempt(self, request: Request, forward: Forward) -> tuple[Reply, bool]:
        token = await self._keeper.token(request)
        headers = Headers(request.headers)
        headers["Authorization"] = bearer(token.value).reveal()
        headers.update(token.fields)
        reply = await forward(request.replace(headers=headers))
        if reply.status_code == 401:
            self._keeper.invalidate(token)
        return reply, reply.status_code == 401

"""Bound: this client's credential and no other, to its own origin and nowhere else."""

from __future__ import annotations

from ..core.reply import Reply
from ..core.request import Request
from ..core.secret import Secret
from ..core.url import Origin
from ..errors import CredentialScopeError, OpenAIError
from .chain import Forward


class Bound:
    """Refuses a request that would carry the credential to another origin, or another credential to this one.

    A request without `Authorization` (removed on purpose with `omit`) goes wherever it is sent, bare. One that a failover target
    made carries that target's own, which the target has bound; the client's own never goes with it.

    Args:
        origin: the one the credential is for.
        authorization: what `Authorization` holds when the client set it.

    Raises:
        CredentialScopeError: the request leads to another origin.
        OpenAIError: the caller set an `Authorization` of its own.
    """

    def __init__(self, origin: Origin, authorization: Secret) -> None:
        self._origin = origin
        self._authorization = authorization

    def __repr__(self) -> str:
        return f"Bound(credential to {self._origin})"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        if "authorization" in request.headers:
            own = request.headers["authorization"] == self._authorization.reveal()
            if request.origin != self._origin and (own or request.server is None):
                raise CredentialScopeError(
                    f"this client's credential belongs to {self._origin} and was not sent to {request.origin}"
                )
            if not own and request.server is None:
                raise OpenAIError(
                    "this client sets `Authorization` itself; leave it out of the headers, or use another client for it"
                )
        return await forward(request)

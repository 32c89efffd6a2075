"""Sign: prove who sends a request by a signature over it, made anew for each attempt, after all else is decided.

Knows when to sign and what can be signed. Refuses to know how: the signer is given, and runs as an effect, because it may
have to ask for credentials first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar

from ..core.credential import PENDING
from ..core.effects import Invoke
from ..core.headers import Headers
from ..core.reply import Reply
from ..core.request import Request
from ..errors import BodyNotReplayable
from .chain import PLACES, Forward

Signer = Callable[[Request], "Headers | Awaitable[Headers]"]
"""Gives all fields of a request, its signature among them. `Headers`, and not a dict, because their repr shows no secret."""


class Sign:
    """Replaces a request's fields with signed ones; innermost, so that nothing changes them afterwards.

    A request whose `Authorization` was removed on purpose, or is the caller's own, is left alone.

    Args:
        signer: makes the fields (for async clients, or an awaitable of them).

    Raises:
        BodyNotReplayable: the body is a stream; a signature covers the whole body and comes before it.
    """

    place: ClassVar[int] = PLACES["Sign"]

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def __repr__(self) -> str:
        return f"Sign({self._signer!r}, once per attempt)"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        if request.headers.get("authorization") != PENDING.reveal():
            return await forward(request)
        if request.content is not None and not isinstance(request.content, bytes):
            raise BodyNotReplayable(
                "a signature covers the whole body, so a streamed one cannot be signed; read the file first and pass its "
                "bytes, or authenticate with a bearer token"
            )
        headers: Headers = await Invoke(self._signer, request)
        return await forward(request.replace(headers=headers))

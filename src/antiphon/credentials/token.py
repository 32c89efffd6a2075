"""A token from a function, which ends, and is fetched anew before it does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

from ..core.credential import asked_apart, checked
from ..core.effects import Wall
from ..core.secret import Secret
from ..core.shape import is_mapping, is_sequence
from ..core.url import URL
from ..errors import InvalidCredential
from ..policies.machines.number import LONGEST, is_number
from .fetched import MARGIN, FetchedKey, lasting


class TokenCredential(FetchedKey):
    """A token that a function fetches: once for all who ask at the same time, and anew before it ends, while the old one serves.

    A fetch that fails is tried again after a pause that grows from half a second to a minute, and nobody notices while the old
    token holds. A token that a server refuses is fetched anew at once, once for each request.

    >>> TokenCredential(lambda: ("token", 3600))
    TokenCredential(<lambda>)

    Args:
        fetch: gives the token, and for how many seconds it holds: text alone, a pair, a mapping with `access_token` and
            `expires_in`, or an object with `token` and `expires_on` (seconds since the epoch, as Azure's have). Called in a
            thread under asyncio, where it may be async too.
        lifetime: seconds a token holds that says nothing of it, more than 0; `None` for as long as it is not refused.
        margin: seconds before its end at which a token is fetched anew, but never more than a fifth of its life, and up to a
            tenth of that earlier, so that many processes do not all ask at once.
        origins: as for every source.

    Raises:
        TypeError, ValueError: an argument that cannot be right.
    """

    _function: Any = None  # as a traceback shows one that was never made

    def __init__(
        self,
        fetch: Callable[[], Any],
        *,
        lifetime: float | None = None,
        margin: float = MARGIN,
        origins: Iterable[str | URL] | None = None,
    ) -> None:
        if not callable(fetch):
            raise TypeError(f"fetch must be a function; got {type(fetch).__name__}")
        self._function = fetch
        self._life = lasting(lifetime)
        super().__init__(margin, origins=origins)

    def __repr__(self) -> str:
        return f"TokenCredential({getattr(self._function, '__name__', type(self._function).__name__)})"

    async def fetch(self) -> tuple[Secret, float]:
        """As `FetchedKey.fetch`."""
        answer = await asked_apart(self._function)
        wall = await Wall()
        token, life = _parted(answer, self._life, wall)
        if not life > 0:
            raise InvalidCredential(f"{self!r} gave a token that has ended")
        return checked(token, repr(self)), life


def _parted(answer: Secret, otherwise: float, wall: float) -> tuple[Secret, float]:
    """The token in an answer, and how long it holds."""
    given: Any = answer.reveal()
    token: Any = given
    life: Any = None
    end: Any = None
    if is_sequence(given):
        token, life = (*given, None)[:2]
    elif is_mapping(given):
        token, life, end = (
            given.get("access_token") or given.get("token"),
            given.get("expires_in"),
            given.get("expires_on"),
        )
    elif hasattr(given, "token"):
        token, end = given.token, getattr(given, "expires_on", None)
    if life is None and is_number(end):
        life = end - wall
    if not is_number(life) or life != life:  # which NaN is
        return Secret(token), otherwise
    return Secret(token), float(max(min(cast("float", life), LONGEST), -1))

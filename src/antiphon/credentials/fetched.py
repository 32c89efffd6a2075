"""What sources have in common that take their time: one fetch for all who ask at once, kept until it is due or refused.

How a token is kept is the keeper's knowledge, which clients that sign in by tokens share.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf
from typing import Any

from ..core.reply import Reply
from ..core.request import Request
from ..core.secret import Secret
from ..core.url import URL, Origin
from ..policies.machines.number import seconds
from ..providers.keeper import Keeper
from ..providers.token_cache import Grant, Token
from .source import CredentialNotFound, Source

MARGIN = 1200.0
SHARE = 0.2
JITTER = 0.1


def lasting(lifetime: float | None) -> float:
    """For how long a key holds that does not say so itself.

    Raises:
        TypeError, ValueError: that cannot be.
    """
    if lifetime is None:
        return inf
    if seconds("lifetime", lifetime) == 0:
        raise ValueError(
            "lifetime must be more than 0 seconds; use FunctionKey for a key that is asked for each attempt"
        )
    return lifetime


class FetchedKey(Source):
    """A source that is fetched; a kind of it has `fetch`.

    Args:
        margin: seconds before its end at which a key is fetched anew, but never more than a fifth of its life.
        origins: as for every source.
    """

    _keeper: Keeper

    def __init__(self, margin: float = MARGIN, *, origins: Iterable[str | URL] | None = None) -> None:
        self._margin = seconds("margin", margin)
        super().__init__(origins)
        vars(self).update(self._fresh())

    def _fresh(self) -> dict[str, Any]:
        return {"_keeper": Keeper(self._granted, self._margin, share=SHARE, jitter=JITTER)}

    async def fetch(self) -> tuple[Secret, float]:
        """The key and for how many seconds it holds, as a flow; infinity where nobody knows.

        Raises:
            OpenAIError: it cannot be had.
        """
        raise CredentialNotFound(f"{self!r} holds no key")

    async def _granted(self, request: Request | None) -> Grant:
        key, life = await self.fetch()
        return Grant(Token(key), life)

    async def key(self, origin: Origin | None) -> Secret:
        """As `Source.key`."""
        self.check(origin)
        return (await self._keeper.token(None)).value

    async def another(self, refused: Sequence[Secret], origin: Origin, reply: Reply) -> Secret | None:
        """What is fetched now, if that is another; a request has it fetched once."""
        if len(refused) > 1:
            return None
        self._keeper.invalidate(Token(refused[-1]))
        found = await self.key(origin)
        return None if found in refused else found

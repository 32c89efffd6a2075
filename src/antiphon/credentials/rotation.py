"""Several keys of the same account, of which one is about to replace another: whichever the server takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..core.reply import Reply
from ..core.secret import Secret
from ..core.url import URL, Origin
from .source import ONE_TEXT, CredentialNotFound, Source, listed, sourced


class RotatingCredential(Source):
    """The new key and the old one: the first that the server takes is used until it refuses it, then the next.

    So a key is changed without a failed request, in any order of what must happen: the new one may be made known to the
    programs before it holds, and the old one may end at any time after that.

    >>> RotatingCredential(["sk-new", "sk-old"])
    RotatingCredential(2 keys)

    Args:
        keys: keys or sources, the one that is to be used in the end first; at least one.
        origins: as for every source; sources keep their own beside it.

    Raises:
        TypeError, ValueError: there is none, or one that can be none.
    """

    sources: Sequence[Source] = ()  # as a traceback shows one that was never made

    def __init__(self, keys: Iterable[Any], *, origins: Iterable[str | URL] | None = None) -> None:
        given = listed(keys)
        del keys
        if given is None:
            raise TypeError(ONE_TEXT)
        self.sources = [sourced(each) for each in given]
        if not self.sources:
            raise ValueError("a RotatingCredential needs at least one key; pass [new, old]")
        self._turn = 0
        super().__init__(origins)

    def _fresh(self) -> dict[str, Any]:
        return {"_turn": 0}

    def __repr__(self) -> str:
        return f"RotatingCredential({len(self.sources)} keys)"

    async def key(self, origin: Origin | None) -> Secret:
        """As `Source.key`."""
        self.check(origin)
        found = await self._from(self._turn, origin, ())
        if found is None:
            raise CredentialNotFound(f"none of the sources of {self!r} holds a key")
        return found

    async def another(self, refused: Sequence[Secret], origin: Origin, reply: Reply) -> Secret | None:
        """The next key that this request was not refused with; each is tried once, and those that may have changed once more."""
        found = await self._from(self._turn, origin, refused)
        if found is not None or len(refused) > len(self.sources):
            return found
        for place, source in enumerate(self.sources):
            try:
                found = await source.another([await source.key(origin)], origin, reply)
            except CredentialNotFound:
                continue
            if found is not None and found not in refused:
                self._turn = place
                return found
        return None

    async def _from(self, turn: int, origin: Origin | None, refused: Sequence[Secret]) -> Secret | None:
        """The first key, from a turn on, that was not refused; it is everybody's from now on."""
        for step in range(len(self.sources)):
            place = (turn + step) % len(self.sources)
            try:
                found = await self.sources[place].key(origin)
            except CredentialNotFound:
                continue
            if found not in refused:
                self._turn = place
                return found
        return None

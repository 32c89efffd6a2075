"""A key from a function, asked for each attempt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..core.credential import checked
from ..core.effects import Ask
from ..core.reply import Reply
from ..core.secret import Secret
from ..core.url import URL, Origin
from .source import Source


class FunctionKey(Source):
    """A key from a function (for async clients, or an awaitable of it) that is asked for each attempt.

    A function that takes its time, or whose answer may be kept, is better asked by `TokenCredential`.

    Args:
        function: returns the key.
        origins: as for every source.
    """

    def __init__(self, function: Callable[[], Any], *, origins: Iterable[str | URL] | None = None) -> None:
        self._function = function
        super().__init__(origins)

    def __repr__(self) -> str:
        return f"FunctionKey({getattr(self._function, '__name__', type(self._function).__name__)})"

    async def key(self, origin: Origin | None) -> Secret:
        """As `Source.key`."""
        self.check(origin)
        return checked(await Ask(self._function), repr(self))

    async def another(self, refused: Sequence[Secret], origin: Origin, reply: Reply) -> Secret | None:
        """What it gives now, if that is another."""
        if len(refused) > 1:
            return None
        found = await self.key(origin)
        return None if found in refused else found

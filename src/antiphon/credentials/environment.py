"""A key from an environment variable."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

from ..core.credential import checked
from ..core.reply import Reply
from ..core.secret import Secret
from ..core.url import URL, Origin
from ..errors import OpenAIError
from .source import CredentialNotFound, Source


class EnvKey(Source):
    """A key from an environment variable; read once, and again when a server refused what it held.

    >>> EnvKey("GATEWAY_KEY", origins=["https://gateway.example"])
    EnvKey('GATEWAY_KEY')

    Args:
        name: the variable's.
        origins: as for every source.
    """

    def __init__(self, name: str = "OPENAI_API_KEY", *, origins: Iterable[str | URL] | None = None) -> None:
        self.name = name
        self._kept: Secret | None = None
        super().__init__(origins)

    def _fresh(self) -> dict[str, Any]:
        return {"_kept": None}

    def __repr__(self) -> str:
        return f"EnvKey({self.name!r})"

    async def key(self, origin: Origin | None) -> Secret:
        """As `Source.key`."""
        self.check(origin)
        if self._kept is None:
            self._kept = self._look()
        return self._kept

    async def another(self, refused: Sequence[Secret], origin: Origin, reply: Reply) -> Secret | None:
        """What the variable holds now, if that is another; a request asks once."""
        if len(refused) > 1:
            return None
        if self._kept is None or self._kept in refused:
            try:
                self._kept = self._look()
            except OpenAIError:
                return None  # the server's refusal says more
        return None if self._kept in refused else self._kept

    def _look(self) -> Secret:
        if not os.environ.get(self.name):
            raise CredentialNotFound(f"the environment variable {self.name} is not set")
        return checked(Secret(os.environ[self.name]), self.name)

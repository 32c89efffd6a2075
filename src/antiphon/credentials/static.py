"""A key that was given."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..core.credential import checked, hidden
from ..core.secret import Secret
from ..core.url import URL, Origin
from .source import Source


class StaticKey(Source):
    """A key that was given, e.g. to bind it to an origin, or to stand beside others.

    >>> StaticKey("sk-1", origins=["https://api.openai.com"])  # doctest: +ELLIPSIS
    StaticKey(Secret(<redacted> id=...))

    Args:
        key: the key as text, as a `Secret`, or as what hides one like pydantic's `SecretStr`.
        origins: as for every source.

    Raises:
        InvalidCredential: it cannot be a key.
    """

    _key: Any = None  # as a traceback shows one that was never made

    def __init__(self, key: str | Secret | Any, *, origins: Iterable[str | URL] | None = None) -> None:
        self._key = hidden(key)
        del key  # so that a traceback that prints locals shows none
        self._key = checked(self._key if isinstance(self._key, Secret) else Secret(self._key), "key")
        super().__init__(origins)

    def __repr__(self) -> str:
        return f"StaticKey({self._key!r})"

    async def key(self, origin: Origin | None) -> Secret:
        """As `Source.key`."""
        self.check(origin)
        found: Secret = self._key
        return found

"""A key from the system's keyring, by the `keyring` package, which is imported when the key is first asked for."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from math import inf
from typing import Any

from ..core.credential import checked
from ..core.effects import Outside
from ..core.secret import Secret
from ..core.url import URL
from ..errors import OpenAIError
from .fetched import FetchedKey
from .source import CredentialNotFound


class KeyringKey(FetchedKey):
    """A key from the keyring of macOS, Windows or the desktop; looked up once, and again when a server refused it.

    >>> KeyringKey("openai", "work")
    KeyringKey('openai', 'work')

    Args:
        service: under which name it was stored, as in `keyring set openai work`.
        user: for whom.
        origins: as for every source.

    Raises:
        OpenAIError: when asked: the package is not installed, or the keyring is closed.
    """

    def __init__(self, service: str, user: str, *, origins: Iterable[str | URL] | None = None) -> None:
        self.service = service
        self.user = user
        super().__init__(origins=origins)

    def __repr__(self) -> str:
        return f"KeyringKey({self.service!r}, {self.user!r})"

    async def fetch(self) -> tuple[Secret, float]:
        """As `FetchedKey.fetch`."""
        found, flaw = await Outside(self._look)
        if flaw is not None:
            raise flaw
        return checked(found, repr(self)), inf

    def _look(self) -> tuple[Secret, OpenAIError | None]:
        nothing = Secret("")
        try:
            ring: Any = import_module("keyring")
        except ImportError:
            return nothing, OpenAIError(f"{self!r} needs an extra: pip install antiphon[keyring]")
        try:
            found = Secret(ring.get_password(self.service, self.user))
        except Exception as problem:
            return nothing, OpenAIError(f"{self!r}: the keyring cannot be read ({type(problem).__name__})")
        if not found.reveal():
            return nothing, CredentialNotFound(f"the keyring holds no {self.service!r} for {self.user!r}")
        return found, None

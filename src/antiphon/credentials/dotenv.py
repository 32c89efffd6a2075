"""A key from a file of `NAME=value` lines: `.env`, `secrets.sh`."""

from __future__ import annotations

import os
from collections.abc import Iterable

from ..core.credential import checked
from ..core.secret import Secret
from ..core.url import URL
from ..errors import InvalidCredential
from .assignment import assigned
from .file import FileKey
from .source import CredentialNotFound


class DotenvKey(FileKey):
    """A key from a file of `NAME=value` or `export NAME=value` lines; nothing in it is run, and the environment stays as it is.

    >>> DotenvKey("secrets.sh", "GATEWAY_KEY")
    DotenvKey('secrets.sh', 'GATEWAY_KEY')

    Args:
        path: the file's.
        name: the variable's.

    The other arguments are those of `FileKey`, and so is all else.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] = ".env",
        name: str = "OPENAI_API_KEY",
        *,
        every: float = 1.0,
        check_mode: bool = True,
        origins: Iterable[str | URL] | None = None,
    ) -> None:
        self.name = name
        super().__init__(path, every=every, check_mode=check_mode, origins=origins)

    def __repr__(self) -> str:
        return f"DotenvKey({str(self.path)!r}, {self.name!r})"

    def parse(self, text: Secret) -> Secret:
        """As `FileKey.parse`."""
        found, flaw = assigned(text, self.name)
        if flaw is not None:
            raise InvalidCredential(f"{self.path}, {flaw}")
        if found is None or not found.reveal():
            raise CredentialNotFound(f"{self.path} does not set {self.name}")
        return checked(found, f"{self.name} in {self.path}")

"""A key from a file that holds nothing else, watched for change."""

from __future__ import annotations

import os
import stat
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..core.credential import checked
from ..core.effects import Now, Outside
from ..core.reply import Reply
from ..core.secret import Secret
from ..core.url import URL, Origin
from ..errors import OpenAIError
from ..policies.machines.number import seconds
from .source import CredentialNotFound, Source

LARGEST = 1 << 20
_OTHERS = 0o077


class FileKey(Source):
    """A key from a file; what is written there anew is in use within a second, and at once when a server refuses the old one.

    While a file is gone, empty or cannot be read, the key that was read last goes on serving.

    >>> FileKey("/run/secrets/openai", check_mode=False)
    FileKey('/run/secrets/openai')

    Args:
        path: the file's; "~" is the user's own folder.
        every: seconds between two looks at whether the file has changed; 0 looks for each attempt.
        check_mode: whether to warn, once, of a file that other users can read or change (not on Windows).
        origins: as for every source.

    Raises:
        ValueError, TypeError: `every` cannot be right.
    """

    _kept: Secret | None
    _version: tuple[int, ...] | None
    _due: float
    _warned: bool

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        every: float = 1.0,
        check_mode: bool = True,
        origins: Iterable[str | URL] | None = None,
    ) -> None:
        self.path = Path(path).expanduser()
        self.every = seconds("every", every)
        self.check_mode = check_mode
        vars(self).update(self._fresh())
        super().__init__(origins)

    def _fresh(self) -> dict[str, Any]:
        return {"_kept": None, "_version": None, "_due": 0.0, "_warned": False}

    def __repr__(self) -> str:
        return f"FileKey({str(self.path)!r})"

    def parse(self, text: Secret) -> Secret:
        """The key in the file's text.

        Raises:
            CredentialNotFound: there is none.
            InvalidCredential: what is there cannot be one.
        """
        stripped = Secret(text.reveal().strip())
        if not stripped.reveal():
            raise CredentialNotFound(f"{self.path} is empty")
        return checked(stripped, str(self.path))

    async def key(self, origin: Origin | None) -> Secret:
        """As `Source.key`."""
        self.check(origin)
        now = await Now()
        if self._kept is None:
            self._due = now + self.every
            self._kept = self._read()
        elif now >= self._due:
            self._due = now + self.every  # before the look: others go on meanwhile
            await Outside(self._renew, False)
        return self._kept

    async def another(self, refused: Sequence[Secret], origin: Origin, reply: Reply) -> Secret | None:
        """What stands there now, if that is another; a request asks once."""
        if len(refused) > 1:
            return None
        self.check(origin)
        if self._kept in refused:
            await Outside(self._renew, True)
        return None if self._kept in refused else self._kept

    def _renew(self, anyway: bool) -> None:
        """Read the file where it has changed; one that cannot be read now may be in the middle of being written."""
        try:
            if anyway or _version_of(self.path.stat()) != self._version:
                self._kept = self._read()
        except (OSError, OpenAIError):
            return

    def _read(self) -> Secret:
        found, flaw = self._text()
        if flaw is not None:
            raise flaw
        return self.parse(found)

    def _text(self) -> tuple[Secret, OpenAIError | None]:
        """What the file holds, or what is wrong with it: returned and not raised, for the error's frames would show the text."""
        nothing = Secret("")
        try:
            with self.path.open("rb") as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    return nothing, OpenAIError(f"{self.path} is no regular file")
                if status.st_size > LARGEST:
                    return nothing, OpenAIError(f"{self.path} is larger than {LARGEST} bytes; no key is that long")
                self._warn(status.st_mode)
                self._version = _version_of(status)
                return Secret(file.read(LARGEST).decode("utf-8-sig")), None
        except FileNotFoundError:
            return nothing, CredentialNotFound(f"there is no file {self.path}")
        except OSError as problem:
            return nothing, OpenAIError(f"cannot read {self.path}: {problem.strerror or type(problem).__name__}")
        except UnicodeDecodeError:
            return nothing, OpenAIError(f"{self.path} is not UTF-8 text")

    def _warn(self, mode: int) -> None:
        if self.check_mode and not self._warned and os.name == "posix" and mode & _OTHERS:
            self._warned = True
            warnings.warn(
                f"{self.path} holds a key and is open to other users; run: chmod 600 {self.path} "
                f"(or say check_mode=False where the system keeps it like that)",
                UserWarning,
                stacklevel=2,
            )


def _version_of(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_mtime_ns, status.st_size, status.st_ino)

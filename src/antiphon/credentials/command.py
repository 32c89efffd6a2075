"""A key that a command prints: of a password manager, a cloud's own tool, a script."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..core.credential import checked
from ..core.effects import Outside
from ..core.secret import Secret
from ..core.url import URL
from ..errors import OpenAIError
from ..policies.machines.number import seconds
from .fetched import FetchedKey, lasting
from .source import CredentialNotFound


class CommandKey(FetchedKey):
    """A key that a command prints; run once, and again when a server refused what it printed. No shell is involved.

    >>> CommandKey(["op", "read", "op://work/openai/key"])
    CommandKey('op')

    Args:
        command: the program and its arguments. What it prints is the key; what it complains of goes where this program's
            own complaints go.
        timeout: seconds it may take; after that it is killed.
        lifetime: seconds, more than 0, after which it is run again, even where the key was not refused; `None` for no such end.
        origins: as for every source.

    Raises:
        TypeError, ValueError: an argument that cannot be right.
        OpenAIError: when asked: the command cannot be run, takes too long, or fails. Messages name the program only.
    """

    command: Sequence[str] = ("",)  # as a traceback shows one that was never made

    def __init__(
        self,
        command: Sequence[str],
        *,
        timeout: float = 5.0,
        lifetime: float | None = None,
        origins: Iterable[str | URL] | None = None,
    ) -> None:
        if isinstance(command, (str, bytes)) or not command:
            raise TypeError(
                "command must be a list, for no shell runs it; write e.g. ['op', 'read', 'op://work/openai/key']"
            )
        self.command = [str(each) for each in command]
        self.timeout = seconds("timeout", timeout)
        self.lifetime = lasting(lifetime)
        super().__init__(origins=origins)

    def __repr__(self) -> str:
        return f"CommandKey({Path(self.command[0]).name!r})"

    async def fetch(self) -> tuple[Secret, float]:
        """As `FetchedKey.fetch`."""
        found, flaw = await Outside(self._run)
        if flaw is not None:
            raise flaw
        return checked(found, repr(self)), self.lifetime

    def _run(self) -> tuple[Secret, OpenAIError | None]:
        """What it prints, or what is wrong with it: returned and not raised, for the error's frames would show the key."""
        nothing = Secret("")
        try:
            done = subprocess.run(  # noqa: S603  # what the user said is to be run
                self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=self.timeout, check=False
            )
        except subprocess.TimeoutExpired:
            return nothing, OpenAIError(f"{self!r} did not end within {self.timeout:g} s")
        except OSError as problem:
            return nothing, OpenAIError(f"{self!r} cannot be run: {problem.strerror or type(problem).__name__}")
        if done.returncode != 0:
            return nothing, OpenAIError(f"{self!r} ended with exit code {done.returncode}")
        try:
            found = Secret(done.stdout.decode().strip())
        except UnicodeDecodeError:
            return nothing, OpenAIError(f"{self!r} printed what is not UTF-8 text")
        if not found.reveal():
            return nothing, CredentialNotFound(f"{self!r} printed nothing")
        return found, None

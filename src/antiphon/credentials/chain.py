"""A chain: the first source that holds a key. And the chain that most programs want."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..core.credential import hidden
from ..core.reply import Reply
from ..core.secret import Secret
from ..core.url import URL, Origin
from .command import CommandKey
from .dotenv import DotenvKey
from .environment import EnvKey
from .file import FileKey
from .keyring import KeyringKey
from .source import ONE_TEXT, CredentialNotFound, Source, listed, sourced

WORKSPACE = ".secrets"


class Chain(Source):
    """The first of several sources that holds a key; asked in order, and again from there on when the key is refused.

    A source that holds none is passed over. One that cannot be read, or holds what can be no key, is an error: whoever set
    it up wants to know.

    >>> Chain([EnvKey("OPENAI_API_KEY"), DotenvKey("secrets.sh")])
    Chain([EnvKey('OPENAI_API_KEY'), DotenvKey('secrets.sh', 'OPENAI_API_KEY')])

    Args:
        sources: sources, or keys; those that are `None` are left out.
        origins: as for every source; sources keep their own beside it.

    Raises:
        TypeError: one of them can be no source.
    """

    sources: Sequence[Source] = ()  # as a traceback shows one that was never made

    def __init__(self, sources: Iterable[Any], *, origins: Iterable[str | URL] | None = None) -> None:
        given = listed(sources)
        del sources
        if given is None:
            raise TypeError(ONE_TEXT)
        self.sources = [sourced(each) for each in given if each is not None]
        self.statuses = frozenset().union(*(each.statuses for each in self.sources))
        self._found: Source | None = None
        super().__init__(origins)

    def _fresh(self) -> dict[str, Any]:
        return {"_found": None}

    def __repr__(self) -> str:
        return f"Chain({self.sources!r})"

    async def key(self, origin: Origin | None) -> Secret:
        """As `Source.key`."""
        self.check(origin)
        found = self._found
        if found is not None:
            try:
                return await found.key(origin)
            except CredentialNotFound:
                self._found = None
        missing: list[str] = []
        for source in self.sources:
            try:
                key = await source.key(origin)
            except CredentialNotFound as failure:
                missing.append(str(failure))
            else:
                self._found = source
                return key
        raise CredentialNotFound(f"no key was found: {'; '.join(missing) or 'the chain has no sources'}")

    async def another(self, refused: Sequence[Secret], origin: Origin, reply: Reply) -> Secret | None:
        """What the same source holds now; a chain is no list of keys to be tried one after another."""
        found = self._found
        if found is None or reply.status_code not in found.statuses:
            return None
        return await found.another(refused, origin, reply)

    def settle(self, key: Secret) -> None:
        """As `Source.settle`."""
        if self._found is not None:
            self._found.settle(key)


def default_chain(
    name: str = "OPENAI_API_KEY",
    *,
    key: str | Secret | None = None,
    folder: str | os.PathLike[str] = ".",
    keyring: tuple[str, str] | None = None,
    command: Sequence[str] | None = None,
    file: str | os.PathLike[str] | None = None,
    origins: Iterable[str | URL] | None = None,
) -> Chain:
    """The places where a key is kept, the most deliberate first.

    1. `key`, the argument;
    2. the environment variable;
    3. `.secrets/NAME` in the workspace, a file with nothing but the key;
    4. `.env`, then `secrets.sh` there, with a line `NAME=value` or `export NAME=value`;
    5. `keyring`, 6. `command`, 7. `file`, each where it is given; `file` may be said by the variable `NAME_FILE` too.

    >>> default_chain("GATEWAY_KEY", command=["pass", "show", "gateway"])  # doctest: +SKIP

    Args:
        name: the environment variable's, and that of the line or file in the workspace.
        key: goes before all else; it may come from a program's own arguments, and be `None`.
        folder: the workspace; no folder above it is searched.
        keyring: service and user, as for `KeyringKey`.
        command: as for `CommandKey`.
        file: as for `FileKey`.
        origins: as for every source.
    """
    given = hidden(key)
    del key
    workspace = Path(folder)
    file = file or os.environ.get(f"{name}_FILE")
    return Chain(
        [
            given,
            EnvKey(name),
            FileKey(workspace / WORKSPACE / name),
            DotenvKey(workspace / ".env", name),
            DotenvKey(workspace / "secrets.sh", name),
            None if keyring is None else KeyringKey(*keyring),
            None if command is None else CommandKey(command),
            None if file is None else FileKey(file),
        ],
        origins=origins,
    )

"""Live: a policy that can be exchanged while calls are under way. Those that have begun end as they began.

Knows versions: each is checked and folded before it counts, so that a policy that cannot be right changes nothing.
"""

from __future__ import annotations

import os
from _thread import allocate_lock
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self, cast

from ..core.effects import Now, Outside
from ..core.reply import Reply
from ..core.request import Request
from .callback import tell
from .chain import PLACES, Forward, Layer, fold, ordered
from .machines.number import seconds, whole
from .policy import Policy

_CHAINS = 64


class Version(NamedTuple):
    """A policy that counts, or did.

    Attributes:
        number: counted from 1.
        policies: its parts, outermost first.
        policy: as it was given.
        flows: the parts folded around each chain they serve.
    """

    number: int
    policies: list[Layer]
    policy: Policy | Iterable[Layer]
    flows: dict[Forward, Forward]


class Live:
    """Stands for a policy that may change at run time, for all clients that share it.

    >>> live = Live(Policy.none())
    >>> live.update(Policy.from_mapping({"retry": {"max_retries": 4}}))
    2
    >>> live.rollback()
    3
    >>> live.policies
    []

    Args:
        policy: what counts at first: a `Policy`, or several policies.
        keep: how many versions can be gone back to; 1 or more.

    Raises:
        TypeError, ValueError: that cannot be right.
    """

    place: ClassVar[int] = PLACES["Live"]
    may_retry: ClassVar[bool] = True
    bounds_streams: ClassVar[bool] = True

    def __init__(self, policy: Policy | Iterable[Layer], *, keep: int = 10) -> None:
        self._keep = whole("keep", keep, 1)
        self._lock = allocate_lock()
        self._past: list[Version] = []
        self._current = _version(1, policy)
        self._file: _File | None = None

    @classmethod
    def from_file(
        cls, path: str | os.PathLike[str], *, every: float = 1.0, on_error: Callable[[Exception], Any] | None = None
    ) -> Self:
        """A policy out of a TOML or JSON file (see `Policy.from_mapping`) that is read again when the file changes.

        The file is looked at when a call is made, at most so often, and no thread is kept for it. A file that cannot be right
        changes nothing; why is told once to `on_error`, and kept in `error`.

        Args:
            path: ends in ".toml" or ".json".
            every: seconds between two looks.
            on_error: told why a changed file does not count.

        Raises:
            OSError, ValueError, TypeError: the file cannot be read, or is not right, to begin with.
        """
        file = _File(Path(path), seconds("every", every), on_error)
        file.look()
        data = file.read()
        live = cls(Policy.from_mapping(data))
        file.data, live._file = data, file
        return live

    @property
    def policies(self) -> list[Layer]:
        """The parts that count now, outermost first."""
        return self._current.policies

    @property
    def version(self) -> int:
        """The number of the version that counts."""
        return self._current.number

    @property
    def error(self) -> Exception | None:
        """Why the file as it is now does not count; `None` if it does, or there is none."""
        return None if self._file is None else self._file.error

    def update(self, policy: Policy | Iterable[Layer]) -> int:
        """Let another policy count from the next call on; its version's number.

        Raises:
            TypeError, ValueError: it cannot be right; nothing has changed.
        """
        with self._lock:
            return self._take(_version(self._current.number + 1, policy))

    def rollback(self) -> int:
        """Go back to the policy of before, as a new version; its number.

        Raises:
            LookupError: there is none.
        """
        with self._lock:
            if not self._past:
                raise LookupError("there is no version to go back to")
            before = self._past.pop()
            self._current = before._replace(number=self._current.number + 1)
            return self._current.number

    def _take(self, version: Version) -> int:
        self._past = [*self._past, self._current][-self._keep :]
        self._current = version
        return version.number

    def __repr__(self) -> str:
        source = "" if self._file is None else f", {self._file.path.name} every {self._file.every:g} s"
        return f"Live(version {self.version}{source})"

    def __reduce__(self) -> tuple[Any, ...]:
        file = self._file
        if file is None:
            raise TypeError(
                "a live policy does not go to other processes, where nobody would change it; make one there, or have all of "
                "them read one file: Live.from_file(path)"
            )
        return (partial(type(self).from_file, file.path, every=file.every, on_error=file.on_error), ())

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        file = self._file
        if file is not None and file.is_due(await Now()):
            await self._reload(file, request)
        version = self._current
        flow = version.flows.get(forward)
        if flow is None:
            if len(version.flows) >= _CHAINS:  # copies of clients come and go
                version.flows.clear()
            flow = version.flows[forward] = fold(version.policies, forward)
        return await flow(request)

    async def _reload(self, file: _File, request: Request) -> None:
        number = self.version
        try:
            if await Outside(file.look):
                data = await Outside(file.read)
                current = self._current.policy
                reuse = (file.data, current) if isinstance(current, Policy) else None
                self.update(Policy.from_mapping(data, reuse=reuse))
                file.data, file.error = data, None
        except (OSError, ValueError, TypeError) as failure:
            if file.refuse(failure):
                await tell(file.on_error, failure)
        if request.trace is not None and (self.version != number or file.error is not None):
            request.trace.note("Live", "kept" if file.error is not None else "reloaded", version=self.version)


def _version(number: int, policy: Policy | Iterable[Layer]) -> Version:
    parts = policy.policies if isinstance(policy, Policy) else ordered(policy)
    fold(parts)  # refuses what is no policy
    if any(isinstance(part, Live) for part in parts):
        raise TypeError("a Live policy cannot hold another one")
    return Version(number, parts, policy, {})


class _File:
    """A file that is looked at now and then; whoever looks first does it for all."""

    def __init__(self, path: Path, every: float, on_error: Callable[[Exception], Any] | None) -> None:
        if path.suffix not in (".toml", ".json"):
            raise ValueError(f"a policy's file ends in .toml or .json; got {path.name}")
        self.path = path
        self.every = every
        self.data: dict[str, Any] = {}
        self.error: Exception | None = None
        self.on_error = on_error
        self._next = float("-inf")
        self._seen: tuple[int, int, int] | None = None
        self._lock = allocate_lock()

    def is_due(self, now: float) -> bool:
        with self._lock:
            due = now >= self._next
            if due:
                self._next = now + self.every
            return due

    def look(self) -> bool:
        """Whether it changed since the last look."""
        facts = self.path.stat()
        seen = (facts.st_mtime_ns, facts.st_size, facts.st_ino)
        changed, self._seen = seen != self._seen, seen
        return changed

    def read(self) -> dict[str, Any]:
        text = self.path.read_text("utf-8")
        if self.path.suffix == ".toml":
            import tomllib

            return tomllib.loads(text)
        from ..core.json import decode_json

        data = decode_json(text.encode())
        if not isinstance(data, dict):
            raise TypeError(f"{self.path.name} must hold a JSON object; got {type(data).__name__}")
        return cast("dict[str, Any]", data)

    def refuse(self, failure: Exception) -> bool:
        """Remember why the file does not count; whether that is news."""
        known, self.error = str(self.error), failure
        return str(failure) != known

"""The exposure audit: which secret was revealed, how often, and where. Off, it costs nothing, for it is not there."""

from __future__ import annotations

import sys
from threading import Lock
from types import FrameType
from typing import Any, NamedTuple, Self

from ..core.secret import Secret


class Exposure(NamedTuple):
    """One place at which one secret was revealed.

    Attributes:
        secret: the secret's id, as its repr shows it.
        site: module, function and line; then who called that, as far as was asked for.
        times: how often.
    """

    secret: str
    site: tuple[str, ...]
    times: int

    def __str__(self) -> str:
        return f"{self.secret} revealed {self.times} times in {' from '.join(self.site)}"


class ExposureAudit:
    """Counts who reveals secrets, in the whole process, while it is on; never what they are.

    >>> key = Secret("sk-1")
    >>> with ExposureAudit() as audit:
    ...     _ = key.reveal()
    >>> audit.total
    1

    Args:
        depth: how many callers are told apart; 1 or more.
    """

    def __init__(self, depth: int = 2) -> None:
        self.depth = depth
        self._counts: dict[tuple[str, tuple[str, ...]], int] = {}
        self._lock = Lock()

    def start(self) -> Self:
        """Count from now on; two may count at the same time."""
        with _turning:
            _auditors.append(self)
            if len(_auditors) == 1:
                setattr(Secret, "reveal", _revealed)  # noqa: B010  a method of another class, on purpose
        return self

    def stop(self) -> None:
        """Count no more."""
        with _turning:
            if self in _auditors:
                _auditors.remove(self)
            if not _auditors:
                setattr(Secret, "reveal", _plain)  # noqa: B010

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def total(self) -> int:
        """How often any secret was revealed."""
        return sum(self._counts.values())

    @property
    def exposures(self) -> list[Exposure]:
        """Every place, the busiest first."""
        with self._lock:
            found = [Exposure(secret, site, count) for (secret, site), count in self._counts.items()]
        return sorted(found, key=lambda each: (-each.times, each.secret, each.site))

    def note(self, secret: Secret, frame: FrameType | None) -> None:
        """Count one."""
        site: list[str] = []
        while frame is not None and len(site) < self.depth:
            name = frame.f_code.co_qualname
            site.append(f"{frame.f_globals.get('__name__', '?')}.{name}:{frame.f_lineno}")
            frame = frame.f_back
        key = (secret.id, tuple(site))
        with self._lock:
            self._counts[key] = self._counts.get(key, 0) + 1

    def __str__(self) -> str:
        return "\n".join(map(str, self.exposures))

    def __repr__(self) -> str:
        return f"<ExposureAudit {self.total} exposures in {len(self._counts)} places>"


_auditors: list[ExposureAudit] = []
_turning = Lock()
_plain: Any = Secret.reveal


def _revealed(secret: Secret) -> str:
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    for auditor in _auditors:
        auditor.note(secret, frame)
    value: str = _plain(secret)
    return value

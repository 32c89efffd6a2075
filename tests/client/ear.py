"""An ear for hooks: it hears everything that is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from antiphon import Hooks

NAMES = ("on_request", "on_response", "on_retry", "on_error", "on_stream_event")


class Ear:
    """Hears everything, by plain functions or by coroutine functions."""

    def __init__(self, *later: str, **instead: Callable[[Any], Any]) -> None:
        self.heard: list[tuple[str, Any]] = []
        self.hooks = Hooks(
            **{name: instead.get(name) or (self._later if name in later else self._now)(name) for name in NAMES}
        )

    def _now(self, name: str) -> Callable[[Any], Any]:
        return lambda info: self.heard.append((name, info))

    def _later(self, name: str) -> Callable[[Any], Any]:
        async def hear(info: Any) -> None:
            await asyncio.sleep(0)
            self.heard.append((name, info))

        return hear

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.heard]

    def infos(self, name: str) -> list[Any]:
        return [info for heard, info in self.heard if heard == name]

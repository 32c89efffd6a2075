"""Everything one emulator remembers: its shelves, ids, clock, limits and brain. Routes act on it; it knows no routes."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .access import Access
from .description import Description, description
from .guard import Guard
from .identity import Identity
from .limiter import Limiter
from .setting import Setting
from .store import Shelf

if TYPE_CHECKING:
    from .brain import Brain


class World:
    """The state behind one application. `clock` gives seconds since 1970."""

    def __init__(self, setting: Setting, brain: Brain | None = None, clock: Callable[[], float] = time.time) -> None:
        self.setting = setting
        self.clock = clock
        self.identity = Identity(setting.seed)
        self.guard = Guard(setting.allow_remote)
        self.faults = not setting.allow_remote if setting.faults is None else setting.faults
        self.access = Access(setting.api_keys)
        self.limiter = Limiter(setting.requests_per_minute, setting.tokens_per_minute)
        self.description: Description = description()
        if brain is not None:
            self.brain = brain
        self.models = dict.fromkeys((*self.description.models, *setting.models))
        self._shelves: dict[str, Shelf[Any]] = {}
        self._folder: Path | None = setting.data
        self._temporary = setting.data is None

    @cached_property
    def brain(self) -> Brain:
        """What answers; the default one is made when the first question comes."""
        from .brain.simple import SimpleBrain

        return SimpleBrain(self.setting.seed)

    def shelf(self, family: str) -> Shelf[Any]:
        """The objects of one family."""
        if (found := self._shelves.get(family)) is None:
            found = self._shelves[family] = Shelf(self.setting.keep)
        return found

    def now(self) -> int:
        """The time as the API writes it: whole seconds."""
        return int(self.clock())

    def folder(self) -> Path:
        """Where file bytes live; made on first use."""
        if self._folder is None:
            import tempfile

            self._folder = Path(tempfile.mkdtemp(prefix="antiphon-"))
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder

    def try_folder(self) -> None:
        """Raise the OSError that the first upload would meet."""
        import tempfile

        with tempfile.TemporaryFile(dir=self.folder()):
            pass

    def close(self) -> None:
        """Forget the temporary folder; a folder the user named stays."""
        if self._temporary and self._folder is not None:
            import shutil

            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

"""`antiphon.local()`: an emulator in a thread and a client for it. Knows how the two end together, and nothing else.

Each call starts an emulator of its own, so that what one client stores another does not see. It stops when the client is
closed, when the client and its copies are gone, or when the process ends.
"""

from __future__ import annotations

import asyncio
import sys
import weakref
from types import ModuleType
from typing import Any, Literal, overload

from .client import AsyncOpenAI, OpenAI
from .emulator.server import Emulator
from .emulator.setting import Setting

_ENDINGS: weakref.WeakKeyDictionary[Any, weakref.finalize[Any, Any]] = weakref.WeakKeyDictionary()


class LocalOpenAI(OpenAI):
    """The blocking client of one emulator; closing it stops the emulator too."""

    def close(self) -> None:
        """Close every connection and stop the emulator. Copies share both."""
        super().close()
        _end(self._link)

    def tie(self, emulator: Emulator) -> None:
        """Let the emulator end with this client and its copies."""
        _ENDINGS[self._link] = weakref.finalize(self._link, emulator.stop)


class AsyncLocalOpenAI(AsyncOpenAI):
    """The asyncio client of one emulator; closing it stops the emulator too."""

    async def close(self) -> None:
        """Close every connection and stop the emulator. Copies share both."""
        await super().close()
        await asyncio.to_thread(_end, self._link)

    def tie(self, emulator: Emulator) -> None:
        """Let the emulator end with this client and its copies."""
        _ENDINGS[self._link] = weakref.finalize(self._link, emulator.stop)


@overload
def local(*, asynchronous: Literal[False] = False, setting: Setting | None = None, **options: Any) -> OpenAI: ...
@overload
def local(*, asynchronous: Literal[True], setting: Setting | None = None, **options: Any) -> AsyncOpenAI: ...
def local(*, asynchronous: bool = False, setting: Setting | None = None, **options: Any) -> OpenAI | AsyncOpenAI:
    """Start an emulator on a free port of this machine and give a client for it.

    >>> import antiphon
    >>> with antiphon.local() as client:
    ...     client.responses.create(model="gpt-5.5", input="What is 6 * 7?").output_text
    '6 * 7 = 42'

    Args:
        asynchronous: give an `AsyncOpenAI` instead of an `OpenAI`.
        setting: how the emulator is set up (`antiphon.emulator.Setting`).
        options: arguments of the client; `api_key` is made up and proxies are left aside unless given.

    Raises:
        OSError: no free port, or no right to listen.
    """
    key = setting.api_keys[0] if setting and setting.api_keys else "sk-local"
    emulator = Emulator(setting).start()
    try:
        arguments: dict[str, Any] = {"api_key": key, "proxy": None, "base_url": emulator.base_url, **options}
        client = AsyncLocalOpenAI(**arguments) if asynchronous else LocalOpenAI(**arguments)
    except BaseException:
        emulator.stop()
        raise
    client.tie(emulator)
    return client


def _end(link: Any) -> None:
    ending = _ENDINGS.pop(link, None)
    if ending is not None:
        ending()


class _Callable(ModuleType):
    """Importing a submodule binds it as its package's attribute, over the function of the same name; so it is callable."""

    def __call__(self, **options: Any) -> Any:
        start: Any = local
        return start(**options)


sys.modules[__name__].__class__ = _Callable

"""The local API: a second, independent reading of it, with state, files and real sockets. Never imports the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import EmulatorApp
    from .server import Emulator
    from .setting import Setting

__all__ = ["Emulator", "EmulatorApp", "Setting"]

_HOMES = {"Emulator": "server", "EmulatorApp": "app", "Setting": "setting"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)

"""Modules that are loaded when they are first used, so that importing the package and making a client stay cheap."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Later:
    """Stands for a module until something in it is asked for.

    >>> Later("json").dumps([1])
    '[1]'
    """

    def __init__(self, name: str) -> None:
        self.__dict__["__name__"] = name

    def __getattr__(self, name: str) -> Any:
        value = getattr(import_module(self.__dict__["__name__"]), name)
        # Kept, so that the next use is a plain attribute.
        self.__dict__[name] = value
        return value

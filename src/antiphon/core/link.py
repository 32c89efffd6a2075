"""Attributes that lead from one resource to another, which is made and loaded when it is first touched.

A generated class lists them as `files: Files = child(".files")`: the annotation names the class, the argument the module
that has it, relative to the class's own. Knows nothing of clients or resources beyond how each is made: from one object.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any


class Link:
    """One such attribute."""

    def __init__(self, module: str = "") -> None:
        self._module = module

    def __set_name__(self, owner: type, name: str) -> None:
        self._owner = owner
        self._name = name

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        made = self._class()(self._start(instance))
        self._keep(instance, made)
        return made

    def __repr__(self) -> str:
        return f"<{self._owner.__qualname__}.{self._name}: {self._owner.__annotations__[self._name]}>"

    def _class(self) -> Any:
        home = sys.modules[self._owner.__module__]
        found = import_module(self._module, home.__package__) if self._module else home
        return getattr(found, self._owner.__annotations__[self._name])

    def _start(self, instance: Any) -> Any:
        return instance

    def _keep(self, instance: Any, made: Any) -> None:
        instance.__dict__[self._name] = made


class _Child(Link):
    def _start(self, instance: Any) -> Any:
        return instance._client


class _Same(Link):
    def _start(self, instance: Any) -> Any:
        return getattr(instance._resource, self._name)


class _Twin(Link):
    def _keep(self, instance: Any, made: Any) -> None:
        """It knows the instance, so keeping it would make a cycle."""


def top(module: str) -> Any:
    """A resource of a client."""
    return Link(module)


def child(module: str = "") -> Any:
    """A resource below another, for the same client."""
    return _Child(module)


def twin() -> Any:
    """The resource itself, or the client, in another form."""
    return _Twin()


def same(module: str = "") -> Any:
    """The resource of this name below the twin's own resource, in the twin's form."""
    return _Same(module)

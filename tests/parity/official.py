"""The installed official package as an oracle: its resources, methods and types, by introspection. Facts only."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import openai
    import openai.types
    from openai._resource import AsyncAPIResource, SyncAPIResource

COLOURS = ("sync", "async")


@cache
def client(colour: str) -> Any:
    """An official client that never connects."""
    made = openai.OpenAI if colour == "sync" else openai.AsyncOpenAI
    return made(api_key="k", admin_api_key="a", base_url="http://localhost:1/v1")


@cache
def resources(colour: str) -> dict[str, Any]:
    """Every resource object by its dotted path on the client."""
    base = SyncAPIResource if colour == "sync" else AsyncAPIResource
    found: dict[str, Any] = {}

    def walk(path: str, owner: Any) -> None:
        for name in dir(type(owner)):
            value = None if name.startswith(("_", "with_")) else inspect.getattr_static(type(owner), name)
            if value is None or not hasattr(value, "func"):
                continue
            child = getattr(owner, name)
            if isinstance(child, base):
                inner = f"{path}.{name}".lstrip(".")
                found[inner] = child
                walk(inner, child)

    walk("", client(colour))
    return found


def methods(resource: Any) -> dict[str, Any]:
    """The public methods of a resource's class, inherited ones too."""
    return {
        name: value
        for cls in reversed(type(resource).__mro__[:-1])
        for name, value in vars(cls).items()
        if not name.startswith("_") and inspect.isfunction(value) and cls not in (SyncAPIResource, AsyncAPIResource)
    }


def packages(root: str = "openai.types") -> Iterator[Any]:
    """Every package of types."""
    package = importlib.import_module(root)
    yield package
    for entry in pkgutil.iter_modules(package.__path__):
        if entry.ispkg:
            yield from packages(f"{root}.{entry.name}")


def modules(package: Any) -> Iterator[Any]:
    """The one-type modules right below a package."""
    for entry in pkgutil.iter_modules(package.__path__):
        if not entry.ispkg:
            yield importlib.import_module(f"{package.__name__}.{entry.name}")


def own_names(module: Any) -> list[str]:
    """The names a module defines: its classes, and the aliases it exports."""
    exported = set(getattr(module, "__all__", ()))
    return sorted(
        name
        for name, value in vars(module).items()
        if name in exported or (inspect.isclass(value) and value.__module__ == module.__name__)
    )

"""Providers: other houses that serve this API. A provider is data (where, with which credential) and, at most, a signer.

>>> from antiphon.providers import bedrock, vertex
>>> client = OpenAI(provider=vertex(project="my-project", location="global"))  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .bedrock_provider import bedrock as bedrock
    from .vertex_provider import vertex as vertex

__all__ = ["bedrock", "vertex"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{name}_provider"), name)
    globals()[name] = value
    return value

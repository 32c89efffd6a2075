"""References: the types an operation speaks of, by name, found when first needed, so that a call loads only its own."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from .model import caster

CASTERS: dict[str, Callable[[Any], Any]] = {}
"""What `caster_of` remembers."""


def resolve(reference: str) -> Any:
    """The type that `module:attribute` names below `antiphon.types`."""
    module, _, attribute = reference.partition(":")
    return getattr(import_module(f"antiphon.types.{module}"), attribute)


def caster_of(reference: str) -> Callable[[Any], Any]:
    """The function that sees decoded JSON as that type, remembered."""
    found = CASTERS.get(reference)
    if found is None:
        found = CASTERS[reference] = caster(resolve(reference))
    return found

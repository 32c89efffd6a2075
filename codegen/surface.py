"""The whole public surface as text: every generated file, unformatted."""

from __future__ import annotations

from .description import Description
from .emit.channels import modules
from .emit.operations import operations
from .emit.resources import client, package, resources
from .emit.types import types
from .name import places


def surface(description: Description) -> dict[str, str]:
    """The files, by path below `src/antiphon`."""
    homes = places(description)
    return {
        **operations(description),
        **resources(description, homes),
        "resources/__init__.py": package(description, homes),
        "resources/_client.py": client(description, homes),
        **types(description, homes),
        **modules(description, homes),
    }

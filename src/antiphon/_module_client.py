"""What `openai._module_client` has, for programs that import it; it lives elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .core.alias import lend

if TYPE_CHECKING:
    from .module_client import *  # noqa: F403

lend(globals())

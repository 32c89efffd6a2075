"""What `openai._version` has, for programs that import it; it lives elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .core.alias import lend

if TYPE_CHECKING:
    from . import __title__ as __title__
    from .version import __version__ as __version__

lend(globals())

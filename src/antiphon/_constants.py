"""What `openai._constants` has, for programs that import it; it lives elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .core.alias import lend

if TYPE_CHECKING:
    from .core.limits import DEFAULT_CONNECTION_LIMITS as DEFAULT_CONNECTION_LIMITS
    from .core.timeout import DEFAULT_TIMEOUT as DEFAULT_TIMEOUT
    from .settings import DEFAULT_MAX_RETRIES as DEFAULT_MAX_RETRIES

lend(globals())

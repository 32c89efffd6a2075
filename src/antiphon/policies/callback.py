"""A user's function that is told something: what it raises is logged, and never changes the outcome of a call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.effects import Invoke


async def tell(function: Callable[..., Any] | None, *facts: Any) -> None:
    """Call it, and await it where it can be; a failure of its own is logged and forgotten.

    Args:
        function: whom to tell; nobody where it is `None`.
        facts: what it is told.
    """
    if function is None:
        return
    try:
        answer = await Invoke(function, *facts)
        if hasattr(answer, "__await__"):
            answer.close()
            raise TypeError("a blocking client cannot await a coroutine function; give it a plain one")
    except Exception:
        import logging

        name = getattr(function, "__qualname__", type(function).__name__)
        logging.getLogger("antiphon").exception("%s failed; the call goes on", name)

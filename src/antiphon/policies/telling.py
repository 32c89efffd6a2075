"""What users are asked and told of an attempt that failed, and how their answers are taken.

Knows the shapes of what is told. Refuses to know why: each policy has its own reasons to ask.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.effects import Invoke, Read
from ..core.reply import Reply
from ..core.request import Request
from ..errors import APIConnectionError

BODY_KEPT = 1024 * 1024
"""Bytes of a refusal that are read."""


async def asked(function: Callable[..., Any], outcome: Reply | APIConnectionError, *before: Any) -> Any:
    """What a user's function makes of an outcome's error."""
    from ..core.notice import bare_error

    await whole(outcome)
    return settled(await Invoke(function, *before, bare_error(outcome)))


async def tell(
    function: Callable[[Any], Any],
    outcome: Reply | APIConnectionError,
    attempt: Request,
    number: int,
    delay: float,
    call: int,
) -> None:
    """Tell a user's function that an attempt is repeated; a reply's body has been read. `call`: which one it is of."""
    from ..core.notice import request_info, retry_info

    settled(await Invoke(function, retry_info(outcome, request_info(attempt, number, call), delay)))


def call_number() -> int:
    """A number for a call that somebody is told of."""
    from ..core.notice import numbers

    return next(numbers)


async def whole(outcome: Reply | APIConnectionError) -> None:
    """Have the body of a refusal read, as far as it goes."""
    if isinstance(outcome, Reply) and not outcome.is_read:
        try:
            await Read(outcome, BODY_KEPT)
        except APIConnectionError:
            outcome.content = b""


def settled(answer: Any) -> Any:
    """What a user's function gave.

    Raises:
        TypeError: a coroutine function was called, and nobody awaited it: the client is a blocking one.
    """
    if hasattr(answer, "__await__"):
        if hasattr(answer, "close"):
            answer.close()
        raise TypeError("a blocking client cannot await; give it a plain function, or use the async client")
    return answer

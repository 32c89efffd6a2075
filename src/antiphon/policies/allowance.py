"""Allowance: how many retries a client asks for, said on each of its calls, because policies that change hold no number of its own.

Knows one number. Refuses to know who heeds it.
"""

from __future__ import annotations

from typing import ClassVar, Self

from ..core.reply import Reply
from ..core.request import Request
from .chain import PLACES, Forward
from .machines.number import whole


class Allowance:
    """Says on each call how many retries it may have, unless the call says so itself.

    >>> Allowance(0)
    Allowance(max_retries=0)

    Args:
        max_retries: how many attempts may follow the first; 0 or more.

    Raises:
        ValueError, TypeError: that cannot be right.
    """

    place: ClassVar[int] = PLACES["Live"] - 1

    def __init__(self, max_retries: int) -> None:
        self.max_retries = whole("max_retries", max_retries)

    def allowing(self, max_retries: int) -> Self:
        """The same with another number."""
        return type(self)(max_retries)

    def __repr__(self) -> str:
        return f"Allowance(max_retries={self.max_retries})"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        if request.max_retries is None:
            request.max_retries = self.max_retries
        return await forward(request)

"""Deadline: one bound over everything a call does: waiting, retries, and the body."""

from __future__ import annotations

from typing import ClassVar

from ..core.effects import Now
from ..core.reply import Reply
from ..core.request import Request
from .chain import PLACES, Forward
from .machines.number import is_number


class Deadline:
    """Ends the whole call after so many seconds, whatever it is doing.

    Args:
        seconds: from the start of the call to the last byte of its reply; more than 0.

    Raises:
        ValueError, TypeError: it cannot be right.
    """

    place: ClassVar[int] = PLACES["Deadline"]

    def __init__(self, seconds: float) -> None:
        if not is_number(seconds):
            raise TypeError(f"a deadline must be a number of seconds; got {type(seconds).__name__}")
        if not seconds > 0:
            raise ValueError(f"a deadline must be more than 0 seconds; got {seconds}")
        self.seconds = seconds

    def __repr__(self) -> str:
        return f"Deadline({self.seconds} s)"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        end = await Now() + self.seconds
        request.deadline = end if request.deadline is None else min(end, request.deadline)
        return await forward(request)

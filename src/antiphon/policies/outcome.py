"""Outcome: a reply whose status is no success becomes its typed error. The outermost judgement of every chain."""

from __future__ import annotations

from ..core.effects import Read
from ..core.reply import Reply
from ..core.request import Request
from .chain import Forward


async def judge(request: Request, forward: Forward) -> Reply:
    """The reply, if it is a success.

    Raises:
        APIStatusError: it is not; of an open body as much is read as an error may need.
    """
    reply = await forward(request)
    if 200 <= reply.status_code < 300:
        return reply
    # Loaded with the first failure: a client that was only made need not know how to read one.
    from ..core.decode import status_error
    from ..core.limits import DEFAULT_WIRE_LIMITS

    if not reply.is_read:
        await Read(reply, DEFAULT_WIRE_LIMITS.error_body)
    raise status_error(reply)

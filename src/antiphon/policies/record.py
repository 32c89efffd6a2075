"""Record: the innermost step of a chain; notes each attempt in the trace, with what came of it."""

from __future__ import annotations

from ..core.reply import Reply
from ..core.request import Request
from ..errors import APIConnectionError
from .chain import Forward


async def record(request: Request, forward: Forward) -> Reply:
    """Send, and note it; a request that no call stands behind is somebody's aside and not noted."""
    trace = request.trace
    if trace is None:
        return await forward(request)
    # Loaded with the first attempt that is noted: a client whose calls go well needs it not.
    from .subject import endpoint_of

    trace.attempts += 1
    try:
        reply = await forward(request)
    except APIConnectionError as failure:
        trace.note("attempt", type(failure).__name__, endpoint=endpoint_of(request), phase=failure.phase)
        raise
    trace.note("attempt", str(reply.status_code), endpoint=endpoint_of(request))
    return reply

"""Outcome: a reply whose status is no success becomes its typed error. The outermost judgement of every chain."""

from __future__ import annotations

from collections.abc import Callable

from ..core.effects import Read
from ..core.reply import Reply
from ..core.request import Request
from ..core.trace import Trace
from ..errors import APIError
from .chain import Forward


class Judge:
    """Lets a success pass, and makes an error of anything else. Reply and error carry the trace of what was decided.

    Args:
        error_of: makes the error of a reply, read as far as an error may need; the typed ones when left out.
        now: reads the clock that calls go by, for policies that want to know the time often.

    Raises:
        APIStatusError: the status is no success.
    """

    def __init__(
        self,
        error_of: Callable[[Reply], BaseException] | None = None,
        now: Callable[[], float] | None = None,
    ) -> None:
        self._error_of = error_of
        self._now = now

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        trace = request.trace
        if trace is None:
            trace = request.trace = Trace()
            request.now = self._now
        try:
            reply = await forward(request)
        except APIError as failure:
            failure.trace = trace
            raise
        reply.trace = trace
        if 200 <= reply.status_code < 300:
            return reply
        # Loaded with the first failure: a client that was only made need not know how to read one.
        from ..core.decode import status_error
        from ..core.limits import DEFAULT_WIRE_LIMITS

        if not reply.is_read:
            await Read(reply, DEFAULT_WIRE_LIMITS.error_body)
        error = (self._error_of or status_error)(reply)
        if isinstance(error, APIError):
            error.trace = trace
            _remark(error, trace)
        raise error


def _remark(error: APIError, trace: Trace) -> None:
    """Say on the error what else would have been done about it."""
    from .machines.course import BUDGET, USED_UP

    said = trace.of("Retry")
    if said and said[-1].get("reason") == BUDGET:
        error.add_note(USED_UP)

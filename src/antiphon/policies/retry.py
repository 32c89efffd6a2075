"""Retry: another attempt where waiting can help, with exactly the official client's rules by default."""

from __future__ import annotations

from ..core.effects import Discard, Now, Random, Read, Sleep, Wall
from ..core.headers import Headers
from ..core.reply import Reply
from ..core.request import Request
from ..errors import APIConnectionError, DeadlineExceeded, TLSError
from .chain import Forward
from .machines.backoff import LONGEST_HINT, Backoff, retry_after
from .machines.verdict import should_retry

_BODY_KEPT = 1024 * 1024


class Retry:
    """Tries again after 408, 409, 429, 5xx and connection failures, with backoff and the server's own hints.

    >>> Retry(3)
    Retry(max_retries=3, initial=0.5 s, longest=8.0 s)

    An attempt is retried only before its reply reached the caller: never in the middle of a stream. A certificate that is
    not trusted, an exhausted quota, and a body that cannot be sent again are not retried. Where the next attempt could not
    begin before the request's deadline, the failure at hand is raised at once.

    Args:
        max_retries: how many attempts may follow the first; 0 or more.
        initial: seconds before the first retry.
        longest: seconds no computed pause exceeds.
    """

    only_failures = True

    def __init__(self, max_retries: int = 2, *, initial: float = 0.5, longest: float = 8.0) -> None:
        if max_retries < 0:
            raise ValueError(f"max_retries must be 0 or more; got {max_retries}")
        self.max_retries = max_retries
        self.backoff = Backoff(initial, longest)

    def __repr__(self) -> str:
        b = self.backoff
        return f"Retry(max_retries={self.max_retries}, initial={b.initial} s, longest={b.longest} s)"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        allowed = self.max_retries if request.max_retries is None else request.max_retries
        taken = 0
        attempt = request
        while True:
            hint: float | None = None
            try:
                reply = await forward(attempt)
            except APIConnectionError as failure:
                failure.attempts = taken + 1
                if taken >= allowed or isinstance(failure, (TLSError, DeadlineExceeded)) or not request.rewind():
                    raise
                delay = await self._pause(taken, None)
                if await _past_deadline(request, delay):
                    raise
            else:
                reply.retries_taken = taken
                if reply.status_code < 400 or taken >= allowed:
                    return reply
                hint = retry_after(reply.headers, await Wall() if "retry-after" in reply.headers else 0.0)
                if not should_retry(reply.status_code, reply.headers, hint, await _code(reply)) or not request.rewind():
                    return reply
                delay = await self._pause(taken, hint)
                if await _past_deadline(request, delay):
                    return reply
                await Discard(reply)
            await Sleep(delay)
            taken += 1
            attempt = _counted(request, taken)

    async def _pause(self, taken: int, hint: float | None) -> float:
        if hint is not None and 0 < hint <= LONGEST_HINT:
            return hint
        return self.backoff.delay(taken, random=await Random())


async def _past_deadline(request: Request, delay: float) -> bool:
    return request.deadline is not None and await Now() + delay >= request.deadline


async def _code(reply: Reply) -> str | None:
    """The `error.code` of a 429, which alone tells a full quota from a busy minute."""
    if reply.status_code != 429:
        return None
    # Loaded with the first 429, not with every client.
    from ..core.json import JSONError, decode_json

    content = reply.content if reply.is_read else await Read(reply, _BODY_KEPT)
    try:
        body = decode_json(content)
        code = body["error"]["code"]
    except (JSONError, TypeError, KeyError):
        return None
    return code if isinstance(code, str) else None


def _counted(request: Request, taken: int) -> Request:
    """The same request, telling the server which attempt it is (unless the caller set or removed that field)."""
    if request.headers.get("x-stainless-retry-count") != "0":
        return request
    headers = Headers(request.headers)
    headers["x-stainless-retry-count"] = str(taken)
    return request.replace(headers=headers)

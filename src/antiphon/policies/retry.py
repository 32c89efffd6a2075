"""Retry: another attempt where waiting can help, with exactly the official client's rules by default."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Self

from ..core.effects import Discard, Invoke, Now, Random, Read, Sleep, Wall
from ..core.headers import Headers
from ..core.reply import Reply
from ..core.request import Request
from ..core.resource import spelled
from ..errors import APIConnectionError, APIError, DeadlineExceeded, TLSError
from .chain import Forward
from .machines.backoff import LONGEST_HINT, Backoff, retry_after
from .machines.number import is_number, seconds, whole
from .machines.verdict import should_retry

if TYPE_CHECKING:
    from ..core.notice import RetryInfo
    from .machines.budget import RetryBudget
    from .machines.choice import Choice

_BODY_KEPT = 1024 * 1024

RetryOn = Iterable[int | type[APIError]] | Callable[[APIError], Any]
"""What is repeated: statuses and kinds of errors, or a function of the error at hand."""
Delay = float | Sequence[float] | Callable[[int, APIError], Any]
"""Seconds to pause: always the same, one after another (the last one repeats), or a function of attempt and error."""


class Retry:
    """Tries again after 408, 409, 429, 5xx and connection failures, with backoff and the server's own hints.

    >>> Retry(3)
    Retry(max_retries=3, initial=0.5 s, longest=8.0 s)
    >>> Retry(3, retry_on={429, 503}, delay=2)
    Retry(max_retries=3, on 429, 503, delay=2 s)

    An attempt is retried only before its reply reached the caller: never in the middle of a stream. A certificate that is
    not trusted, an exhausted quota, and a body that cannot be sent again are not retried. Where the next attempt could not
    begin before the request's deadline, the failure at hand is raised at once.

    Args:
        max_retries: how many attempts may follow the first; 0 or more.
        initial: seconds before the first retry.
        longest: seconds no computed pause exceeds.
        jitter: the share of a computed pause that chance may take away, from 0 to 1; `True` for the default of 0.25, `False`
            for none.
        retry_on: what is repeated, instead of the rules above: statuses and subclasses of `APIError`, or a function of the
            error at hand that says `True`, `False`, or `None` for the rules. A server that says `x-should-retry: false` or
            asks for more than two minutes is heeded before a set, and an exhausted quota is in none; a function is asked about
            all but the two minutes and the deadline.
        delay: seconds to pause instead of the backoff: a number, numbers one after another (the last repeats), or a function of
            the attempt's number (from 1) and its error. Never less than the server asks for.
        on_retry: called with a `RetryInfo` before each pause; what it raises ends the call.
        budget: how many retries all calls that share this policy may make together.

    `retry_on`, `delay` and `on_retry` may be coroutine functions under an async client. The first two go before what a client's
    subclass says in `_should_retry` and `_calculate_retry_timeout`.

    Raises:
        ValueError, TypeError: an argument that cannot be right, e.g. a pause below 0, or a status outside of a set.
    """

    only_failures = True

    @spelled
    def __init__(
        self,
        max_retries: int = 2,
        *,
        initial: float = 0.5,
        longest: float = 8.0,
        jitter: float = 0.25,
        retry_on: RetryOn | None = None,
        delay: Delay | None = None,
        on_retry: Callable[[RetryInfo], Any] | None = None,
        budget: RetryBudget | None = None,
    ) -> None:
        self.max_retries = whole("max_retries", max_retries)
        self.backoff = Backoff(seconds("initial", initial), seconds("longest", longest), _share(jitter))
        self.retry_on = _chosen(retry_on)
        self.delay: tuple[float, ...] | Callable[[int, APIError], Any] | None = _checked(delay)
        if on_retry is not None and not callable(on_retry):
            raise TypeError(f"on_retry must be a function; got {type(on_retry).__name__}")
        self.on_retry = on_retry
        if budget is not None and (isinstance(budget, type) or not hasattr(budget, "spend")):
            raise TypeError(f"budget must be a RetryBudget(…), made once; got {budget!r}")
        self.budget = budget
        if budget is not None:
            # It lives on successes, so they must be seen.
            self.only_failures = False

    def allowing(self, max_retries: int) -> Self:
        """The same policy with another number of retries; it draws on the same budget."""
        from copy import copy

        other = copy(self)
        other.max_retries = whole("max_retries", max_retries)
        return other

    def __repr__(self) -> str:
        return f"Retry({', '.join(self._said())})"

    def _said(self) -> Iterable[str]:
        b = self.backoff
        yield f"max_retries={self.max_retries}"
        if self.retry_on is not None:
            yield f"on {_named(self.retry_on)}"
        if self.delay is None:
            yield f"initial={b.initial} s, longest={b.longest} s"
            if b.jitter != Backoff().jitter:
                yield f"jitter={b.jitter:g}"
        else:
            yield f"delay={_named(self.delay) if callable(self.delay) else ', '.join(map(str, self.delay)) + ' s'}"
        if self.on_retry is not None:
            yield f"on_retry={_named(self.on_retry)}"
        if self.budget is not None:
            yield f"budget={self.budget!r}"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        allowed = self.max_retries if request.max_retries is None else request.max_retries
        taken = 0
        attempt = request
        while True:
            try:
                reply = await forward(attempt)
            except APIConnectionError as failure:
                failure.attempts = taken + 1
                if taken >= allowed or not await self._heals(failure) or not request.rewind():
                    raise
                delay = await self._seconds(request, allowed, taken, failure, None)
                if await _past_deadline(request, delay):
                    raise
                if not await self._granted():
                    failure.add_note("it was not tried again: the retry budget is used up")
                    raise
                if self.on_retry is not None:
                    await self._tell(failure, attempt, taken, delay)
            else:
                reply.retries_taken = taken
                if reply.status_code < 400:
                    if self.budget is not None:
                        self.budget.earn()
                    return reply
                if taken >= allowed:
                    return reply
                hint = retry_after(reply.headers, await Wall() if "retry-after" in reply.headers else 0.0)
                if not await self._repeats(reply, hint) or not request.rewind():
                    return reply
                delay = await self._seconds(request, allowed, taken, reply, hint)
                if await _past_deadline(request, delay) or not await self._granted():
                    return reply
                await self._leave(reply, attempt, taken, delay)
            await Sleep(delay)
            taken += 1
            attempt = _counted(request, taken)

    async def _heals(self, failure: APIConnectionError) -> bool:
        """Whether another attempt may help after a failure."""
        if isinstance(failure, DeadlineExceeded):
            return False
        chosen = self.retry_on
        if callable(chosen):
            said = await self._asked(chosen, failure)
            if said is not None:
                return bool(said)
        elif chosen is not None:
            return chosen.has_failure(failure)
        return not isinstance(failure, TLSError)

    async def _repeats(self, reply: Reply, hint: float | None) -> bool:
        """Whether another attempt follows a reply: as the user says, and where the user says nothing by the rules."""
        chosen = self.retry_on
        if callable(chosen):
            said = None if hint is not None and hint > LONGEST_HINT else await self._asked(chosen, reply)
            if said is not None:
                return bool(said)
        elif chosen is not None:
            named = chosen.has_status(reply.status_code)
            return should_retry(reply.status_code, reply.headers, hint, await _code(reply), named)
        return await self._wanted(reply, hint)

    async def _wanted(self, reply: Reply, hint: float | None) -> bool:
        """Whether another attempt may help after a reply, by the rules alone."""
        return should_retry(reply.status_code, reply.headers, hint, await _code(reply))

    async def _seconds(
        self, request: Request, allowed: int, taken: int, outcome: Reply | APIConnectionError, hint: float | None
    ) -> float:
        """Seconds to wait before the next attempt: the user's, else those of the rules."""
        own = self.delay
        if own is None:
            return seconds("a pause", await self._pause(request, allowed, taken, outcome, hint))
        if callable(own):
            pause = seconds(f"a pause that {_named(own)} gives", await self._asked(own, outcome, taken + 1))
        else:
            pause = own[min(taken, len(own) - 1)]
        return pause if hint is None or hint > LONGEST_HINT else max(pause, hint)

    async def _pause(
        self, request: Request, allowed: int, taken: int, outcome: Reply | APIConnectionError, hint: float | None
    ) -> float:
        """Seconds to wait before the next attempt, by the rules alone."""
        if hint is not None and 0 < hint <= LONGEST_HINT:
            return hint
        return self.backoff.delay(taken, random=await Random())

    async def _asked(self, function: Callable[..., Any], outcome: Reply | APIConnectionError, *before: Any) -> Any:
        """What a user's function makes of an outcome's error."""
        from ..core.notice import bare_error

        await _whole(outcome)
        return settled(await Invoke(function, *before, bare_error(outcome)))

    async def _granted(self) -> bool:
        return self.budget is None or self.budget.spend(await Now())

    async def _leave(self, reply: Reply, attempt: Request, taken: int, delay: float) -> None:
        """Have done with a reply that is not the last one."""
        if self.on_retry is not None:
            await _whole(reply)
        await Discard(reply)
        if self.on_retry is not None:
            await self._tell(reply, attempt, taken, delay)

    async def _tell(self, outcome: Reply | APIConnectionError, attempt: Request, taken: int, delay: float) -> None:
        from ..core.notice import request_info, retry_info

        assert self.on_retry is not None
        settled(await Invoke(self.on_retry, retry_info(outcome, request_info(attempt, taken + 1), delay)))


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


def _share(jitter: Any) -> float:
    """The part of a pause that chance may take away."""
    if isinstance(jitter, bool):
        return Backoff().jitter if jitter else 0.0
    if not is_number(jitter):
        raise TypeError(f"jitter must be a number from 0 to 1, or True or False; got {jitter!r}")
    if not 0 <= jitter <= 1:
        raise ValueError(f"jitter must be from 0 to 1; got {jitter}")
    return float(jitter)


def _chosen(named: RetryOn | None) -> Choice | Callable[[APIError], Any] | None:
    """What is repeated; a lone status or class belongs into a set, lest a class be taken for a function."""
    if named is None or (callable(named) and not isinstance(named, type)):
        return named
    from .machines.choice import Choice

    return Choice.of(named)


def _checked(delay: Delay | None) -> tuple[float, ...] | Callable[[int, APIError], Any] | None:
    if delay is None or (callable(delay) and not isinstance(delay, type)):
        return delay
    if isinstance(delay, (str, bytes)) or not isinstance(delay, Iterable):
        return (seconds("delay", delay),)
    each = tuple(seconds("each delay", one) for one in delay)
    if not each:
        raise ValueError("delay must be one or more numbers of seconds; got none")
    return each


def _named(value: Any) -> str:
    return str(getattr(value, "__qualname__", None) or value)


async def _past_deadline(request: Request, delay: float) -> bool:
    return request.deadline is not None and await Now() + delay >= request.deadline


async def _whole(outcome: Reply | APIConnectionError) -> None:
    """Have the body of a refusal read, as far as it goes."""
    if isinstance(outcome, Reply) and not outcome.is_read:
        try:
            await Read(outcome, _BODY_KEPT)
        except APIConnectionError:
            outcome.content = b""


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

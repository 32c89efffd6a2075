"""Retry: another attempt where waiting can help, with exactly the official client's rules by default.

What it is told, and the way of a call that succeeds. The way of one that fails is `repetition`, loaded with the first failure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from ..core.effects import Random
from ..core.later import Later
from ..core.omit import NotGiven, not_given
from ..core.reply import Reply
from ..core.request import Request
from ..core.resource import spelled
from ..errors import APIConnectionError, APIError
from ..errors.policy import PolicyError
from .chain import PLACES, Forward
from .machines.backoff import LONGEST_HINT, Backoff, beyond, share
from .machines.number import seconds, whole

if TYPE_CHECKING:
    from ..core.notice import RetryInfo
    from . import fact, repetition, subject
    from .machines import choice, rule
    from .machines.budget import RetryBudget
    from .machines.choice import Delay, RetryOn
    from .machines.rule import Rule, Rules
else:
    # What judges a failure is loaded with the first one, not with every client.
    fact, repetition, subject = (Later(f"{__package__}.{name}") for name in ("fact", "repetition", "subject"))
    choice, rule = (Later(f"{__package__}.machines.{name}") for name in ("choice", "rule"))


class Retry:
    """Tries again after 408, 409, 429, 5xx and connection failures, with backoff and the server's own hints.

    >>> Retry(3)
    Retry(max_retries=3, initial=0.5 s, longest=8.0 s)
    >>> Retry(3, retry_on={429, 503}, delay=2)
    Retry(max_retries=3, on 429, 503, delay=2 s)

    An attempt is retried only before its reply reached the caller: never in the middle of a stream. With `first_event` a stream
    is not handed out before its first event has come, and one that ends or breaks before that is retried. A certificate that is
    not trusted, an exhausted quota, and a body that cannot be sent again are not retried. Where the next attempt could not
    begin before the request's deadline, the failure at hand is raised at once.

    Args:
        max_retries: how many attempts may follow the first; 0 or more. `None`, with `patient`: as many as it takes.
        initial: seconds before the first retry.
        longest: seconds no computed pause exceeds.
        jitter: the share of a computed pause that chance may take away, from 0 to 1; "full" for 1, `True` for 0.25, `False` for
            none. Left out, it is 0.25 under the official rules and 1 under others.
        retry_on: what is repeated, instead of the rules: statuses and subclasses of `APIError`, or a function of the
            error at hand that says `True`, `False`, or `None` for the rules. A server that says `x-should-retry: false` or
            asks for more than two minutes is heeded before a set, and an exhausted quota is in none; a function is asked about
            all but the two minutes and the deadline.
        delay: seconds to pause instead of the backoff: a number, numbers one after another (the last repeats), or a function of
            the attempt's number (from 1) and its error. Never less than the server asks for.
        on_retry: called with a `RetryInfo` before each pause; what it raises ends the call.
        budget: how many retries all calls that share this policy may make together at an endpoint.
        rules: what is repeated: `OFFICIAL_RULES`, `RELIABLE_RULES`, or a table of your own.
        ambiguous: what becomes of a request to a model that broke off after it was sent: "retry", which may cost twice, or
            "raise". The official rules always retry.
        max_retry_after: seconds; a server that asks for a longer pause is not waited for.
        first_event: whether a stream counts as begun with its first event, and not with its head. A call that streams then
            returns when that is there.
        patient: wait for whatever says when it will be over, up to the deadline: long pauses a server asks for, a budget that is
            used up, an open circuit, a limiter without room.

    `retry_on`, `delay` and `on_retry` may be coroutine functions under an async client. The first two go before what a client's
    subclass says in `_should_retry` and `_calculate_retry_timeout`.

    Raises:
        ValueError, TypeError: an argument that cannot be right, e.g. a pause below 0, or a status outside of a set.
    """

    only_failures = True
    place: ClassVar[int] = PLACES["Retry"]

    @spelled
    def __init__(
        self,
        max_retries: int | None = 2,
        *,
        initial: float = 0.5,
        longest: float = 8.0,
        jitter: float | Literal["full"] | NotGiven = not_given,
        retry_on: RetryOn | None = None,
        delay: Delay | None = None,
        on_retry: Callable[[RetryInfo], Any] | None = None,
        budget: RetryBudget | None = None,
        rules: Rules | Iterable[Rule] | None = None,
        ambiguous: Literal["retry", "raise"] = "retry",
        max_retry_after: float = LONGEST_HINT,
        first_event: bool = False,
        patient: bool = False,
    ) -> None:
        if max_retries is None and not patient:
            raise TypeError("max_retries=None, as many as it takes, goes with patient=True and a deadline")
        self.max_retries = None if max_retries is None else whole("max_retries", max_retries)
        self._rules = None if rules is None else rule.table(rules)
        self.is_official = self._rules is None or self._rules.official
        """Whether hints and pauses are the official client's."""
        chance = self._usual_jitter if isinstance(jitter, NotGiven) else share(jitter)
        self.backoff = Backoff(seconds("initial", initial), seconds("longest", longest), chance)
        self.retry_on = None if retry_on is None else choice.chosen(retry_on)
        self.delay: tuple[float, ...] | Callable[[int, APIError], Any] | None = (
            None if delay is None else choice.pauses(delay)
        )
        if on_retry is not None and not callable(on_retry):
            raise TypeError(f"on_retry must be a function; got {type(on_retry).__name__}")
        self.on_retry = on_retry
        if budget is not None and (isinstance(budget, type) or not hasattr(budget, "reserve")):
            raise TypeError(f"budget must be a RetryBudget(…), made once; got {budget!r}")
        self.budget = budget
        if ambiguous not in ("retry", "raise"):
            raise ValueError(f'ambiguous must be "retry" or "raise"; got {ambiguous!r}')
        self.ambiguous = ambiguous
        self.max_retry_after = seconds("max_retry_after", max_retry_after)
        self.first_event = bool(first_event)
        self.patient = bool(patient)
        if budget is not None or first_event or not self.is_official:
            # A budget lives on successes; and what claims to be one is looked at. So they must be seen.
            self.only_failures = False

    @property
    def rules(self) -> Rules:
        """What is repeated, where the user says nothing else."""
        return rule.OFFICIAL_RULES if self._rules is None else self._rules

    @property
    def _usual_jitter(self) -> float:
        return Backoff().jitter if self.is_official else 1.0

    def allowing(self, max_retries: int) -> Self:
        """The same policy with another number of retries; it draws on the same budget."""
        if max_retries == self.max_retries:
            return self
        from copy import copy

        other = copy(self)
        other.max_retries = whole("max_retries", max_retries)
        return other

    def __repr__(self) -> str:
        return f"Retry({', '.join(self._said())})"

    def _said(self) -> Iterable[str]:
        b = self.backoff
        yield "as often as it takes" if self.max_retries is None else f"max_retries={self.max_retries}"
        if self.retry_on is not None:
            yield f"on {choice.called(self.retry_on)}"
        if self._rules is not None:
            yield f"rules={self.rules}"
        if self.delay is None:
            yield f"initial={b.initial} s, longest={b.longest} s"
            if b.jitter != self._usual_jitter:
                yield f"jitter={b.jitter:g}"
        else:
            yield f"delay={choice.called(self.delay) if callable(self.delay) else ', '.join(map(str, self.delay)) + ' s'}"
        if self.max_retry_after != LONGEST_HINT:
            yield f"max_retry_after={self.max_retry_after:g} s"
        if self.ambiguous != "retry":
            yield f"ambiguous={self.ambiguous}"
        if self.first_event:
            yield "first_event"
        if self.patient:
            yield "patient"
        if self.on_retry is not None:
            yield f"on_retry={choice.called(self.on_retry)}"
        if self.budget is not None:
            yield f"budget={self.budget!r}"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        attempt, course = request, None
        if not self.is_official and request.method == "POST" and not fact.may_repeat(request):
            request.only_once = True
        while True:
            try:
                reply = await forward(attempt)
                if course is None and self.only_failures and reply.status_code < 400:
                    return reply
                begun = not self.first_event or reply.is_read or await fact.begins(reply, request)
            except (APIConnectionError, PolicyError) as failure:
                course = course or repetition.Repetition(self, request)
                if (again := await course.after(failure, attempt)) is None:
                    told = course.last(failure) if isinstance(failure, PolicyError) else None
                    if isinstance(told, Reply):
                        return told
                    if told is not None:
                        try:
                            raise told
                        finally:
                            del told  # an exception that its own frame holds is left to the collector
                    raise
            else:
                reply.retries_taken = 0 if course is None else course.taken
                if reply.status_code < 400 and begun and (self.is_official or not fact.is_flawed(reply, request)):
                    if self.budget is not None:
                        self.budget.earn(subject.endpoint_of(reply.request))
                    return reply
                course = course or repetition.Repetition(self, request)
                if (again := await course.after(reply, attempt)) is None:
                    return reply
            attempt = again

    async def _wanted(self, reply: Reply, wanted: bool) -> bool:
        """Whether another attempt may help after a reply; by the rules alone, it may if they say so."""
        return wanted

    async def _pause(
        self,
        request: Request,
        allowed: int,
        taken: int,
        outcome: Reply | APIConnectionError,
        hint: float | None,
        throttled: bool = False,
    ) -> float:
        """Seconds to wait before the next attempt, by the rules alone; `throttled`: the server is busy."""
        if hint is not None and self.heeds(hint):
            return hint if self.is_official else beyond(hint, random=await Random())
        backoff = self.backoff.throttled() if throttled else self.backoff
        return backoff.delay(taken, random=await Random())

    def heeds(self, hint: float) -> bool:
        """Whether a server that asks for so many seconds is waited for."""
        return hint > 0 and (hint <= self.max_retry_after or self.patient)

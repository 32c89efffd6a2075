"""The way of a call that failed: whether another attempt follows, when, and what is noted of that.

One object for each call, made with its first failure. Knows the order in which table, user, deadline and budget are asked;
refuses to know what they say, which is theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.effects import Discard, Now, Random, Sleep, Wall
from ..core.headers import Headers
from ..core.reply import Reply
from ..core.request import Request
from ..errors import APIConnectionError, DeadlineExceeded
from ..errors.policy import BulkheadFull, CircuitOpen, NoTarget, PolicyError, RateLimited
from . import fact
from .machines.backoff import beyond, retry_after
from .machines.choice import called
from .machines.course import BUDGET, SPENT, UNBOUNDED, USED_UP, Course
from .machines.effect import is_ambiguous
from .machines.number import seconds
from .machines.rule import NAMED, UNNAMED, Facts, Rule
from .subject import endpoint_of
from .telling import asked, call_number, tell, whole

if TYPE_CHECKING:
    from .retry import Retry

Outcome = Reply | APIConnectionError
_NOT_NOW = (CircuitOpen, BulkheadFull, RateLimited, NoTarget)
"""Refusals that say nothing about the request, and less than what an attempt before came to."""
_LOOK = 5.0
"""Seconds between two looks at a budget that is used up."""
_SOON = 0.1
"""Seconds. Who is told to come back at once comes back a little later."""


class Repetition:
    """The attempts of one call that has failed at least once.

    Args:
        policy: whose rules, pauses and budget.
        request: what is asked.
    """

    def __init__(self, policy: Retry, request: Request) -> None:
        own = policy.max_retries if request.max_retries is None else request.max_retries
        self._policy = policy
        self._request = request
        self._course = Course(UNBOUNDED if own is None else own, patient=policy.patient)
        self._number = 0 if policy.on_retry is None else call_number()
        self._reserved: str | None = None
        """The endpoint whose budget the next attempt was taken from."""
        self._place = 0.0
        """Where it stands in that budget's line."""
        self._told: Outcome | None = None
        """What the last attempt that was sent came to."""
        self._unclear = False
        """Whether one of those before may have been carried out."""

    @property
    def taken(self) -> int:
        """How many retries counted."""
        return self._course.taken

    async def after(self, outcome: Outcome | PolicyError, attempt: Request) -> Request | None:
        """The next attempt, when it is time for it; `None` where none follows."""
        if isinstance(outcome, PolicyError):
            return attempt if await self._outwaited(outcome) else None
        course = self._course
        course.attempts += 1
        if isinstance(outcome, APIConnectionError):
            outcome.attempts = course.attempts
        self._reserved = None
        delay = await self._delay(outcome, attempt)
        if delay is None or not await self._waited(outcome, attempt, delay):
            if self._unclear and isinstance(outcome, APIConnectionError):
                outcome.sent = "maybe"
            return None
        # Without its frames, which hold this object.
        self._told = outcome if isinstance(outcome, Reply) else outcome.with_traceback(None)
        self._unclear = self._unclear or _is_unclear(outcome)
        return attempt if course.is_free else _counted(self._request, course.taken)

    def last(self, refusal: PolicyError) -> Outcome | None:
        """What the call comes to where a policy refused the next attempt: what was heard of the one before, if any was sent.

        A refusal alone would say that nothing was sent at all.
        """
        told, self._told = self._told, None
        if told is None or not isinstance(refusal, _NOT_NOW):
            return None
        self._give_back()
        self._note("stop", type(refusal).__name__)
        if isinstance(told, Reply):
            if not told.is_read:
                told.content = b""
        elif self._unclear:
            told.sent = "maybe"
        return told

    # -- whether, and when ---------------------------------------------------------------------------------------------

    async def _delay(self, outcome: Outcome, attempt: Request) -> float | None:
        """Seconds until the next attempt, for which all that it takes is taken; `None` where none follows."""
        course, hint, trace = self._course, None, self._request.trace
        if trace is not None and trace.is_spent:
            self._note("stop", f"{trace.attempts} attempts were made")
            return None
        if isinstance(outcome, Reply):
            if course.is_spent:  # so its body need not be read
                self._note("stop", SPENT)
                return None
            hint = await self._hint(outcome)
        rule = await self._judged(outcome, hint)
        endpoint = endpoint_of(_sent(outcome, attempt))
        objection = course.objection(rule, endpoint)
        if objection is None and not self._request.rewind():
            objection = "the body cannot be sent again"
        delay = 0.0
        if objection is None and not course.is_free:
            delay = await self._seconds(outcome, hint, rule)
        if objection is None:
            delay, objection = await self._afforded(outcome, endpoint, delay)
        if objection is not None:
            self._note("stop", objection)
            return None
        course.go()
        self._note("again", rule.reason, seconds=delay)
        return delay

    async def _afforded(self, outcome: Outcome, endpoint: str, delay: float) -> tuple[float, str | None]:
        """The pause that deadline and budget leave room for; and why they leave none, where that is so."""
        budget, deadline = self._policy.budget, self._request.deadline
        if budget is None and deadline is None:
            return delay, None
        now = await Now()
        if deadline is not None and now + delay >= deadline:
            return delay, "the deadline is near"
        if budget is None:
            return delay, None
        place = budget.reserve(now, endpoint) if self._policy.patient else 0.0
        if place is None or not (self._policy.patient or budget.spend(now, endpoint)):
            return delay, self._denied(outcome)
        self._reserved, self._place = endpoint, place
        return delay, None

    def _denied(self, outcome: Outcome) -> str:
        if isinstance(outcome, APIConnectionError):
            outcome.add_note(USED_UP)
        return BUDGET

    async def _judged(self, outcome: Outcome, hint: float | None) -> Rule:
        """The rule that decides: what the user says, and where the user says nothing the table."""
        policy, named = self._policy, None
        facts, choice = await self._facts(outcome, hint), policy.retry_on
        if isinstance(outcome, Reply) and outcome.status_code < 400:
            choice = None  # nobody spoke of successes
        if callable(choice):
            if not facts.too_long and not isinstance(outcome, DeadlineExceeded):
                said = await asked(choice, outcome)
                if said is not None:
                    return NAMED if said else UNNAMED
        elif choice is not None:
            if isinstance(outcome, Reply):
                named = choice.has_status(outcome.status_code)
            else:
                named = choice.has_failure(outcome)
        rule = policy.rules.judge(facts, named)
        if isinstance(outcome, APIConnectionError) or named is not None:
            return rule
        wanted = await policy._wanted(outcome, not rule.stops)  # pyright: ignore[reportPrivateUsage]
        return rule if wanted != rule.stops else NAMED if wanted else UNNAMED

    async def _facts(self, outcome: Outcome, hint: float | None) -> Facts:
        policy = self._policy
        too_long = hint is not None and hint > policy.max_retry_after and not policy.patient
        if policy.is_official:
            if isinstance(outcome, Reply):
                return await fact.official_of_reply(outcome, too_long=too_long)
            return fact.official_of_failure(outcome)
        rash = policy.ambiguous == "retry"
        if isinstance(outcome, Reply):
            return await fact.of_reply(outcome, self._request, too_long=too_long, rash=rash)
        return fact.of_failure(outcome, self._request, rash=rash)

    async def _hint(self, reply: Reply) -> float | None:
        """Seconds the server asks to wait."""
        headers = reply.headers
        if "retry-after" not in headers and "retry-after-ms" not in headers:
            return None
        wall = await Wall() if "retry-after" in headers else 0.0
        if self._policy.is_official:
            return retry_after(headers, wall)
        from ..core.ratelimit import parse_retry_after

        return parse_retry_after(headers, wall)

    # -- pauses --------------------------------------------------------------------------------------------------------

    async def _seconds(self, outcome: Outcome, hint: float | None, rule: Rule) -> float:
        """Seconds to wait before the next attempt: the user's, else those of the rules."""
        policy, course = self._policy, self._course
        own, taken = policy.delay, course.taken
        if own is None:
            pause = policy._pause(  # pyright: ignore[reportPrivateUsage]
                self._request, course.allowed, taken, outcome, hint, rule.throttle
            )
            return seconds("a pause", await pause)
        if callable(own):
            delay = seconds(f"a pause that {called(own)} gives", await asked(own, outcome, taken + 1))
        else:
            delay = own[min(taken, len(own) - 1)]
        return max(delay, hint) if hint is not None and policy.heeds(hint) else delay

    async def _waited(self, outcome: Outcome, attempt: Request, delay: float) -> bool:
        """Have done with an attempt that is not the last one, and pause; whether there was time for it."""
        policy, course = self._policy, self._course
        lines_up = policy.patient and self._reserved is not None
        try:
            if policy.on_retry is not None or lines_up:
                await whole(outcome)
            if isinstance(outcome, Reply):
                await Discard(outcome)
            if policy.on_retry is not None:
                await tell(policy.on_retry, outcome, attempt, course.attempts, delay, self._number)
            if not course.is_free or delay:
                await Sleep(delay)
            if not lines_up or await self._lined_up():
                return True
        except BaseException:
            self._give_back()
            raise
        self._give_back()
        self._note("stop", self._denied(outcome))
        return False

    async def _lined_up(self) -> bool:
        """Whether it was this call's turn to draw on the budget before its deadline."""
        budget, endpoint, deadline = self._policy.budget, self._reserved, self._request.deadline
        assert budget is not None
        assert endpoint is not None
        waited = 0.0
        while (wait := budget.wait(self._place, now := await Now(), endpoint)) > 0:
            # Successes bring the turn forward, so it is looked for again and again.
            wait = min(wait, _LOOK)
            if deadline is not None and now + wait >= deadline:
                return False
            await Sleep(wait)
            waited += wait
        if waited:
            self._note("wait", BUDGET, seconds=waited)
        return True

    def _give_back(self) -> None:
        if self._reserved is not None and self._policy.budget is not None:
            self._policy.budget.give_back(self._reserved)

    async def _outwaited(self, refusal: PolicyError) -> bool:
        """Whether a policy that refused was waited for: it says for how long, and the call may last as long."""
        told = getattr(refusal, "retry_in", getattr(refusal, "retry_after", None))
        if told is None or not self._policy.patient:
            return False
        delay = beyond(max(told, _SOON), random=await Random())
        if self._request.deadline is not None and await Now() + delay >= self._request.deadline:
            return False
        self._note("wait", type(refusal).__name__, seconds=delay)
        await Sleep(delay)
        return True

    # -- notes ---------------------------------------------------------------------------------------------------------

    def _note(self, event: str, reason: str, **figures: float) -> None:
        if self._request.trace is not None:
            self._request.trace.note("Retry", event, attempt=self._course.attempts, reason=reason, **figures)


def _sent(outcome: Outcome, attempt: Request) -> Request:
    """The request an outcome is about; a policy behind this one may have chosen where it went."""
    made = outcome.request
    return made if isinstance(made, Request) else attempt


def _is_unclear(outcome: Outcome) -> bool:
    """Whether the request may have been carried out all the same."""
    if isinstance(outcome, Reply):
        return outcome.status_code < 400 or is_ambiguous(outcome.status_code)
    return outcome.sent != "no"


def _counted(request: Request, taken: int) -> Request:
    """The same request, telling the server which attempt it is (unless the caller set or removed that field)."""
    if request.headers.get("x-stainless-retry-count") != "0":
        return request
    headers = Headers(request.headers)
    headers["x-stainless-retry-count"] = str(taken)
    return request.replace(headers=headers)

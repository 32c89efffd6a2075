"""A round: one request's way from target to target, until one serves it or all were asked that could be.

Knows who was asked, and what is the most telling of what they said. Refuses to decide who is next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..core.reply import Reply
from ..core.request import Request
from ..errors import APIConnectionError, NoTarget, PolicyError
from .machines.cause import Cause
from .machines.effect import is_ambiguous
from .machines.fleet import PARKED, Fleet, Member, Seat
from .portable import objection
from .subject import body_of, model_of, operation_of, scope_of
from .target import Target, with_model

_PARKED = frozenset({Cause.BILLING, Cause.REJECTED, Cause.FORBIDDEN})


class Round:
    """One request among targets.

    Args:
        request: what is asked.
        targets: all there are, whether they can take it or not.
        sticky: whether its cache key decides among equals.

    Attributes:
        request: what is asked by now; another model may have taken the place of the first.
        allowed: the positions of those that may still be asked.
        again: who is asked once more, with another key or for another model.
        made: the request as it goes to the one that is asked next, where it was made already.
        reason: why the last one did not serve.
        sent: how many requests were sent.
    """

    __slots__ = (
        *("_best", "_objections", "_own", "_rank", "_refusals", "_subject", "_turned", "_unclear"),
        *("again", "allowed", "key", "made", "reason", "request", "sent", "targets"),
    )

    def __init__(self, request: Request, targets: Sequence[Target], *, sticky: bool) -> None:
        self.request = request
        self.targets = targets
        self.key: str | None = None
        if sticky:
            key = body_of(request).get("prompt_cache_key")
            self.key = key if key.__class__ is str else None
        self._objections: dict[int, str] = {}
        self.allowed: list[int] = []
        for n, target in enumerate(targets):
            why = None if target.is_own else objection(target, request)
            if why is None:
                self.allowed.append(n)
            else:
                self._objections[n] = why
        self.again: int | None = None
        self.made: Request | None = None
        self.reason = ""
        self.sent = 0
        # What only trouble asks for is worked out in trouble.
        self._own: str | None = None
        self._subject: str | None = None
        self._turned: set[tuple[int, str]] | None = None
        self._refusals: dict[int, PolicyError] | None = None
        self._best: Reply | APIConnectionError | None = None
        self._rank = 0
        self._unclear = False

    @property
    def own(self) -> str:
        """What tells the client's own credential from others."""
        if self._own is None:
            self._own = scope_of(self.request)
        return self._own

    @property
    def subject(self) -> str:
        """What is asked for: credentials may be parked, and limits used up, for that alone."""
        if self._subject is None:
            self._subject = subject_of(self.request)
        return self._subject

    def remember(self, member: int, outcome: Reply | APIConnectionError | PolicyError, cause: Cause | None) -> None:
        """Keep what a target said, if none before said more, and ask it no more.

        A server's answer says more than a broken connection, and that more than a refused credential, which is known by now and
        will not be used again.
        """
        if member in self.allowed:
            self.allowed.remove(member)
        if isinstance(outcome, PolicyError):
            self._refusals = {**(self._refusals or {}), member: outcome}
            return
        self.sent += 1
        if is_ambiguous(outcome.status_code) if isinstance(outcome, Reply) else outcome.sent != "no":
            self._unclear = True  # one of them may have carried it out
        rank = 2 if isinstance(outcome, APIConnectionError) else 1 if cause in _PARKED else 3
        if rank >= self._rank:
            self._rank, self._best = rank, outcome

    def turn(self, member: int, why: str) -> bool:
        """Ask the same target once more; not twice for the same reason."""
        turned = self._turned = self._turned or set()
        if (member, why) in turned:
            return False
        turned.add((member, why))
        self.again = member
        return True

    def tell_why(self, member: int, trouble: Callable[[int], str | None]) -> None:
        """Note who was passed over at first, of those that go before the one that was chosen or are its equals."""
        trace, group = self.request.trace, self.targets[member].group
        for n in self.allowed if trace is not None and not self.sent and self._refusals is None else ():
            why = trouble(n) if n != member and self.targets[n].group <= group else None
            if why is not None and trace is not None:
                trace.note("Failover", "passed over", target=self.targets[n].name, because=why)

    def spare(self, members: Sequence[Member], member: int) -> None:
        """Ask nobody who shares a limit that is used up: a second key of one project gains nothing."""
        self.allowed = [n for n in self.allowed if members[n].scope != members[member].scope]

    def lengthen(self, member: int, larger: str | None) -> bool:
        """Ask the same target for a model with more room, if there is one."""
        if larger is None or not isinstance(self.request.content, bytes) or not self.turn(member, "more room"):
            return False
        self.request, self.reason = with_model(self.request, larger), "the input is too long"
        return True

    def outcome(self, trouble: Callable[[int], str | None]) -> Reply:
        """The most telling reply, or the most telling error is raised.

        Args:
            trouble: what is held against a target.
        """
        best = self._best
        if isinstance(best, Reply):
            return best
        if best is not None:
            if self._unclear:
                best.sent = "maybe"
            raise best
        refusals = self._refusals or {}
        if len(refusals) == 1 == len(self.targets) - len(self._objections):
            raise next(iter(refusals.values()))
        raise self._nobody(trouble)

    def _nobody(self, trouble: Callable[[int], str | None]) -> NoTarget:
        reasons: list[str] = []
        pauses: list[float] = []
        for n, target in enumerate(self.targets):
            refusal = (self._refusals or {}).get(n)
            if refusal is not None:
                pause = getattr(refusal, "retry_in", getattr(refusal, "retry_after", None))
                pauses += [] if pause is None else [pause]
            why = self._objections.get(n) or (trouble(n) if refusal is None else refusal.message)
            if why == PARKED:
                why += f", until its time is over or Failover.enable({target.name!r})"
            reasons.append(f"{target.name}: {why or 'it was not asked'}")
        return NoTarget(reasons, retry_in=min(pauses, default=None), request=self.request)


def subject_of(request: Request) -> str:
    """What a request asks for: an operation, and a model."""
    return f"{operation_of(request)} {model_of(request)}"


class Occupant:
    """Gives a seat back when the reader of a stream has done with it."""

    def __init__(self, fleet: Fleet, seat: Seat) -> None:
        self._fleet = fleet
        self._seat = seat

    def feed(self, chunk: bytes) -> None:
        """Nothing to do."""

    def end(self, failure: BaseException | None, complete: bool) -> None:
        """It is over, one way or another."""
        self._fleet.leave(self._seat)

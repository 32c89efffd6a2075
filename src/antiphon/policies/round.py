"""A round: one request's way from target to target, until one serves it or all were asked that could be.

Knows who was asked, and what is the most telling of what they said. Refuses to decide who is next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..core.reply import Reply
from ..core.request import Request
from ..errors import APIConnectionError, NoTarget, PolicyError
from .machines.cause import Cause
from .portable import objection
from .subject import body_of, model_of, operation_of, scope_of
from .target import Target

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
        own: what tells the client's own credential from others.
        again: who is asked once more, with another key or for another model.
        reason: why the last one did not serve.
        sent: how many requests were sent.
    """

    __slots__ = (
        *("_best", "_objections", "_rank", "_refusals", "_turned"),
        *("again", "allowed", "key", "own", "reason", "request", "sent", "subject", "targets"),
    )

    def __init__(self, request: Request, targets: Sequence[Target], *, sticky: bool) -> None:
        self.request = request
        self.targets = targets
        self.subject = f"{operation_of(request)} {model_of(request)}"
        key = body_of(request).get("prompt_cache_key") if sticky else None
        self.key: str | None = key if isinstance(key, str) else None
        self._objections = {n: why for n, target in enumerate(targets) if (why := objection(target, request))}
        self.allowed = [n for n in range(len(targets)) if n not in self._objections]
        self.own = scope_of(request)
        self.again: int | None = None
        self.reason = ""
        self.sent = 0
        self._turned = set[tuple[int, str]]()
        self._refusals: dict[int, PolicyError] = {}
        self._best: Reply | APIConnectionError | None = None
        self._rank = 0

    def remember(self, member: int, outcome: Reply | APIConnectionError | PolicyError, cause: Cause | None) -> None:
        """Keep what a target said, if none before said more, and ask it no more.

        A server's answer says more than a broken connection, and that more than a refused credential, which is known by now and
        will not be used again.
        """
        if member in self.allowed:
            self.allowed.remove(member)
        if isinstance(outcome, PolicyError):
            self._refusals[member] = outcome
            return
        self.sent += 1
        rank = 2 if isinstance(outcome, APIConnectionError) else 1 if cause in _PARKED else 3
        if rank >= self._rank:
            self._rank, self._best = rank, outcome

    def turn(self, member: int, why: str) -> bool:
        """Ask the same target once more; not twice for the same reason."""
        if (member, why) in self._turned:
            return False
        self._turned.add((member, why))
        self.again = member
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
            raise best
        if len(self._refusals) == 1 == len(self.targets) - len(self._objections):
            raise next(iter(self._refusals.values()))
        raise self._nobody(trouble)

    def _nobody(self, trouble: Callable[[int], str | None]) -> NoTarget:
        reasons: list[str] = []
        pauses: list[float] = []
        for n, target in enumerate(self.targets):
            refusal = self._refusals.get(n)
            if refusal is not None:
                pause = getattr(refusal, "retry_in", getattr(refusal, "retry_after", None))
                pauses += [] if pause is None else [pause]
            why = self._objections.get(n) or (trouble(n) if refusal is None else refusal.message)
            reasons.append(f"{target.name}: {why or 'it was not asked'}")
        return NoTarget(reasons, retry_in=min(pauses, default=None), request=self.request)

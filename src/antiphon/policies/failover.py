"""Failover: where a request goes, and where it goes next when that cannot serve it.

Knows the table of moves. A move is made at once, without a pause, because another target is not the one that is in trouble;
pauses and further rounds are `Retry`'s part, inside of which this stands. After the first byte of an answer reached the user
nothing moves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

from ..core.effects import Follow, Now, Random, Wall
from ..core.reply import Reply
from ..core.request import Request
from ..core.resource import spelled
from ..core.url import Origin
from ..errors import APIConnectionError, BulkheadFull, CircuitOpen, PolicyError, RateLimited
from .chain import PLACES, Forward, Layer
from .fact import OURS, may_repeat
from .gates import Gates, own_flow
from .health import HealthCheck
from .lineup import checked, line_up, member_of, position_of, refuse_houses, refuse_models
from .machines.backoff import retry_after
from .machines.budget import RetryBudget
from .machines.cause import Cause, cause_of
from .machines.effect import is_ambiguous
from .machines.ejection import Ejection
from .machines.finding import of_error
from .machines.fleet import Fleet, Seat
from .machines.number import seconds, whole
from .parked import Parked, alert, has_another_key, park
from .portable import objection
from .round import Occupant, Round, subject_of
from .sooner import is_worth_it, sooner
from .subject import endpoint_of, model_of
from .target import Target, house_of, suffix_of
from .telling import whole as read_whole

_PAUSE = 1.0
"""Seconds for which a target is left alone that answered 429 and did not say for how long."""
_NONE = Gates()


class Failover:
    """Sends a request elsewhere when its target is down, out of quota, or refuses the credential.

    >>> Failover([Target("https://eu.example.com/v1", api_key="sk-2", name="eu")], cross_provider=True)
    Failover(own → eu, most_attempts=4, ejected after 5 of 10 for 30 s)

    Args:
        targets: where requests may go. The client's own endpoint goes before all of them, unless `Target.own()` is among them.
        own: whether the client's own endpoint is a target at all.
        sticky: whether requests with the same `prompt_cache_key` go to the same target of a group, whose cache is warm for them.
        most_attempts: how many attempts a call may make in all, retries included; 3, one more for each further group, at most 5,
            when left out. Within a patient `Retry` it bounds each round of it, for such a call goes on until it is served.
        patience: seconds that a request rather waits for its `RateLimit` than go to a target of another group, or leave the one
            whose prompt cache is warm for it.
        cross_model: whether a target may answer with another model, where its `models` say so.
        cross_provider: whether requests may go to another provider's house than the client's.
        on_context_length: the model that is asked instead, at the same target, when the input is too long for the first.
        eject: when a target is left alone; `None` for never.
        health: checks on targets that are left alone, so that they are back before their time; see `HealthCheck`.
        park_for: seconds for which a credential without credit is not used.
        on_park: called with a `Parked` when a credential is parked; what it raises is noted and changes nothing.
        budget: the budget that each move is taken from; `Retry`'s own, so that all attempts draw on one.

    Raises:
        ValueError, TypeError: an argument that cannot be right, or targets that cross what may not be crossed.
    """

    place: ClassVar[int] = PLACES["Failover"]

    @spelled
    def __init__(
        self,
        targets: Sequence[Target],
        *,
        own: bool = True,
        sticky: bool = True,
        most_attempts: int | None = None,
        patience: float = 1.0,
        cross_model: bool = False,
        cross_provider: bool = False,
        on_context_length: str | None = None,
        eject: Ejection | None = Ejection(),  # noqa: B008  # a value
        health: HealthCheck | None = None,
        park_for: float = 600.0,
        on_park: Callable[[Parked], Any] | None = None,
        budget: RetryBudget | None = None,
    ) -> None:
        self.targets = line_up(targets, own)
        self.sticky = sticky
        self.cross_model = cross_model
        self.cross_provider = cross_provider
        self.on_context_length = on_context_length
        self.eject = checked("eject", eject, Ejection)
        self.checks = checked("health", health, HealthCheck)
        self.patience = seconds("patience", patience)
        self.park_for = seconds("park_for", park_for)
        self.on_park = on_park
        self.budget = checked("budget", budget, RetryBudget)
        if on_park is not None and not callable(on_park):
            raise TypeError(f"on_park must be a function; got {type(on_park).__name__}")
        if not cross_model:
            refuse_models(self.targets)
        self._fleet = Fleet([member_of(target) for target in self.targets], self.eject)
        self.most_attempts = (
            min(5, 2 + self._fleet.groups) if most_attempts is None else whole("most_attempts", most_attempts, 1)
        )
        first = self._fleet.first
        self._alone = first if first is not None and self.targets[first].is_own else None
        self._met: Origin | None = None

    def __repr__(self) -> str:
        groups: dict[int, list[str]] = {}
        for target in sorted(self.targets, key=lambda each: each.group):
            groups.setdefault(target.group, []).append(target.name)
        line = " → ".join(" | ".join(names) for names in groups.values())
        said = [line, f"most_attempts={self.most_attempts}"]
        if self.eject is not None:
            said.append(f"ejected after {self.eject.failures} of 10 for {self.eject.base:g} s")
        return f"Failover({', '.join(said)})"

    def __reduce__(self) -> tuple[Any, ...]:
        # What is known of targets is this process's own.
        names = "sticky most_attempts patience cross_model cross_provider on_context_length eject park_for on_park"
        options = {name: getattr(self, name) for name in names.split()} | {"health": self.checks, "budget": self.budget}
        return (_remade, (type(self), self.targets, options))

    # -- what users may ask and change ---------------------------------------------------------------------------------

    def enable(self, name: str | None = None) -> None:
        """Use a target again, whatever was held against it; all of them when no name is given.

        Raises:
            ValueError: there is no such target.
        """
        self._fleet.enable(None if name is None else self._position(name))

    def ejected(self) -> list[Target]:
        """The targets that are left alone, for a health check to look at; it tells of a good end by `enable`."""
        healths = self._fleet.health
        return [target for target, health in zip(self.targets, healths, strict=True) if health.until is not None]

    def health(self, now: float) -> dict[str, dict[str, Any]]:
        """What is known of each target, without asking anybody, as JSON."""
        return {target.name: self._fleet.state(n, now) for n, target in enumerate(self.targets)}

    def _position(self, name: str) -> int:
        position = position_of(self.targets, name)
        if position is None:
            raise ValueError(f"no target is called {name!r}; there are {', '.join(t.name for t in self.targets)}")
        return position

    async def other(self, request: Request, *, equal: bool = False) -> Request | None:
        """The same request at another target that is well, or (`equal`) one of the same group for the same model. For `Hedge`."""
        now, server = await Now(), request.server
        here = next((each.group for each in self.targets if each.name == server or (each.is_own and not server)), None)
        for n, target in enumerate(self.targets):
            if target.is_own or target.name == server or (target.models is not None and server):
                continue
            if equal and (target.group != here or target.crosses_models):
                continue
            if objection(target, request) is None and self._fleet.trouble(n, now, subject_of(request)) is None:
                return await target.request(request)
        return None

    # -- the flow ------------------------------------------------------------------------------------------------------

    def among(self, chain: Sequence[Layer]) -> Layer:
        """The flow for its place in a chain, where the rate limits further in have a say in where a request goes."""
        return self.__call__ if own_flow(self, Failover) else partial(self._move, Gates.behind(self, chain))

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        return await self._move(_NONE, request, forward)

    async def _move(self, gates: Gates, request: Request, forward: Forward) -> Reply:
        fleet = self._fleet
        if request.origin is not self._met:
            self._meet(request)
        way: Round | None = None
        attempt = request
        if fleet.calm and self._alone is not None and not (gates.limiters and await self._would_wait(gates, request)):
            # Nothing is held against the client's own endpoint, and nobody shares its group.
            seat: Seat | None = fleet.pass_by(self._alone)
        else:
            way = self._round(request, gates)
            seat = await self._seat(way, gates)
        while seat is not None:
            target = self.targets[seat.member]
            try:
                if way is None:
                    attempt = request
                else:
                    attempt, way.made = way.made or await target.request(way.request), None
                    if way.reason:
                        _note(request, "to", target=target.name, because=way.reason)
                reply = await forward(attempt)
            except (APIConnectionError, CircuitOpen, BulkheadFull, RateLimited) as failure:
                way = way or self._round(request, gates)
                moves = await self._failed(way, seat, failure)
            except BaseException:
                fleet.leave(seat)
                raise
            else:
                if reply.request.server != attempt.server:
                    seat, attempt = self._seat_of(reply, seat), reply.request
                    if seat is None:
                        return reply
                if 200 <= reply.status_code < 300:
                    if way is None and not fleet.is_news(seat):
                        return reply
                    return await self._served(seat, reply, None if way is None else way.request)
                way = way or self._round(request, gates)
                moves = await self._refused(way, seat, reply, gates)
            if self.checks is not None:
                await self._look_after(seat.member, attempt, forward)
            seat = await self._seat(way, gates) if moves and await self._may_move(way, attempt, gates) else None
        assert way is not None  # only a round without a seat comes here
        now = await Now()
        return way.outcome(lambda member: fleet.trouble(member, now, way.subject, way.own))

    async def _would_wait(self, gates: Gates, request: Request) -> bool:
        return gates.wait(request, request.now() if request.now else await Now()) > self.patience

    def _round(self, request: Request, gates: Gates) -> Round:
        if request.trace is not None and not gates.patient:
            request.trace.most = self.most_attempts  # `Retry` heeds it too
        return Round(request, self.targets, sticky=self.sticky)

    def _meet(self, request: Request) -> None:
        """Look once at whose house the client's own endpoint is."""
        origin = request.origin
        if suffix_of(request) is None:  # a URL of the user's own, that stays where it is
            return
        if not self.cross_provider:
            refuse_houses(self.targets, house_of(origin.host))
        self._fleet.adopt(str(origin))
        self._met = origin

    async def _seat(self, way: Round, gates: Gates) -> Seat | None:
        """A place at the next target; `None` where nobody is left."""
        fleet, again = self._fleet, way.again
        random = await Random() if fleet.draws and way.key is None and again is None else 0.0
        now = 0.0 if fleet.calm and not gates.limiters else await Now()
        way.again = None
        allowed = way.allowed if again is None else [again]
        # What is held against nobody in particular need not be worked out.
        subject, own = ("", "") if fleet.calm else (way.subject, way.own)
        seat = fleet.choose(allowed, now, random, key=way.key, subject=subject, own=own)
        if seat is not None and not fleet.calm:
            way.tell_why(seat.member, lambda member: fleet.trouble(member, now, subject, own))
        if seat is None or not gates.limiters or again is not None or len(allowed) < 2:
            return seat
        try:
            others = (n for n in allowed if n != seat.member and fleet.trouble(n, now, subject, own) is None)
            other = await sooner(gates, way, seat.member, others, self.patience, now)
        except BaseException:
            fleet.leave(seat)
            raise
        if other is None:
            return seat
        fleet.leave(seat)
        return fleet.choose([other], now, random, subject=subject, own=own)

    def _seat_of(self, reply: Reply, asked: Seat) -> Seat | None:
        """The seat of who answered in place of the one that was asked, since a `Hedge` went there; `None` for nobody of ours."""
        self._fleet.leave(asked)
        member = position_of(self.targets, reply.request.server)
        return None if member is None else self._fleet.pass_by(member)

    async def _served(self, seat: Seat, reply: Reply, asked: Request | None) -> Reply:
        fleet = self._fleet
        try:
            if fleet.is_news(seat) and fleet.succeed(seat, await Now()):
                _note(reply.request, "back", target=self.targets[seat.member].name)
            if asked is not None:
                served = reply.request
                _note(served, "served", target=self.targets[seat.member].name, model=model_of(served))
            if seat.taken and not reply.is_read and fleet.draws:
                await Follow(reply, Occupant(fleet, seat))
                return reply
        except BaseException:
            fleet.leave(seat)
            raise
        fleet.leave(seat)
        return reply

    async def _failed(self, way: Round, seat: Seat, failure: APIConnectionError | PolicyError) -> bool:
        """Settle an attempt without an answer; whether another target may be asked."""
        fleet = self._fleet
        try:
            way.remember(seat.member, failure, None)
            way.reason = type(failure).__name__
            if isinstance(failure, RateLimited):
                way.spare(self._fleet.members, seat.member)
            if isinstance(failure, PolicyError):
                return True
            if isinstance(failure, OURS):
                return False
            await self._strike(way, seat)
            return failure.sent == "no" or may_repeat(way.request)
        finally:
            fleet.leave(seat)

    async def _refused(self, way: Round, seat: Seat, reply: Reply, gates: Gates) -> bool:
        """Settle an answer that is no success; whether another target may be asked."""
        fleet, status = self._fleet, reply.status_code
        try:
            await read_whole(reply)
            code = of_error(reply.content).code if status >= 400 else None
            cause = cause_of(status, code, reply.headers.get("x-should-retry"))
            way.remember(seat.member, reply, cause)
            way.reason = code or str(status)
            if cause is Cause.STOP:
                return code == "context_length_exceeded" and way.lengthen(seat.member, self.on_context_length)
            if cause is Cause.UNAVAILABLE:
                await self._strike(way, seat)
                return not is_ambiguous(status) or may_repeat(way.request)
            if cause is Cause.RATE:
                return await self._pause(way, seat, reply, gates)
            return await self._park(way, seat, reply, cause, code)
        finally:
            fleet.leave(seat)

    async def _may_move(self, way: Round, attempt: Request, gates: Gates) -> bool:
        """Whether the call has an attempt left, and time, and somebody to ask."""
        request = way.request
        sent = way.sent if request.trace is None or gates.patient else max(way.sent, request.trace.attempts)
        if sent >= self.most_attempts:
            _note(request, "stop", reason=f"{sent} attempts were made")
            return False
        if not (way.allowed or way.again is not None) or not request.rewind():
            return False
        if request.deadline is not None or self.budget is not None:
            now = await Now()
            if request.deadline is not None and now >= request.deadline:
                _note(request, "stop", reason="the deadline has passed")
                return False
            if self.budget is not None and not self.budget.spend(now, endpoint_of(attempt)):
                _note(request, "stop", reason="retry_budget")
                return False
        return True

    # -- what is held against a target ---------------------------------------------------------------------------------

    async def _strike(self, way: Round, seat: Seat) -> None:
        """It failed."""
        seconds_out = self._fleet.fail(seat, await Now())
        if seconds_out is not None:
            _note(way.request, "ejected", target=self.targets[seat.member].name, seconds=seconds_out)

    async def _look_after(self, member: int, attempt: Request, forward: Forward) -> None:
        """Have a target checked that is ejected."""
        health, fleet = self._fleet.health[member], self._fleet
        if self.checks is None or health.until is None:
            return
        generation = health.generation
        await self.checks.attend(
            self.targets[member].name,
            attempt,
            forward,
            lambda: health.generation == generation,
            lambda now: fleet.heal(member, generation, now),
            await Now(),
        )

    async def _pause(self, way: Round, seat: Seat, reply: Reply, gates: Gates) -> bool:
        """Its limit is used up, and so is that of all who share it; whether another one would take less time."""
        hint = retry_after(reply.headers, await Wall() if "retry-after" in reply.headers else 0.0)
        pause = _PAUSE if hint is None or hint <= 0 else hint
        now = await Now()
        self._fleet.pause(seat.member, now + pause, way.subject)
        way.spare(self._fleet.members, seat.member)
        return await is_worth_it(gates, way, pause, now)

    async def _park(self, way: Round, seat: Seat, reply: Reply, cause: Cause, code: str | None) -> bool:
        """Its credential is of no use for now."""
        member, rejected = seat.member, cause is Cause.REJECTED
        if rejected and await has_another_key(self.targets[member], reply.request) and way.turn(member, "another key"):
            return True
        parked = await park(way, self._fleet, member, reply, cause, code, self.park_for)
        if parked is not None:
            _note(way.request, "parked", target=parked.target, reason=parked.reason, seconds=parked.seconds)
            if self.on_park is not None and (flaw := await alert(self.on_park, parked)) is not None:
                _note(way.request, "alert failed", error=type(flaw).__name__)
        return True


def _remade(kind: type[Failover], targets: Sequence[Target], options: dict[str, Any]) -> Failover:
    return kind(targets, own=False, **options)  # which is among the targets, if it is to be one


def _note(request: Request, event: str, **figures: Any) -> None:
    if request.trace is not None:
        request.trace.note("Failover", event, **figures)

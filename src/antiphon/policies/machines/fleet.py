"""A fleet: targets in groups, who of them may take a request now, and what their requests told about them.

Knows names, weights, loads and timestamps; refuses to know what a target is or how a request gets there. A lock guards the
arithmetic and is never held while anything waits. Everything a request takes is in its `Seat`, and given back once.
"""

from __future__ import annotations

from _thread import RLock
from collections.abc import Collection, Sequence
from typing import NamedTuple

from ...core.forked import inherit
from .ejection import Ejection, Health
from .selection import less_busy, preference

FOREVER = float("inf")
State = dict[str, str | int | float]
PARKED = "its credential is parked"
"""What is said of a member where that is so."""
MOST = 512
"""How many credentials and subjects are known to be parked, and how many to pause; beyond, the oldest are asked again."""


class Member(NamedTuple):
    """What of a target matters here.

    Attributes:
        name: its own, told apart from all others.
        group: the lowest is asked first.
        weight: its share within its group; more than 0.
        credential: who is parked when it is refused; members that share it are parked together. "" for the asker's own.
        scope: whose limits it counts against; members that share it must pause together.
    """

    name: str
    group: int = 0
    weight: float = 1.0
    credential: str = ""
    scope: str = ""


class Seat:
    """One request's place at a member; `began` is when it took it, where anybody looked at the clock."""

    __slots__ = ("began", "generation", "member", "taken", "trial")

    def __init__(self, member: int, generation: int, trial: bool, began: float | None = None) -> None:
        self.member = member
        self.generation = generation
        self.trial = trial
        self.began = began
        self.taken = True


class Fleet:
    """Chooses among members, and keeps account of them.

    Args:
        members: one or more.
        ejection: when one is ejected; `None` for never.

    Attributes:
        calm: whether there is nothing to know about any member, so that no clock need be asked.
        draws: whether a group has several members, so that choosing may take chance.
    """

    def __init__(self, members: Sequence[Member], ejection: Ejection | None = None) -> None:
        self.members = tuple(members)
        self.calm = True
        self.health = [Health() for _ in self.members]
        self.loads = [0] * len(self.members)
        self._ejection = ejection
        self._parked: dict[tuple[str, str], float] = {}
        self._pauses: dict[tuple[str, str], float] = {}
        # One that its holder may take again: a dropped stream is collected whenever the interpreter likes, within `choose` too,
        # and gives its seat back there.
        self._lock = RLock()
        inherit(self)
        self._uncounted = Seat(0, -1, False)
        groups: dict[int, list[int]] = {}
        for n, member in enumerate(self.members):
            groups.setdefault(member.group, []).append(n)
        self._groups = [
            (tuple(groups[group]), tuple(self.members[n].weight for n in groups[group])) for group in sorted(groups)
        ]
        self.groups = len(groups)
        self.draws = any(len(group) > 1 for group in groups.values())
        first = self._groups[0][0] if self._groups else ()
        self.first = first[0] if len(first) == 1 else None
        """The only member of the first group, if it is the only one."""

    def forget(self) -> None:
        """Nobody holds the lock any more."""
        self._lock = RLock()

    def adopt(self, scope: str) -> None:
        """Who named no limits of its own counts against these."""
        self.members = tuple(each if each.scope else each._replace(scope=scope) for each in self.members)

    # -- choosing ------------------------------------------------------------------------------------------------------

    def choose(
        self,
        allowed: Collection[int],
        now: float,
        random: float,
        *,
        key: str | None = None,
        subject: str = "",
        own: str = "",
    ) -> Seat | None:
        """A seat at one of the members that are allowed; `None` where all of them are parked, or none is allowed.

        Args:
            allowed: positions of the members that could take the request.
            now: monotonic seconds.
            random: a number in [0, 1).
            key: what belongs together goes to the same member of a group, if that is well.
            subject: what it is about, e.g. the model; members may be parked or pausing for it alone.
            own: the asker's own credential.
        """
        with self._lock:
            began = None if self.calm else now
            fit = self._fit(allowed, now, subject, own)
            if not fit:
                return None
            member = self._pick(fit, random, key)
            health = self.health[member]
            self.loads[member] += 1
            return Seat(member, health.generation, health.begin(now), began)

    def pass_by(self, member: int) -> Seat:
        """A seat that nobody counts, at the only member of a group of a calm fleet."""
        seat, generation = self._uncounted, self.health[member].generation
        if seat.generation != generation or seat.member != member:
            seat = self._uncounted = Seat(member, generation, False)
            seat.taken = False
        return seat

    def is_news(self, seat: Seat) -> bool:
        """Whether a success there would change anything."""
        health = self.health[seat.member]
        return not health.spotless and health.generation == seat.generation

    def _fit(self, allowed: Collection[int], now: float, subject: str, own: str) -> Collection[int]:
        """Of the allowed, those that are best off: not parked; in their places, if anybody is; not pausing, if anybody is not."""
        if self.calm:
            return allowed
        self._forget(now)
        open_ = [n for n in allowed if not self._is_parked(n, now, subject, own)]
        rules = self._ejection
        if rules is not None and open_:
            well = [n for n in range(len(self.members)) if self._is_well(n, now, own)]
            if not rules.panics(len(well), len(self.members)):
                open_ = [n for n in open_ if n in well] or open_
        if len(open_) < 2 or not self._pauses:
            return open_
        ends = {n: self._pause_end(n, subject) for n in open_}
        ready = [n for n in open_ if ends[n] <= now]
        return ready or [min(open_, key=lambda n: ends[n])]

    def _pick(self, fit: Collection[int], random: float, key: str | None) -> int:
        for group, weights in self._groups:
            here = group if len(fit) == len(self.members) else [n for n in group if n in fit]
            if len(here) == 1:
                return here[0]
            if here and key is not None:
                names = tuple(self.members[n].name for n in group)
                return next(group[place] for place in preference(key, names, weights) if group[place] in here)
            if here:
                if here is not group:
                    weights = tuple(self.members[n].weight for n in here)
                return here[less_busy(weights, [self.loads[n] for n in here], random)]
        raise IndexError("no member is fit")

    # -- what became of it ---------------------------------------------------------------------------------------------

    def leave(self, seat: Seat) -> None:
        """The request is over, or told all it will; nothing the second time."""
        with self._lock:
            if seat.taken:
                seat.taken = False
                self.loads[seat.member] -= 1
                health = self.health[seat.member]
                if seat.trial and health.generation == seat.generation:
                    health.leave()

    def succeed(self, seat: Seat, now: float) -> bool:
        """The member served; whether that brought it back from an ejection."""
        with self._lock:
            return self.is_news(seat) and self.health[seat.member].succeed(now)

    def fail(self, seat: Seat, now: float) -> float | None:
        """The member failed; the seconds for which it is ejected, if that was too much."""
        health, rules = self.health[seat.member], self._ejection
        if rules is None or health.generation != seat.generation:
            return None
        with self._lock:
            out = [other for other in self.health if other is not health and other.until is not None]
            most = rules.room(len(self.members))
            # Where no more may be out, one that has been out for longest comes back for it: it is the one less is known of.
            swaps = [other for other in out if not other.slow] if 0 < most <= len(out) else []
            seconds = health.fail(now, rules, room=len(out) < most or bool(swaps), began=seat.began)
            if seconds is not None:
                self.calm = False
                if swaps:
                    min(swaps, key=lambda other: other.since).come_back(now)
            return seconds

    def heal(self, member: int, generation: int, now: float) -> None:
        """A check found an ejected member well; no news if it is another ejection by now."""
        with self._lock:
            health = self.health[member]
            if health.generation == generation:
                health.succeed(now)

    def park(self, member: int, until: float, subject: str = "", own: str = "") -> bool:
        """Use a member's credential no more until then, for one subject or ("") for all; whether that is new."""
        with self._lock:
            key = (self.members[member].credential or own, subject)
            new = key not in self._parked
            _extend(self._parked, key, until)
            self.calm = False
            return new

    def pause(self, member: int, until: float, subject: str = "") -> None:
        """Prefer others until then: its limit is used up."""
        with self._lock:
            _extend(self._pauses, (self.members[member].scope, subject), until)
            self.calm = False

    def enable(self, member: int | None = None) -> None:
        """Use a member's credential again, or everybody's, and take it back from its ejection."""
        with self._lock:
            for n in range(len(self.members)) if member is None else (member,):
                self.health[n].restore()
                named = {each.credential for each in self.members}
                mine = self.members[n].credential
                self._parked = {
                    key: end for key, end in self._parked.items() if (key[0] != mine if mine else key[0] in named)
                }
            self._calm_down()

    # -- what is known -------------------------------------------------------------------------------------------------

    def trouble(self, member: int, now: float, subject: str = "", own: str = "") -> str | None:
        """Why a member takes no request, or would rather not; `None` where it is well."""
        with self._lock:
            if self._is_parked(member, now, subject, own):
                return PARKED
            if self.health[member].is_out(now):
                return "it is ejected"
            return "its limit is used up" if self._pause_end(member, subject) > now else None

    def state(self, member: int, now: float) -> State:
        """A member's state, as JSON: "open" where it is left alone or parked for everything, else "closed"."""
        with self._lock:
            health, credential = self.health[member], self.members[member].credential
            state: State = {"state": "closed", "under_way": self.loads[member]}
            # Of its askers' own credentials none is known here; that one of them is parked says nothing of the others.
            if credential and self._is_parked(member, now, "", ""):
                state |= {"state": "open", **_because("parked", self._parked[credential, ""] - now)}
            elif health.is_out(now):
                state |= {"state": "open", **_because("ejected", (health.until or now) - now)}
            elif (pause := self._longest_pause(member)) > now:
                state |= _because("its limit is used up", pause - now)
            if health.times:
                state["ejections"] = health.times
            return state

    def _is_parked(self, member: int, now: float, subject: str, own: str) -> bool:
        credential = self.members[member].credential or own
        return any(now < self._parked.get((credential, about), 0.0) for about in ("", subject))

    def _is_well(self, member: int, now: float, own: str) -> bool:
        return not self.health[member].is_out(now) and not self._is_parked(member, now, "", own)

    def _longest_pause(self, member: int) -> float:
        scope = self.members[member].scope
        return max((end for (whose, _), end in self._pauses.items() if whose == scope), default=0.0)

    def _pause_end(self, member: int, subject: str) -> float:
        return self._pauses.get((self.members[member].scope, subject), 0.0)

    def _forget(self, now: float) -> None:
        """Drop what is over."""
        self._pauses = {key: end for key, end in self._pauses.items() if now < end}
        self._parked = {key: end for key, end in self._parked.items() if now < end}
        self._calm_down()

    def _calm_down(self) -> None:
        self.calm = not (self._pauses or self._parked or any(each.until is not None for each in self.health))


def _extend(ends: dict[tuple[str, str], float], key: tuple[str, str], until: float) -> None:
    """Have something last until then; of more than may be known, which is what anybody may ask for, the oldest is forgotten."""
    ends[key] = max(until, ends.get(key, until))
    if len(ends) > MOST:
        del ends[next(iter(ends))]


def _because(reason: str, seconds: float) -> State:
    """Why, and when it will be asked again, if that is known; a trial may be under way already."""
    return {"reason": reason} if seconds == FOREVER else {"reason": reason, "retry_in": round(max(0.0, seconds), 3)}

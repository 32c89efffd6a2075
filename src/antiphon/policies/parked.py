"""Credentials that are used no more for a while: what is told of one, and whether its source may give another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..core.credential import PENDING
from ..core.effects import Invoke, Now
from ..core.reply import Reply
from ..core.request import Request
from .machines.cause import Cause
from .machines.fleet import FOREVER, Fleet
from .round import Round
from .target import Target
from .telling import settled


class Parked(NamedTuple):
    """A credential that is used no more for a while: what `on_park` is told, once.

    Attributes:
        target: the target's name.
        reason: "billing", "credential rejected" or "forbidden".
        seconds: for how long; infinite for until it is enabled.
        subject: the operation and model it is parked for; "" for all.
        status: what the server answered.
        code: its error's code.
    """

    target: str
    reason: str
    seconds: float
    subject: str
    status: int
    code: str | None


async def park(
    way: Round, fleet: Fleet, member: int, refused: Reply, cause: Cause, code: str | None, seconds: float
) -> Parked | None:
    """Park a target's credential, and ask nobody of the round with it any more; what there is to tell, if it is new. A flow.

    Args:
        way: the round.
        fleet: who keeps account.
        member: the target's position.
        refused: what it answered.
        cause: why.
        code: its error's code.
        seconds: for which one without credit is parked.
    """
    target, members = way.targets[member], fleet.members
    way.allowed = [n for n in way.allowed if members[n].credential != members[member].credential]
    # Who has credit again, or a key from a source that brings another one, need not be told so by hand.
    pause = seconds if cause is Cause.BILLING or brings_others(target, refused.request) else FOREVER
    subject = way.subject if cause is Cause.FORBIDDEN else ""
    if not fleet.park(member, await Now() + pause, subject, way.own):
        return None
    return Parked(target.name, cause.value, pause, subject, refused.status_code, code)


async def alert(on_park: Callable[[Parked], Any], parked: Parked) -> Exception | None:
    """Tell a user's function; what it raised, which changes nothing. A flow."""
    try:
        settled(await Invoke(on_park, parked))
    except Exception as flaw:
        return flaw
    return None


async def has_another_key(target: Target, refused: Request) -> bool:
    """Whether a target's function gives another key than the one that was refused."""
    if target.url is None or target.key is None or not target.key.changes:
        return False
    key = await target.key.authorization(target.url.origin)
    return key is not None and key.reveal() != refused.headers.get("authorization")


def brings_others(target: Target, refused: Request) -> bool:
    """Whether its credential comes from a source, which may give another one later."""
    if target.key is not None:
        return target.key.changes
    return refused.headers.get("authorization") == PENDING.reveal()

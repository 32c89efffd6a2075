"""Credentials that are used no more for a while: what is told of one, and whether its source may give another."""

from __future__ import annotations

from typing import NamedTuple

from ..core.credential import PENDING
from ..core.request import Request
from .target import Target


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

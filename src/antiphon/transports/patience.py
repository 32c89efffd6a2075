"""How long whoever opens a connection may wait for what comes next, and a look at the ticket they wait with.

For waits that nobody could end from outside: they come in pieces, and between two of them the ticket's alarm rings if it is
due, and the wait is given up if nobody wants its end any more. Without a ticket there is one piece.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ClientClosed
from ..steady import monotonic
from .failure import timed_out

if TYPE_CHECKING:
    from ..core.ticket import Ticket

CUT = "the exchange was cut short, since nobody wants its answer any more"


def patience(until: float | None, phase: str, ticket: Ticket | None = None, detail: str = "") -> float | None:
    """Seconds for which to wait before asking again; `None` for ever.

    Args:
        until: the monotonic time by which the wait must be over, or `None`.
        phase: what is waited for, for the error.
        ticket: what is looked at.
        detail: for the error.

    Raises:
        ConnectTimeout, PoolTimeout: the time is over.
        ClientClosed: the ticket was withdrawn.
    """
    if until is not None and monotonic() >= until:
        raise timed_out(phase, detail=detail)
    if ticket is not None:
        ticket.look(monotonic())
        if ticket.withdrawn:
            raise ClientClosed(CUT)
    now = monotonic()
    left = None if until is None else max(until - now, 0.0)
    if ticket is None:
        return left
    return ticket.rest(now) if left is None else min(left, ticket.rest(now))

"""One line of a batch carried out: the same checks and the same handler as a request that came over the wire.

Knows how an operation is called without HTTP; which lines there are and what becomes of the answers is the batch's concern.
"""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

import msgspec

from ..exchange import Caller, Exchange, FileReply, Reply
from ..problem import Problem
from ..shape import is_object
from ..world import World

_LOG = logging.getLogger("antiphon.emulator")


class Outcome(NamedTuple):
    """What came of a request: the status and the decoded body."""

    status: int
    body: Any


async def carry_out(world: World, operation: str, body: Any, caller: Caller, *, batch: bool = False) -> Outcome:
    """Do one operation with a JSON body, and count what it cost; every refusal is an outcome too."""
    exchange = _exchange(world, operation, body, caller)
    try:
        if is_object(body) and body.get("stream"):
            raise Problem(400, "'stream' cannot be true here.", param="stream", code="unsupported_value")
        outcome = await _done(exchange)
    except Problem as problem:
        return _refused(problem)
    except (OverflowError, RecursionError):
        message = "A number in the request is too large, or a value in it nests too deep."
        return _refused(Problem(400, message, code="invalid_value"))
    except Exception:
        _LOG.exception("the emulator failed at %s", operation)
        return _refused(Problem(500, "The emulator failed.", type="server_error"))
    if exchange.usage is not None:
        world.meter.add(caller, exchange.usage | ({"batch": True} if batch else {}), world.clock())
    return outcome


def _refused(problem: Problem) -> Outcome:
    return Outcome(problem.status, msgspec.json.decode(problem.body()))


async def _done(exchange: Exchange) -> Outcome:
    from . import HANDLERS

    exchange.operation.check_body(exchange.body)
    exchange.world.organization.obey(exchange)
    reply = await HANDLERS[exchange.operation.name](exchange)
    match reply:
        case Reply():
            return Outcome(reply.status, msgspec.json.decode(reply.body))
        case FileReply():
            raise Problem(400, "An answer in bytes cannot be given here.", code="unsupported_value")
        case _:
            raise Problem(400, "An answer in events cannot be given here.", param="stream", code="unsupported_value")


def _exchange(world: World, operation: str, body: Any, caller: Caller) -> Exchange:
    async def receive() -> Any:
        return {"type": "http.disconnect"}

    return Exchange(world, world.description.operations[operation], {}, {}, {}, receive, body, caller)

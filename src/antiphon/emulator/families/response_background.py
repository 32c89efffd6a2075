"""Responses that work in the background: queued, in progress, and ended, by the world's clock, and their streams.

What is done is on the agenda, so it goes on after a restart. A stream only tells what the record says: it can be left and
taken up again anywhere, sees the clock being moved, and ends early where the response was cancelled.
"""

from __future__ import annotations

import logging
from asyncio import sleep
from collections.abc import AsyncIterator
from typing import Any, Final

from ..exchange import Caller
from ..problem import Problem
from ..world import Job, World
from .response_answer import answered
from .response_context import again
from .response_output import bill_of
from .response_record import FAMILY, Record
from .response_stream import events
from .response_view import conversation_of, failed, finished, unfinished

SHARE: Final = 0.25
"""How much of the time it takes a response is only queued."""
PATIENCE: Final = 0.05
"""Seconds after which a stream looks again whether the clock was moved."""
LIVE: Final = ("queued", "in_progress")
_LOG = logging.getLogger("antiphon.emulator")


def begin_later(world: World, record: Record, body: dict[str, Any], caller: Caller) -> None:
    """Give a new record its life: what is asked, and when it begins to be done."""
    takes = world.setting.background_seconds
    record["life"] = {"body": body, "caller": list(caller), "started": world.clock(), "takes": takes, "result": None}
    world.later(takes * SHARE, "response_background.begin", response=record["id"])


def _state(world: World, response: str, status: str) -> Record | None:
    """The response, if it still is in this state."""
    record: Record | None = world.shelf(FAMILY).get(response)
    return record if record is not None and record["view"] is not None and record["view"]["status"] == status else None


async def _begin(world: World, response: str) -> None:
    """Work the response out; it is shown when its time is over."""
    if (record := _state(world, response, "queued")) is None:
        return
    result, partials = await _result(world, record)
    if (record := _state(world, response, "queued")) is None:
        return  # it was cancelled or deleted while a thread was at work
    life = record["life"]
    life["result"], life["partials"] = result, partials
    record["view"] = record["view"] | {"status": "in_progress"}
    world.shelf(FAMILY).put(response, record)
    world.later(life["takes"] * (1 - SHARE), "response_background.finish", response=response)


async def _result(world: World, record: Record) -> tuple[dict[str, Any], dict[str, list[str]]]:
    life, view = record["life"], record["view"]
    caller = Caller(*life["caller"])
    try:
        done = await answered(world, life["body"], again(world, record, life["body"]), caller)
    except Problem as problem:
        return failed(view, "invalid_prompt", problem.message), {}
    except Exception:
        _LOG.exception("the emulator failed at the background response %s", record["id"])
        return failed(view, "server_error", "The emulator failed."), {}
    world.meter.add(caller, bill_of(view, done.usage), world.clock())
    ended = int(life["started"] + life["takes"])
    return finished(view, done.output, done.status, done.usage, ended) | done.told, done.partials


async def _finish(world: World, response: str) -> None:
    """Show what came of the response, and tell the conversation and whoever waits for the event."""
    if (record := _state(world, response, "in_progress")) is None:
        return
    life = record["life"]
    view = record["view"] = life["result"]
    conversation = conversation_of(life["body"])
    record["life"] = {"partials": life["partials"]}
    world.shelf(FAMILY).put(response, record)
    if conversation is not None and view["status"] != "failed":
        from .conversation import append

        append(world, conversation, [*record["items"], *view["output"]])
    _emit(world, record)


def cancel(world: World, record: Record) -> None:
    """End it as it is; raises 400 when there is nothing to cancel."""
    status = record["view"]["status"]
    if not record["view"]["background"]:
        raise Problem(400, "Cannot cancel a synchronous response: only background ones can be.")
    if status == "cancelled":
        return
    if status not in LIVE:
        raise Problem(400, f"Cannot cancel a response that is {status}.")
    life = record["life"]
    record["life"] = {"result": life["result"], "told": _ready(world, record, _frames(record, obfuscated=False))}
    record["life"]["partials"] = life.get("partials") or {}
    record["view"] = unfinished(record["view"], "cancelled")
    world.shelf(FAMILY).put(record["id"], record)
    _emit(world, record)


def _emit(world: World, record: Record) -> None:
    from .webhook import emit

    emit(world, f"response.{record['view']['status']}", {"id": record["id"]})


async def stream(world: World, id: str, skip: int, obfuscated: bool) -> AsyncIterator[bytes]:
    """The events behind the first `skip`, each when it is due."""
    told, frames, phase = skip, list[bytes](), ""
    while (record := world.shelf(FAMILY).get(id)) is not None and record["view"] is not None:
        status = record["view"]["status"]
        if status != phase:
            phase, frames = status, _frames(record, obfuscated=obfuscated)
        ready = _ready(world, record, frames)
        for frame in frames[told:ready]:
            yield frame
        told = max(told, ready)
        if status not in LIVE:
            return
        await sleep(PATIENCE if status == "queued" else _pause(record, len(frames)))
        if world.is_behind():
            await world.catch_up(PATIENCE)


def _frames(record: Record, *, obfuscated: bool) -> list[bytes]:
    """All events that are known yet; those of a response that is queued are its first two."""
    life = record["life"]
    view = life.get("result") or record["view"]
    framed = list(events(view, obfuscated, life.get("partials") or {}))
    return framed if view["status"] not in (*LIVE, "cancelled") else framed[:2]


def _ready(world: World, record: Record, frames: list[bytes]) -> int:
    """How many of the events have happened by now."""
    life, status = record["life"], record["view"]["status"]
    if status == "cancelled":
        return int(life["told"])
    if status != "in_progress":
        return len(frames)
    begun, takes = life["started"] + life["takes"] * SHARE, life["takes"] * (1 - SHARE)
    share = (world.clock() - begun) / takes if takes > 0 else 1.0
    return 3 + int(max(0.0, min(share, 1.0)) * (len(frames) - 4))


def _pause(record: Record, number: int) -> float:
    """Until about the next event."""
    takes: float = record["life"]["takes"]
    return min(PATIENCE, max(0.001, takes * (1 - SHARE) / number))


JOBS: dict[str, Job] = {"begin": _begin, "finish": _finish}

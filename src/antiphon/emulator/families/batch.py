"""Batches: made from a file of requests, validated, carried out slice by slice, finished, cancelled or expired.

Knows a batch's life and its states. How a file of requests is judged is in `batch_input`, how the answers are written in
`batch_output`, how one request is carried out in `batch_line`.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any, Final

from ..exchange import Caller, Exchange, Handler, Reply, json_reply
from ..problem import Problem, invalid
from ..shape import part
from ..span import DAY
from ..world import Job, World
from . import batch_input, batch_output
from .batch_line import carry_out
from .crud import Kind, Object, crud
from .webhook import emit

WINDOW: Final = DAY
MOST_SLICE: Final = 0.004
"""Seconds of work in one go."""
SLICES: Final = 20
"""At least so many slices, so that the counts are seen to grow."""
PROGRESS: Final = "batches.progress"
TOLD: Final = ("completed", "failed", "expired", "cancelled")
"""The states that webhooks tell of."""
STAGES: Final = ("cancelled_at", "cancelling_at", "completed_at", "expired_at", "failed_at", "finalizing_at")


def _first(exchange: Exchange) -> Object:
    now = exchange.world.now()
    return {
        **dict.fromkeys((*STAGES, "in_progress_at", "errors", "error_file_id", "output_file_id", "model")),
        "created_at": now,
        "expires_at": now + WINDOW,
        "metadata": exchange.body.get("metadata"),
        "request_counts": {"total": 0, "completed": 0, "failed": 0},
        "usage": batch_output.no_usage(),
    }


BATCH: Final = Kind(home="batches", param="batch_id", noun="batch", prefix="batch_", digits=32, first=_first)


async def _create(exchange: Exchange) -> Reply:
    """Starts a batch that validates its file, runs each line through the emulator and writes the answers into files."""
    body, world = exchange.body, exchange.world
    file = world.shelf("files").get(body["input_file_id"])
    if file is None:
        raise invalid("input_file_id", f"No such File object: {body['input_file_id']}", "invalid_file_id")
    if file["purpose"] != "batch":
        message = f"The file has the purpose '{file['purpose']}'; a batch takes files with the purpose 'batch'."
        raise invalid("input_file_id", message, "invalid_purpose")
    made = BATCH.made(exchange, status="validating")
    batch_input.forget(world, made["id"])  # of a world that was reset, whose ids come again
    progress = {
        "id": made["id"],
        "offset": 0,
        "output": 0,
        "error": 0,
        "slice": 1,
        "pace": 0.0,
        "ending": "completed",
        "caller": list(exchange.caller),
        "file_seconds": part(body, "output_expires_after").get("seconds"),
    }
    _next(world, progress, world.setting.background_seconds / 4, "validate")
    world.later(WINDOW, "batch.expire", batch=made["id"])
    return json_reply(made)


async def _cancel(exchange: Exchange) -> Reply:
    """Stops a batch: cancelling, then cancelled with the answers there are so far; 409 when it has ended."""
    world, known = exchange.world, BATCH.found(exchange)
    if known["status"] == "cancelling":
        return json_reply(known)
    if known["status"] not in ("validating", "in_progress"):
        raise Problem(409, f"Cannot cancel a batch with status '{known['status']}'.")
    batch_input.forget(world, known["id"])
    view = _turn(world, known, "cancelling")
    _end(world, view, "cancelled")
    return json_reply(view)


# Its life, each step a job.


def _state(world: World, id: str, *statuses: str) -> tuple[Object, Object] | None:
    """The batch and its progress, where it still is in one of these states."""
    view, progress = world.shelf(BATCH.home).get(id), world.shelf(PROGRESS).get(id)
    if view is None or progress is None or view["status"] not in statuses:
        return None
    return view, progress


def _turn(world: World, view: Object, status: str, **more: Any) -> Object:
    """The batch in another state, kept."""
    changed = view | {"status": status, f"{status}_at": world.now()} | more
    world.shelf(BATCH.home).put(view["id"], changed)
    if status in TOLD:
        emit(world, f"batch.{status}", {"id": view["id"]})
    return changed


def _next(world: World, progress: Object, seconds: float, step: str) -> None:
    """Plan the one step that comes next, instead of any other."""
    if (planned := progress.get("job")) is not None:
        world.agenda.cancel(planned)
    job = world.later(seconds, f"batch.{step}", batch=progress["id"])
    world.shelf(PROGRESS).put(progress["id"], progress | {"job": job})


def _end(world: World, view: Object, ending: str) -> None:
    """Have what is still to be written written, and the batch end so."""
    progress: Object = world.shelf(PROGRESS).get(view["id"]) or {"id": view["id"]}
    share = world.setting.background_seconds / 4
    _next(world, progress | {"ending": ending}, share, "finish" if ending == "completed" else "wind_up")


async def _validate(world: World, batch: str) -> None:
    found = _state(world, batch, "validating")
    if found is None:
        return
    view, progress = found
    started = perf_counter()
    verdict = batch_input.judge(world, view, MOST_SLICE)
    if verdict is None:
        _next(world, progress, 2 * (perf_counter() - started), "validate")
    elif verdict.errors:
        _fail(world, view | {"model": verdict.model}, verdict.errors)
    else:
        counts = {"total": verdict.lines, "completed": 0, "failed": 0}
        _turn(world, view, "in_progress", request_counts=counts, model=verdict.model)
        pace = world.setting.background_seconds / 2 / verdict.lines
        _next(world, progress | {"pace": pace, "slice": -(-verdict.lines // SLICES)}, pace, "run")


def _fail(world: World, view: Object, errors: list[Object]) -> None:
    batch_output.discard(world, view["id"])
    world.shelf(PROGRESS).pop(view["id"])
    _turn(world, view, "failed", errors={"object": "list", "data": errors})


async def _run(world: World, batch: str) -> None:
    """Carry out as many requests as fit into a slice."""
    found = _state(world, batch, "in_progress")
    if found is None:
        return
    view, progress = found
    if (gone := batch_input.missing(world, view)) is not None:
        _fail(world, view, [gone])
        return
    caller, operation = Caller(*progress["caller"]), batch_input.ENDPOINTS[view["endpoint"]]
    started, done = perf_counter(), 0
    with batch_output.Writing(world, view, progress) as writing:
        for request in writing.requests():
            writing.answer(request, await carry_out(world, operation, request["body"], caller, batch=True))
            done += 1
            if done == progress["slice"] or perf_counter() - started > MOST_SLICE:
                break
    view, progress = writing.kept()
    if view["status"] != "in_progress":
        return  # it was cancelled while a request was carried out
    if (
        done == 0
        or sum(view["request_counts"][name] for name in ("completed", "failed")) >= view["request_counts"]["total"]
    ):
        view = _turn(world, view, "finalizing")
        _end(world, view, progress["ending"])
    else:
        # Half of the time at most, however much there is to do, belongs to the batch.
        _next(world, progress, max(2 * (perf_counter() - started), done * progress["pace"]), "run")


async def _wind_up(world: World, batch: str) -> None:
    """Say of the requests nobody carried out that they were not, a slice at a time."""
    found = _state(world, batch, "cancelling", "finalizing")
    if found is None:
        return
    view, progress = found
    started, ended = perf_counter(), True
    with batch_output.Writing(world, view, progress) as writing:
        for request in writing.requests() if view["in_progress_at"] is not None else ():
            writing.leave(request, progress["ending"])
            if perf_counter() - started > MOST_SLICE:
                ended = False
                break
    _, progress = writing.kept()
    if ended:
        await _finish(world, batch)
    else:
        _next(world, progress, 2 * (perf_counter() - started), "wind_up")


async def _finish(world: World, batch: str) -> None:
    """Turn what was written into files that can be read."""
    found = _state(world, batch, "cancelling", "finalizing")
    if found is None:
        return
    view, progress = found
    files = batch_output.published(world, view, progress)
    _turn(world, view, progress["ending"], **files)
    world.shelf(PROGRESS).pop(batch)


async def _expire(world: World, batch: str) -> None:
    """The window closed: what is done is given out, the rest is named as expired."""
    found = _state(world, batch, "validating", "in_progress")
    if found is None:
        return
    view, _ = found
    batch_input.forget(world, batch)
    view = _turn(world, view, "finalizing")
    _end(world, view, "expired")


HANDLERS: dict[str, Handler] = crud(BATCH) | {"batches.create": _create, "batches.cancel": _cancel}
JOBS: dict[str, Job] = {
    "validate": _validate,
    "run": _run,
    "wind_up": _wind_up,
    "finish": _finish,
    "expire": _expire,
}

"""The life of a fine-tuning job: files validated, queued, trained step by step, ended. Each part is a job of the agenda.

Losses fall as they do when a model learns, worked out from the job's seed: the same seed gives the same curve.
"""

from __future__ import annotations

import asyncio
import math
import re
from typing import Any, Final
from zlib import crc32

from ..shape import Object
from ..world import Job, World
from . import model
from .file import stored
from .fine_tuning_data import COMPLETION_MODELS, Examples, Unusable, read
from .fine_tuning_method import settled, shown
from .webhook import emit

HOME: Final = "fine_tuning.jobs"
WORK: Final = "fine_tuning.jobs.work"
OWNER: Final = "antiphon"
SLICES: Final = 20
"""In so many slices a job trains."""
MOST_METRICS: Final = 200
"""So many steps at most tell their metrics."""


def events_of(job: str) -> str:
    """The shelf of a job's events."""
    return f"{HOME}.events/{job}"


def checkpoints_of(job: str) -> str:
    """The shelf of a job's checkpoints."""
    return f"{HOME}.checkpoints/{job}"


# What handlers ask for.


def begin(world: World, job: Object, suffix: str) -> None:
    """Set a new job going."""
    tell(world, job["id"], f"Created fine-tuning job: {job['id']}")
    tell(world, job["id"], f"Validating training file: {job['training_file']}")
    work = {"id": job["id"], "suffix": suffix, "step": 0, "steps": 0, "tokens": 0, "told": 0, "next": "validate"}
    _next(world, work, "validate", world.setting.background_seconds / 4)


def cancel(world: World, job: Object) -> Object:
    """End it here."""
    _unplan(world, job["id"])
    tell(world, job["id"], "Fine-tuning job cancelled")
    return _ended(world, job, "cancelled")


def pause(world: World, job: Object) -> Object:
    """Hold it here."""
    _unplan(world, job["id"])
    tell(world, job["id"], "Fine-tuning job paused")
    return _put(world, job, status="paused", estimated_finish=None)


def resume(world: World, job: Object) -> Object:
    """Let it go on from here."""
    tell(world, job["id"], "Fine-tuning job resumed")
    work: Object = world.shelf(WORK).get(job["id"]) or {}
    validating = work["next"] == "validate"
    _next(world, work, "validate" if validating else "start", world.setting.background_seconds / 8)
    return _put(world, job, status="validating_files" if validating else "queued")


def tell(world: World, job: str, message: str, data: Object | None = None, level: str = "info") -> None:
    """One more event."""
    made = world.identity.draw("ftevent-", 24)
    event = {
        "id": made,
        "object": "fine_tuning.job.event",
        "created_at": world.now(),
        "level": level,
        "message": message,
        "type": "message" if data is None else "metrics",
        "data": data or {},
    }
    world.shelf(events_of(job)).put(made, event)


# Its life.


def _next(world: World, work: Object, part: str, seconds: float) -> None:
    planned = world.later(seconds, f"fine_tuning_run.{part}", id=work["id"])
    world.shelf(WORK).put(work["id"], work | {"next": part, "planned": planned})


def _unplan(world: World, job: str) -> None:
    if (work := world.shelf(WORK).get(job)) is not None:
        world.agenda.cancel(work["planned"])


def _put(world: World, job: Object, **more: Any) -> Object:
    changed = job | more
    world.shelf(HOME).put(job["id"], changed)
    return changed


def _ended(world: World, job: Object, status: str, **more: Any) -> Object:
    world.shelf(WORK).pop(job["id"])
    emit(world, f"fine_tuning.job.{status}", {"id": job["id"]})
    return _put(world, job, status=status, finished_at=world.now(), estimated_finish=None, **more)


def _state(world: World, id: str, status: str) -> tuple[Object, Object] | None:
    job, work = world.shelf(HOME).get(id), world.shelf(WORK).get(id)
    return (job, work) if job is not None and work is not None and job["status"] == status else None


async def _validate(world: World, id: str) -> None:
    found = _state(world, id, "validating_files")
    if found is None:
        return
    examples = await _examples(world, found[0])
    if (found := _state(world, id, "validating_files")) is None:
        return  # it was cancelled or paused while a thread was reading
    view, work = found
    if isinstance(examples, Unusable):
        tell(world, id, examples.message, level="error")
        error = {"code": examples.code, "message": examples.message, "param": examples.param}
        _ended(world, view, "failed", error=error)
        return
    world.shelf(model.examples_of(id)).put("examples", examples.remembered)
    method = settled(view["method"], examples.count)
    numbers = method[method["type"]]["hyperparameters"]
    steps = math.ceil(examples.count / numbers["batch_size"]) * numbers["n_epochs"]
    _put(world, view, status="queued", method=method, hyperparameters=shown(method))
    tell(world, id, "Files validated, moving job to queued state")
    plan = {"steps": steps, "epochs": numbers["n_epochs"], "tokens": examples.tokens * numbers["n_epochs"]}
    _next(world, work | plan, "start", world.setting.background_seconds / 8)


async def _examples(world: World, view: Object) -> Examples | Unusable:
    """What is to be learnt, or what is wrong with one of the files."""
    try:
        examples = await _read(world, view, "training_file")
        if view["validation_file"] is not None:
            await _read(world, view, "validation_file")
    except Unusable as unusable:
        return unusable
    return examples


async def _read(world: World, view: Object, param: str) -> Examples:
    """The examples of one of the job's files; a large one is read beside the requests."""
    kind = "completion" if view["model"] in COMPLETION_MODELS else view["method"]["type"]
    path = world.folder() / view[param]
    if path.is_file() and path.stat().st_size > 65_536:
        return await asyncio.to_thread(read, path, kind, param)
    return read(path, kind, param)


async def _start(world: World, id: str) -> None:
    found = _state(world, id, "queued")
    if found is None:
        return
    view, work = found
    seconds = world.setting.background_seconds / 2
    _put(world, view, status="running", estimated_finish=math.ceil(world.clock() + seconds))
    if work["step"] == 0:
        tell(world, id, "Fine-tuning job started")
    _next(world, work, "train", seconds / SLICES)


async def _train(world: World, id: str) -> None:
    """Some steps more; an epoch that ends leaves a checkpoint."""
    found = _state(world, id, "running")
    if found is None:
        return
    view, work = found
    until = min(work["steps"], work["step"] + math.ceil(work["steps"] / SLICES))
    every, epoch = math.ceil(work["steps"] / MOST_METRICS), work["steps"] // work["epochs"]
    for step in range(work["step"] + 1, until + 1):
        if step % every == 0 or step == work["steps"]:
            metrics = _metrics(view, step, work["steps"])
            tell(world, id, f"Step {step}/{work['steps']}: training loss={metrics['train_loss']:.2f}", metrics)
        if step % epoch == 0 and step < work["steps"]:
            name = f"{_name(view, work)}:ckpt-step-{step}"
            _save(world, view, name, step, work["steps"])
            tell(world, id, f"Checkpoint created at step {step} with Snapshot ID: {name}")
    work = work | {"step": until}
    if until < work["steps"]:
        _next(world, work, "train", world.setting.background_seconds / 2 / SLICES)
    else:
        await _succeed(world, view, work)


async def _succeed(world: World, view: Object, work: Object) -> None:
    """Make the model known and write the curve into a file."""
    name, steps, job = _name(view, work), work["steps"], view["id"]
    _save(world, view, name, steps, steps)
    tell(world, job, f"New fine-tuned model created: {name}")
    columns = ("step", "train_loss", "train_mean_token_accuracy", "valid_loss", "valid_mean_token_accuracy")
    every = math.ceil(steps / MOST_METRICS)
    rows = [_metrics(view, step, steps) for step in range(1, steps + 1) if step % every == 0 or step == steps]
    lines = [",".join(columns), *(",".join(str(row.get(column, "")) for column in columns) for row in rows)]
    file = stored(world, "step_metrics.csv", "fine-tune-results", ("\n".join(lines) + "\n").encode())
    tell(world, job, "The job has successfully completed")
    ended = {"fine_tuned_model": name, "trained_tokens": work["tokens"], "result_files": [file["id"]]}
    _ended(world, view, "succeeded", **ended)


def _save(world: World, view: Object, name: str, step: int, steps: int) -> None:
    """A checkpoint, and its model, which can be used from now on."""
    made = world.identity.draw("ftckpt_", 24)
    metrics = _metrics(view, step, steps)
    if view["validation_file"] is not None:
        metrics |= {
            "full_valid_loss": metrics["valid_loss"],
            "full_valid_mean_token_accuracy": metrics["valid_mean_token_accuracy"],
        }
    checkpoint = {
        "id": made,
        "object": "fine_tuning.job.checkpoint",
        "created_at": world.now(),
        "fine_tuned_model_checkpoint": name,
        "fine_tuning_job_id": view["id"],
        "metrics": metrics,
        "step_number": step,
    }
    world.shelf(checkpoints_of(view["id"])).put(made, checkpoint)
    model.add(world, name, OWNER, job=view["id"])


def _name(view: Object, work: Object) -> str:
    """`ft:base:organisation:suffix:id`."""
    base = view["model"].split(":")[1] if view["model"].startswith("ft:") else view["model"]
    suffix = re.sub(r"[^a-z0-9]+", "-", work["suffix"].lower()).strip("-")
    return f"ft:{base}:{OWNER}:{suffix}:{view['id'][-8:]}"


def _metrics(view: Object, step: int, steps: int) -> Object:
    """Loss and accuracy at a step; with a validation file, those of data it does not train on too."""
    learnt = 1 - math.exp(-3 * step / steps)
    found: Object = {"step": step}
    for kind, least in (("train", 0.3), ("valid", 0.45))[: 1 if view["validation_file"] is None else 2]:
        noise = (crc32(f"{view['seed']}/{kind}/{step}".encode()) % 2_001 - 1_000) / 20_000
        loss = least + (2.2 - least) * (1 - learnt) + noise
        found |= {f"{kind}_loss": round(loss, 4), f"{kind}_mean_token_accuracy": round(math.exp(-loss * 0.6), 4)}
    return found


JOBS: dict[str, Job] = {"validate": _validate, "start": _start, "train": _train}

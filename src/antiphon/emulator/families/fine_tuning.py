"""Fine-tuning jobs: made, listed, paused, resumed, cancelled; their events, checkpoints and who may use those.

What happens in a job's life is in `fine_tuning_run`, what its files must be like in `fine_tuning_data`.
"""

from __future__ import annotations

from typing import Final

from .. import bound
from ..access import ORGANIZATION
from ..exchange import Exchange, Handler, Reply, json_reply, list_reply
from ..problem import Problem, invalid
from ..shape import part
from ..store import Shelf
from . import fine_tuning_run as run
from .crud import Kind, Object, crud, deleted, listing
from .fine_tuning_method import method_of, shown
from .listing import page
from .model import exists

TUNABLE: Final = ("babbage-002", "davinci-002", "gpt-3.5-turbo", "gpt-4o", "gpt-4.1", "gpt-5", "o4-mini", "ft:")
JOB: Final = Kind(home="fine_tuning.jobs", param="fine_tuning_job_id", noun="fine-tuning job", prefix="ftjob-")
PERMISSION: Final = Kind(
    home="fine_tuning.checkpoints.permissions", param="permission_id", noun="permission", prefix="cp_"
)


async def _create(exchange: Exchange) -> Reply:
    """Starts a job: the files are validated, then it trains, tells events and checkpoints, and makes a usable model."""
    body, world = exchange.body, exchange.world
    model: str = body["model"]
    if not exists(world, model) or not model.startswith(TUNABLE):
        message = f"Model {model} is not available for fine-tuning or does not exist."
        raise invalid("model", message, "model_not_available")
    for param in ("training_file", "validation_file"):
        _check_file(exchange, param)
    if len(body.get("suffix") or "") > 64:
        raise invalid("suffix", "Invalid 'suffix': at most 64 characters are taken.", "string_above_max_length")
    if len(body.get("integrations") or ()) > 5:
        raise invalid("integrations", "Invalid 'integrations': at most 5 are taken.", "array_above_max_length")
    method, seed = method_of(world, body), body.get("seed")
    made = JOB.made(
        exchange,
        status="validating_files",
        organization_id=ORGANIZATION,
        seed=world.identity.random.randrange(2**31) if seed is None else seed,
        method=method,
        hyperparameters=shown(method),
        integrations=body.get("integrations") or [],
        metadata=body.get("metadata"),
        validation_file=body.get("validation_file"),
        **dict.fromkeys(("error", "estimated_finish", "fine_tuned_model", "finished_at", "trained_tokens")),
    )
    run.begin(world, made, body.get("suffix") or "")
    return json_reply(made)


def _check_file(exchange: Exchange, param: str) -> None:
    if (wanted := exchange.body.get(param)) is None:
        return
    file = exchange.world.shelf("files").get(wanted)
    if file is None:
        raise Problem(400, f"invalid {param}: {wanted}", param=param, code="invalid_file")
    if file["purpose"] != "fine-tune":
        message = f"The file has the purpose '{file['purpose']}'; fine-tuning takes files with 'fine-tune'."
        raise invalid(param, message, "invalid_purpose")


async def _list(exchange: Exchange) -> Reply:
    """Lists jobs, newest first; `metadata[key]=value` picks those that carry it."""
    wanted = part(exchange.query, "metadata")

    def fits(job: Object) -> bool:
        carried = part(job, "metadata")
        return all(carried.get(key) == value for key, value in wanted.items())

    return listing(exchange, JOB.listed(exchange, fits))


async def _cancel(exchange: Exchange) -> Reply:
    """Stops a job that has not ended, for good; 400 when it has."""
    job = JOB.found(exchange)
    _refuse_ended(job, "cancel")
    return json_reply(run.cancel(exchange.world, job))


async def _pause(exchange: Exchange) -> Reply:
    """Holds a job where it is until it is resumed; 400 when it has ended or is paused."""
    job = JOB.found(exchange)
    _refuse_ended(job, "pause")
    if job["status"] == "paused":
        raise Problem(400, f"Fine-tuning job {job['id']} is paused already.", code="invalid_job_status")
    return json_reply(run.pause(exchange.world, job))


async def _resume(exchange: Exchange) -> Reply:
    """Queues a paused job again; it goes on from the step it had reached. 400 when it is not paused."""
    job = JOB.found(exchange)
    if job["status"] != "paused":
        message = f"Fine-tuning job {job['id']} has the status '{job['status']}'; only a paused one can be resumed."
        raise Problem(400, message, code="invalid_job_status")
    return json_reply(run.resume(exchange.world, job))


def _refuse_ended(job: Object, verb: str) -> None:
    if job["status"] in ("succeeded", "failed", "cancelled"):
        message = f"Cannot {verb} the fine-tuning job {job['id']}: its status is '{job['status']}'."
        raise Problem(400, message, code="invalid_job_status")


async def _events(exchange: Exchange) -> Reply:
    """Lists what the job told of itself, newest first: messages, and metrics of its steps."""
    found = page(exchange, exchange.world.shelf(run.events_of(JOB.found(exchange)["id"])))
    return listing(exchange, found)


async def _checkpoints(exchange: Exchange) -> Reply:
    """Lists the models that were saved after each epoch, newest first, with their metrics."""
    found = page(exchange, exchange.world.shelf(run.checkpoints_of(JOB.found(exchange)["id"])), default_limit=10)
    return listing(exchange, found)


# Who may use a checkpoint.


def _permissions(exchange: Exchange) -> Shelf[Object]:
    name = exchange.path["fine_tuned_model_checkpoint"]
    if not name.startswith("ft:") or not exists(exchange.world, name):
        message = f"No fine-tuned model checkpoint '{name}' found."
        raise Problem(404, message, param="fine_tuned_model_checkpoint", code="not_found")
    return exchange.world.shelf(f"{PERMISSION.home}/{name}")


async def _permit(exchange: Exchange) -> Reply:
    """Shares a checkpoint with projects; a project that may use it already is not named twice."""
    world, shelf, made = exchange.world, _permissions(exchange), list[Object]()
    if not exchange.body["project_ids"]:
        raise invalid("project_ids", "Invalid 'project_ids': it must not be empty.", "empty_array")
    for project in exchange.body["project_ids"]:
        known = next((each for each in shelf if each["project_id"] == project), None)
        if known is None:
            drawn = world.identity.draw("cp_", 24)
            known = {"id": drawn, "object": "checkpoint.permission", "created_at": world.now(), "project_id": project}
            shelf.put(drawn, known)
        made.append(known)
    return list_reply(made, False)


async def _permitted(exchange: Exchange) -> Reply:
    """Lists the permissions of a checkpoint, newest first; `project_id` picks one project's."""
    shelf, project = _permissions(exchange), exchange.query.get("project_id")
    limit = 10 if exchange.query.get("limit") is None else exchange.query["limit"]
    bound.within("limit", limit, 1, 100)
    order = "asc" if exchange.query.get("order") == "ascending" else "desc"
    found = shelf.page(
        after=exchange.query.get("after"),
        limit=limit,
        order=order,
        where=lambda known: project in (None, known["project_id"]),
    )
    return list_reply(found.data, found.has_more)


async def _forbid(exchange: Exchange) -> Reply:
    """Takes a permission back; 404 from then on."""
    shelf, wanted = _permissions(exchange), exchange.path["permission_id"]
    if shelf.pop(wanted) is None:
        raise Problem(404, f"No permission found with id '{wanted}'.", param="permission_id", code="not_found")
    return deleted(exchange, wanted)


HANDLERS: dict[str, Handler] = crud(JOB) | {
    "fine_tuning.jobs.create": _create,
    "fine_tuning.jobs.list": _list,
    "fine_tuning.jobs.cancel": _cancel,
    "fine_tuning.jobs.pause": _pause,
    "fine_tuning.jobs.resume": _resume,
    "fine_tuning.jobs.list_events": _events,
    "fine_tuning.jobs.checkpoints.list": _checkpoints,
    "fine_tuning.checkpoints.permissions.create": _permit,
    "fine_tuning.checkpoints.permissions.list": _permitted,
    "fine_tuning.checkpoints.permissions.delete": _forbid,
}

"""Runs of evals: rows read, answers sampled, each graded by every criterion, counted, reported. Slice by slice."""

from __future__ import annotations

from time import perf_counter
from typing import Any, Final

import msgspec

from ..exchange import Caller, Exchange, Handler, Reply, json_reply
from ..problem import Problem, invalid, missing
from ..shape import part
from ..world import Job, World
from . import evaluation_source
from .crud import Kind, Object, crud
from .evaluation import EVAL
from .evaluation_sample import Unsampled, sampled, samples, view
from .file import uploaded
from .grader_score import Grade, grade, passes
from .grader_template import UnknownVariable
from .model import require_speaking
from .webhook import emit

WORK: Final = "evals.runs.work"
MOST_SLICE: Final = 0.004
"""Seconds of work in one go."""
SLICES: Final = 20
RUN: Final = Kind(
    home="evals.runs", param="run_id", noun="eval run", prefix="evalrun_", digits=32, owner=EVAL,
    search=("status",), oldest_first=True,
)  # fmt: skip
ITEM: Final = Kind(
    home="evals.runs.output_items", param="output_item_id", noun="output item", prefix="outputitem_", owner=RUN,
    search=("status",), oldest_first=True,
)  # fmt: skip


async def _create(exchange: Exchange) -> Reply:
    """Starts a run that samples each row, grades it by the eval's criteria and counts; failed when rows do not fit."""
    body, world = exchange.body, exchange.world
    EVAL.found(exchange)
    source: Object = body["data_source"]
    _check_source(world, source)
    drawn = world.identity.draw(RUN.prefix, RUN.digits)
    host = exchange.headers.get(b"host", b"localhost").decode("latin-1")
    eval_id = exchange.path["eval_id"]
    made = RUN.made(
        exchange,
        id=drawn,
        eval_id=eval_id,
        status="queued",
        model=source.get("model") or "",
        name=body.get("name") or source.get("model") or "",
        metadata=body.get("metadata") or {},
        report_url=f"http://{host}/v1/evals/{eval_id}/runs/{drawn}",
        result_counts={"total": 0, "errored": 0, "failed": 0, "passed": 0},
        per_model_usage=[],
        per_testing_criteria_results=[],
        error=None,
    )
    work = {"id": drawn, "eval": eval_id, "offset": 0, "row": 0, "rows": 0, "caller": list(exchange.caller)}
    _next(world, work, "begin", world.setting.background_seconds / 4)
    return json_reply(made)


def _check_source(world: World, source: Object) -> None:
    inner: Object = source["source"]
    if inner["type"] == "file_id":
        uploaded(world, inner["id"], "data_source.source.id")
    if inner["type"] == "file_content" and not inner["content"]:
        raise invalid("data_source.source.content", "There must be at least one row.", "empty_array")
    if source.get("model") is not None:
        require_speaking(world, source["model"])
        if source.get("input_messages") is None and inner["type"] in ("file_id", "file_content"):
            raise missing("data_source.input_messages")
    elif source.get("input_messages") is not None:
        raise missing("data_source.model")


async def _cancel(exchange: Exchange) -> Reply:
    """Stops a run; the rows that were graded stay. 400 when it has ended."""
    known = RUN.found(exchange)
    if known["status"] not in ("queued", "in_progress"):
        raise Problem(400, f"Cannot cancel a run with status '{known['status']}'.", code="invalid_run_status")
    world = exchange.world
    work: Object = world.shelf(WORK).get(known["id"]) or {}
    world.agenda.cancel(work.get("job", ""))
    return json_reply(_ended(world, known, "canceled"))


async def _delete(exchange: Exchange) -> Reply:
    """Removes a run and its output items; one that is at work ends here."""
    known = RUN.found(exchange)
    RUN.remove(exchange, known)
    _forget(exchange.world, known["id"])
    return json_reply({"object": "eval.run.deleted", "deleted": True, "run_id": known["id"]})


# Its life.


def _next(world: World, work: Object, step: str, seconds: float) -> None:
    job = world.later(seconds, f"evaluation_run.{step}", run=work["id"])
    world.shelf(WORK).put(work["id"], work | {"job": job})


def _state(world: World, run: str) -> tuple[Object, Object, Object] | None:
    """The run, its eval and its work, where it still is to be done."""
    work: Object | None = world.shelf(WORK).get(run)
    if work is None:
        return None
    known, tested = world.shelf(f"{RUN.home}/{work['eval']}").get(run), world.shelf(EVAL.home).get(work["eval"])
    if known is None or tested is None:
        _forget(world, run)
        return None
    return known, tested, work


def _put(world: World, known: Object, **more: Any) -> Object:
    changed = known | more
    world.shelf(f"{RUN.home}/{known['eval_id']}").put(known["id"], changed)
    return changed


def _ended(world: World, known: Object, status: str, **more: Any) -> Object:
    _forget(world, known["id"])
    emit(world, f"eval.run.{'succeeded' if status == 'completed' else status}", {"id": known["id"]})
    return _put(world, known, status=status, **more)


def _forget(world: World, run: str) -> None:
    world.shelf(WORK).pop(run)
    _draft(world, run).unlink(missing_ok=True)


def _draft(world: World, run: str) -> Any:
    """Where the rows of a run lie while it works."""
    return world.folder() / f"{run}.rows"


async def _begin(world: World, run: str) -> None:
    """Read the rows once, and see whether they fit."""
    if (found := _state(world, run)) is None:
        return
    known, tested, work = found
    schema = part(tested["data_source_config"], "schema")
    item_schema, number = part(schema, "properties").get("item"), 0
    try:
        with _draft(world, run).open("wb") as file:
            for number, row in enumerate(evaluation_source.rows(world, known["data_source"]["source"]), 1):
                if wrong := evaluation_source.misfit(item_schema, row["item"]):
                    raise evaluation_source.Unreadable(f"Row {number} does not fit the eval's schema: {wrong}")
                file.write(msgspec.json.encode(row) + b"\n")
        if number == 0:
            raise evaluation_source.Unreadable("The data source has no rows.")
    except evaluation_source.Unreadable as unreadable:
        _ended(world, known, "failed", error={"code": "invalid_data_source", "message": str(unreadable)})
        return
    results = [{"testing_criteria": each["name"], "passed": 0, "failed": 0} for each in tested["testing_criteria"]]
    _put(world, known, status="in_progress", per_testing_criteria_results=results)
    _next(world, work | {"rows": number}, "work", _pace(world, number))


def _pace(world: World, rows: int) -> float:
    return world.setting.background_seconds / 2 / rows


async def _work(world: World, run: str) -> None:
    """As many rows as fit into a slice."""
    if (found := _state(world, run)) is None:
        return
    known, tested, work = found
    started, done, caller = perf_counter(), 0, Caller(*work["caller"])
    known, work = msgspec.json.decode(msgspec.json.encode([known, work]))  # changed here, and put whole
    with _draft(world, run).open("rb") as file:
        file.seek(work["offset"])
        for line in iter(file.readline, b""):
            work["offset"] += len(line)
            work["row"] += 1
            await _judge(world, known, tested, msgspec.json.decode(line), work["row"], caller)
            done += 1
            if done >= work["rows"] / SLICES or perf_counter() - started > MOST_SLICE:
                break
    if (now := _state(world, run)) is None or now[0]["status"] != "in_progress":
        return  # it was cancelled or removed while a row was judged
    if work["row"] >= work["rows"]:
        _ended(world, known, "completed")
    else:
        _put(world, known)
        _next(world, work, "work", max(2 * (perf_counter() - started), done * _pace(world, work["rows"])))


async def _judge(world: World, known: Object, tested: Object, row: Object, number: int, caller: Caller) -> None:
    """Sample and grade one row, keep its output item, and count it in the run."""
    source, context, results = known["data_source"], evaluation_source.context_of(row), list[Object]()
    shown = view(source, [], context["sample"].get("output_text") or "")
    shown["model"] = shown["model"] or context["sample"].get("model") or ""
    try:
        if samples(source):
            context["sample"], shown = await sampled(world, source, context, caller)
            _spend(known, source["model"], shown["usage"])
        for place, criterion in enumerate(tested["testing_criteria"]):
            results.append(await _graded(world, known, criterion, context, caller, place))
    except UnknownVariable as unknown:
        shown["error"] = {"code": "invalid_template", "message": f"The row has no '{unknown}'."}
    except Unsampled as unsampled:
        shown["error"] = unsampled.error
    errored = shown["error"] is not None or any(result.get("error") for result in results)
    status = "error" if errored else "pass" if all(result["passed"] for result in results) else "fail"
    counts = known["result_counts"]
    counts["total"] += 1
    counts[{"error": "errored", "pass": "passed", "fail": "failed"}[status]] += 1
    made = world.identity.draw(ITEM.prefix, ITEM.digits)
    item = {
        "object": "eval.run.output_item",
        "id": made,
        "run_id": known["id"],
        "eval_id": known["eval_id"],
        "created_at": world.now(),
        "status": status,
        "datasource_item_id": number - 1,
        "datasource_item": row["item"],
        "results": results,
        "sample": shown,
    }
    world.shelf(f"{ITEM.home}/{known['eval_id']}/{known['id']}").put(made, item)


async def _graded(
    world: World, known: Object, criterion: Object, context: Object, caller: Caller, place: int
) -> Object:
    """What one criterion makes of a row; the tokens of a model that was asked are the run's."""
    found: Grade = await grade(world, criterion, context, caller)
    for model, tokens in found.tokens.items():
        _spend(known, model, tokens)
    passed = passes(criterion, found)
    if not found.failed:
        known["per_testing_criteria_results"][place]["passed" if passed else "failed"] += 1
    result: Object = {"name": criterion["name"], "type": criterion["type"], "score": found.score, "passed": passed}
    if found.said is not None:
        result["sample"] = {"model": found.model, "output": found.said}
    if found.failed:
        result["error"] = {name: told for name, told in found.errors.items() if told}
    return result


def _spend(known: Object, model: str, tokens: Object) -> None:
    """Count a model's answer in the run's usage."""
    usage: Object | None = next((each for each in known["per_model_usage"] if each["model_name"] == model), None)
    if usage is None:
        usage = {"model_name": model, "invocation_count": 0, **dict.fromkeys(tokens, 0)}
        known["per_model_usage"].append(usage)
    usage["invocation_count"] += 1
    for kind, number in tokens.items():
        usage[kind] += number


HANDLERS: dict[str, Handler] = crud(RUN, ITEM) | {
    "evals.runs.create": _create,
    "evals.runs.cancel": _cancel,
    "evals.runs.delete": _delete,
}
JOBS: dict[str, Job] = {"begin": _begin, "work": _work}

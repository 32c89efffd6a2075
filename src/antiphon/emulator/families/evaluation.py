"""Evals: what is to be tested, on which data, by which graders. The runs are in `evaluation_run`."""

from __future__ import annotations

from typing import Any, Final

from .. import contract
from ..exchange import Exchange, Handler, Reply, json_reply
from ..problem import invalid
from ..store import Page
from .crud import Kind, Object, crud, listing
from .grader_check import check
from .listing import page

UPDATED: Final = "evals.updated"
EVAL: Final = Kind(home="evals", param="eval_id", noun="eval", prefix="eval_", digits=32, oldest_first=True)
_TEXT: Final = {"type": "string"}
SAMPLE_SCHEMA: Final[Object] = {
    "type": "object",
    "properties": {
        "model": _TEXT,
        "output_text": _TEXT,
        "output_json": {"type": "object"},
        "output_tools": {"type": "array", "items": {"type": "object"}},
        "choices": {"type": "array", "items": {"type": "object"}},
    },
    "required": ["model", "choices"],
}


async def _create(exchange: Exchange) -> Reply:
    """Keeps an eval, once its schema and each of its graders can be used."""
    body = exchange.body
    if not body["testing_criteria"]:
        raise invalid("testing_criteria", "Invalid 'testing_criteria': it must not be empty.", "empty_array")
    for number, criterion in enumerate(body["testing_criteria"]):
        check(exchange.world, criterion, f"testing_criteria[{number}]")
    config = _shown(body["data_source_config"])
    made = EVAL.made(
        exchange, data_source_config=config, name=body.get("name") or "", metadata=body.get("metadata") or {}
    )
    return json_reply(made, 201)


def _shown(config: Object) -> Object:
    """The config as the eval shows it: with the schema of its rows."""
    if config["type"] != "custom":
        item: Object = {"type": "object"}
        return {"type": config["type"], "metadata": config.get("metadata") or {}, "schema": _rows(item, True)}
    schema: Object = config["item_schema"]
    contract.check(
        schema, name="the items", param="data_source_config.item_schema", code="invalid_json_schema", strict=False
    )
    return {"type": "custom", "schema": _rows(schema, bool(config.get("include_sample_schema")))}


def _rows(item: Object, sampled: bool) -> Object:
    properties: Object = {"item": item, "sample": SAMPLE_SCHEMA} if sampled else {"item": item}
    return {"type": "object", "properties": properties, "required": list(properties)}


async def _list(exchange: Exchange) -> Reply:
    """Lists evals by when they were made, or last changed."""
    if exchange.query.get("order_by") != "updated_at":
        return listing(exchange, EVAL.listed(exchange))
    times: dict[str, float] = {each["id"]: each["time"] for each in exchange.world.shelf(UPDATED)}

    def changed(known: Object) -> float:
        made: int = known["created_at"]
        return times.get(known["id"], float(made))

    found: Page[Object] = page(exchange, sorted(EVAL.kept(exchange), key=changed), default_order="asc")
    return listing(exchange, found)


async def _update(exchange: Exchange) -> Reply:
    """Changes the name or the metadata; what is tested stays as it is."""
    changed = EVAL.change(exchange, EVAL.found(exchange))
    exchange.world.shelf(UPDATED).put(changed["id"], {"id": changed["id"], "time": exchange.world.clock()})
    return json_reply(changed)


async def _delete(exchange: Exchange) -> Reply:
    """Removes an eval with its runs and their output; what runs still ends here."""
    known: dict[str, Any] = EVAL.found(exchange)
    EVAL.remove(exchange, known)
    exchange.world.shelf(UPDATED).pop(known["id"])
    return json_reply({"object": "eval.deleted", "deleted": True, "eval_id": known["id"]})


HANDLERS: dict[str, Handler] = crud(EVAL) | {
    "evals.create": _create,
    "evals.list": _list,
    "evals.update": _update,
    "evals.delete": _delete,
}

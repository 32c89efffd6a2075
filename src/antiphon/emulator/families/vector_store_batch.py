"""Batches of files for a vector store: attached together, taken in one after the other, counted, and stopped together."""

from __future__ import annotations

from typing import Final

from ..exchange import Exchange, Handler, Reply, json_reply
from ..problem import Problem, invalid
from .crud import Kind, Object, listing
from .polling import poll_after
from .vector_store_file import FILE, STORE, attach, cancel, cost, open_store, wanted
from .vector_store_work import BATCHES

MOST: Final = 2_000
BATCH: Final = Kind(home=BATCHES, param="batch_id", noun="file batch", prefix="vsfb_", owner=STORE)


async def _create(exchange: Exchange) -> Reply:
    """Attaches many files at once, each with its own attributes and chunking if wanted; they are taken in by turns."""
    world, store = exchange.world, open_store(exchange)
    asked = _asked(exchange)
    counts = {"cancelled": 0, "completed": 0, "failed": 0, "in_progress": len(asked), "total": len(asked)}
    made = BATCH.made(exchange, vector_store_id=store["id"], status="in_progress", file_counts=counts)
    share = world.setting.background_seconds / len(asked)
    for place, each in enumerate(asked, 1):
        attach(world, store["id"], each, share * place, made["id"])
    exchange.usage = cost(world, [each["id"] for each in asked])
    return _answered(exchange, made)


def _asked(exchange: Exchange) -> list[Object]:
    """What is asked for each file, each file once."""
    body, world = exchange.body, exchange.world
    ids, files = body.get("file_ids"), body.get("files")
    if (ids is None) is (files is None):
        raise invalid("file_ids", "Give either 'file_ids' or 'files'.", "invalid_request")
    param = "file_ids" if files is None else "files"
    given: list[Object] = files if files is not None else [{**body, "file_id": each} for each in ids]
    if not given:
        raise invalid(param, f"Invalid '{param}': empty array.", "empty_array")
    if len(given) > MOST:
        message = f"Invalid '{param}': at most {MOST} files are taken, but got {len(given)}."
        raise invalid(param, message, "array_above_max_length")
    once = {each["file_id"]: each for each in given}.values()
    return [
        wanted(world, each["file_id"], each.get("attributes"), each.get("chunking_strategy"), param) for each in once
    ]


async def _retrieve(exchange: Exchange) -> Reply:
    """Shows a batch with how many of its files are through by now; 404 when the store has no such batch."""
    return _answered(exchange, BATCH.found(exchange))


async def _cancel(exchange: Exchange) -> Reply:
    """Stops the files that are still in progress; those that are through stay. 400 when the batch has ended."""
    world, batch = exchange.world, BATCH.found(exchange)
    if batch["status"] != "in_progress":
        message = f"The file batch '{batch['id']}' is {batch['status']} and cannot be cancelled."
        raise Problem(400, message, param="batch_id", code="invalid_batch_status")
    BATCH.kept(exchange).put(batch["id"], batch | {"status": "cancelled"})
    for record in FILE.kept(exchange):
        if record["batch"] == batch["id"]:
            cancel(world, record)
    return json_reply(BATCH.found(exchange))


async def _list_files(exchange: Exchange) -> Reply:
    """Lists the files that came with a batch and are still in the store, by status where a filter asks for it."""
    batch, status = BATCH.found(exchange)["id"], exchange.query.get("filter")
    found = FILE.listed(exchange, lambda record: record["batch"] == batch and status in (None, record["status"]))
    return listing(exchange, found, FILE.shown)


def _answered(exchange: Exchange, batch: Object) -> Reply:
    reply = json_reply(batch)
    if batch["status"] == "in_progress":
        reply.headers.append(poll_after(exchange.world))
    return reply


HANDLERS: dict[str, Handler] = {
    "vector_stores.file_batches.create": _create,
    "vector_stores.file_batches.retrieve": _retrieve,
    "vector_stores.file_batches.cancel": _cancel,
    "vector_stores.file_batches.list_files": _list_files,
}

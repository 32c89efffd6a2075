"""Files in vector stores: attached, taken in by and by, described by attributes, read back as text, taken out again."""

from __future__ import annotations

from typing import Any, Final

from ..bound import within
from ..exchange import Exchange, Handler, Reply, json_reply
from ..problem import Problem, invalid
from ..shape import is_object
from ..world import World
from . import vector_store_index as index
from .crud import Kind, Object, deleted, listing
from .file import uploaded
from .polling import poll_after
from .retrieval import FILES, STORES, is_expired, touch
from .vector_store_work import discard, settle, start

STORE: Final = Kind(home=STORES, param="vector_store_id", noun="vector store", prefix="vs_")
FILE: Final = Kind(home=FILES, param="file_id", noun="vector store file", owner=STORE, hidden=("run", "batch", "next"))
CHUNK: Final = {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}
MOST_ATTRIBUTES: Final = 16


async def _create(exchange: Exchange) -> Reply:
    """Attaches a file and begins to take it in; it is in progress, then completed, or failed when it holds no text."""
    body, world = exchange.body, exchange.world
    store = open_store(exchange)
    asked = wanted(world, body["file_id"], body.get("attributes"), body.get("chunking_strategy"))
    record = attach(world, store["id"], asked, world.setting.background_seconds)
    exchange.usage = cost(world, [record["id"]])
    return _answered(exchange, record)


async def _retrieve(exchange: Exchange) -> Reply:
    """Shows how far a file is; 404 when it is not, or no longer, in this store."""
    return _answered(exchange, FILE.found(exchange))


async def _update(exchange: Exchange) -> Reply:
    """Replaces a file's attributes; searches filter by the new ones from then on."""
    record = FILE.found(exchange)
    attributes = checked(exchange.body["attributes"])
    return json_reply(FILE.shown(FILE.change(exchange, record, attributes=attributes)))


async def _list(exchange: Exchange) -> Reply:
    """Lists a store's files, by status where a filter asks for it."""
    status = exchange.query.get("filter")
    found = FILE.listed(exchange, None if status is None else lambda record: record["status"] == status)
    return listing(exchange, found, FILE.shown)


async def _delete(exchange: Exchange) -> Reply:
    """Takes a file out of the store and its searches; the file itself stays."""
    record = FILE.found(exchange)
    discard(exchange.world, record)
    return deleted(exchange, record["id"])


async def _content(exchange: Exchange) -> Reply:
    """Gives the text that was found in a file, piece by piece and without the overlaps; nothing until it is completed."""
    record = FILE.found(exchange)
    chunks = list(index.kept(exchange.world, record["vector_store_id"], record["id"]))
    texts: list[str] = []
    if record["status"] == "completed":
        ends = [chunk.start for chunk in chunks[1:]]
        texts = [_until(chunk, end) for chunk, end in zip(chunks, [*ends, None], strict=True)]
    data = [{"type": "text", "text": text} for text in texts]
    return json_reply({"object": "vector_store.file_content.page", "data": data, "has_more": False, "next_page": None})


def _until(chunk: index.Chunk, end: int | None) -> str:
    return chunk.text if end is None else chunk.text.encode()[: end - chunk.start].decode("utf-8", "replace")


def _answered(exchange: Exchange, record: Object) -> Reply:
    reply = json_reply(FILE.shown(record))
    if record["status"] == "in_progress":
        reply.headers.append(poll_after(exchange.world))
    return reply


# For stores and batches.


def open_store(exchange: Exchange) -> Object:
    """The store of the path; raises 404 when there is none, 400 when its time is over."""
    store = STORE.found(exchange)
    if is_expired(store, exchange.world.now()):
        raise Problem(400, f"The vector store '{store['id']}' has expired.", param="vector_store_id", code="expired")
    return store


def wanted(world: World, file: str, attributes: Any, strategy: Any, param: str = "file_id") -> Object:
    """What is asked for one file, checked; raises 404 when there is no such file."""
    uploaded(world, file, param)
    return {"id": file, "attributes": checked(attributes), "chunking_strategy": strategy_of(strategy)}


def attach(world: World, store: str, asked: Object, seconds: float, batch: str | None = None) -> Object:
    """Put a file into a store, and have it taken in some time from now; one that is there already is taken in anew."""
    shelf = world.shelf(f"{FILES}/{store}")
    if (known := shelf.get(asked["id"])) is not None:
        discard(world, known)
    record: Object = {
        **asked,
        "object": "vector_store.file",
        "created_at": world.now(),
        "last_error": None,
        "status": "in_progress",
        "usage_bytes": 0,
        "vector_store_id": store,
        "batch": batch,
        "run": world.identity.draw("run-", 16),
        "next": None,
    }
    shelf.put(asked["id"], record)
    touch(world, store)
    start(world, record, seconds)
    return record


def detach(world: World, file: str) -> None:
    """Take a file that is gone out of every store."""
    for store in world.shelf(STORES):
        if (record := world.shelf(f"{FILES}/{store['id']}").get(file)) is not None:
            discard(world, record)


def cancel(world: World, record: Object) -> None:
    """Stop taking a file in."""
    if record["status"] == "in_progress":
        settle(world, record, "cancelled")


def checked(attributes: Any) -> Object:
    """Attributes within the API's bounds."""
    found: Object = attributes if is_object(attributes) else {}
    if len(found) > MOST_ATTRIBUTES:
        message = f"Invalid 'attributes': at most {MOST_ATTRIBUTES} are taken, but got {len(found)}."
        raise invalid("attributes", message, "object_above_max_properties")
    for key, value in found.items():
        if len(key) > 64 or (isinstance(value, str) and len(value) > 512):
            message = f"Invalid 'attributes': '{key[:64]}' is too long. Keys take 64 characters, values 512."
            raise invalid(f"attributes.{key[:64]}", message, "string_above_max_length")
    return found


def strategy_of(given: Any) -> Object:
    """How a file is cut, as its object shows it: `auto` stands for the usual sizes."""
    if not is_object(given) or given["type"] == "auto":
        return {"type": "static", "static": dict(CHUNK)}
    size, overlap = given["static"]["max_chunk_size_tokens"], given["static"]["chunk_overlap_tokens"]
    within("chunking_strategy.static.max_chunk_size_tokens", size, 100, 4096)
    within("chunking_strategy.static.chunk_overlap_tokens", overlap, 0, size // 2)
    return {"type": "static", "static": {"max_chunk_size_tokens": size, "chunk_overlap_tokens": overlap}}


def cost(world: World, files: list[str]) -> dict[str, Any]:
    """What it takes to store these files, for the organisation's usage."""
    known = [world.shelf("files").get(file) for file in files]
    return {"kind": "vector_stores", "usage_bytes": sum(view["bytes"] for view in known if view is not None)}


HANDLERS: dict[str, Handler] = {
    "vector_stores.files.create": _create,
    "vector_stores.files.retrieve": _retrieve,
    "vector_stores.files.update": _update,
    "vector_stores.files.list": _list,
    "vector_stores.files.delete": _delete,
    "vector_stores.files.content": _content,
}

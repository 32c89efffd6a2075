"""Vector stores: made with files or without, counted, searched, renewed by use, expired when nobody came."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from ..exchange import Exchange, Handler, Reply, json_reply
from ..problem import invalid
from ..shape import part, rows
from ..world import World
from . import vector_store_index as index
from .crud import Object, listing
from .retrieval import FILES, STORES, activity, is_expired, rewritten, search
from .vector_store_file import STORE, attach, cancel, cost, wanted
from .vector_store_work import discard

_STATES: Final = ("cancelled", "completed", "failed", "in_progress")


async def _create(exchange: Exchange) -> Reply:
    """Makes a store and begins to take its files in; with an expiry, it ends so many days after its last use."""
    body, world = exchange.body, exchange.world
    ids = list(dict.fromkeys(rows(body, "file_ids")))
    asked = [wanted(world, each, None, body.get("chunking_strategy"), "file_ids") for each in ids]
    lives = activity(body.get("expires_after"), world.now())
    made = STORE.made(exchange, status="completed", metadata=part(body, "metadata"), **lives)
    for each in asked:
        attach(world, made["id"], each, world.setting.background_seconds)
    _set_expiry(world, made)
    exchange.usage = cost(world, ids)
    return json_reply(_shown(world, made))


async def _retrieve(exchange: Exchange) -> Reply:
    """Shows a store with its files counted by how far they are; 404 when there is none."""
    return json_reply(_shown(exchange.world, STORE.found(exchange)))


async def _list(exchange: Exchange) -> Reply:
    """Lists the stores, newest first, by cursors either way, limit and order."""
    return listing(exchange, STORE.listed(exchange), lambda store: _shown(exchange.world, store))


async def _update(exchange: Exchange) -> Reply:
    """Changes name, metadata or expiry; a new expiry counts from the last use."""
    body, known = exchange.body, STORE.found(exchange)
    more: Object = {}
    if "expires_after" in body:
        ends = activity(body["expires_after"], known["last_active_at"])["expires_at"]
        more = {"expires_at": ends}
    if "name" in body:
        more["name"] = body["name"] or ""
    if "metadata" in body:
        more["metadata"] = body["metadata"] or {}
    changed = STORE.change(exchange, known, **more)
    _set_expiry(exchange.world, changed)
    return json_reply(_shown(exchange.world, changed))


async def _delete(exchange: Exchange) -> Reply:
    """Removes a store and what it made of its files; the files themselves stay."""
    for record in exchange.world.shelf(f"{FILES}/{STORE.found(exchange)['id']}"):
        discard(exchange.world, record)
    return await STORE.delete(exchange)


async def _search(exchange: Exchange) -> Reply:
    """Finds the chunks nearest to a question among files whose attributes fit, best first, and counts as a use."""
    body, store = exchange.body, STORE.found(exchange)
    queries: list[str] = [body["query"]] if isinstance(body["query"], str) else body["query"]
    if not queries or not all(query.strip() for query in queries):
        raise invalid("query", "Invalid 'query': it must not be empty.", "empty_string")
    limit, ranking = body.get("max_num_results", 10), part(body, "ranking_options")
    if body.get("rewrite_query"):
        queries = [rewritten(query) for query in queries]
    hits = await search(exchange.world, [store["id"]], queries, body.get("filters"), limit, ranking)
    data = [{name: value for name, value in hit.items() if name != "vector_store_id"} for hit in hits]
    exchange.usage = {"kind": "file_search_calls", "num_requests": 1, "vector_store_id": store["id"]}
    page = {"object": "vector_store.search_results.page", "search_query": queries, "data": data}
    return json_reply({**page, "has_more": False, "next_page": None})


def _shown(world: World, store: Object) -> Object:
    """The store as it is now: its files counted, and whether its time is over."""
    files = list(world.shelf(f"{FILES}/{store['id']}"))
    found = Counter(record["status"] for record in files)
    counts = {state: found[state] for state in _STATES} | {"total": len(files)}
    status = "in_progress" if counts["in_progress"] else "completed"
    if is_expired(store, world.now()):
        status = "expired"
    usage = sum(record["usage_bytes"] for record in files)
    shown = store | {"file_counts": counts, "status": status, "usage_bytes": usage}
    if shown.get("expires_after") is None:
        shown.pop("expires_after", None)  # where there is none, the API says nothing
    return shown


def _set_expiry(world: World, store: Object) -> None:
    if store.get("expires_at") is not None:
        world.later(store["expires_at"] - world.clock(), "vector_store.expire", id=store["id"])


async def _expire(world: World, id: str) -> None:
    """End a store that was not used long enough; one that was used since then is looked at again later."""
    store: Any = world.shelf(STORES).get(id)
    if store is None or store.get("expires_at") is None or store["status"] == "expired":
        return
    if not is_expired(store, world.now()):
        _set_expiry(world, store)
        return
    shelf = world.shelf(f"{FILES}/{id}")
    for record in shelf:
        cancel(world, record)
    for record in shelf:
        index.forget(world, id, record["id"])
        shelf.put(record["id"], record | {"usage_bytes": 0})
    world.shelf(STORES).put(id, store | {"status": "expired"})


HANDLERS: dict[str, Handler] = {
    "vector_stores.create": _create,
    "vector_stores.retrieve": _retrieve,
    "vector_stores.list": _list,
    "vector_stores.update": _update,
    "vector_stores.delete": _delete,
    "vector_stores.search": _search,
}
JOBS = {"expire": _expire}

"""What tools work with: files for code, vector stores for search; made on the way when a request brings the files itself.

Stores are asked for through their own operations: how they chunk and search is their family's business.
"""

from __future__ import annotations

from typing import Any, Final

from ..exchange import Exchange
from ..problem import Problem, invalid
from ..shape import part, rows
from ..world import World
from . import internal
from .crud import Object
from .file import uploaded

MOST_FILES: Final = 20
WEEK: Final = {"anchor": "last_active_at", "days": 7}
"""When the store of a thread goes, unless it is used."""


async def kept_resources(exchange: Exchange, given: Object | None, *, expiring: bool = False) -> Object:
    """The resources as the object shows them: only ids, each of something that exists."""
    kept: Object = {}
    for kind, asked in (given or {}).items():
        if asked is None:
            continue
        if kind == "code_interpreter":
            kept[kind] = {"file_ids": _files(exchange.world, rows(asked, "file_ids"))}
        else:
            kept[kind] = {"vector_store_ids": await _stores(exchange, asked, expiring)}
    return kept


def _files(world: World, ids: list[str]) -> list[str]:
    where = "tool_resources.code_interpreter.file_ids"
    if len(ids) > MOST_FILES:
        raise invalid(where, f"Invalid '{where}': at most {MOST_FILES} files.", "array_above_max_length")
    for file_id in ids:
        uploaded(world, file_id, where)
    return ids


async def _stores(exchange: Exchange, asked: Object, expiring: bool) -> list[str]:
    where = "tool_resources.file_search"
    ids, helped = rows(asked, "vector_store_ids"), rows(asked, "vector_stores")
    if len(ids) + len(helped) > 1:
        raise invalid(where, f"Invalid '{where}': at most one vector store can be attached.", "array_above_max_length")
    for store_id in ids:
        if exchange.world.shelf("vector_stores").get(store_id) is None:
            raise Problem(404, f"No vector store found with id '{store_id}'.", param=where, code="not_found")
    return ids + [await _store(exchange, store, expiring) for store in helped]


async def _store(exchange: Exchange, store: Object, expiring: bool) -> str:
    """A new one, with these files."""
    body = {name: value for name, value in store.items() if value is not None}
    if expiring:
        body["expires_after"] = dict(WEEK)
    made = await internal.call(exchange.world, "vector_stores.create", body, caller=exchange.caller)
    return str(made["id"])


async def attach(exchange: Exchange, thread: Object, message: Object) -> None:
    """Give a thread's tools the files attached to a message; `thread` is changed in place."""
    for attachment in rows(message, "attachments"):
        for tool in rows(attachment, "tools"):
            if tool["type"] == "code_interpreter":
                _attach_code(thread["tool_resources"], attachment["file_id"])
            else:
                await _attach_search(exchange, thread["tool_resources"], attachment["file_id"])


def _attach_code(resources: dict[str, Any], file_id: str) -> None:
    known = rows(part(resources, "code_interpreter"), "file_ids")
    resources["code_interpreter"] = {"file_ids": list(dict.fromkeys([*known, file_id]))}


async def _attach_search(exchange: Exchange, resources: dict[str, Any], file_id: str) -> None:
    known = rows(part(resources, "file_search"), "vector_store_ids")
    if known:
        world, caller = exchange.world, exchange.caller
        body = {"file_id": file_id}
        await internal.call(world, "vector_stores.files.create", body, caller=caller, vector_store_id=known[0])
    else:
        made = await _store(exchange, {"file_ids": [file_id]}, expiring=True)
        resources["file_search"] = {"vector_store_ids": [made]}

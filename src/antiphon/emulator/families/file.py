"""Files: uploaded part by part onto the disk, listed, read back in pieces, deleted, expired. Bytes never sit in memory."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Any, Final

from ..exchange import Exchange, FileReply, Handler, Reply, json_reply, list_reply
from ..incoming import Incoming
from ..problem import Problem, invalid
from ..shape import is_array, part
from ..span import MONTH
from ..world import World
from .listing import page

FAMILY: Final = "files"
JSONL: Final = frozenset({"batch", "fine-tune"})


async def _create(exchange: Exchange) -> Reply:
    """Keeps the bytes on disk and what is known of them; with an expiry, both are gone when its time is over."""
    world, body, incoming = exchange.world, exchange.body, exchange.body["file"]
    if not isinstance(incoming, Incoming):
        raise invalid("file", "Send the file as a part of a multipart body.", "invalid_type")
    name = PurePath(incoming.filename).name[:255] or "upload"
    if incoming.size == 0:
        raise invalid("file", "The file is empty.", "empty_file")
    check_name("file", name, body["purpose"])
    seconds = lifetime(body)
    made = world.identity.draw("file-", 24)
    incoming.keep(world.folder() / made)
    return json_reply(_kept(world, made, name, body["purpose"], incoming.size, seconds))


def stored(world: World, name: str, purpose: str, data: bytes, seconds: int | None = None) -> dict[str, Any]:
    """A file made by the emulator itself, such as a batch's output; gives its view."""
    made = world.identity.draw("file-", 24)
    (world.folder() / made).write_bytes(data)
    return _kept(world, made, name, purpose, len(data), seconds)


def adopted(world: World, name: str, purpose: str, path: Path, seconds: int | None = None) -> dict[str, Any]:
    """A file whose bytes lie somewhere in the folder already, and are moved; gives its view."""
    made = world.identity.draw("file-", 24)
    path.replace(world.folder() / made)
    return _kept(world, made, name, purpose, (world.folder() / made).stat().st_size, seconds)


def check_name(param: str, name: str, purpose: str) -> None:
    """Raise 400 when a purpose wants another kind of file."""
    if purpose in JSONL and not name.endswith(".jsonl"):
        raise invalid(param, f"A file for '{purpose}' must be named *.jsonl.", "invalid_file_format")


def lifetime(body: dict[str, Any]) -> int | None:
    """How many seconds a file is asked to live; input of batches goes after a month, others stay."""
    expiry = body.get("expires_after")
    if expiry is None:
        return MONTH if body["purpose"] == "batch" else None
    seconds: int = expiry["seconds"]
    return seconds


def _kept(world: World, id: str, name: str, purpose: str, size: int, seconds: int | None) -> dict[str, Any]:
    now = world.now()
    view: dict[str, Any] = {
        "id": id,
        "object": "file",
        "bytes": size,
        "created_at": now,
        "filename": name,
        "purpose": purpose,
        "status": "processed",
        "status_details": None,
        "expires_at": None if seconds is None else now + seconds,
    }
    world.shelf(FAMILY).put(id, view)
    if seconds is not None:
        world.later(seconds, "file.expire", id=id)
    return view


async def _expire(world: World, id: str) -> None:
    _remove(world, id)


def uploaded(world: World, id: str | None, param: str) -> dict[str, Any]:
    """The file that a request names; raises 404 when there is none, or no longer."""
    view: dict[str, Any] | None = world.shelf(FAMILY).get(id or "")
    if view is None or _expired(view, world.now()):
        raise Problem(404, f"No such File object: {id}", param=param, code="not_found")
    return view


def require_files(world: World, content: Any, param: str) -> None:
    """Raise 404 where a part of a message's content names a file that is not there."""
    for piece in content if is_array(content) else ():
        if (named := piece.get("file_id") or part(piece, "file").get("file_id")) is not None:
            uploaded(world, named, param)


def _found(exchange: Exchange) -> dict[str, Any]:
    return uploaded(exchange.world, exchange.path["file_id"], "id")


def _expired(view: dict[str, Any], now: int) -> bool:
    return view["expires_at"] is not None and view["expires_at"] <= now


def _remove(world: World, id: str) -> None:
    world.shelf(FAMILY).pop(id)
    (world.folder() / id).unlink(missing_ok=True)
    if len(world.shelf("vector_stores")):
        from .vector_store_file import detach

        detach(world, id)


async def _list(exchange: Exchange) -> Reply:
    """Lists what is kept, newest first, by purpose, cursor, limit and order; expired files are left out."""
    purpose, now = exchange.query.get("purpose"), exchange.world.now()

    def wanted(view: dict[str, Any]) -> bool:
        return (purpose is None or view["purpose"] == purpose) and not _expired(view, now)

    found = page(exchange, FAMILY, default_limit=10_000, most=10_000, where=wanted)
    return list_reply(found.data, found.has_more)


async def _retrieve(exchange: Exchange) -> Reply:
    """Shows one; 404 when it was deleted or has expired."""
    return json_reply(_found(exchange))


async def _content(exchange: Exchange) -> FileReply:
    """Gives the bytes back as they came, in pieces from the disk."""
    view = _found(exchange)
    path = exchange.world.folder() / view["id"]
    if not path.is_file():
        raise Problem(404, f"The bytes of the file {view['id']} are no longer in the emulator's folder.", param="id")
    quoted = view["filename"].replace("\\", "_").replace('"', "_").encode("ascii", "replace")
    disposition = (b"content-disposition", b'attachment; filename="%b"' % quoted)
    return FileReply(path, view["bytes"], headers=[disposition])


async def _delete(exchange: Exchange) -> Reply:
    """Removes the bytes, and the file from every vector store; 404 from then on."""
    view = _found(exchange)
    _remove(exchange.world, view["id"])
    return json_reply({"id": view["id"], "object": "file", "deleted": True})


HANDLERS: dict[str, Handler] = {
    "files.create": _create,
    "files.list": _list,
    "files.retrieve": _retrieve,
    "files.content": _content,
    "files.delete": _delete,
}
JOBS = {"expire": _expire}

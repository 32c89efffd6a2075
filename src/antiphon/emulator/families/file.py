"""Files: uploaded part by part onto the disk, listed, read back in pieces, deleted, expired. Bytes never sit in memory."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, Final

from .. import bound
from ..exchange import Exchange, FileReply, Handler, Reply, json_reply, list_reply
from ..incoming import Incoming
from ..problem import Problem, invalid
from ..world import World
from .listing import page

FAMILY: Final = "files"
JSONL: Final = frozenset({"batch", "fine-tune"})
EXPIRY: Final = (3_600, 2_592_000)


async def _create(exchange: Exchange) -> Reply:
    world, incoming = exchange.world, exchange.body["file"]
    if not isinstance(incoming, Incoming):
        raise invalid("file", "Send the file as a part of a multipart body.", "invalid_type")
    made = world.identity.draw("file-", 24)
    view = _view(world, made, _shown(incoming), incoming.size, exchange.body)
    incoming.keep(world.folder() / made)
    world.shelf(FAMILY).put(made, view)
    return json_reply(view)


def _shown(incoming: Incoming) -> str:
    """The last part of its path."""
    return PurePath(incoming.filename).name[:255] or "upload"


def _view(world: World, id: str, name: str, size: int, body: dict[str, Any]) -> dict[str, Any]:
    purpose = body["purpose"]
    if size == 0:
        raise invalid("file", "The file is empty.", "empty_file")
    if purpose in JSONL and not name.endswith(".jsonl"):
        raise invalid("file", f"A file for '{purpose}' must be named *.jsonl.", "invalid_file_format")
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
        "expires_at": None,
    }
    if (expiry := body.get("expires_after")) is not None:
        bound.within("expires_after.seconds", expiry["seconds"], *EXPIRY)
        view["expires_at"] = now + expiry["seconds"]
    return view


def _found(exchange: Exchange) -> dict[str, Any]:
    world, wanted = exchange.world, exchange.path["file_id"]
    view: dict[str, Any] | None = world.shelf(FAMILY).get(wanted)
    if view is not None and _expired(view, world.now()):
        _remove(world, wanted)
        view = None
    if view is None:
        raise Problem(404, f"No such File object: {wanted}", param="id")
    return view


def _expired(view: dict[str, Any], now: int) -> bool:
    return view["expires_at"] is not None and view["expires_at"] <= now


def _remove(world: World, id: str) -> None:
    world.shelf(FAMILY).pop(id)
    (world.folder() / id).unlink(missing_ok=True)


async def _list(exchange: Exchange) -> Reply:
    purpose, now = exchange.query.get("purpose"), exchange.world.now()

    def wanted(view: dict[str, Any]) -> bool:
        return (purpose is None or view["purpose"] == purpose) and not _expired(view, now)

    found = page(exchange, FAMILY, default_limit=10_000, most=10_000, where=wanted)
    return list_reply(found.data, found.has_more)


async def _retrieve(exchange: Exchange) -> Reply:
    return json_reply(_found(exchange))


async def _content(exchange: Exchange) -> FileReply:
    view = _found(exchange)
    path = exchange.world.folder() / view["id"]
    if not path.is_file():
        raise Problem(404, f"The bytes of the file {view['id']} are no longer in the emulator's folder.", param="id")
    quoted = view["filename"].replace("\\", "_").replace('"', "_").encode("ascii", "replace")
    disposition = (b"content-disposition", b'attachment; filename="%b"' % quoted)
    return FileReply(path, view["bytes"], headers=[disposition])


async def _delete(exchange: Exchange) -> Reply:
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

"""Files: uploaded part by part onto the disk, listed, read back in pieces, deleted, expired. Bytes never sit in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path, PurePath
from typing import Any, Final

from .. import bound, form
from ..exchange import Exchange, FileReply, Handler, Reply, json_reply, list_reply
from ..multipart import MultipartReader, PartData, PartEnd, PartHead, Piece, boundary
from ..problem import Problem, invalid, missing
from ..world import World
from .listing import page

FAMILY: Final = "files"
MOST_FIELD: Final = 1024 * 1024
JSONL: Final = frozenset({"batch", "fine-tune"})
EXPIRY: Final = (3_600, 2_592_000)


async def _create(exchange: Exchange) -> Reply:
    world = exchange.world
    made = world.identity.draw("file-", 24)
    target = world.folder() / made
    try:
        name, size, fields = await _receive(exchange, target)
        body = form.assemble(exchange.operation.schema, exchange.operation.fields, fields)
        exchange.operation.check_body(body | ({} if name is None else {"file": name}))
        if name is None:
            raise missing("file")
        view = _view(world, made, name, size, body)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    world.shelf(FAMILY).put(made, view)
    return json_reply(view)


async def _receive(exchange: Exchange, target: Path) -> tuple[str | None, int, list[tuple[str, str]]]:
    """The file's bytes go to `target`; gives its name, its size, and the other fields as they were sent."""
    fields: list[tuple[str, str]] = []
    name: str | None = None
    size = 0
    head = PartHead("", None, "")
    text = bytearray()
    with target.open("wb") as file:
        async for piece in _pieces(exchange):
            match piece:
                case PartHead():
                    head, text = piece, bytearray()
                    if piece.name == "file":
                        name = _safe(piece.filename)
                case PartData(data) if head.name == "file":
                    size += len(data)
                    _refuse_size(size, exchange.world.setting.max_upload)
                    file.write(data)
                case PartData(data):
                    text += data
                    _refuse_size(len(text), MOST_FIELD)
                case PartEnd():
                    if head.name != "file":
                        fields.append((head.name, text.decode("utf-8", "replace")))
    return name, size, fields


async def _pieces(exchange: Exchange) -> AsyncIterator[Piece]:
    reader = MultipartReader(boundary(exchange.headers.get(b"content-type", b"")))
    while True:
        message = await exchange.receive()
        if message["type"] == "http.disconnect":
            raise Problem(400, "The upload was broken off.", code="incomplete_upload")
        for piece in reader.feed(message.get("body", b"")):
            yield piece
        if not message.get("more_body"):
            reader.finish()
            return


def _refuse_size(size: int, most: int) -> None:
    if size > most:
        raise Problem(413, f"The upload is larger than {most} bytes.", param="file", code="file_too_large")


def _safe(filename: str | None) -> str:
    """The last part of a path, without control characters; it is only shown, never opened."""
    plain = PurePath((filename or "upload").replace("\\", "/")).name
    shown = "".join(sign for sign in plain if sign.isprintable())[:255]
    return "upload" if shown in ("", ".", "..") else shown


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

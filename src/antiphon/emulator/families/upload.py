"""Uploads: large files sent in parts, kept on the disk, joined in the order the client names, or given up after an hour."""

from __future__ import annotations

from asyncio import to_thread
from pathlib import Path
from typing import Any, Final

from ..bound import within
from ..exchange import Exchange, Handler, Reply, json_reply
from ..incoming import Incoming
from ..problem import Problem, invalid
from ..span import HOUR
from ..world import World
from . import file
from .crud import Kind, Object

MOST: Final = 8 * 1024**3
MOST_PART: Final = 64 * 1024**2
PIECE: Final = 1024**2
"""Bytes that are joined in one go; fewer are joined right away, more in a thread."""

UPLOAD: Final = Kind(home="uploads", param="upload_id", noun="upload", prefix="upload_")
PART: Final = Kind(home="uploads.parts", param="part_id", noun="part", prefix="part_", owner=UPLOAD)


async def _create(exchange: Exchange) -> Reply:
    """Opens an upload that waits for parts; after an hour without completion it expires and its parts are gone."""
    body, world = exchange.body, exchange.world
    within("bytes", body["bytes"], 1, MOST)
    file.check_name("filename", body["filename"], body["purpose"])
    file.lifetime(body)
    if not body["filename"]:
        raise invalid("filename", "Invalid 'filename': empty string.", "empty_string")
    made = UPLOAD.made(exchange, status="pending", expires_at=world.now() + HOUR, file=None, wanted=body)
    world.later(HOUR, "upload.expire", id=made["id"])
    return json_reply(_shown(made))


async def _add(exchange: Exchange) -> Reply:
    """Keeps a part's bytes on disk; parts may come in any order and side by side while the upload is pending."""
    upload, incoming = _pending(exchange), exchange.body["data"]
    if not isinstance(incoming, Incoming):
        raise invalid("data", "Send the part as a file of a multipart body.", "invalid_type")
    if incoming.size == 0:
        raise invalid("data", "The part is empty.", "empty_file")
    if incoming.size > MOST_PART:
        raise Problem(413, f"A part is larger than {MOST_PART} bytes.", param="data", code="file_too_large")
    made = PART.made(exchange, upload_id=upload["id"], size=incoming.size)
    incoming.keep(exchange.world.folder() / made["id"])
    return json_reply({name: made[name] for name in ("id", "object", "created_at", "upload_id")})


async def _complete(exchange: Exchange) -> Reply:
    """Joins the named parts in their order into a file, if size and md5 are as declared; the parts are gone then."""
    world, upload = exchange.world, _pending(exchange)
    parts = _named(exchange)
    size = sum(part["size"] for part in parts)
    if size != upload["bytes"]:
        message = f"The parts are {size} bytes together, but the upload declared {upload['bytes']}."
        raise invalid("part_ids", message, "bytes_mismatch")
    target = world.folder() / f"joining-{next(world.arrivals)}"
    try:
        await _join(world, parts, target, exchange.body.get("md5"))
        _pending(exchange)  # it may have ended while its parts were joined
        wanted = upload["wanted"]
        made = file.adopted(world, upload["filename"], upload["purpose"], target, file.lifetime(wanted))
    finally:
        target.unlink(missing_ok=True)
    return json_reply(_shown(_end(world, upload, "completed", file=made)))


async def _cancel(exchange: Exchange) -> Reply:
    """Gives a pending upload up and its parts with it; 400 when it has ended already."""
    return json_reply(_shown(_end(exchange.world, _pending(exchange), "cancelled")))


async def _expire(world: World, id: str) -> None:
    upload = world.shelf(UPLOAD.home).get(id)
    if upload is not None and upload["status"] == "pending":
        _end(world, upload, "expired")


def _pending(exchange: Exchange) -> Object:
    upload = UPLOAD.found(exchange)
    if upload["status"] == "pending" and upload["expires_at"] <= exchange.world.now():
        upload = _end(exchange.world, upload, "expired")
    if upload["status"] != "pending":
        message = f"The upload '{upload['id']}' is {upload['status']}, and no longer pending."
        raise Problem(400, message, param="upload_id", code="invalid_upload_status")
    return upload


def _end(world: World, upload: Object, status: str, **more: Any) -> Object:
    """The upload as it ended; the bytes of its parts are gone."""
    for part in world.shelf(f"{PART.home}/{upload['id']}"):
        (world.folder() / part["id"]).unlink(missing_ok=True)
    world.drop_owned(upload["id"])
    ended = upload | {"status": status} | more
    world.shelf(UPLOAD.home).put(upload["id"], ended)
    return ended


def _named(exchange: Exchange) -> list[Object]:
    """The parts in the order asked for, each once and each of this upload."""
    ids: list[str] = exchange.body["part_ids"]
    if not ids:
        raise invalid("part_ids", "Invalid 'part_ids': empty array.", "empty_array")
    if len(set(ids)) < len(ids):
        raise invalid("part_ids", "Invalid 'part_ids': a part is named twice.", "duplicate_part_id")
    known = PART.kept(exchange)
    for name in ids:
        if known.get(name) is None:
            raise invalid("part_ids", f"The upload has no part with id '{name}'.", "part_not_found")
    return [part for name in ids if (part := known.get(name)) is not None]


async def _join(world: World, parts: list[Object], target: Path, md5: str | None) -> None:
    sources = [world.folder() / part["id"] for part in parts]
    if sum(part["size"] for part in parts) <= PIECE:
        found = _joined(sources, target)
    else:
        found = await to_thread(_joined, sources, target)
    if md5 is not None and md5.lower() != found:
        message = f"The md5 of the parts in this order is {found}, but {md5} was expected."
        raise invalid("md5", message, "md5_mismatch")


def _joined(sources: list[Path], target: Path) -> str:
    """Write the parts one behind the other; gives the md5 of the whole."""
    from hashlib import md5

    digest = md5(usedforsecurity=False)
    with target.open("wb") as out:
        for source in sources:
            with source.open("rb") as part:
                while data := part.read(PIECE):
                    digest.update(data)
                    out.write(data)
    return digest.hexdigest()


def _shown(upload: Object) -> Object:
    return {name: value for name, value in upload.items() if name != "wanted"}


HANDLERS: dict[str, Handler] = {
    "uploads.create": _create,
    "uploads.parts.create": _add,
    "uploads.complete": _complete,
    "uploads.cancel": _cancel,
}
JOBS = {"expire": _expire}

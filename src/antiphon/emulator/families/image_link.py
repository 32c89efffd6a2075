"""Links to pictures: open to whoever has one, without a key, as the API's are; gone with the picture after an hour."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from ..exchange import Exchange, FileReply
from ..problem import Problem
from ..span import HOUR
from ..world import Job, World

LINKS: Final = "images.links"


def link(exchange: Exchange, data: bytes, content_type: str) -> str:
    """Keep a picture, and say where it can be fetched."""
    world = exchange.world
    made = "img-" + world.secret(48)
    (world.folder() / made).write_bytes(data)
    world.shelf(LINKS).put(made, {"id": made, "bytes": len(data), "content_type": content_type})
    world.later(HOUR, "image_link.expire", id=made)
    host = exchange.headers.get(b"host", b"127.0.0.1").decode("latin-1")
    scope = f"/~{quote(world.scope, safe='')}" if world.scope else ""
    return f"http://{host}{scope}/__antiphon/pictures/{made}"


def linked(world: World, id: str) -> FileReply:
    """The picture behind a link; raises 404 when its time is over."""
    known: dict[str, Any] | None = world.shelf(LINKS).get(id)
    if known is None:
        raise Problem(404, "There is no such picture, or no longer.", code="not_found")
    return FileReply(world.folder() / id, known["bytes"], known["content_type"].encode())


async def _expire(world: World, id: str) -> None:
    world.shelf(LINKS).pop(id)
    (world.folder() / id).unlink(missing_ok=True)


JOBS: dict[str, Job] = {"expire": _expire}

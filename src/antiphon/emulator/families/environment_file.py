"""The files of an environment: by path, their bytes on the disk."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any, Final

from ..bound import within
from ..problem import invalid
from ..shape import Object
from ..world import World
from .environment_setup import check_file, contents

FILES: Final = "beta.agents.environments.files"


def put(world: World, environment: str, file: Object) -> Object:
    """Put a request's file in its place; gives it as an environment shows it."""
    check_file(world, file, "file")
    made = write(world, environment, file["path"], contents(world, file))
    shown = {"id": made["id"], "type": file["type"], "path": made["path"], "size_bytes": made["size_bytes"]}
    return shown | ({"file_id": file["file_id"]} if file["type"] == "file_id" else {})


def write(world: World, environment: str, path: str, data: bytes) -> Object:
    """Put bytes at a path, in place of what lies there."""
    shelf, place = world.shelf(f"{FILES}/{environment}"), str(PurePosixPath(path))
    known = shelf.get(place)
    made = known["id"] if known is not None else world.identity.draw("envfile_", 24)
    (world.folder() / made).write_bytes(data)
    file = {"id": made, "path": place, "size_bytes": len(data)}
    shelf.put(place, file)
    return file


def bytes_at(world: World, id: str) -> Path:
    """Where a file's bytes are."""
    return world.folder() / id


def clear(world: World, environment: str) -> None:
    """Forget all files and their bytes."""
    for file in world.shelf(f"{FILES}/{environment}"):
        bytes_at(world, file["id"]).unlink(missing_ok=True)
    world.drop(f"{FILES}/{environment}")


def live(environment: str, path: str, size: int) -> Object:
    """A file as it is listed."""
    return {"object": "agent.environment.file", "environment_id": environment, "path": path, "size_bytes": size}


def listed(world: World, environment: str, query: dict[str, Any]) -> Object:
    """One page of files by their path's parts; the token of the next page holds the last path."""
    limit = query.get("limit") or 20
    within("limit", limit, 1, 100)
    newest = query.get("order") != "asc"
    files = sorted(world.shelf(f"{FILES}/{environment}"), key=_parts, reverse=newest)
    if (folder := query.get("path")) is not None:
        files = [file for file in files if PurePosixPath(file["path"]).is_relative_to(folder)]
    if (token := query.get("page")) is not None:
        last = PurePosixPath(_read(token)).parts
        files = [file for file in files if (_parts(file) < last if newest else _parts(file) > last)]
    data = [live(environment, file["path"], file["size_bytes"]) for file in files[:limit]]
    more = len(files) > limit
    following = data[-1]["path"].encode().hex() if more else None
    return {"object": "list", "data": data, "has_more": more, "next": following}


def _parts(file: Object) -> tuple[str, ...]:
    return PurePosixPath(file["path"]).parts


def _read(token: str) -> str:
    try:
        return bytes.fromhex(token).decode()
    except ValueError:
        raise invalid("page", "This is no token of a page.", "invalid_cursor") from None

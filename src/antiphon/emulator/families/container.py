"""Containers and their files: kept until they were not used for as long as was said, then expired, and the files gone."""

from __future__ import annotations

from pathlib import PurePosixPath
from shutil import copyfile
from typing import Any, Final

from ..bound import within
from ..exchange import Exchange, FileReply, Handler, Reply, json_reply
from ..incoming import Incoming
from ..problem import Problem, invalid
from ..shape import part
from ..world import Job, World
from . import skill
from .crud import Kind, Object, crud, deleted, listing
from .file import uploaded
from .skill_bundle import inline

FOLDER: Final = "/mnt/data"
MINUTES: Final = 20
CONTAINER: Final = Kind(
    home="containers", param="container_id", noun="container", prefix="cntr_", digits=48, search=("name",)
)
FILE: Final = Kind(
    home="containers.files", param="file_id", noun="container file", prefix="cfile_", digits=32, owner=CONTAINER
)


async def _create(exchange: Exchange) -> Reply:
    """Opens a container with copies of the named files; it expires when nobody used it for `expires_after` minutes."""
    body, world = exchange.body, exchange.world
    expiry: Object = body.get("expires_after") or {"anchor": "last_active_at", "minutes": MINUTES}
    within("expires_after.minutes", expiry["minutes"], 1, None)
    for number, given in enumerate(body.get("skills") or ()):
        _check_skill(world, given, f"skills[{number}]")
    sources = [uploaded(world, wanted, "file_ids") for wanted in body.get("file_ids") or ()]
    policy = {name: value for name, value in part(body, "network_policy").items() if name != "domain_secrets"}
    made = CONTAINER.made(
        exchange,
        object="container",
        status="running",
        last_active_at=world.now(),
        expires_after=expiry,
        memory_limit=body.get("memory_limit") or "1g",
        network_policy=policy or {"type": "disabled"},
    )
    exchange.path = {CONTAINER.param: made["id"]}
    for source in sources:
        _copy(world, made["id"], source)
    world.later(expiry["minutes"] * 60, "container.expire", container=made["id"])
    return json_reply(made)


def _check_skill(world: World, given: dict[str, Any], param: str) -> None:
    if given["type"] == "skill_reference":
        skill.referred(world, given, param)
    else:
        inline(given["source"], f"{param}.source.data")


async def _expire(world: World, container: str) -> None:
    """Expire a container that was not used for long enough; look again later at one that was."""
    shelf = world.shelf(CONTAINER.home)
    known = shelf.get(container)
    if known is None:
        return
    left = known["last_active_at"] + known["expires_after"]["minutes"] * 60 - world.clock()
    if left > 0:
        world.later(left, "container.expire", container=container)
        return
    _forget_files(world, container)
    shelf.put(container, known | {"status": "expired"})


def _forget_files(world: World, container: str) -> None:
    for file in world.shelf(f"{FILE.home}/{container}"):
        (world.folder() / file["id"]).unlink(missing_ok=True)
    world.drop_owned(container)


def _used(exchange: Exchange) -> Object:
    return active(exchange.world, exchange.path[CONTAINER.param], CONTAINER.param)


def active(world: World, id: str, param: str) -> Object:
    """A container, from now on active again; raises 404 when there is none, 400 when it has expired."""
    known: Object | None = world.shelf(CONTAINER.home).get(id)
    if known is None:
        raise Problem(404, f"No container found with id '{id}'.", param=param, code="not_found")
    if known["status"] == "expired":
        raise Problem(400, f"The container '{id}' has expired.", param=param, code="container_expired")
    known["last_active_at"] = world.now()
    world.shelf(CONTAINER.home).put(id, known)
    return known


async def _retrieve(exchange: Exchange) -> Reply:
    """Shows a container, which counts as use of it, or that it has expired; 404 when there is none."""
    known = CONTAINER.found(exchange)
    return json_reply(known if known["status"] == "expired" else _used(exchange))


async def _delete(exchange: Exchange) -> Reply:
    """Removes a container and its files; 404 from then on."""
    known = CONTAINER.found(exchange)
    _forget_files(exchange.world, known["id"])
    CONTAINER.remove(exchange, known)
    return deleted(exchange, known["id"], object="container.deleted")


# Its files.


async def _add_file(exchange: Exchange) -> Reply:
    """Takes a file's bytes, or copies those of an uploaded file, into a container that has not expired."""
    known, world, body = _used(exchange), exchange.world, exchange.body
    given, copied = body.get("file"), body.get("file_id")
    if (given is None) == (copied is None):
        raise invalid("file", "Send either 'file' or 'file_id'.", "mutually_exclusive")
    if copied is not None:
        return json_reply(_copy(world, known["id"], uploaded(world, copied, "file_id")))
    if not isinstance(given, Incoming):
        raise invalid("file", "Send the file as a part of a multipart body.", "invalid_type")
    made = _noted(world, known["id"], given.filename, given.size)
    given.keep(world.folder() / made["id"])
    return json_reply(made)


def _noted(world: World, container: str, name: str, size: int) -> Object:
    made = world.identity.draw(FILE.prefix, FILE.digits)
    known = {
        "id": made,
        "object": "container.file",
        "container_id": container,
        "created_at": world.now(),
        "bytes": size,
        "path": f"{FOLDER}/{PurePosixPath(name).name or made}",
        "source": "user",
    }
    shelf = world.shelf(f"{FILE.home}/{container}")
    for other in shelf:
        if other["path"] == known["path"]:  # the same path holds one file
            shelf.pop(other["id"])
            (world.folder() / other["id"]).unlink(missing_ok=True)
    shelf.put(made, known)
    return known


def _copy(world: World, container: str, source: Object) -> Object:
    made = _noted(world, container, source["filename"], source["bytes"])
    copyfile(world.folder() / source["id"], world.folder() / made["id"])
    return made


async def _list_files(exchange: Exchange) -> Reply:
    """Lists the files of a container that has not expired."""
    _used(exchange)
    return listing(exchange, FILE.listed(exchange))


async def _retrieve_file(exchange: Exchange) -> Reply:
    """Shows one file of a container; 404 when there is none."""
    _used(exchange)
    return json_reply(FILE.found(exchange))


async def _content(exchange: Exchange) -> FileReply:
    """Gives a file's bytes back."""
    _used(exchange)
    known = FILE.found(exchange)
    path = exchange.world.folder() / known["id"]
    if not path.is_file():
        raise Problem(404, f"The bytes of {known['id']} are no longer in the emulator's folder.", param=FILE.param)
    return FileReply(path, known["bytes"])


async def _delete_file(exchange: Exchange) -> Reply:
    """Removes a file and its bytes; 404 from then on."""
    _used(exchange)
    known = FILE.found(exchange)
    (exchange.world.folder() / known["id"]).unlink(missing_ok=True)
    FILE.remove(exchange, known)
    return deleted(exchange, known["id"], object="container.file.deleted")


HANDLERS: dict[str, Handler] = crud(CONTAINER, FILE) | {
    "containers.create": _create,
    "containers.retrieve": _retrieve,
    "containers.delete": _delete,
    "containers.files.create": _add_file,
    "containers.files.list": _list_files,
    "containers.files.retrieve": _retrieve_file,
    "containers.files.content.retrieve": _content,
    "containers.files.delete": _delete_file,
}
JOBS: dict[str, Job] = {"expire": _expire}

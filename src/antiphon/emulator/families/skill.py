"""Skills: bundles of files in numbered versions that never change, one of them the default; deleted with their bytes."""

from __future__ import annotations

from asyncio import to_thread
from typing import Any, Final

from ..exchange import Exchange, FileReply, Handler, Reply, json_reply
from ..problem import Problem, invalid
from ..world import World
from .crud import Kind, Object, crud, deleted
from .skill_bundle import Bundle, uploaded

SKILL: Final = Kind(home="skills", param="skill_id", noun="skill", prefix="skill_", digits=32, hidden=("made",))
VERSION: Final = Kind(
    home="skills.versions", param="version", noun="skill version", prefix="skillver_", digits=32, owner=SKILL
)


async def _create(exchange: Exchange) -> Reply:
    """Takes a folder of files or one zip with a SKILL.md, and makes a skill whose first version is the default."""
    bundle = await to_thread(uploaded, exchange.body.get("files"))
    made = SKILL.made(exchange, default_version="1", latest_version="0", made=0, **_told(bundle))
    exchange.path = {SKILL.param: made["id"]}
    _add(exchange, made, bundle)
    return json_reply(SKILL.shown(made))


async def _add_version(exchange: Exchange) -> Reply:
    """Takes the files of a new version, numbered after the last one; it becomes the default when asked."""
    skill = SKILL.found(exchange)
    bundle = await to_thread(uploaded, exchange.body.get("files"))
    version = _add(exchange, skill, bundle)
    if exchange.body.get("default"):
        _set_default(exchange.world, skill, version)
    return json_reply(version)


def _add(exchange: Exchange, skill: Object, bundle: Bundle) -> Object:
    world = exchange.world
    skill["made"] += 1
    skill["latest_version"] = str(skill["made"])
    known = _told(bundle) | {"skill_id": skill["id"], "version": skill["latest_version"]}
    version = VERSION.made(exchange, **known)
    (world.folder() / version["id"]).write_bytes(bundle.archive)
    world.shelf(SKILL.home).put(skill["id"], skill)
    return version


async def _update(exchange: Exchange) -> Reply:
    """Points the default at another version, whose name and description the skill then has; 404 when there is none."""
    skill = SKILL.found(exchange)
    wanted = exchange.body["default_version"]
    _set_default(exchange.world, skill, version_of(exchange.world, skill, wanted, "default_version"))
    return json_reply(SKILL.shown(skill))


def _set_default(world: World, skill: Object, version: Object) -> None:
    skill |= {name: version[name] for name in ("name", "description")}
    skill["default_version"] = version["version"]
    world.shelf(SKILL.home).put(skill["id"], skill)


async def _delete(exchange: Exchange) -> Reply:
    """Removes a skill with all versions and their bytes; 404 from then on."""
    skill = SKILL.found(exchange)
    for version in VERSION.kept(exchange):
        _forget_bytes(exchange.world, version)
    SKILL.remove(exchange, skill)
    return deleted(exchange, skill["id"])


async def _version(exchange: Exchange) -> Reply:
    """Shows one version by its number; 404 when there is none."""
    return json_reply(_found(exchange))


async def _delete_version(exchange: Exchange) -> Reply:
    """Removes a version and its bytes, but not the default one while there are others; the last takes the skill along."""
    skill, version, world = SKILL.found(exchange), _found(exchange), exchange.world
    kept = VERSION.kept(exchange)
    if len(kept) > 1 and skill["default_version"] == version["version"]:
        raise invalid("version", "The default version cannot be deleted: make another the default first.")
    kept.pop(version["id"])
    _forget_bytes(world, version)
    if not kept:
        SKILL.remove(exchange, skill)
    else:
        skill["latest_version"] = max((known["version"] for known in kept), key=int)
        world.shelf(SKILL.home).put(skill["id"], skill)
    return deleted(exchange, version["id"], version=version["version"])


async def _content(exchange: Exchange) -> FileReply:
    """Gives the default version's files as a zip."""
    skill = SKILL.found(exchange)
    return _archive(exchange.world, version_of(exchange.world, skill, skill["default_version"], SKILL.param))


async def _version_content(exchange: Exchange) -> FileReply:
    """Gives one version's files as a zip."""
    return _archive(exchange.world, _found(exchange))


def _archive(world: World, version: Object) -> FileReply:
    path = world.folder() / version["id"]
    if not path.is_file():
        raise Problem(404, f"The bytes of {version['id']} are no longer in the emulator's folder.", param="version")
    disposition = (b"content-disposition", b'attachment; filename="skill.zip"')
    return FileReply(path, path.stat().st_size, b"application/zip", [disposition])


def _found(exchange: Exchange) -> Object:
    return version_of(exchange.world, SKILL.found(exchange), exchange.path[VERSION.param], VERSION.param)


def version_of(world: World, skill: Object, number: str, param: str) -> Object:
    """A skill's version by number, or `latest`; raises 404 when there is none."""
    wanted = skill["latest_version"] if number == "latest" else number
    for version in world.shelf(f"{VERSION.home}/{skill['id']}"):
        if version["version"] == wanted:
            found: Object = version
            return found
    raise Problem(404, f"No version '{number}' of skill '{skill['id']}' found.", param=param, code="not_found")


def referred(world: World, reference: dict[str, Any], param: str) -> Object:
    """The version that another object's `skill_reference` names, by default the default one; raises 404."""
    skill: Object | None = world.shelf(SKILL.home).get(reference["skill_id"])
    if skill is None:
        raise Problem(404, f"No skill found with id '{reference['skill_id']}'.", param=param, code="not_found")
    return version_of(world, skill, reference.get("version") or skill["default_version"], param)


def _told(bundle: Bundle) -> Object:
    return {"name": bundle.name, "description": bundle.description}


def _forget_bytes(world: World, version: Object) -> None:
    (world.folder() / version["id"]).unlink(missing_ok=True)


HANDLERS: dict[str, Handler] = crud(SKILL, VERSION) | {
    "skills.create": _create,
    "skills.update": _update,
    "skills.delete": _delete,
    "skills.content.retrieve": _content,
    "skills.versions.create": _add_version,
    "skills.versions.retrieve": _version,
    "skills.versions.delete": _delete_version,
    "skills.versions.content.retrieve": _version_content,
}

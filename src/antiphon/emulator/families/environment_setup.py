"""What a hosted environment is set up with: a request's configuration over its template's, judged, and as answers show it.

Setup commands and variables are taken and never shown. Nothing is executed: what lies in an environment are its files.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from pathlib import Path, PurePosixPath
from typing import Final

from ..problem import invalid
from ..shape import Object, part, rows
from ..world import World
from . import skill
from .file import uploaded
from .skill_bundle import inline

WORKSPACE: Final = "/workspace"
FIELDS: Final = (
    "capability_directories",
    "container_size",
    "desktop",
    "env",
    "files",
    "network",
    "packages",
    "plugins",
    "setup_commands",
    "skills",
)
_WIDTH: Final = {"disabled": 0, "restricted": 1, "enabled": 2}


def judged(world: World, given: Object) -> Object:
    """The configuration of a request; raises 400 and 404 for what cannot be set up."""
    for number, file in enumerate(rows(given, "files")):
        check_file(world, file, f"files[{number}]")
    for number, wanted in enumerate(rows(given, "skills")):
        if wanted["type"] == "skill_reference":
            skill.referred(world, wanted, f"skills[{number}].skill_id")
        else:
            inline(wanted["source"], f"skills[{number}].source.data")
    _check_network(part(given, "network"))
    return {name: given[name] for name in FIELDS if name in given}


def merged(template: Object, given: Object) -> Object:
    """A template's configuration with a request's over it; a wider network than the template's is refused."""
    before, after = part(template, "network"), part(given, "network")
    if before and after and _WIDTH[after["access"]] > _WIDTH[before["access"]]:
        raise invalid("network.access", "The template's network policy cannot be broadened.", "network_broadened")
    made = dict(template)
    for name, value in given.items():
        if value is None:
            continue
        if name == "env":
            value = part(template, "env") | value
        made[name] = value
    return made


def shown(world: World, setup: Object) -> Object:
    """The configuration as answers show it: no variables, commands or contents."""
    network = part(setup, "network") or {"access": "enabled"}
    packages = part(setup, "packages")
    desktop: Object | None = setup.get("desktop")
    return {
        "capability_directories": rows(setup, "capability_directories"),
        "network": {"access": network["access"], "allowed_domains": rows(network, "allowed_domains")},
        "packages": {name: rows(packages, name) for name in ("npm", "python", "system")},
        "plugins": [_inline(plugin) for plugin in rows(setup, "plugins")],
        "skills": [_skill(world, wanted) for wanted in rows(setup, "skills")],
        "desktop": desktop or {"enabled": False},
    }


def template_files(setup: Object) -> list[Object]:
    """A template's files as answers show them."""
    return [_template_file(file) for file in rows(setup, "files")]


def template_skills(setup: Object) -> list[Object]:
    """A template's skills as answers show them: which version is said when a session begins."""
    return [
        {"type": wanted["type"], "skill_id": wanted["skill_id"], "version": wanted.get("version")}
        if wanted["type"] == "skill_reference"
        else _inline(wanted)
        for wanted in rows(setup, "skills")
    ]


def _template_file(file: Object) -> Object:
    if file["type"] == "file_id":
        return {"type": "file_id", "file_id": file["file_id"], "path": file["path"]}
    return {"type": "inline", "path": file["path"], "size_bytes": len(b64decode(file["data"]))}


def _skill(world: World, wanted: Object) -> Object:
    if wanted["type"] == "inline":
        return _inline(wanted)
    version = skill.referred(world, wanted, "skills")
    told = {name: version[name] for name in ("skill_id", "version", "name", "description")}
    return {"type": "skill_reference", **told}


def _inline(wanted: Object) -> Object:
    return {"type": "inline", "name": wanted["name"], "description": wanted["description"]}


def check_file(world: World, file: Object, param: str) -> None:
    """Raise 400 or 404 for a file that cannot be put where it is to lie."""
    path = PurePosixPath(file["path"])
    if not path.is_relative_to(WORKSPACE) or ".." in path.parts or str(path) == WORKSPACE or "\0" in file["path"]:
        raise invalid(f"{param}.path", f"Give an absolute path inside {WORKSPACE}.", "invalid_path")
    if file["type"] == "file_id":
        uploaded(world, file.get("file_id"), f"{param}.file_id")
    else:
        contents(world, file, param)


def contents(world: World, file: Object, param: str = "files") -> bytes:
    """The bytes of a file that a request names or holds."""
    if file["type"] == "file_id":
        path: Path = world.folder() / file["file_id"]
        return path.read_bytes()
    try:
        return b64decode(file.get("data") or "", validate=True)
    except (NotBase64, ValueError):
        raise invalid(f"{param}.data", "The data is not base64.", "invalid_base64") from None


def _check_network(network: Object) -> None:
    if not network:
        return
    blocked, allowed = rows(network, "blocked_domains"), rows(network, "allowed_domains")
    if (blocked or allowed) and network["access"] != "restricted":
        raise invalid("network.access", "Domains are named only for 'restricted' access.", "invalid_network")
    if blocked and allowed:
        raise invalid("network.blocked_domains", "Name allowed domains or blocked ones, not both.", "invalid_network")
    if any("*" in domain for domain in blocked):
        raise invalid("network.blocked_domains", "Wildcards are not supported here.", "invalid_network")

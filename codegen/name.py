"""Where each described type lives physically: its package, its file and its Python name there.

The official package gives every type a module; here a package has two files, so names that are unique in their module may
collide. The exported one, or the one its module is named after, keeps the name; the others get their module's in front.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .description import Description, DescriptionError, Type
from .expression import Reference, references

MODELS = "_models"
PARAMS = "_params"


@dataclass(frozen=True)
class Place:
    """A type's physical home: `antiphon.types[.package].<file>.<name>`."""

    package: str
    file: str
    name: str
    exported: bool

    @property
    def module(self) -> str:
        """The physical module below `antiphon`."""
        return ".".join(filter(None, ("types", self.package, self.file)))

    @property
    def package_module(self) -> str:
        """The package below `antiphon`."""
        return ".".join(filter(None, ("types", self.package)))


def package_of(reference: Reference) -> str:
    """The official package a type belongs to, "" for the top."""
    return reference.module.rpartition(".")[0]


def camel(module: str) -> str:
    """A module's last name as a class name: "response_create_params" gives "ResponseCreateParams"."""
    return "".join(part[:1].upper() + part[1:] for part in module.rpartition(".")[2].split("_"))


def places(description: Description) -> dict[Reference, Place]:
    """The home of every type.

    Raises:
        DescriptionError: two types of a package would still share a name.
    """
    files = _files(description.types)
    by_package: dict[str, list[Reference]] = defaultdict(list)
    for reference in description.types:
        by_package[package_of(reference)].append(reference)
    found: dict[Reference, Place] = {}
    for package, members in by_package.items():
        exported = {target: name for name, target in description.exports.get(package, {}).items()}
        for reference, name in _names(package, members, exported).items():
            found[reference] = Place(package, files[reference], name, exported.get(reference) == name)
    return found


def _names(package: str, members: Iterable[Reference], exported: Mapping[Reference, str]) -> dict[Reference, str]:
    rivals: dict[str, list[Reference]] = defaultdict(list)
    for reference in members:
        rivals[reference.name].append(reference)
    names: dict[Reference, str] = {}
    others: list[Reference] = []
    for name, group in rivals.items():
        keeper = _keeper(group, exported)
        names.update({r: name for r in group if r == keeper})
        others += [r for r in group if r != keeper]
    taken = {name: r for r, name in names.items()}
    for reference in others:
        start, end = camel(reference.module), reference.name.lstrip("_")
        name = next((name for name in (start + end, f"{start}_{end}") if name not in taken), None)
        if name is None:
            raise DescriptionError(f"types.{package}: no name is left for {reference}")
        names[reference] = name
        taken[name] = reference
    return names


def _keeper(group: list[Reference], exported: Mapping[Reference, str]) -> Reference | None:
    if len(group) == 1:
        return group[0]
    owners = [r for r in group if r in exported] or [r for r in group if camel(r.module) == r.name]
    return owners[0] if len(owners) == 1 else None


def _files(types: Mapping[Reference, Type]) -> dict[Reference, str]:
    files: dict[Reference, str] = {}

    def file_of(reference: Reference) -> str:
        if reference not in files:
            type_ = types[reference]
            files[reference] = PARAMS if type_.kind == "params" else MODELS
            if type_.alias is not None and _for_requests(reference):
                files[reference] = PARAMS
            elif type_.alias is not None and any(file_of(r) == PARAMS for r in references(type_.alias)):
                files[reference] = PARAMS
        return files[reference]

    for reference in types:
        file_of(reference)
    return files


def _for_requests(reference: Reference) -> bool:
    package, _, leaf = reference.module.rpartition(".")
    return leaf.endswith(("_param", "_params")) or package == "shared_params"

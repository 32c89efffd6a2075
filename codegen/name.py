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
    """A type's physical home: `antiphon.types[.package].<file>.<name>`, or `antiphon.<home>.<name>`."""

    package: str
    file: str
    name: str
    exported: bool
    home: str | None = None

    @property
    def module(self) -> str:
        """The physical module below `antiphon`."""
        return self.home or ".".join(filter(None, ("types", self.package, self.file)))

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
            home = description.types[reference].home
            file = f"antiphon.{home}" if home else files[reference]
            found[reference] = Place(package, file, name, not home and exported.get(reference) == name, home)
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
        free = next((name for name in (start + end, f"{start}_{end}") if name not in taken), None)
        if free is None:
            raise DescriptionError(f"types.{package}: no name is left for {reference}")
        names[reference] = free
        taken[free] = reference
    return names


def _keeper(group: list[Reference], exported: Mapping[Reference, str]) -> Reference | None:
    if len(group) == 1:
        return group[0]
    owners = [r for r in group if r in exported] or [r for r in group if camel(r.module) == r.name]
    return owners[0] if len(owners) == 1 else None


def _files(types: Mapping[Reference, Type]) -> dict[Reference, str]:
    """Models and what is made of them in one file, TypedDicts and what is made of them in the other.

    An alias of neither goes with its module, which holds models or is one of arguments.
    """
    with_models = {reference.module for reference, type_ in types.items() if type_.kind == "model"}
    files: dict[Reference, str] = {}

    def file_of(reference: Reference) -> str | None:
        if reference in files:
            return files[reference]
        type_ = types[reference]
        if type_.alias is None:
            return PARAMS if type_.kind == "params" else MODELS
        inner = {file_of(r) for r in references(type_.alias)}
        return PARAMS if PARAMS in inner else MODELS if MODELS in inner else None

    for reference in types:
        plain = PARAMS if _for_requests(reference) and reference.module not in with_models else MODELS
        files[reference] = file_of(reference) or plain
    return files


def _for_requests(reference: Reference) -> bool:
    package, _, leaf = reference.module.rpartition(".")
    return leaf.endswith(("_param", "_params")) or package == "shared_params"

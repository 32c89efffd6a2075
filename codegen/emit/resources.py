"""`antiphon/resources/**`: every resource class in both colours, with its raw and streaming twins.

A class goes to the file of the official package it belongs to: `resources.chat.completions` holds what the official package
keeps in the modules below it. Its twins go to a stub beside that; `twin`, which makes them, is written out as it stands.
"""

from __future__ import annotations

from collections import defaultdict

from ..description import Description, Operation, Resource
from ..expression import Reference
from ..name import Place
from . import docstring
from .method import method
from .operations import home
from .source import HEADER, Source


class Group:
    """One resource class: its operations and the resources below it."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.operations: list[Operation] = []
        self.children: dict[str, Resource] = {}

    @property
    def file(self) -> str:
        """The physical module below `antiphon.resources`."""
        package = self.resource.module.rpartition(".")[0]
        return package or self.resource.module

    @property
    def is_package(self) -> bool:
        """Whether that module is a package."""
        return "." in self.resource.module


def groups(description: Description) -> dict[str, Group]:
    """Every resource class once, by the path it is generated for."""
    homes: dict[tuple[str, str], str] = {}
    for resource in description.resources.values():
        key = (resource.module, resource.class_name)
        if key not in homes or resource.module.startswith(resource.path):
            homes[key] = resource.path
    found = {path: Group(description.resources[path]) for path in sorted(homes.values())}
    for operation in description.operations:
        if home(description, operation) == operation.resource:
            found[operation.resource].operations.append(operation)
    for path, resource in description.resources.items():
        parent, _, name = path.rpartition(".")
        if parent in found:
            found[parent].children[name] = resource
    return found


def resources(description: Description, places: dict[Reference, Place]) -> dict[str, str]:
    """The files, by path below `src/antiphon`."""
    by_file: dict[str, list[Group]] = defaultdict(list)
    for group in groups(description).values():
        by_file[group.file].append(group)
    files: dict[str, str] = {}
    for file, members in by_file.items():
        # A package whose modules are all official ones, which need no files, is a single file too.
        is_folder = any(other.startswith(f"{file}.") for other in by_file)
        path = f"resources/{file.replace('.', '/')}{'/__init__' if is_folder else ''}.py"
        files[path] = _file(description, places, file, is_folder, members)
        if any(group.resource.raw for group in members):
            path = f"{_twins(file, is_folder).replace('.', '/')}.pyi"
            files[path] = _stub(description, places, file, is_folder, members)
    return files


def _twins(file: str, is_folder: bool) -> str:
    """The module of the twins, below `antiphon`."""
    package, _, leaf = f"resources.{file}".rpartition(".")
    return f"{package}.{leaf}._twins" if is_folder else f"{package}._{leaf}"


def class_names(name: str, raw: bool) -> list[str]:
    """The classes generated for a resource."""
    twins = ("", "WithRawResponse", "WithStreamingResponse") if raw else ("",)
    return [colour + name + twin for colour in ("", "Async") for twin in twins]


def _file(
    description: Description, places: dict[Reference, Place], file: str, is_folder: bool, members: list[Group]
) -> str:
    names = [name for group in members for name in class_names(group.resource.class_name, group.resource.raw)]
    own = [name for group in members for name in class_names(group.resource.class_name, False)]
    source = Source(f"resources.{file}", package=is_folder, places=places, names=description.overlay["names"], own=own)
    if names != own:
        source.static(_twins(file, is_folder), "*")
    children = _exported(description, file) if is_folder else {}
    source.add(f"__all__ = {sorted([*names, *children])!r}", "")
    for group in members:
        for asynchronous in (False, True):
            _resource(description, source, group, asynchronous)
    if any(group.is_package for group in members):
        source.add(*_serving(source, children, _index(members)))
    if any(group.resource.raw for group in members):
        bare = "".join(
            f", {g.resource.class_name}={' '.join(_bare(g))!r}" for g in members if g.resource.raw and _bare(g)
        )
        source.add("", f"{source.runtime('core.twin', 'twins')}(globals(){bare})")
    listed = ", ".join(f"`client.{group.resource.path}`" for group in members)
    text = source.text(f"{listed}: the operations in both colours.")
    # Every operation takes a timeout, as the official package's do.
    return text.replace(HEADER, HEADER + "# ruff: noqa: ASYNC109, F403, F405\n", 1)


def _stub(
    description: Description, places: dict[Reference, Place], file: str, is_folder: bool, members: list[Group]
) -> str:
    """The twins, as type checkers see them."""
    source = Source(_twins(file, is_folder), package=False, places=places, names=description.overlay["names"])
    for group in (group for group in members if group.resource.raw):
        for asynchronous in (False, True):
            if any(operation.raw for operation in group.operations):
                source.runtime(f"resources.{file}", ("Async" if asynchronous else "") + group.resource.class_name)
            for kind in _SPOKEN:
                _twin(source, group, asynchronous, kind)
    return source.text("The raw and streaming twins, for type checkers; made of the resources when asked for.")


def _bare(group: Group) -> list[str]:
    """What has no twins: methods whose results are no replies, and resources of nothing but those."""
    methods = [operation.method for operation in group.operations if not operation.raw]
    return methods + [name for name, child in group.children.items() if not child.raw]


def _resource(description: Description, source: Source, group: Group, asynchronous: bool) -> None:
    colour = "Async" if asynchronous else ""
    resource = group.resource
    base = source.runtime("core.resource", f"{colour}Resource")
    page = docstring.page(description, resource.path)
    source.add(
        "", f"class {colour}{resource.class_name}({base}):", f'    """`client.{resource.path}`. See {page}"""', ""
    )
    for name, child in sorted(group.children.items()):
        _link(source, name, colour + child.class_name, "child", child)
    if resource.raw:
        for attribute, suffix in _SPOKEN.values():
            _link(source, attribute, colour + resource.class_name + suffix, "twin")
    source.add("")
    shadowed = {operation.method for operation in group.operations} | set(group.children)
    for operation in group.operations:
        source.add(*method(description, source, operation, asynchronous, shadowed))
    if not (group.children or resource.raw or group.operations):
        source.add("    pass")


def _module(resource: Resource) -> str:
    return "resources." + (resource.module.rpartition(".")[0] or resource.module)


def _link(source: Source, name: str, made: str, kind: str, child: Resource | None = None) -> None:
    """An attribute that leads to another class, which is loaded where it is used."""
    module = ""
    if child is not None and _module(child) != source.module:
        assert source.static(_module(child), made) == made
        module = f'"{source.relative(_module(child))}"'
    source.add(f"    {name}: {made} = {source.runtime('core.lazy', kind)}({module})")


_OF_ALL = {
    "raw": "all of whose methods give the whole reply",
    "streaming": "all of whose methods open the reply in a context",
}
_LAST = {"raw": "WithRawResponse", "streaming": "WithStreamedResponse"}
_SPOKEN = {
    "raw": ("with_raw_response", "WithRawResponse"),
    "streaming": ("with_streaming_response", "WithStreamingResponse"),
}


def _twin(source: Source, group: Group, asynchronous: bool, kind: str) -> None:
    colour = "Async" if asynchronous else ""
    suffix = _SPOKEN[kind][1]
    name = colour + group.resource.class_name
    base = source.runtime("core.resource", {"raw": "RawResource", "streaming": "StreamingResource"}[kind])
    lines: list[str] = []
    for operation in group.operations:
        if operation.raw:
            wrapper = ("async_" if asynchronous else "") + kind
            wrapper += "_binary" if operation.binary and kind == "streaming" else ""
            known = "  # pyright: ignore[reportDeprecated]" if operation.deprecated else ""
            wrapped = f"{source.runtime('core.resource', wrapper)}({name}.{operation.method})"
            lines.append(f"    {operation.method} = {wrapped}{known}")
    for child_name, child in sorted(group.children.items()):
        if child.raw:
            made = colour + child.class_name + suffix
            if _module(child) != _module(group.resource):
                source.runtime(_module(child), made)
            lines.append(f"    {child_name}: {made}")
    source.add("", f"class {name}{suffix}({base}):", *(lines or ["    pass"]))


def client(description: Description, places: dict[Reference, Place]) -> str:
    """`resources/_client.py`: what gives a client its top-level resources."""
    top = {path: r for path, r in description.resources.items() if "." not in path}
    source = Source("resources._client", package=False, places=places, names=description.overlay["names"])
    for colour, mixin in (("", "SyncResources"), ("Async", "AsyncResources")):
        spoken = "an asynchronous" if colour else "a blocking"
        source.add("", f"class {mixin}:", f'    """The resources of {spoken} client."""', "")
        for name, resource in top.items():
            _link(source, name, colour + resource.class_name, "top", resource)
        for kind, last in _LAST.items():
            _link(source, _SPOKEN[kind][0], f"{colour}OpenAI{last}", "twin")
    for colour, mixin in (("", "SyncResources"), ("Async", "AsyncResources")):
        for kind, last in _LAST.items():
            source.add("", f"class {colour}OpenAI{last}:", f'    """A client, {_OF_ALL[kind]}."""', "")
            for name, resource in top.items():
                _link(source, name, colour + resource.class_name + _SPOKEN[kind][1], "same", resource)
            source.add("", f"    def __init__(self, client: {mixin}) -> None:", "        self._resource = client")
    return source.text("The resources of a client and their twins, each loaded when it is first touched.")


def package(description: Description, places: dict[Reference, Place]) -> str:
    """`resources/__init__.py`: the top-level classes, served lazily."""
    source = Source("resources", package=True, places=places, names=description.overlay["names"])
    children = _exported(description, "")
    source.add(f"__all__ = {sorted(children)!r}", "", *_serving(source, children, ""))
    return source.text("The operations of the API as methods, in both colours, served lazily by namespace.")


def _exported(description: Description, package: str) -> dict[str, str]:
    """The classes of the resources right below a package, with the module below `antiphon` that has each."""
    found: dict[str, str] = {}
    for group in groups(description).values():
        module = group.resource.module
        file = module.rpartition(".")[0] or module
        if file.rpartition(".")[0] == package and module.rpartition(".")[2] == file.rpartition(".")[2]:
            names = class_names(group.resource.class_name, group.resource.raw)
            found |= dict.fromkeys(names, f"resources.{file}")
    return found


def _index(members: list[Group]) -> str:
    lines = [
        f"{g.resource.module.rpartition('.')[2]}: {' '.join(class_names(g.resource.class_name, g.resource.raw))}"
        for g in members
    ]
    return "\n".join(sorted(lines))


def _serving(source: Source, children: dict[str, str], index: str) -> list[str]:
    """The last lines of a package: what it serves lazily beside its own classes."""
    elsewhere: dict[str, list[str]] = defaultdict(list)
    for name, module in children.items():
        source.static(module, name)
        elsewhere[f"antiphon.{module}"].append(name)
    serve = source.runtime("core.lazy", "serve")
    arguments = ["globals()", f'{{"": """\\\n{index}"""}}' if index else "{}"]
    if children:
        listed = "\n".join(f"{module}: {' '.join(names)}" for module, names in elsewhere.items())
        arguments += [f'elsewhere="""\\\n{listed}"""', f"packages={_below(children)!r}"]
    return ["", f"{serve}({', '.join(arguments)})"]


def _below(children: dict[str, str]) -> list[str]:
    return sorted({module.rpartition(".")[2] for module in children.values()})

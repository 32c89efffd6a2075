"""Modules at the official package's other import paths, whose names live elsewhere and are loaded when asked for.

Theory of operation. `official` is the table. A path that type checkers should see has a small file that ends with `lend`;
for the others there is a finder, which also says what is missing, and what to use, where a program imports what the table
names as absent. `beside` serves names that official modules of types and resources have beside those they define: classes
of connections, and what a module of types imports from others, which programs import from it too.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, cast

from .lazy import STUB, Names, Package, served
from .official import ABSENT, BESIDE, HIDDEN, MODULES

PACKAGE = __name__.partition(".")[0]


def is_private(path: str) -> bool:
    """Whether a part of a path is not for users."""
    return any(part.startswith("_") and not part.startswith("__") for part in path.split("."))


def reason(path: str) -> str | None:
    """Why a path below the official package leads nowhere, and what to do instead; `None` where nothing is known of it.

    >>> reason("_types.SequenceNotStr")
    'write collections.abc.Sequence'
    """
    parts = path.split(".")
    for count in range(len(parts), 0, -1):
        found = ABSENT.get(".".join(parts[:count]))
        if found is not None:
            return found
    if is_private(path):
        return "it is a private part of the official package, and nothing here is like it"
    return None


@cache
def names_of(path: str) -> dict[str, tuple[str, str]]:
    """What the table says a module has: per name the module it lives in, and its name there."""
    return dict(_read(MODULES[path]))


def _read(text: str) -> Iterator[tuple[str, tuple[str, str]]]:
    for line in filter(None, text.split("\n")):
        home, _, names = line.partition(": ")
        for word in names.split():
            name, _, there = word.partition("=")
            yield name, (_whole(home), there or name)


def _whole(home: str) -> str:
    return f"{PACKAGE}{home}".rstrip(".") if home.startswith(".") else home


def lend(namespace: dict[str, Any]) -> None:
    """Give the module whose globals these are the names the table has for it."""
    module: str = namespace["__name__"]
    below = module.partition(".")[2]
    names = names_of(below)
    if below in HIDDEN:
        sys.modules[module.rpartition(".")[0]].__class__ = _Package

    def find(name: str) -> Any:
        if f"{below}.{name}" in MODULES:  # the official package has loaded it
            return import_module(f"{module}.{name}")
        if name not in names:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        home, there = names[name]
        namespace[name] = value = getattr(import_module(home), there)
        return value

    namespace["__getattr__"] = find
    namespace["__dir__"] = lambda: sorted({*namespace, *names})
    namespace["__all__"] = sorted(name for name in names if not name.startswith("_"))
    # With a path it is a package, so that the finder is asked for what it lacks, and can say why.
    namespace.setdefault("__path__", [])


class _Package(ModuleType):
    """A package that has a name of its own which is a module's too; to import that module must not take its place."""

    def __setattr__(self, name: str, value: object) -> None:
        path = f"{self.__name__}.{name}".partition(".")[2]
        if not (path in HIDDEN and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


# -- beside the names of an official module ------------------------------------------------------------------------


def beside(module: str, own: Names, name: str) -> Any:
    """A name that an official module of types or resources has without defining it.

    Args:
        module: its full name.
        own: the names it defines.
        name: the one that is asked for.

    Raises:
        AttributeError: it has none of this name.
    """
    below = module.partition(".")[2]
    for home, there in _candidates(BESIDE.get(below, ""), name):
        value = getattr(import_module(home), there, None)
        if value is not None:
            return value
    if below.startswith("types.") and name[:1].isupper():
        return _implied(module, any(file == STUB for file, _ in own.values()), name)
    raise AttributeError(name)


def _candidates(text: str, name: str) -> Iterator[tuple[str, str]]:
    if ": " in text:
        found = dict(_read(text)).get(name)
        if found is not None:
            yield found
    elif name[:1].isupper() and not name.isupper():
        for home in map(_whole, text.split()):
            made = getattr(import_module(home), name, None)
            if getattr(made, "__module__", None) == home:
                yield home, name


def _implied(module: str, is_request: bool, name: str) -> Any:
    """What a module of types imports from another: the nearest package that exports it has it."""
    if is_request and name == "FileTypes":  # the one type of arguments that is not among the types
        return import_module(".argument", __package__).FileTypes
    ancestors: list[str] = []
    while (module := module.rpartition(".")[0]) != PACKAGE:
        ancestors.append(module)
    root = ancestors.pop()
    first, second = ("shared_params", "shared") if is_request else ("shared", "shared_params")
    near = [*ancestors, f"{root}.{first}", root, f"{root}.{second}"]
    for home in dict.fromkeys((*near, *(inner for start in (*ancestors, root) for inner in _packages(start)))):
        if name in _exports(home):
            return getattr(import_module(home), name)
    raise AttributeError(name)


def _exports(home: str) -> list[str]:
    import_module(home)
    package = served(home)
    return package.exports if package else []


@cache
def _packages(start: str) -> tuple[str, ...]:
    """A package and all below it, the nearest first."""
    found = [start]
    for home in found:
        import_module(home)
        package: Package | None = served(home)
        found += [f"{home}.{inner}" for inner in sorted(package.packages)] if package else []
    return tuple(found)


# -- modules without files -----------------------------------------------------------------------------------------


class _Finder:
    """A finder and loader in one, asked last; it knows only this package's modules."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        top, _, below = fullname.partition(".")
        if top != PACKAGE:
            return None
        if below in MODULES:
            return ModuleSpec(fullname, cast(Any, self), is_package=True)
        parent = below.rpartition(".")[0]
        if below in ABSENT or (is_private(below) and (not parent or parent in MODULES)):
            # Without a name, or the statement `from package import module` would put its own text in the place of this one.
            raise ModuleNotFoundError(f"{PACKAGE} has no {below}: {reason(below)}")
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        below = spec.name.partition(".")[2]
        return ModuleType(spec.name, f"What `openai.{below}` has, for programs that import it; it lives elsewhere.")

    def exec_module(self, module: ModuleType) -> None:
        lend(module.__dict__)


sys.meta_path.append(cast(Any, _Finder()))

"""Packages whose names are found when asked for, and the official package's one-type modules, which need no files.

Theory of operation. A generated package (`antiphon.types.responses`) keeps its classes in one or two physical modules and
an *index*: for each official module below it (`response_item`) the names that module has and what they are called
physically; what the package itself exports has a star. `serve` gives the package a `__getattr__` that loads a physical
module on first need. A finder at the end of `sys.meta_path` answers for the official modules, each an empty module that
looks its names up in the index, and for the stub of request types. `settle`, the last line of a physical module, tells its
classes their official home, so that `repr` and `pickle` show and use it, and turns aliases, which are written as text, into
objects on demand. Type checkers read none of this: for them each package has a stub.

The index is text because parsing it costs less than unmarshalling a dict, and only on first use.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

Names = dict[str, tuple[str, str]]
"""Official name: the physical module (its last name, the whole one elsewhere, "" for the package itself) and the name there."""

_SERVED: dict[str, Package] = {}

STUB = "_params"
"""The physical module of request types, of which there is only a stub."""


class Package:
    """The index of one package.

    Args:
        name: its full name.
        files: per physical module the text of its index: lines of "official_module: Name *Exported Official=Physical …", where
            "Official=" and "*" alone stand for names made of the official module's.
        elsewhere: what it exports of other packages: lines of "package: Name Exported=Name …".
        packages: the packages below it.
        exports: the names the package itself has; `None` for those with a star and those from elsewhere.
    """

    def __init__(
        self,
        name: str,
        files: Mapping[str, str],
        elsewhere: str,
        packages: Sequence[str],
        exports: Sequence[str] | None,
    ) -> None:
        self.name = name
        self._files = files
        self._elsewhere = elsewhere
        self.packages = frozenset(packages)
        self._given = exports
        self._starred: list[str] = []
        self._homes: dict[str, str] = {}

    @cached_property
    def modules(self) -> dict[str, Names]:
        """The official modules below the package."""
        found = dict[str, Names]()
        for file, text in self._files.items():
            for module, names in _lines(text):
                entry = found.setdefault(module, {})
                own = "".join(part[:1].upper() + part[1:] for part in module.split("_"))
                for word in names:
                    name, mark, physical = word.partition("=")
                    if name[0] == "*":
                        name = name[1:] or own
                        self._starred.append(name)
                    there = (physical or own + name) if mark else name
                    entry[name] = (file, there)
                    self._homes[there] = file
        found.pop("", None)
        return found

    @cached_property
    def _borrowed(self) -> dict[str, tuple[str, str]]:
        """The package and the name there of each name from elsewhere."""
        pairs = ((home, *word.partition("=")) for home, names in _lines(self._elsewhere) for word in names)
        return {name: (home, there or name) for home, name, _, there in pairs}

    @cached_property
    def exports(self) -> list[str]:
        """The names the package itself has, sorted."""
        if self._given is not None:
            return list(self._given)
        return sorted({*self._borrowed, *(self._starred if self.modules else ())})

    def find(self, file: str, name: str) -> Any:
        """What a physical module holds under a name."""
        home = file if "." in file else f"{self.name}.{file}" if file else self.name
        return getattr(import_module(home), name)

    def attribute(self, name: str) -> Any:
        """An attribute of the package.

        Raises:
            AttributeError: it has none of this name.
        """
        if name == "__all__":
            return self.exports
        if name in self._borrowed:
            home, there = self._borrowed[name]
            return getattr(import_module(home), there)
        modules = self.modules
        if name in self._homes and name in self.exports:
            return self.find(self._homes[name], name)
        if name in modules or name in self.packages or name in self._files:
            return import_module(f"{self.name}.{name}")
        raise AttributeError(f"module {self.name!r} has no attribute {name!r}")

    def has(self, file: str) -> bool:
        """Whether it has this physical module."""
        return file in self._files

    def settled(self, file: str) -> dict[str, tuple[str, str]]:
        """The official module and name of each name of a physical module."""
        return {
            physical: (f"{self.name}.{leaf}", official)
            for leaf, names in self.modules.items()
            for official, (where, physical) in names.items()
            if where == file
        }


def served(name: str) -> Package | None:
    """The index of a package, if it is loaded and has one."""
    return _SERVED.get(name)


def _lines(text: str) -> Iterator[tuple[str, list[str]]]:
    for line in filter(None, text.split("\n")):
        before, _, names = line.rpartition(": ")
        yield before, names.split()


def serve(
    namespace: dict[str, Any],
    files: Mapping[str, str],
    elsewhere: str = "",
    packages: Sequence[str] = (),
) -> None:
    """Make the package whose globals these are find its names lazily; its `__all__`, if it has one, says which are its own.

    A module that is no package becomes one, whose official modules have no files.
    """
    name = namespace["__name__"]
    package = Package(name, files, elsewhere, packages, namespace.get("__all__"))
    _SERVED[name] = package
    namespace.setdefault("__path__", [])

    def find(attribute: str) -> Any:
        value = package.attribute(attribute)
        namespace[attribute] = value
        return value

    def names() -> list[str]:
        return sorted({*package.exports, *packages, *package.modules})

    namespace["__getattr__"] = find
    namespace["__dir__"] = names


def settle(namespace: dict[str, Any]) -> None:
    """Finish a physical module: its classes learn their official names, its aliases become objects when asked for."""
    package = _SERVED[namespace["__package__"]]
    module = sys.modules[namespace["__name__"]]
    scope = _Scope(module)
    texts: dict[str, str] = {}
    for physical, (home, official) in package.settled(namespace["__name__"].rpartition(".")[2]).items():
        value = namespace[physical]
        if isinstance(value, str):
            texts[physical] = namespace.pop(physical)
            continue
        _name(value, home, official)
        if hasattr(value, "_plan"):
            # Where the annotations of a class whose module is not a real one are evaluated.
            value.__local_namespace__ = scope
            value.__annotations__ = Annotations(value)
    namespace["__getattr__"] = _evaluator(namespace, texts, scope)


class Annotations(dict[str, Any]):
    """A class's annotations, as text; evaluated for those who go through them, such as `typing.get_type_hints`.

    They would look the names up in the class's official module, which is no real one.
    """

    __slots__ = ("_owner",)

    def __init__(self, owner: type) -> None:
        super().__init__(owner.__annotations__)
        self._owner = owner

    if not TYPE_CHECKING:

        def items(self) -> Any:
            """Every name with what it stands for; text where that cannot be found."""
            from .annotation import Unresolved, resolve

            found = {name: resolve(text, self._owner) for name, text in super().items()}
            return {n: self[n] if isinstance(value, Unresolved) else value for n, value in found.items()}.items()


def _name(made: type, home: str, official: str) -> None:
    made.__module__ = home
    if made.__name__ != official:
        made.__name__ = made.__qualname__ = official


def _evaluator(namespace: dict[str, Any], texts: Mapping[str, str], scope: _Scope) -> Callable[[str], Any]:
    def find(name: str) -> Any:
        text = texts.get(name)
        if text is None:
            raise AttributeError(f"module {namespace['__name__']!r} has no attribute {name!r}")
        # The text is generated code of this package, never data.
        value = eval(text, {"__builtins__": builtins}, scope)  # noqa: S307
        namespace[name] = value
        return value

    return find


class _Scope(dict[str, Any]):
    """The names of a module, lazily found ones too."""

    def __init__(self, module: ModuleType) -> None:
        super().__init__()
        self._module = module

    def __bool__(self) -> bool:
        return True  # though it holds nothing itself

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and hasattr(self._module, name)

    def __missing__(self, name: str) -> Any:
        try:
            return getattr(self._module, name)
        except AttributeError:
            raise KeyError(name) from None


class Link:
    """An attribute that leads from one resource to another, which is made and loaded when it is first touched.

    A generated class lists them as `files: Files = child(".files")`: the annotation names the class, the argument the
    module that has it, relative to the class's own.
    """

    def __init__(self, module: str = "") -> None:
        self._module = module

    def __set_name__(self, owner: type, name: str) -> None:
        self._owner = owner
        self._name = name

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        made = self._class()(self._start(instance))
        self._keep(instance, made)
        return made

    def __repr__(self) -> str:
        return f"<{self._owner.__qualname__}.{self._name}: {self._owner.__annotations__[self._name]}>"

    def _class(self) -> Any:
        home = sys.modules[self._owner.__module__]
        found = import_module(self._module, home.__package__) if self._module else home
        return getattr(found, self._owner.__annotations__[self._name])

    def _start(self, instance: Any) -> Any:
        return instance

    def _keep(self, instance: Any, made: Any) -> None:
        instance.__dict__[self._name] = made


class _Child(Link):
    def _start(self, instance: Any) -> Any:
        return instance._client


class _Same(Link):
    def _start(self, instance: Any) -> Any:
        return getattr(instance._resource, self._name)


class _Twin(Link):
    def _keep(self, instance: Any, made: Any) -> None:
        """It knows the instance, so keeping it would make a cycle."""


def top(module: str) -> Any:
    """A resource of a client."""
    return Link(module)


def child(module: str = "") -> Any:
    """A resource below another, for the same client."""
    return _Child(module)


def twin() -> Any:
    """The resource itself, or the client, in another form."""
    return _Twin()


def same(module: str = "") -> Any:
    """The resource of this name below the twin's own resource, in the twin's form."""
    return _Same(module)


class _Official(ModuleType):
    """An official module that has no file: its names are the index's."""

    __names__: Names
    __index__: Package

    def __getattr__(self, name: str) -> Any:
        names: Names = self.__dict__.get("__names__", {})
        value = self.__index__.find(*names[name]) if name in names else self._other(name)
        self.__dict__[name] = value
        return value

    def _other(self, name: str) -> Any:
        """What the official module has beside the names it defines; rare, so nobody else loads the table of it."""
        if not name.startswith("_"):
            from . import alias

            try:
                return alias.beside(self.__name__, self.__names__, name)
            except AttributeError:
                pass
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")

    def __dir__(self) -> list[str]:
        return sorted(self.__names__)


class _Finder:
    """A finder and loader in one; their abstract bases would cost every start ten milliseconds."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        parent, _, leaf = fullname.rpartition(".")
        package = _SERVED.get(parent) or _soon(parent)
        if package is None or not (package.has(leaf) if leaf == STUB else leaf in package.modules):
            return None
        return ModuleSpec(fullname, cast(Any, self), origin=f"{path[0]}/{leaf}.pyi" if leaf == STUB else None)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        if spec.name.rpartition(".")[2] != STUB:
            return _Official(spec.name)
        from .stub import Stub

        return Stub(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        parent, _, leaf = module.__name__.rpartition(".")
        package = _SERVED[parent]
        if leaf == STUB:
            _load(cast(Any, module), package)
            return
        names = package.modules[leaf]
        module.__dict__.update(__names__=names, __index__=package, __all__=sorted(names), __package__=parent)


def _soon(name: str) -> Package | None:
    """The index of a package of ours that another thread is loading this moment: the import system does not wait for that."""
    spec = getattr(sys.modules.get(name), "__spec__", None)
    if name.startswith("antiphon.") and getattr(spec, "_initializing", False):
        import_module(name)
    return _SERVED.get(name)


def _load(module: Any, package: Package) -> None:
    """Read a stub with what its package was loaded with, be that a folder or an archive."""
    names = package.settled(STUB)

    def settled(name: str, value: Any) -> None:
        if isinstance(value, type) and name in names:
            _name(value, *names[name])

    loader, path = cast(Any, sys.modules[package.name].__spec__).loader, module.__spec__.origin
    try:
        text = loader.get_data(path).decode()
    except OSError as error:
        raise ImportError(
            f"request types are made from {path}, which this installation lacks", name=package.name
        ) from error
    module.load(text, settled)


sys.meta_path.append(_Finder())

"""Packages whose names are found when asked for, and the official package's one-type modules, which need no files.

Theory of operation. A generated package (`antiphon.types.responses`) keeps its classes in one or two physical modules and
an *index*: for each official module below it (`response_item`) the names that module has and what they are called
physically. `serve` gives the package a `__getattr__` that loads a physical module on first need. A finder at the end of
`sys.meta_path` answers for the official modules: each is an empty module that looks its names up in the index. `settle`,
the last line of a physical module, tells its classes their official home, so that `repr` and `pickle` show and use it, and
turns aliases, which are written as text, into objects on demand.

The index is text because parsing it costs less than unmarshalling a dict, and only on first use.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, cast

Names = dict[str, tuple[str, str]]
"""Official name: the physical module (its last name, the whole one elsewhere, "" for the package itself) and the name there."""

_SERVED: dict[str, Package] = {}


class Package:
    """The index of one package.

    Args:
        name: its full name.
        files: per physical module the text of its index: lines of "official_module: Name Official=Physical …".
        elsewhere: exported names that live in another package, as "package:name" relative to `root`.
        packages: the packages below it.
        exports: the names the package itself has.
    """

    def __init__(
        self,
        name: str,
        files: Mapping[str, str],
        elsewhere: Mapping[str, str],
        packages: Sequence[str],
        exports: Sequence[str],
    ) -> None:
        self.name = name
        self._files = files
        self._elsewhere = elsewhere
        self._packages = frozenset(packages)
        self._exports = exports
        self._modules: dict[str, Names] | None = None
        self._homes: dict[str, str] = {}

    @property
    def modules(self) -> dict[str, Names]:
        """The official modules below the package."""
        found = self._modules
        if found is None:
            found = dict[str, Names]()
            for file, text in self._files.items():
                for line in text.split("\n"):
                    module, _, names = line.partition(": ")
                    entry = found.setdefault(module, {})
                    for name in names.split():
                        official, _, physical = name.partition("=")
                        entry[official] = (file, physical or official)
                        self._homes[physical or official] = file
            found.pop("", None)
            self._modules = found
        return found

    def find(self, file: str, name: str) -> Any:
        """What a physical module holds under a name."""
        home = file if "." in file else f"{self.name}.{file}" if file else self.name
        return getattr(import_module(home), name)

    def attribute(self, name: str) -> Any:
        """An attribute of the package.

        Raises:
            AttributeError: it has none of this name.
        """
        modules = self.modules
        if name in self._elsewhere:
            package, _, attribute = self._elsewhere[name].partition(":")
            return getattr(import_module(package), attribute)
        if name in self._exports and name in self._homes:
            return self.find(self._homes[name], name)
        if name in modules or name in self._packages or name in self._files:
            return import_module(f"{self.name}.{name}")
        raise AttributeError(f"module {self.name!r} has no attribute {name!r}")


def serve(
    namespace: dict[str, Any],
    files: Mapping[str, str],
    elsewhere: Mapping[str, str] | None = None,
    packages: Sequence[str] = (),
) -> None:
    """Make the package whose globals these are find its names lazily; its `__all__` says which are its own."""
    name, exports = namespace["__name__"], namespace["__all__"]
    package = Package(name, files, elsewhere or {}, packages, exports)
    _SERVED[name] = package

    def find(attribute: str) -> Any:
        value = package.attribute(attribute)
        namespace[attribute] = value
        return value

    def names() -> list[str]:
        return sorted({*exports, *packages, *package.modules})

    namespace["__getattr__"] = find
    namespace["__dir__"] = names


def settle(namespace: dict[str, Any]) -> None:
    """Finish a physical module: its classes learn their official names, its aliases become objects when asked for."""
    package = _SERVED[namespace["__package__"]]
    file = namespace["__name__"].rpartition(".")[2]
    module = sys.modules[namespace["__name__"]]
    scope = _Scope(module)
    texts: dict[str, str] = {}
    for leaf, names in package.modules.items():
        home = f"{package.name}.{leaf}"
        for official, (where, physical) in names.items():
            if where != file:
                continue
            value = namespace[physical]
            if isinstance(value, str):
                texts[physical] = namespace.pop(physical)
                continue
            value.__module__ = home
            if physical != official:
                value.__name__ = value.__qualname__ = official
            if hasattr(value, "_plan"):
                # Where the annotations of a class whose module is not a real one are evaluated.
                value.__local_namespace__ = scope
    namespace["__getattr__"] = _evaluator(namespace, texts, scope)


def settle_now(namespace: dict[str, Any]) -> None:
    """As `settle`, with every alias evaluated: for modules whose annotations the standard library will evaluate."""
    before = {name for name, value in namespace.items() if isinstance(value, str) and not name.startswith("__")}
    settle(namespace)
    for name in before:
        getattr(sys.modules[namespace["__name__"]], name)


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


class _Official(ModuleType):
    """An official module that has no file: its names are the index's."""

    __names__: Names
    __index__: Package

    def __getattr__(self, name: str) -> Any:
        home = self.__dict__.get("__names__", {}).get(name)
        if home is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = self.__index__.find(*home)
        self.__dict__[name] = value
        return value

    def __dir__(self) -> list[str]:
        return sorted(self.__names__)


class _Finder:
    """A finder and loader in one; their abstract bases would cost every start ten milliseconds."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        parent, _, leaf = fullname.rpartition(".")
        package = _SERVED.get(parent)
        return ModuleSpec(fullname, cast(Any, self)) if package is not None and leaf in package.modules else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Official(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        parent, _, leaf = module.__name__.rpartition(".")
        package = _SERVED[parent]
        names = package.modules[leaf]
        module.__dict__.update(__names__=names, __index__=package, __all__=sorted(names), __package__=parent)


sys.meta_path.append(_Finder())

"""From verb and path to an operation and its path parameters. A tree of path segments; knows no handlers' insides."""

from __future__ import annotations

from typing import Generic, TypeVar
from urllib.parse import unquote

from .problem import unknown_url, wrong_verb

T = TypeVar("T")


class _Branch(Generic[T]):
    __slots__ = ("fixed", "targets", "variable")

    def __init__(self) -> None:
        self.fixed: dict[str, _Branch[T]] = {}
        self.variable: _Branch[T] | None = None
        self.targets: dict[str, tuple[T, tuple[str, ...]]] = {}


class Router(Generic[T]):
    """Routes under one prefix, such as `/v1`. Fixed segments win over variable ones."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._root: _Branch[T] = _Branch()
        self._direct: dict[tuple[str, str], T] = {}

    def add(self, verb: str, path: str, target: T) -> None:
        """Add one route; `{name}` in the path takes one segment."""
        branch = self._root
        names: list[str] = []
        for segment in path.strip("/").split("/"):
            if segment.startswith("{"):
                names.append(segment[1:-1])
                branch.variable = branch.variable or _Branch()
                branch = branch.variable
            else:
                branch = branch.fixed.setdefault(segment, _Branch())
        branch.targets[verb] = (target, tuple(names))
        if not names:
            self._direct[verb, self._prefix + path] = target

    def find(self, verb: str, path: str) -> tuple[T, dict[str, str]]:
        """The target and path parameters; raises 404 for an unknown path and 405 for an unknown verb on a known one."""
        if (direct := self._direct.get((verb, path))) is not None:
            return direct, {}
        branch, values = self._walk(path)
        if branch is None or not branch.targets:
            raise unknown_url(verb, path)
        if verb not in branch.targets:
            raise wrong_verb(verb, path, tuple(sorted(branch.targets)))
        target, names = branch.targets[verb]
        return target, dict(zip(names, values, strict=True))

    def _walk(self, path: str) -> tuple[_Branch[T] | None, list[str]]:
        if not path.startswith(self._prefix + "/"):
            return None, []
        values: list[str] = []
        branch: _Branch[T] | None = self._root
        for segment in path[len(self._prefix) + 1 :].rstrip("/").split("/"):
            if branch is None:
                break
            if (fixed := branch.fixed.get(segment)) is not None:
                branch = fixed
            elif segment:
                values.append(unquote(segment))
                branch = branch.variable
            else:
                branch = None
        return branch, values

"""Request types, made one by one from the stub that type checkers read, when somebody asks for them.

A call needs none of them: its arguments are plain dicts. So they are written down once, in `_params.pyi`, and nothing is
compiled or loaded until a name is asked for; then that type is made, and those it speaks of, as real TypedDicts.
Knows how generated stubs are laid out: imports, then one definition after the other, each starting at the margin.
"""

from __future__ import annotations
import __future__

import re
import sys
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType
from typing import Any

_START = re.compile(r"^(?:class (\w+)|(\w+): TypeAlias =|(\w+) = TypedDict\()", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z_]\w*")


class Stub(ModuleType):
    """A module whose text is a stub."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._texts: dict[str, str] = {}

    def load(self, text: str, settle: Callable[[str, Any], None]) -> None:
        """Perform the stub's imports and note where its definitions are; `settle` is told of each type that is made."""
        starts = list(_START.finditer(text))
        ends = [*(start.start() for start in starts), len(text)]
        self._settle = settle
        _run(text[: ends[0]], self.__dict__)
        if sys.version_info < (3, 12):
            # There pydantic refuses the standard library's, which forgets where a key was required.
            with suppress(ImportError):
                import typing_extensions

                self.__dict__["TypedDict"] = typing_extensions.TypedDict
        for start, end in zip(starts, ends[1:], strict=True):
            self._texts[start[start.lastindex or 0]] = text[start.start() : end]

    def __getattr__(self, name: str) -> Any:
        if name in self.__dict__.get("_texts", ()):
            made = self._made(name)
            # All at once, so that no other thread finds a type without those its fields speak of.
            self.__dict__.update(made)
            for done in made:
                self._texts.pop(done, None)
        if name not in self.__dict__:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return self.__dict__[name]

    def __dir__(self) -> list[str]:
        return sorted({*self.__dict__, *self._texts})

    def _made(self, asked: str) -> dict[str, Any]:
        """A type and all that its definition speaks of: the standard library looks fields up in this module."""
        texts, scope = dict(self._texts), dict(self.__dict__)
        waiting = [asked]
        while waiting:
            waiting += self._define(waiting.pop(), texts, scope)
        return {name: scope[name] for name in self._texts.keys() - texts.keys()}

    def _define(self, name: str, texts: dict[str, str], scope: dict[str, Any]) -> list[str]:
        """Define one name after what must be there before it; gives the names that its fields speak of."""
        text = texts.pop(name, None)
        if text is None:
            return []
        head, _, fields = text.partition(":\n") if text.startswith("class ") else (text, "", "")
        later = [inner for other in _NAME.findall(head) for inner in self._define(other, texts, scope)]
        _run(text, scope)
        if not text.startswith(f"{name}: "):
            self._settle(name, scope[name])  # an alias is no type of its own
        return later + [name for name in _NAME.findall(fields) if name in texts]


def _run(text: str, scope: dict[str, Any]) -> None:
    # Generated code of this package, never data.
    exec(compile(text, scope["__name__"], "exec", __future__.annotations.compiler_flag, dont_inherit=True), scope)  # noqa: S102

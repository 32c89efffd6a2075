"""Models, made one by one from the stubs that type checkers read, when somebody asks for them.

A program uses few of the thousands of models, and a class statement takes twice its own length once it is compiled. So each
package writes its models down once, in `_models.pyi`, and its module `_models` makes a class, or what an alias stands for, when
the name is first asked for. Knows how generated stubs are laid out: imports, then one definition after the other, each starting
at the margin, its fields four columns further. Refuses to know what any of them means.
"""

from __future__ import annotations

import re
import sys
import types
from typing import Any

from .index import read
from .lazy import Annotations, _Scope, served

_START = re.compile(r"\n(?:class (\w+)\(|(\w+): TypeAlias = )")
_CLASS = re.compile(r"\nclass \w+\(([^:]*)\):\n")
_FIELD = re.compile(r"^    (\w+): ", re.MULTILINE)
_BREAK = re.compile(r"(?<=[\[(])\s+|,?\s+(?=[\])])")


def furnish(namespace: dict[str, Any]) -> None:
    """Make the module whose globals these are give the models that its stub describes.

    Raises:
        ImportError: the stub is not where the package was loaded from.
    """
    models = _Models(namespace)
    namespace["__getattr__"] = models.find
    namespace["__dir__"] = models.names


class _Models:
    """The definitions of one stub.

    Args:
        namespace: the globals of the module that keeps what is made of them.
    """

    def __init__(self, namespace: dict[str, Any]) -> None:
        name, package = namespace["__name__"], served(namespace["__package__"])
        assert package is not None
        file = name.rpartition(".")[2]
        text = read(package.name, file)
        starts = list(_START.finditer(text))
        ends = [*(start.start() for start in starts), len(text)]
        self._texts = {s[1] or s[2]: text[s.start() : end] for s, end in zip(starts, ends[1:], strict=True)}
        self._homes = package.settled(file)
        self._namespace = namespace
        self._scope = _Scope(sys.modules[name])
        # Generated code of this package, never data; so is all that is evaluated below.
        exec(compile(text[: ends[0]], name, "exec", dont_inherit=True), namespace)  # noqa: S102

    def names(self) -> list[str]:
        """What can be asked for."""
        return sorted({*self._namespace, *self._texts})

    def find(self, name: str) -> Any:
        """A class or an alias: the same one for every thread.

        Raises:
            AttributeError: the stub has none of this name.
        """
        text = self._texts.get(name)
        if text is None:
            raise AttributeError(f"module {self._namespace['__name__']!r} has no attribute {name!r}")
        head = _CLASS.match(text)
        made = self._class(name, head[1], text[head.end() :]) if head else self._value(text.partition(" = ")[2])
        return self._namespace.setdefault(name, made)

    def _class(self, name: str, bases: str, text: str) -> type:
        home, official = self._homes[name]
        body = {"__module__": home, "__local_namespace__": self._scope, **self._body(text)}
        base = self._namespace.get(bases)
        made = type(official, (base,), body) if base else self._odd(official, bases, body)
        made.__annotations__ = Annotations(made)
        return made

    def _odd(self, name: str, bases: str, body: dict[str, Any]) -> type:
        """A class of several bases, of generic ones, or of one that is still to be made."""
        found = tuple(self._value(f"[{bases}]"))
        return types.new_class(name, found, exec_body=lambda own: own.update(body))

    def _body(self, text: str) -> dict[str, Any]:
        """What a class statement would leave of its fields, or of its docstring."""
        start, *parts = _FIELD.split(text)
        annotations: dict[str, str] = {}
        body: dict[str, Any] = {"__annotations__": annotations}
        if start:
            body["__doc__"] = start.strip(' \n"')
        for field, rest in zip(parts[::2], parts[1::2], strict=True):
            annotation, equals, default = rest.partition("  #")[0].strip().partition(" = ")
            annotations[field] = _line(annotation)
            if equals:
                body[field] = None if default == "None" else self._value(default)
        return body

    def _value(self, text: str) -> Any:
        return eval(text.strip(), {}, self._scope)  # noqa: S307


def _line(text: str) -> str:
    """An annotation without the formatter's line breaks."""
    return " ".join(_BREAK.sub("", text).split()) if "\n" in text else text

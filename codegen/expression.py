"""Type expressions: Python annotation syntax in which `module.path:Name` refers to a described type.

Knows the grammar and how to write an expression down again under any naming. Refuses to know what the names mean.

    union    = item ("|" item)*
    item     = reference | name ["[" union ("," union)* "]"] | "None" | "..." | "[" [union ("," union)*] "]"
    "Literal" takes constants instead of unions.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    | (?P<reference>[A-Za-z_][\w.]*:[A-Za-z_]\w*)
    | (?P<number>-?\d+(?:\.\d+)?)
    | (?P<name>[A-Za-z_]\w*)
    | (?P<mark>\.\.\.|[\[\],|])
    )""",
    re.VERBOSE,
)


class ExpressionError(ValueError):
    """An expression outside the grammar; says where it stopped making sense."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A described type: its official module below `types`, and its name there."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}:{self.name}"


@dataclass(frozen=True, slots=True)
class Name:
    """A plain name: a builtin, a type variable, or a class of the package that the description does not hold."""

    id: str


@dataclass(frozen=True, slots=True)
class Literal:
    """The constants of a `Literal[...]`."""

    values: tuple[str | int | bool | float | None, ...]


@dataclass(frozen=True, slots=True)
class Generic:
    """`head[arguments]`."""

    head: Reference | Name
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Arguments:
    """The bracketed parameter list inside `Callable[[...], ...]`."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Union:
    """`a | b | …`, two members or more."""

    members: tuple[Expression, ...]


Expression = Reference | Name | Literal | Generic | Arguments | Union
NONE = Name("None")


@cache
def parse(text: str) -> Expression:
    """The expression a description's `type` holds.

    Raises:
        ExpressionError: it is outside the grammar.
    """
    parser = _Parser(text)
    expression = parser.union()
    parser.end()
    return expression


def union(*members: Expression) -> Expression:
    """A union without repetition and nesting; one member stands for itself."""
    flat: dict[Expression, None] = {}
    for member in members:
        for item in member.members if isinstance(member, Union) else (member,):
            flat[item] = None
    return next(iter(flat)) if len(flat) == 1 else Union(tuple(flat))


def render(expression: Expression, spell: Callable[[Reference | Name], str]) -> str:
    """The expression as Python source, each name spelled by `spell`."""
    match expression:
        case Literal(values):
            return f"Literal[{', '.join(map(repr, values))}]"
        case Generic(head, arguments):
            return f"{spell(head)}[{', '.join(render(item, spell) for item in arguments)}]"
        case Arguments(items):
            return f"[{', '.join(render(item, spell) for item in items)}]"
        case Union(members):
            return " | ".join(render(item, spell) for item in members)
        case _:
            return spell(expression)


def references(expression: Expression) -> Iterator[Reference]:
    """Every described type the expression speaks of."""
    return (leaf for leaf in leaves(expression) if isinstance(leaf, Reference))


def leaves(expression: Expression) -> Iterator[Reference | Name]:
    """Every name in the expression, heads of generics included."""
    match expression:
        case Reference() | Name():
            yield expression
        case Generic(head, arguments):
            yield head
            for item in arguments:
                yield from leaves(item)
        case Arguments(items) | Union(items):
            for item in items:
                yield from leaves(item)
        case Literal():
            return


class _Parser:
    """One pass over the tokens of one expression."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._scan(text))
        self._next = 0

    def _scan(self, text: str) -> Iterator[tuple[str, str]]:
        position, end = 0, len(text.rstrip())
        while position < end:
            found = _TOKEN.match(text, position)
            if found is None:
                raise ExpressionError(f"cannot read {text!r} at column {position}")
            yield str(found.lastgroup), found[str(found.lastgroup)]
            position = found.end()

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._next] if self._next < len(self._tokens) else ("end", "")

    def _take(self) -> tuple[str, str]:
        token = self._peek()
        self._next += 1
        return token

    def _accept(self, mark: str) -> bool:
        if self._peek() != ("mark", mark):
            return False
        self._next += 1
        return True

    def _expect(self, mark: str) -> None:
        if not self._accept(mark):
            raise ExpressionError(f"expected {mark!r} before {self._peek()[1]!r} in {self._text!r}")

    def end(self) -> None:
        if self._next < len(self._tokens):
            raise ExpressionError(f"unexpected {self._peek()[1]!r} in {self._text!r}")

    def union(self) -> Expression:
        members = [self._item()]
        while self._accept("|"):
            members.append(self._item())
        return union(*members)

    def _item(self) -> Expression:
        kind, text = self._take()
        if kind == "mark" and text == "[":
            return Arguments(self._sequence())
        if kind == "mark" and text == "...":
            return Name("...")
        if kind == "reference":
            head: Reference | Name = Reference(*text.split(":"))
        elif kind == "name":
            head = Name(text)
        else:
            raise ExpressionError(f"expected a type before {text!r} in {self._text!r}")
        if not self._accept("["):
            return head
        return Literal(self._constants()) if head == Name("Literal") else Generic(head, self._sequence())

    def _sequence(self) -> tuple[Expression, ...]:
        items: list[Expression] = []
        while not self._accept("]"):
            items.append(self.union())
            if not self._accept(","):
                self._expect("]")
                break
        return tuple(items)

    def _constants(self) -> tuple[str | int | bool | float | None, ...]:
        values: list[str | int | bool | float | None] = []
        while not self._accept("]"):
            kind, text = self._take()
            if kind not in ("string", "number") and text not in ("True", "False", "None"):
                raise ExpressionError(f"not a constant: {text!r} in {self._text!r}")
            values.append(ast.literal_eval(text))
            if not self._accept(","):
                self._expect("]")
                break
        return tuple(values)

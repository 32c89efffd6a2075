"""Which small mistakes a program can be given: pure functions over its syntax.

It knows operators, not tests and not files. It changes what functions do: not their signatures, decorators and annotations,
nothing outside of functions, no text, no `assert`, and not the words of an error (what is inside `raise SomeError(...)`).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
New: TypeAlias = Iterator[tuple[str, ast.AST]]

_BOUNDARY: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
_NEGATION: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
}
_OPPOSITE = {"min": "max", "max": "min", "any": "all", "all": "any"}
_SIGNATURE = {"annotation", "returns", "decorator_list", "args"}


@dataclass(frozen=True)
class Change:
    """One mistake: `new` instead of `old`, where `old` stands."""

    operator: str
    function: str
    statement: ast.stmt
    parent: ast.AST
    field: str
    index: int | None
    old: ast.AST
    new: ast.AST

    @contextmanager
    def made(self) -> Generator[None]:
        """The tree has the mistake within, and is as before afterwards."""
        self._put(self.new)
        try:
            yield
        finally:
            self._put(self.old)

    def _put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node

    @property
    def line(self) -> int:
        """Where it is made, counted from 1."""
        line: int = getattr(self.old, "lineno", self.statement.lineno)
        return line

    @property
    def lines(self) -> range:
        """The statement's lines, or those of its head: whoever runs none of them cannot notice."""
        body: list[ast.stmt] = getattr(self.statement, "body", [])
        last = body[0].lineno - 1 if body else self.statement.end_lineno or 0
        return range(self.statement.lineno, max(self.statement.lineno, last) + 1)

    def __str__(self) -> str:
        old = self.old if self.old is self.statement else self.statement
        before = _head(old)
        if old is self.old:
            return f"{before}  =>  {_head(self.new)}"
        with self.made():
            after = _head(self.statement)
        return f"{before}  =>  {after}" if before != after else f"{_head(self.old)}  =>  {_head(self.new)}"


def changes(tree: ast.Module) -> list[Change]:
    """Every mistake that can be made in the functions of `tree`, in the order of its lines."""
    found = [change for name, function in _functions(tree, "") for change in _within(function, name)]
    return sorted(found, key=lambda change: change.line)


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function):
            yield prefix + child.name, child
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.")
        elif not _for_checkers(child):
            yield from _functions(child, prefix)


def _within(function: Function, name: str) -> Iterator[Change]:
    for statement in _children(function):
        yield from _through(statement, name, function)


def _through(slot: tuple[ast.AST, str, int | None, ast.AST], name: str, statement: ast.stmt) -> Iterator[Change]:
    parent, field, index, node = slot
    if isinstance(node, ast.Assert) or _for_checkers(node):
        return
    if isinstance(node, ast.stmt):
        statement = node
    for title, new in _OPERATORS.get(type(node), _untouched)(node):
        if new is not getattr(node, "operand", None):
            ast.fix_missing_locations(ast.copy_location(new, node))
        yield Change(title, name, statement, parent, field, index, node, new)
    for child in _children(node):
        yield from _through(child, name, statement)


def _children(node: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Where each part of `node` stands. The words of an error are none of our business."""
    if isinstance(node, ast.Raise):
        return
    for field, value in ast.iter_fields(node):
        if field in _SIGNATURE and not isinstance(node, ast.Call):
            continue
        if isinstance(value, ast.AST):
            yield node, field, None, value
        elif isinstance(value, list):
            items: list[object] = [*value]
            yield from ((node, field, index, item) for index, item in enumerate(items) if isinstance(item, ast.AST))


def _for_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def _head(node: ast.AST) -> str:
    return ast.unparse(node).strip().partition("\n")[0]


def _with(node: ast.AST, **fields: Any) -> ast.AST:
    return type(node)(**(dict(ast.iter_fields(node)) | fields))


def _compared(node: ast.Compare) -> New:
    for title, table in (("boundary", _BOUNDARY), ("negated comparison", _NEGATION)):
        for index, sign in enumerate(node.ops):
            if type(sign) in table:
                signs: list[ast.cmpop] = [*node.ops]
                signs[index] = table[type(sign)]()
                yield title, _with(node, ops=signs)


def _joined(node: ast.BoolOp) -> New:
    yield "and/or", _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())


def _signed(node: ast.UnaryOp) -> New:
    if isinstance(node.op, ast.Not):
        yield "not removed", node.operand
    elif isinstance(node.op, ast.USub):
        yield "minus removed", node.operand


def _conditional(node: ast.If | ast.While | ast.IfExp) -> New:
    """But what another operator negates already is not negated twice."""
    test = node.test
    equality = isinstance(test, ast.Compare) and len(test.ops) == 1 and type(test.ops[0]) in _NEGATION
    negation = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    if not equality and not negation and not isinstance(test, ast.Constant):
        yield "negated condition", _with(node, test=ast.UnaryOp(ast.Not(), test))


def _calculated(node: ast.BinOp) -> New:
    if type(node.op) in _ARITHMETIC and not any(_is_text(side) for side in (node.left, node.right)):
        yield "arithmetic", _with(node, op=_ARITHMETIC[type(node.op)]())


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))


def _augmented(node: ast.AugAssign) -> New:
    if type(node.op) in _ARITHMETIC and not _is_text(node.value):
        yield "arithmetic", _with(node, op=_ARITHMETIC[type(node.op)]())
    yield from _assigned(node)


def _constant(node: ast.Constant) -> New:
    if isinstance(node.value, bool):
        yield "true/false", ast.Constant(not node.value)
    elif isinstance(node.value, int | float):
        yield "number", ast.Constant(0 if node.value == 1 else node.value + 1)


def _called(node: ast.Call) -> New:
    if isinstance(node.func, ast.Name) and node.func.id in _OPPOSITE:
        yield (
            "min/max, any/all",
            _with(node, func=ast.copy_location(ast.Name(_OPPOSITE[node.func.id], ast.Load()), node.func)),
        )


def _returned(node: ast.Return) -> New:
    """But `False` is only made `True`: whoever asks for one of them takes nothing for no."""
    nothing = isinstance(node.value, ast.Constant) and (node.value.value is None or node.value.value is False)
    if node.value is not None and not nothing:
        yield "return None", ast.Return(ast.Constant(None))


def _said(node: ast.Expr) -> New:
    if not isinstance(node.value, ast.Constant):
        yield "statement removed", ast.Pass()


def _assigned(node: ast.Assign | ast.AugAssign | ast.AnnAssign) -> New:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if node.value is not None and any(isinstance(target, ast.Attribute | ast.Subscript) for target in targets):
        yield "assignment removed", ast.Pass()


def _raised(_: ast.Raise) -> New:
    yield "raise removed", ast.Pass()


def _left(node: ast.Break | ast.Continue) -> New:
    yield "break/continue", ast.Continue() if isinstance(node, ast.Break) else ast.Break()


def _untouched(_: ast.AST) -> New:
    yield from ()


_OPERATORS: dict[type[ast.AST], Callable[[Any], New]] = {
    ast.Compare: _compared,
    ast.BoolOp: _joined,
    ast.UnaryOp: _signed,
    ast.If: _conditional,
    ast.While: _conditional,
    ast.IfExp: _conditional,
    ast.BinOp: _calculated,
    ast.AugAssign: _augmented,
    ast.Assign: _assigned,
    ast.AnnAssign: _assigned,
    ast.Constant: _constant,
    ast.Call: _called,
    ast.Return: _returned,
    ast.Expr: _said,
    ast.Raise: _raised,
    ast.Break: _left,
    ast.Continue: _left,
}

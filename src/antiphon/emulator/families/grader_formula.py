"""Formulas over the scores of several graders: numbers, names, `+ - * / ^` and a few functions. Nothing else is executed."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

MOST: Final = 4_096
_OPERATORS: Final[dict[type[ast.AST], Callable[..., float]]] = {
    ast.Add: float.__add__,
    ast.Sub: float.__sub__,
    ast.Mult: float.__mul__,
    ast.Div: float.__truediv__,
    ast.Mod: float.__mod__,
    ast.Pow: math.pow,
    ast.USub: float.__neg__,
    ast.UAdd: float.__pos__,
}
_FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "floor": math.floor,
    "ceil": math.ceil,
    "exp": math.exp,
    "sqrt": math.sqrt,
    "log": math.log,
}


class FormulaError(Exception):
    """It is no formula, or it has no value."""


def parsed(formula: str) -> ast.expr:
    """The formula as a tree; raises `FormulaError`."""
    if len(formula) > MOST:
        raise FormulaError("it is too long")
    try:
        return ast.parse(formula.strip().replace("^", "**"), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise FormulaError("it cannot be read") from None


def names(formula: str) -> set[str]:
    """The variables it names; raises `FormulaError`."""
    tree = parsed(formula)
    called = {node.func for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node not in called}


def value(formula: str, variables: Mapping[str, float]) -> float:
    """What it comes to; raises `FormulaError`."""
    try:
        result = _value(parsed(formula), variables)
    except (ArithmeticError, ValueError, TypeError, RecursionError) as error:
        raise FormulaError(f"it has no value: {error}") from None
    if not math.isfinite(result):
        raise FormulaError("its value is not finite")
    return result


def variable(name: str) -> str:
    """What a formula calls a grader of this name."""
    return re.sub(r"\W", "_", name)


def _value(tree: ast.AST, variables: Mapping[str, float]) -> float:
    match tree:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float(number)
        case ast.Name(id=name) if name in variables:
            return float(variables[name])
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_value(left, variables), _value(right, variables))
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_value(operand, variables))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _FUNCTIONS:
            return float(_FUNCTIONS[name](*(_value(argument, variables) for argument in arguments)))
        case _:
            raise FormulaError(f"it does not know what to do with '{ast.unparse(tree)}'")

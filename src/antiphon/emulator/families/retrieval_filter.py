"""Attribute filters of file searches: comparisons joined by `and` and `or`, judged against one file's attributes."""

from __future__ import annotations

from collections.abc import Callable
from operator import ge, gt, le, lt
from typing import Any, Final

from ..problem import Problem, invalid
from ..shape import is_array, is_object

Attributes = dict[str, Any]
Judge = Callable[[Attributes], bool]
_ORDERS: Final[dict[str, Callable[[Any, Any], bool]]] = {"gt": gt, "gte": ge, "lt": lt, "lte": le}
_KINDS: Final = ("eq", "ne", "in", "nin", *_ORDERS)


def judge(given: Any, param: str = "filters") -> Judge:
    """A filter as a question about attributes; no filter lets every file pass."""
    if given is None:
        return lambda _: True
    if not is_object(given):
        raise invalid(param, f"Invalid '{param}': expected an object.", "invalid_type")
    kind = given.get("type")
    if kind in ("and", "or"):
        return _joined(kind, given.get("filters"), param)
    if kind not in _KINDS:
        known = ", ".join(repr(name) for name in ("and", "or", *_KINDS))
        raise invalid(f"{param}.type", f"Invalid value: {kind!r}. Supported values are: {known}.")
    for needed in ("key", "value"):
        if needed not in given:
            name = f"{param}.{needed}"
            raise Problem(400, f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")
    return _compared(kind, given["key"], given["value"], param)


def _joined(kind: str, given: Any, param: str) -> Judge:
    if not is_array(given) or not given:
        raise invalid(f"{param}.filters", f"Invalid '{param}.filters': expected a list of filters.", "invalid_type")
    judges = [judge(inner, f"{param}.filters[{place}]") for place, inner in enumerate(given)]
    every = all if kind == "and" else any
    return lambda attributes: every(inner(attributes) for inner in judges)


def _compared(kind: str, key: str, value: Any, param: str) -> Judge:
    if kind in ("in", "nin"):
        if not is_array(value):
            raise invalid(f"{param}.value", f"A filter of type '{kind}' takes a list of values.", "invalid_type")
        options = value
        return lambda attributes: any(_same(attributes.get(key), each) for each in options) is (kind == "in")
    if kind in ("eq", "ne"):
        return lambda attributes: _same(attributes.get(key), value) is (kind == "eq")
    if not _ordered(value):
        raise invalid(f"{param}.value", f"A filter of type '{kind}' takes a number or a text.", "invalid_type")
    return lambda attributes: _fits(_ORDERS[kind], attributes.get(key), value)


def _same(known: Any, value: Any) -> bool:
    """Equal and of one sort: `True` is not 1 here."""
    return known == value and isinstance(known, bool) is isinstance(value, bool)


def _fits(order: Callable[[Any, Any], bool], known: Any, value: Any) -> bool:
    return _ordered(known) and isinstance(known, str) is isinstance(value, str) and order(known, value)


def _ordered(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)

"""Checks of values that hold no others: numbers, text, literals, moments, and objects of foreign classes.

A check is `check(value, lax)`: it gives the value as it fits, or raises. *Lax* converts as the official package's
constructors do: "12" for an int, "true" for a bool; never an int for a str.
"""

from __future__ import annotations

import enum
import sys
from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, cast

from .later import Later
from .mismatch import ValidationError, kind_of, listed, mismatch

if TYPE_CHECKING:
    import msgspec
else:
    msgspec = Later("msgspec")

# Whole numbers up to here are floats without loss.
_EXACT = 2**53
Check = Callable[[Any, bool], Any]


def anything(value: Any, lax: bool) -> Any:
    """What fits whatever comes: lists and dicts made anew, everything else as it is."""
    return own(value)


def own(value: Any) -> Any:
    """Lists and dicts made anew, everything else as it is."""
    kind = value.__class__
    if kind is dict:
        return {key: own(item) for key, item in value.items()}
    if kind is list:
        return [own(item) for item in value]
    return value


def refusing(problem: str) -> Check:
    """A check that nothing passes."""

    def check(value: Any, lax: bool) -> Any:
        raise ValidationError(problem)

    return check


def scalar(kind: type[Any]) -> Check | None:
    """The check of a JSON scalar or a moment; `None` for any other class."""
    if kind is float:
        return _float
    if kind in {str, int, bool, type(None), bytes}:
        return _exactly(kind)
    if kind is datetime or kind is date:
        return _moment(kind)
    return None


def _exactly(kind: type[Any]) -> Check:
    def check(value: Any, lax: bool) -> Any:
        if value.__class__ is kind or (isinstance(value, kind) and value.__class__ is not bool):
            return value
        if lax and (kind is int or kind is bool) and isinstance(value, (str, int, float)):
            return _converted(kind, value)
        raise mismatch(kind, value)

    return check


def _converted(kind: type[Any], value: Any) -> Any:
    if value.__class__ is bool:
        return kind(value)
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError:
        raise ValidationError(f"expected {kind.__name__}, got {value!r}") from None


def _float(value: Any, lax: bool) -> Any:
    if value.__class__ is int and lax:
        return float(value) if abs(value) <= _EXACT else value
    if value.__class__ is float or (isinstance(value, (float, int)) and value.__class__ is not bool):
        return value
    if lax and isinstance(value, (str, bool)):
        return _converted(float, value)
    raise mismatch(float, value)


def _moment(kind: type[Any]) -> Check:
    def check(value: Any, lax: bool) -> Any:
        if isinstance(value, kind):
            return value
        try:
            msgspec.convert(value, kind, strict=not lax)
        except msgspec.ValidationError:
            raise mismatch(kind, value) from None
        return value

    return check


def literal(allowed: tuple[Any, ...]) -> Check:
    """The check of a `Literal`; 1 and True are two."""
    exact = {(one.__class__, one) for one in allowed}

    def check(value: Any, lax: bool) -> Any:
        if value.__hash__ is not None and (value.__class__, value) in exact:
            return value
        # A str-valued enum member stands for its text, on either side.
        if isinstance(value, enum.Enum) and value.value in allowed:
            return value
        if any(isinstance(one, enum.Enum) and one.value == value for one in allowed):
            return value
        shown = repr(value) if isinstance(value, (str, int, float)) and len(repr(value)) <= 60 else kind_of(value)
        raise ValidationError(f"expected {listed(allowed)}, got {shown}")

    return check


def enumeration(kind: type[enum.Enum]) -> Check:
    """The check of an enum: a member, or the value of one."""

    def check(value: Any, lax: bool) -> Any:
        values = tuple(member.value for member in kind)
        if isinstance(value, kind) or value in values:
            return value
        raise ValidationError(f"expected {listed(values)}, got {value!r}")

    return check


def is_foreign(kind: type[Any]) -> bool:
    """Whether a class brings its own validator: pydantic models, dataclasses, structs."""
    return any(hasattr(kind, mark) for mark in ("__pydantic_validator__", "__dataclass_fields__", "__struct_fields__"))


def to_foreign(kind: type[Any], expression: Any) -> Callable[[Any], Any]:
    """The conversion of plain data to such a class; it raises that validator's own `ValueError`."""
    validate: Callable[[Any], Any] | None = getattr(kind, "model_validate", None)
    if validate is not None:
        return validate
    if hasattr(kind, "__pydantic_validator__"):
        # A dataclass of pydantic's, which is loaded, since its class is here.
        return cast("Callable[[Any], Any]", sys.modules["pydantic"].TypeAdapter(expression).validate_python)
    return lambda value: value if isinstance(value, kind) else msgspec.convert(value, expression)


def foreign(kind: type[Any], expression: Any) -> Check:
    """The check of such a class."""
    convert = to_foreign(kind, expression)
    return lambda value, lax: convert(value)


def instance(kind: type[Any]) -> Check:
    """The check of any other class."""

    def check(value: Any, lax: bool) -> Any:
        if not isinstance(value, kind):
            raise mismatch(kind, value)
        return value

    return check

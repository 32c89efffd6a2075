"""Strict checking, on request: does a value fit a type expression, and where does it not?

Nothing is checked unless asked: by `validate()`, `model_validate`, a model's constructor or `strict=True`. A check walks
value and annotation together and stops at the first mismatch, named by its path. Checks are compiled once per expression.

A check gives back the value as it fits: containers made anew (so that a model made from a user's dict does not share it),
and, where it is *lax*, scalars converted the way the official package's constructors convert them ("12" for an int).
"""

from __future__ import annotations

import collections.abc
import dataclasses
import enum
import inspect
import types
import typing
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from .annotation import Unresolved, spelled, union_members, unwrap
from .variant import Variants, best_fit
from .view import Field, View, plan_of

Check = Callable[[Any, bool], Any]
_SEQUENCES = frozenset(
    {
        list,
        collections.abc.Sequence,
        collections.abc.Iterable,
        collections.abc.Collection,
        collections.abc.MutableSequence,
    }
)
_SETS = frozenset({set, frozenset, collections.abc.Set, collections.abc.MutableSet})
_MAPPINGS = frozenset({dict, collections.abc.Mapping, collections.abc.MutableMapping})


class ValidationError(ValueError):
    """A value that does not fit its type.

    >>> validate(list[int], [1, "x"])
    Traceback (most recent call last):
    antiphon.core.validation.ValidationError: [1]: expected int, got str

    Attributes:
        path: where, e.g. "output[2].content[0].text"; empty for the value itself.
        problem: what, e.g. "expected str, got int".
    """

    def __init__(self, problem: str, path: str = "") -> None:
        super().__init__(problem, path)
        self.problem = problem
        self.path = path

    def below(self, step: str | int) -> ValidationError:
        """The same error seen from one level up."""
        here = f"[{step}]" if isinstance(step, int) else step
        self.path = here if not self.path else here + ("" if self.path.startswith("[") else ".") + self.path
        self.args = (self.problem, self.path)
        return self

    def errors(self) -> list[dict[str, Any]]:
        """The mismatch as a list of one dict, in the shape other validators use."""
        return [{"loc": tuple(self.path.split(".")) if self.path else (), "msg": self.problem, "type": "value_error"}]

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}" if self.path else self.problem


def validate(expression: Any, value: Any) -> Any:
    """Check `value` strictly against a type expression and give it back untouched.

    >>> validate(int | None, 3)
    3

    Raises:
        ValidationError: with the path of the first mismatch.
    """
    check_of(expression)(value, False)
    return value


def is_valid(expression: Any, value: Any) -> bool:
    """Whether `validate` would pass."""
    try:
        check_of(expression)(value, False)
    except ValueError:
        return False
    return True


def check_of(expression: Any) -> Check:
    """The compiled check of a type expression: `check(value, lax)` gives a fresh value that fits, or raises."""
    try:
        return _compiled(expression)
    except TypeError:
        return _compile(expression)


@lru_cache(maxsize=4096)
def _compiled(expression: Any) -> Check:
    return _compile(expression)


def _compile(expression: Any) -> Check:
    whole, (expression, _) = expression, unwrap(expression)
    origin = get_origin(expression) or expression
    arguments = get_args(expression)
    if origin is Union or origin is types.UnionType:
        return _union(whole)
    if origin is Literal:
        return _literal(arguments)
    if expression is Any or expression is object or isinstance(expression, TypeVar):
        return _anything
    if isinstance(expression, Unresolved):
        return _unresolved(expression)
    if expression is None:
        return _exactly(type(None))
    if not inspect.isclass(origin):
        return _anything
    return _container(origin, arguments) or _scalar(origin) or _class(origin, expression)


def _container(origin: type, arguments: tuple[Any, ...]) -> Check | None:
    if origin in _SEQUENCES:
        return _list(origin, arguments[0] if arguments else Any)
    if origin in _SETS:
        return _list(origin, arguments[0] if arguments else Any, make=set)
    if origin in _MAPPINGS:
        return _dict(arguments[0] if arguments else Any, arguments[1] if arguments else Any)
    if origin is tuple:
        return _tuple(arguments)
    return None


def _scalar(origin: type) -> Check | None:
    if origin is float:
        return _float
    if origin in {str, int, bool, type(None), bytes}:
        return _exactly(origin)
    if origin is datetime or origin is date:
        return _moment(origin)
    return None


def _class(origin: type, expression: Any) -> Check:
    if issubclass(origin, View):
        return lambda value, lax: check_model(origin, value, lax)
    if typing.is_typeddict(origin):
        return _typed_dict(origin)
    if (
        hasattr(origin, "__pydantic_validator__")
        or dataclasses.is_dataclass(origin)
        or issubclass(origin, msgspec.Struct)
    ):
        return _foreign(origin, expression)
    if issubclass(origin, enum.Enum):
        return lambda value, lax: _enum(origin, value)
    return _instance(origin)


def _mismatch(expected: Any, value: Any) -> ValidationError:
    return ValidationError(f"expected {spelled(expected)}, got {_kind(value)}")


def _kind(value: Any) -> str:
    if value is None:
        return "None"
    return repr(value) if isinstance(value, str) and len(value) <= 40 else type(value).__name__


def _anything(value: Any, lax: bool) -> Any:
    return own(value)


def own(value: Any) -> Any:
    """Lists and dicts made anew, everything else as it is."""
    kind = value.__class__
    if kind is dict:
        return {key: own(item) for key, item in value.items()}
    if kind is list:
        return [own(item) for item in value]
    return value


def _unresolved(expression: Unresolved) -> Check:
    def check(value: Any, lax: bool) -> Any:
        raise ValidationError(f"the annotation {expression.text!r} names what cannot be found in its module")

    return check


def _exactly(kind: type) -> Check:
    def check(value: Any, lax: bool) -> Any:
        if value.__class__ is kind or (isinstance(value, kind) and not isinstance(value, bool)):
            return value
        if lax and kind in {int, bool} and isinstance(value, (str, int, float)):
            return _converted(kind, value)
        raise ValidationError(f"expected {spelled(kind)}, got {'None' if value is None else type(value).__name__}")

    return check


def _converted(kind: type, value: Any) -> Any:
    try:
        if kind is int and isinstance(value, bool):
            return int(value)
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError:
        raise _mismatch(kind, value) from None


def _float(value: Any, lax: bool) -> Any:
    if value.__class__ is float or (isinstance(value, (float, int)) and not isinstance(value, bool)):
        return value
    if lax and isinstance(value, (str, bool)):
        return float(value) if isinstance(value, bool) else _converted(float, value)
    raise ValidationError(f"expected float, got {'None' if value is None else type(value).__name__}")


def _moment(kind: type) -> Check:
    def check(value: Any, lax: bool) -> Any:
        if isinstance(value, kind):
            return value
        try:
            msgspec.convert(value, kind, strict=not lax)
        except msgspec.ValidationError:
            raise _mismatch(kind, value) from None
        return value

    return check


def _literal(allowed: tuple[Any, ...]) -> Check:
    kinds = {(type(one), one) for one in allowed}

    def check(value: Any, lax: bool) -> Any:
        try:
            if (type(value), value) in kinds:
                return value
        except TypeError:
            pass
        if any(isinstance(one, enum.Enum) and one.value == value for one in allowed):
            return value
        raise ValidationError(
            f"expected {_listed(allowed)}, got {_kind(value) if isinstance(value, str) else repr(value)[:40]}"
        )

    return check


def _listed(allowed: tuple[Any, ...]) -> str:
    shown = [repr(one) for one in allowed[:12]] + (["…"] if len(allowed) > 12 else [])
    return shown[0] if len(shown) == 1 else "one of " + ", ".join(shown)


def _list(origin: Any, item: Any, make: Callable[[Any], Any] = list) -> Check:
    inner = check_of(item)

    def check(value: Any, lax: bool) -> Any:
        if not isinstance(value, (list, tuple, set, frozenset)):
            if (
                origin is not collections.abc.Iterable
                or isinstance(value, (str, bytes, dict))
                or not hasattr(value, "__iter__")
            ):
                raise _mismatch(list, value)
            value = list(value)
        fresh: list[Any] = []
        for position, element in enumerate(value):
            try:
                fresh.append(inner(element, lax))
            except ValueError as error:
                raise _error(error).below(position) from None
        return fresh if make is list else make(fresh)

    return check


def _tuple(arguments: tuple[Any, ...]) -> Check:
    if not arguments or (len(arguments) == 2 and arguments[1] is Ellipsis):
        return _list(tuple, arguments[0] if arguments else Any)
    checks = [check_of(argument) for argument in arguments]

    def check(value: Any, lax: bool) -> Any:
        if not isinstance(value, (list, tuple)) or len(value) != len(checks):
            raise ValidationError(
                f"expected {len(checks)} items, got {len(value) if isinstance(value, (list, tuple)) else _kind(value)}"
            )
        fresh: list[Any] = []
        for position, (inner, element) in enumerate(zip(checks, value, strict=True)):
            try:
                fresh.append(inner(element, lax))
            except ValueError as error:
                raise _error(error).below(position) from None
        return fresh

    return check


def _dict(key_type: Any, value_type: Any) -> Check:
    check_key, check_value = check_of(key_type), check_of(value_type)

    def check(value: Any, lax: bool) -> Any:
        if not isinstance(value, collections.abc.Mapping):
            raise _mismatch(dict, value)
        fresh: dict[Any, Any] = {}
        for key, element in value.items():
            try:
                fresh[check_key(key, lax)] = check_value(element, lax)
            except ValueError as error:
                raise _error(error).below(str(key)) from None
        return fresh

    return check


def _error(error: ValueError) -> ValidationError:
    return error if isinstance(error, ValidationError) else ValidationError(str(error))


def _union(whole: Any) -> Check:
    members, discriminator = union_members(whole)
    models: list[type[View]] = [origin for one in members if _is_model(origin := get_origin(one) or one)]
    checks = [check_of(member) for member in members]
    variants = Variants(models, discriminator.field) if discriminator else None

    def check(value: Any, lax: bool) -> Any:
        # First as it is, then converted: 3 stays an int where the union takes both int and str.
        for strictly in (True, False) if lax else (True,):
            for one in checks:
                try:
                    return one(value, not strictly)
                except ValueError:
                    continue
        raise _nearest(value, lax)

    def _nearest(value: Any, lax: bool) -> ValidationError:
        if isinstance(value, (dict, View)) and models:
            data = value if isinstance(value, dict) else value.__dict__
            model = variants.choose(data) if variants else best_fit(models, data)
            if model is not None:
                try:
                    check_model(model, data, lax)
                except ValueError as error:
                    return _error(error)
            elif variants:
                return ValidationError(
                    f"{data.get(variants.key or variants.field or '')!r} is no known {variants.field}"
                )
        if isinstance(value, list):
            return _nearest_list(value, lax)
        return _mismatch(whole, value)

    def _nearest_list(value: list[Any], lax: bool) -> ValidationError:
        problems: list[ValidationError] = []
        for one in checks:
            try:
                one(value, lax)
            except ValueError as error:
                problems.append(_error(error))
        return max(problems, key=lambda problem: len(problem.path))

    return check


def _is_model(origin: Any) -> bool:
    return inspect.isclass(origin) and issubclass(origin, View)


def check_model(cls: type[View], value: Any, lax: bool) -> Any:
    """`value` as the data of `cls`; an instance of it stays itself where `lax`, and is checked where not."""
    if isinstance(value, View):
        if not isinstance(value, cls):
            raise _mismatch(cls, value)
        if lax:
            return value
        value, cls = value.__dict__, type(value)
    if not isinstance(value, collections.abc.Mapping):
        raise _mismatch(cls, value)
    plan = plan_of(cls)
    fresh: dict[str, Any] = {}
    for key, item in value.items():
        field = plan.by_key.get(key)
        if field is None and lax and (named := plan.fields.get(key)) is not None and named.key not in value:
            field = named
        if field is None:
            fresh[key] = own(item)
        else:
            fresh[field.key] = _check_field(field, item, lax)
    for field in plan.fields.values():
        if field.required and field.key not in fresh:
            raise ValidationError("required, but missing", field.key)
    return fresh


def _check_field(field: Field, value: Any, lax: bool) -> Any:
    try:
        return check_of(field.type)(value, lax)
    except ValueError as error:
        raise _error(error).below(field.key) from None


def _typed_dict(cls: Any) -> Check:
    hints = typing.get_type_hints(cls, include_extras=True)
    required: frozenset[str] = cls.__required_keys__

    def check(value: Any, lax: bool) -> Any:
        if not isinstance(value, collections.abc.Mapping):
            raise _mismatch(cls, value)
        fresh: dict[str, Any] = {}
        for key, item in value.items():
            try:
                fresh[key] = check_of(hints[key])(item, lax) if key in hints else own(item)
            except ValueError as error:
                raise _error(error).below(str(key)) from None
        for key in hints:
            if key in required and key not in fresh:
                raise ValidationError("required, but missing", key)
        return fresh

    return check


def _foreign(origin: Any, expression: Any) -> Check:
    def check(value: Any, lax: bool) -> Any:
        if isinstance(value, origin):
            return value
        if hasattr(origin, "model_validate"):
            return origin.model_validate(value)
        return msgspec.convert(value, expression)

    return check


def _enum(kind: Any, value: Any) -> Any:
    if isinstance(value, kind) or any(one.value == value for one in kind):
        return value
    raise ValidationError(f"expected {_listed(tuple(one.value for one in kind))}, got {_kind(value)}")


def _instance(kind: type) -> Check:
    def check(value: Any, lax: bool) -> Any:
        if not isinstance(value, kind):
            raise _mismatch(kind, value)
        return value

    return check

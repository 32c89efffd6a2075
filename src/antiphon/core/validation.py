"""Strict checking, on request: does a value fit a type expression, and where does it not?

Nothing is checked unless asked: by `validate()`, `model_validate`, a model's constructor or `strict=True`. A check walks
value and annotation together and stops at the first mismatch, named by its path. Checks are compiled once per expression.

A check gives back the value as it fits, in containers made anew, so that a model made from a user's dict does not share it.
"""

from __future__ import annotations

import collections.abc
import enum
import sys
import types
import typing
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Literal, TypeGuard, TypeVar, Union, cast, get_args, get_origin

from .annotation import MAPPINGS, SEQUENCES, SETS, Unresolved, union_members, unwrap
from .guest import is_constrained, lodger_check
from .mismatch import ValidationError, as_error, mismatch
from .scalar import Check, anything, enumeration, foreign, instance, is_foreign, literal, own, refusing, scalar
from .shape import is_class, is_dict, is_iterable, is_list, is_mapping, is_sequence
from .variant import Variants
from .view import Field, View, plan_of

__all__ = ["ValidationError", "check_model", "check_of", "is_valid", "validate"]


def validate(expression: Any, value: Any) -> Any:
    """Check `value` strictly against a type expression and give it back untouched.

    >>> validate(list[int], [1, "x"])
    Traceback (most recent call last):
    antiphon.core.mismatch.ValidationError: [1]: expected int, got str

    Raises:
        ValidationError: with the path of the first mismatch.
    """
    try:
        check_of(expression)(value, False)
    except ValueError as error:
        raise as_error(error) from None
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
        # An expression that cannot be hashed cannot be remembered.
        return _compile(expression)


@lru_cache(maxsize=4096)
def _compiled(expression: Any) -> Check:
    return _compile(expression)


def _compile(expression: Any) -> Check:
    whole, (expression, _) = expression, unwrap(expression)
    if is_constrained(whole):
        return _constrained(whole, expression)
    origin = get_origin(expression) or expression
    if origin is Union or origin is types.UnionType:
        return _union(whole)
    if origin is Literal:
        return literal(get_args(expression))
    if isinstance(expression, Unresolved):
        return refusing(f"the annotation {expression.text!r} names what cannot be found")
    if expression is Any or expression is object or isinstance(expression, TypeVar):
        return anything
    if expression is None:
        origin = type(None)
    if not is_class(origin):
        return anything
    return _container(origin, get_args(expression)) or scalar(origin) or _class(origin, expression)


def _constrained(whole: Any, expression: Any) -> Check:
    """What only pydantic can check, which is loaded, since a mark of its is here."""
    adapter: Any = sys.modules["pydantic"].TypeAdapter(whole)
    inner = check_of(expression)

    def check(value: Any, lax: bool) -> Any:
        try:
            fitting = adapter.validate_python(value if lax else inner(value, lax))
        except ValidationError:
            raise
        except ValueError as error:
            first = cast("Any", error).errors(include_url=False)[0]
            problem = ValidationError(first["msg"])
            for step in reversed(first["loc"]):
                problem.below(step)
            raise problem from None
        return fitting if lax else value

    return check


def _container(origin: type[Any], arguments: tuple[Any, ...]) -> Check | None:
    if origin in SEQUENCES:
        return _list(arguments[0] if arguments else Any, lazy=origin is collections.abc.Iterable)
    if origin in SETS:
        return _list(arguments[0] if arguments else Any)
    if origin in MAPPINGS:
        return _dict(*(arguments or (Any, Any)))
    if origin is tuple:
        return _tuple(arguments)
    return None


def _class(origin: type[Any], expression: Any) -> Check:
    if issubclass(origin, View):
        return lodger_check(origin) or (lambda value, lax: check_model(origin, value, lax))
    if typing.is_typeddict(origin):
        return _typed_dict(origin)
    if is_foreign(origin):
        return foreign(origin, expression)
    return enumeration(origin) if issubclass(origin, enum.Enum) else instance(origin)


def _list(item: Any, *, lazy: bool = False) -> Check:
    inner = check_of(item)

    def check(value: Any, lax: bool) -> Any:
        if not _is_many(value, lazy):
            raise mismatch(list, value)
        return list(_checked(((inner, element) for element in value), lax))

    return check


def _is_many(value: Any, lazy: bool) -> TypeGuard[Iterable[Any]]:
    if is_sequence(value) or value.__class__ in SETS:
        return True
    return lazy and is_iterable(value) and value.__class__ not in _NO_LISTS


_NO_LISTS = frozenset({str, bytes, dict})


def _checked(pairs: Iterator[tuple[Check, Any]], lax: bool) -> Iterator[Any]:
    for position, (check, element) in enumerate(pairs):
        try:
            yield check(element, lax)
        except ValueError as error:
            raise as_error(error).below(position) from None


def _tuple(arguments: tuple[Any, ...]) -> Check:
    if not arguments or arguments[-1] is Ellipsis:
        return _list(arguments[0] if arguments else Any)
    checks = [check_of(argument) for argument in arguments]

    def check(value: Any, lax: bool) -> Any:
        if not is_sequence(value):
            raise mismatch(list, value)
        if len(value) != len(checks):
            raise ValidationError(f"expected {len(checks)} items, got {len(value)}")
        return list(_checked(zip(checks, value, strict=True), lax))

    return check


def _dict(key_type: Any, value_type: Any) -> Check:
    check_key, check_value = check_of(key_type), check_of(value_type)

    def check(value: Any, lax: bool) -> Any:
        if not is_mapping(value):
            raise mismatch(dict, value)
        fresh: dict[Any, Any] = {}
        for key, element in value.items():
            fresh[_below(check_key, key, lax, str(key))] = _below(check_value, element, lax, str(key))
        return fresh

    return check


def _below(check: Check, value: Any, lax: bool, step: str) -> Any:
    try:
        return check(value, lax)
    except ValueError as error:
        raise as_error(error).below(step) from None


def _union(whole: Any) -> Check:
    members, discriminator = union_members(whole)
    models = [origin for one in members if _is_model(origin := get_origin(one) or one)]
    checks = [check_of(member) for member in members]
    variants = Variants(models, discriminator.field if discriminator else None)
    widens = float in members and int not in members

    def check(value: Any, lax: bool) -> Any:
        if widens and lax and value.__class__ is int:
            return check_of(float)(value, lax)
        # First as it is, then converted: 3 stays an int where the union takes both int and str.
        for conversion in (False, True) if lax and not isinstance(value, View) else (lax,):
            for one in checks:
                try:
                    return one(value, conversion)
                except ValueError:
                    continue
        raise _nearest(whole, value, lax, variants, checks)

    return check


def _is_model(origin: Any) -> bool:
    return is_class(origin) and issubclass(origin, View)


def _nearest(whole: Any, value: Any, lax: bool, variants: Variants, checks: list[Check]) -> ValidationError:
    """Why a value is no member of a union, said of the member it comes closest to."""
    if (is_dict(value) or isinstance(value, View)) and variants.models:
        data: dict[str, Any] = value.__dict__ if isinstance(value, View) else value
        model = variants.choose(data)
        if model is None:
            tag = data.get(variants.key or "")
            return mismatch(whole, value) if tag is None else ValidationError(f"no variant has {variants.key}={tag!r}")
        checks = [lambda _, lax: check_model(model, data, lax)]
    elif not is_list(value):
        return mismatch(whole, value)
    problems: list[ValidationError] = []
    for one in checks:
        try:
            one(value, lax)
        except ValueError as error:
            problems.append(as_error(error))
    nearest = max(problems, key=lambda problem: len(problem.path))
    return nearest if nearest.path or len(problems) == 1 else mismatch(whole, value)


def check_model(cls: type[View], value: Any, lax: bool) -> Any:
    """`value` as fresh data of `cls`; where `lax`, an instance stays itself and Python names serve as well as API names."""
    if isinstance(value, View):
        if not isinstance(value, cls):
            raise mismatch(cls, value)
        if lax:
            return value
        value, cls = value.__dict__, type(value)
    if not is_mapping(value):
        raise mismatch(cls, value)
    plan = plan_of(cls)
    fresh: dict[str, Any] = {}
    for key, item in value.items():
        field = plan.by_key.get(key) or (_by_name(plan.fields.get(key), value) if lax else None)
        if field is None:
            fresh[key] = own(item)
        else:
            fresh[field.key] = _below(_check_of_field(field), item, lax, field.key)
    for field in plan.fields.values():
        if field.required and field.key not in fresh:
            raise ValidationError("required, but missing", field.key)
    return fresh


def _by_name(field: Field | None, given: collections.abc.Mapping[str, Any]) -> Field | None:
    return None if field is None or field.key in given else field


def _check_of_field(field: Field) -> Check:
    check: Check | None = field.check
    if check is None:
        check = field.check = check_of(field.marked)
    return check


def _typed_dict(cls: Any) -> Check:
    hints = typing.get_type_hints(cls, include_extras=True)
    # With annotations kept as text, typing itself does not see the qualifiers.
    required = [key for key, hint in hints.items() if _is_required(hint, key in cls.__required_keys__)]

    def check(value: Any, lax: bool) -> Any:
        if not is_mapping(value):
            raise mismatch(cls, value)
        fresh = {
            key: _below(check_of(hints[key]), item, lax, key) if key in hints else own(item)
            for key, item in value.items()
        }
        missing = [key for key in required if key not in fresh]
        if missing:
            raise ValidationError("required, but missing", missing[0])
        return fresh

    return check


def _is_required(hint: Any, otherwise: bool) -> bool:
    origin = get_origin(hint)
    if origin is typing.Required or origin is typing.NotRequired:
        return origin is typing.Required
    return otherwise

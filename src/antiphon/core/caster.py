"""Casters: from a type expression to the function that sees decoded JSON through it.

`caster(type)` compiles an expression once. The function it gives never fails on JSON that does not fit: what cannot be
wrapped is given out as it is, and an object that is none of a union's variants becomes a plain `BaseModel` view that keeps
everything. Only foreign classes (pydantic models, dataclasses, structs) convert, and they raise their own errors.
"""

# pyright: reportPrivateUsage=false
from __future__ import annotations

import types
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Union, cast, get_args, get_origin

from .annotation import MAPPINGS, SEQUENCES, union_members, unwrap
from .later import Later
from .scalar import is_foreign, to_foreign
from .shape import is_class
from .variant import Variants
from .view import Cast, View, plan_of

if TYPE_CHECKING:
    import msgspec
else:
    msgspec = Later("msgspec")

_CONTAINERS = frozenset({dict, list})
_SCALARS = frozenset({str, int, float, bool, bytes, type(None), object, complex})


def same(value: Any) -> Any:
    """The caster of everything that JSON shows as it is."""
    return value


def caster(expression: Any) -> Cast:
    """The function that sees decoded JSON as `expression`: a model, a union, a list or dict of them, or a plain type.

    >>> caster(list[str])(["a"])
    ['a']
    """
    try:
        return _compiled(expression)
    except TypeError:
        # An expression that cannot be hashed cannot be remembered.
        return _compile(expression)


@lru_cache(maxsize=4096)
def _compiled(expression: Any) -> Cast:
    return _compile(expression)


def _compile(expression: Any) -> Cast:
    whole, (expression, _) = expression, unwrap(expression)
    origin = get_origin(expression) or expression
    if origin is Union or origin is types.UnionType:
        return _union(*union_members(whole))
    if is_class(origin):
        if issubclass(origin, View):
            return _model(origin)
        if origin in SEQUENCES:
            return _list(_inner(expression, 0))
        if origin in MAPPINGS:
            return _dict(_inner(expression, 1))
        if origin is tuple:
            return _tuple(get_args(expression))
        return _class(origin, expression)
    return same


def _inner(expression: Any, position: int) -> Cast:
    arguments = get_args(expression)
    return caster(arguments[position]) if len(arguments) > position else same


def _class(origin: type[Any], expression: Any) -> Cast:
    if origin in _SCALARS:
        return same
    if issubclass(origin, datetime):
        return moment
    if issubclass(origin, date):
        return day
    return to_foreign(origin, expression) if is_foreign(origin) else same


def _model(cls: type[View]) -> Cast:
    new = object.__new__

    def cast_model(value: Any) -> Any:
        if value.__class__ is not dict:
            return value
        if cls._plan is None:  # as `_view` does it, without the call
            plan_of(cls)
        view = new(cls)
        view.__dict__ = value
        return view

    vars(cast_model)["model"] = cls
    return cast_model


def model_of(cast: Cast) -> type[View] | None:
    """The one model that a caster sees objects through, ready to be used, for loops that make their views themselves."""
    model: type[View] | None = getattr(cast, "model", None)
    if model is not None:
        plan_of(model)
    return model


def _list(item: Cast) -> Cast:
    if item is same:
        return same

    def cast_list(value: Any) -> Any:
        if value.__class__ is not list:
            return value
        # From the end: a reader that finds the first element wrapped may rely on the rest.
        for position in range(len(value) - 1, -1, -1):
            element = value[position]
            if element.__class__ in _CONTAINERS:
                value[position] = item(element)
        return value

    return cast_list


def _tuple(arguments: tuple[Any, ...]) -> Cast:
    if not arguments:
        return same
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return _list(caster(arguments[0]))
    items = [caster(argument) for argument in arguments]
    if all(item is same for item in items):
        return same

    def cast_tuple(value: Any) -> Any:
        if value.__class__ is list:
            for position in range(min(len(value), len(items)) - 1, -1, -1):
                value[position] = items[position](value[position])
        return value

    return cast_tuple


def _dict(item: Cast) -> Cast:
    if item is same:
        return same

    def cast_dict(value: Any) -> Any:
        if value.__class__ is dict:
            for key, element in value.items():
                if element.__class__ in _CONTAINERS:
                    value[key] = item(element)
        return value

    return cast_dict


def moment(value: Any) -> Any:
    """An ISO 8601 text (or a timestamp) as a `datetime`; what is none stays."""
    try:
        return msgspec.convert(value, datetime, strict=False)
    except msgspec.ValidationError:
        return value


def day(value: Any) -> Any:
    """An ISO 8601 text as a `date`; what is none stays."""
    try:
        return msgspec.convert(value, date, strict=False)
    except msgspec.ValidationError:
        return value


def _union(members: list[Any], discriminator: Any) -> Cast:
    models = [origin for member in members if (origin := _model_class(member)) is not None]
    others = [
        compiled for member in members if _model_class(member) is None and (compiled := caster(member)) is not same
    ]
    lists = _first(others, members, SEQUENCES)
    dicts = _first(others, members, MAPPINGS)
    if not models:
        return _by_container(lists, dicts, others)
    is_open = _takes_dicts(members)
    if discriminator is None and len(models) == 1 and not is_open:
        objects = _model(models[0])
    else:
        objects = Variants(models, discriminator.field if discriminator else None, open_to_dicts=is_open).table_cast()
    if lists is same and dicts is same:
        return objects

    def cast_union(value: Any) -> Any:
        kind = value.__class__
        if kind is dict:
            seen = objects(value)
            return dicts(value) if seen is value else seen
        return lists(value) if kind is list else value

    return cast_union


def _model_class(member: Any) -> type[View] | None:
    origin = get_origin(member) or member
    return origin if is_class(origin) and issubclass(origin, View) else None


def _takes_dicts(members: list[Any]) -> bool:
    return any(member is object or member is Any or (get_origin(member) or member) in MAPPINGS for member in members)


def _first(others: list[Cast], members: list[Any], origins: frozenset[Any]) -> Cast:
    """One caster for all members of these container kinds; lists of different models become lists of their union."""
    chosen = [member for member in members if (get_origin(member) or member) in origins and get_args(member)]
    if not chosen or not others:
        return same
    if len(chosen) == 1:
        return caster(chosen[0])
    element = cast(Any, Union)[tuple(get_args(member)[-1] for member in chosen)]
    return _list(caster(element)) if list in origins else _dict(caster(element))


def _first_fitting(casts: list[Cast]) -> Cast:
    """Of foreign classes the first that takes a value; `None` is none of them."""

    def cast_value(value: Any) -> Any:
        for one in casts[:-1] if value is not None else ():
            try:
                return one(value)
            except ValueError:
                continue
        return None if value is None else casts[-1](value)

    return cast_value


def _by_container(lists: Cast, dicts: Cast, others: list[Cast]) -> Cast:
    if lists is same and dicts is same:
        # A lone moment keeps its name, by which views know it.
        return _first_fitting(others) if others and others[0] not in (moment, day) else (others or [same])[0]

    def cast_container(value: Any) -> Any:
        kind = value.__class__
        if kind is list:
            return lists(value)
        return dicts(value) if kind is dict else value

    return cast_container

"""From a view back to plain data, whole or in part.

The usual way, API names and only what the server sent, is one C call. What asks for declared fields, Python names or a
choice of fields walks the views. The result shares nothing with the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from .annotation import is_plain
from .later import Later
from .shape import is_dict, is_list, is_mapping, is_sequence, parts_of
from .view import Field, Plan, View, plan_of

if TYPE_CHECKING:
    import msgspec
else:
    msgspec = Later("msgspec")

_SCALARS = frozenset({str, int, float, bool, type(None)})
_COLLECTIONS = frozenset({tuple, set, frozenset})
_MISSING = object()


class Form(NamedTuple):
    """How a model is to be written."""

    mode: str = "python"
    by_alias: bool = True
    exclude_unset: bool = True
    exclude_defaults: bool = False
    exclude_none: bool = False
    fallback: Callable[[Any], Any] | None = None

    @property
    def verbatim(self) -> bool:
        """Whether the data as it came is the answer."""
        return self.by_alias and self.exclude_unset and not self.exclude_defaults and not self.exclude_none


@cache
def _kept_types() -> tuple[type, ...]:
    """What Python mode leaves as it is; loaded with the first dump rather than with every client."""
    from datetime import date, datetime, time, timedelta
    from decimal import Decimal
    from uuid import UUID

    return (bytes, bytearray, memoryview, datetime, date, time, timedelta, Decimal, UUID)


class _Foreign(Exception):
    pass


def _foreign(value: Any) -> Any:
    raise _Foreign


def _data_of(value: Any) -> Any:
    if isinstance(value, View):
        return value.__dict__
    raise _Foreign


def dump(view: View, form: Form, include: Any = None, exclude: Any = None) -> dict[str, Any]:
    """The model as a dict of plain data."""
    if form.verbatim and include is None and exclude is None:
        return plain_dict(view.__dict__, form)
    return _model(view, form, include, exclude)


def plain_dict(data: dict[str, Any], form: Form) -> dict[str, Any]:
    """A deep copy of JSON-like data, views turned to dicts."""
    result: dict[str, Any] = _copied(data, form, _data_of)
    return result


def _copied(value: Any, form: Form, hook: Callable[[Any], Any] = _foreign) -> Any:
    """A deep copy in C where it knows all classes; `hook` says what to do with others."""
    try:
        if form.mode == "json":
            return msgspec.json.decode(msgspec.json.encode(value, enc_hook=hook))
        return msgspec.to_builtins(value, builtin_types=_kept_types(), enc_hook=hook)
    except (_Foreign, TypeError, RecursionError, UnicodeEncodeError):
        return _plain(value, form)


def _plain(value: Any, form: Form) -> Any:
    """As `plain_dict`, for values of any class."""
    if isinstance(value, View):
        return _plain(value.__dict__, form) if form.verbatim else _model(value, form, None, None)
    if is_mapping(value):
        return {key: _plain(item, form) for key, item in value.items()}
    if is_list(value):
        return [_plain(item, form) for item in value]
    kind = value.__class__
    if kind in _COLLECTIONS:
        made = [_plain(item, form) for item in value]
        return made if form.mode == "json" else kind(made)
    if hasattr(kind, "__pydantic_serializer__") and hasattr(value, "model_dump"):
        return value.model_dump(
            mode=form.mode,
            by_alias=form.by_alias,
            exclude_unset=form.exclude_unset,
            exclude_defaults=form.exclude_defaults,
            exclude_none=form.exclude_none,
        )
    parts = parts_of(value)
    return _leaf(value, form) if parts is None else {name: _plain(item, form) for name, item in parts.items()}


def _leaf(value: Any, form: Form) -> Any:
    if form.mode != "json" or isinstance(value, (str, int, float)):
        return value
    try:
        return msgspec.to_builtins(value)
    except TypeError:
        if form.fallback is None:
            raise TypeError(f"a {type(value).__name__} has no JSON form; give fallback= to make one") from None
        return form.fallback(value)


def _model(view: View, form: Form, include: Any, exclude: Any) -> dict[str, Any]:
    plan = plan_of(type(view))
    if include is None and exclude is None and not form.exclude_defaults and (form.by_alias or not plan.renamed):
        return _whole(view, form, plan)
    return _chosen_fields(view, form, plan, include, exclude)


def _whole(view: View, form: Form, plan: Plan) -> dict[str, Any]:
    """The usual case, all fields under the keys they have: merged at once, then only containers are looked at."""
    data = view.__dict__
    result: dict[str, Any] = dict(data) if form.exclude_unset else {**plan.template(), **data}
    for key, value in data.items():
        if value.__class__ not in _SCALARS:
            field = plan.by_key.get(key)
            if field is None or is_plain(field.annotation):
                result[key] = _copied(value, form)
            else:
                # Through the class, so that nested objects are views and know their own names and defaults.
                result[key] = _value(getattr(view, field.name), form)
    return {key: value for key, value in result.items() if value is not None} if form.exclude_none else result


def _chosen_fields(view: View, form: Form, plan: Plan, include: Any, exclude: Any) -> dict[str, Any]:
    data = view.__dict__
    result: dict[str, Any] = {}
    for _, field, inner, outer in _kept(plan.fields.items(), include, exclude):
        value = _field_value(view, data, field, form)
        if value is not _MISSING:
            result[field.key if form.by_alias else field.name] = _part(value, form, inner, outer)
    extra = {key: value for key, value in data.items() if key not in plan.by_key}
    for key, value, inner, outer in _kept(extra.items(), include, exclude):
        if value is not None or not form.exclude_none:
            result[key] = _part(value, form, inner, outer)
    return result


def _field_value(view: View, data: dict[str, Any], field: Field, form: Form) -> Any:
    if field.key not in data:
        if form.exclude_unset:
            return _MISSING
        value = field.absent()
    else:
        value = getattr(view, field.name)
    if value is None and form.exclude_none:
        return _MISSING
    if form.exclude_defaults and not field.required and value == (field.absent() if field.is_made else field.default):
        return _MISSING
    return value


def _value(value: Any, form: Form) -> Any:
    kind = value.__class__
    if kind in _SCALARS:
        return value
    if kind is list:
        return [_value(item, form) for item in value]
    if kind is dict:
        return {key: _value(item, form) for key, item in value.items()}
    return _model(value, form, None, None) if isinstance(value, View) else _plain(value, form)


def _part(value: Any, form: Form, include: Any, exclude: Any) -> Any:
    """As `_value`, with a choice of what lies inside."""
    if include is None and exclude is None:
        return _value(value, form)
    if isinstance(value, View):
        return _model(value, form, include, exclude)
    if is_dict(value):
        return {
            key: _part(item, form, inner, outer) for key, item, inner, outer in _kept(value.items(), include, exclude)
        }
    if is_sequence(value):
        return [_part(item, form, inner, outer) for _, item, inner, outer in _kept(enumerate(value), include, exclude)]
    return _plain(value, form)


def _kept(items: Iterable[tuple[Any, Any]], include: Any, exclude: Any) -> Iterator[tuple[Any, Any, Any, Any]]:
    for key, item in items:
        if _chosen(key, include, exclude):
            yield key, item, _below(key, include), _below(key, exclude)


def _chosen(key: Any, include: Any, exclude: Any) -> bool:
    """Whether a field or item is to be written: `include` names it or is absent, and `exclude` does not name it whole."""
    if include is not None and key not in include and "__all__" not in include:
        return False
    if exclude is None:
        return True
    if is_mapping(exclude):
        return not any(exclude.get(name) in (True, ...) for name in (key, "__all__") if name in exclude)
    return key not in exclude and "__all__" not in exclude


def _below(key: Any, choice: Any) -> Any:
    """What a choice of fields says about the inside of one of them."""
    if not is_mapping(choice):
        return None
    inner = choice.get(key, choice.get("__all__"))
    return None if inner is True or inner is ... else inner


def to_text(data: Any, indent: int | None, *, ensure_ascii: bool = False) -> str:
    """Plain data as JSON text, compact or indented."""
    if not ensure_ascii:
        try:
            encoded = msgspec.json.encode(data)
            return (msgspec.json.format(encoded, indent=indent) if indent else encoded).decode()
        except (UnicodeEncodeError, TypeError):
            pass  # Lone surrogates need escapes, and unusual keys need the standard library.
    # Rarely needed, so not loaded with every client.
    import json

    separators = (",", ":") if not indent else (",", ": ")
    return json.dumps(data, ensure_ascii=True, indent=indent or None, separators=separators)

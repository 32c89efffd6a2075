"""The JSON schema of a model class, made from its annotations without pydantic."""

from __future__ import annotations

import collections.abc
import enum
import types
import typing
from datetime import date, datetime
from typing import Any, Literal, Union, get_args, get_origin

from .annotation import MAPPINGS, union_members, unwrap
from .shape import is_class
from .view import MISSING, Field, View, plan_of

_SCALARS: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    bytes: {"type": "string", "format": "binary"},
    type(None): {"type": "null"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
}


def json_schema(cls: type[View], by_alias: bool = True, ref_template: str = "#/$defs/{model}") -> dict[str, Any]:
    """The schema of `cls` as an object, nested models under "$defs"."""
    writer = _Writer(by_alias, ref_template)
    schema = writer.model(cls)
    if cls in writer.referenced:
        writer.definitions[cls.__name__] = schema
        schema = {"$ref": ref_template.format(model=cls.__name__)}
    return schema | ({"$defs": dict(sorted(writer.definitions.items()))} if writer.definitions else {})


class _Writer:
    def __init__(self, by_alias: bool, ref_template: str) -> None:
        self.by_alias = by_alias
        self.ref_template = ref_template
        self.definitions: dict[str, dict[str, Any]] = {}
        self.referenced: set[Any] = set()
        self._names: dict[Any, str] = {}

    def model(self, cls: type[View]) -> dict[str, Any]:
        self._names.setdefault(cls, cls.__name__)
        fields = plan_of(cls).fields
        schema: dict[str, Any] = {
            "additionalProperties": True,
            "properties": {self._key(field): self._field(field) for field in fields.values()},
            "title": cls.__name__,
            "type": "object",
        }
        required = [self._key(field) for field in fields.values() if field.required]
        return schema | ({"required": required} if required else {})

    def _key(self, field: Field) -> str:
        return field.key if self.by_alias else field.name

    def _field(self, field: Field) -> dict[str, Any]:
        schema = self.of(field.type)
        return schema if field.default is MISSING else {**schema, "default": field.default}

    def of(self, expression: Any) -> dict[str, Any]:
        whole, (expression, _) = expression, unwrap(expression)
        origin = get_origin(expression) or expression
        if origin is Union or origin is types.UnionType:
            return {"anyOf": [self.of(member) for member in union_members(whole)[0]]}
        if origin is Literal:
            return self._literal(get_args(expression))
        if expression is None:
            return dict(_SCALARS[type(None)])
        if not is_class(origin):
            return {}
        if origin in _SCALARS:
            return dict(_SCALARS[origin])
        if issubclass(origin, View):
            return self._reference(origin)
        if issubclass(origin, enum.Enum):
            return self._literal(tuple(one.value for one in origin))
        return self._container(origin, get_args(expression))

    def _literal(self, values: tuple[Any, ...]) -> dict[str, Any]:
        schema: dict[str, Any] = {"const": values[0]} if len(values) == 1 else {"enum": list(values)}
        if all(isinstance(value, str) for value in values):
            schema["type"] = "string"
        return schema

    def _reference(self, cls: type[View]) -> dict[str, Any]:
        self.referenced.add(cls)
        if cls not in self._names:
            name = (
                cls.__name__
                if cls.__name__ not in self._names.values()
                else f"{cls.__module__}.{cls.__name__}".replace(".", "__")
            )
            self._names[cls] = name
            self.definitions[name] = {}
            self.definitions[name] = self.model(cls)
        return {"$ref": self.ref_template.format(model=self._names[cls])}

    def _container(self, origin: Any, arguments: tuple[Any, ...]) -> dict[str, Any]:
        if origin in MAPPINGS or typing.is_typeddict(origin):
            values = self.of(arguments[1]) if len(arguments) > 1 else {}
            return {"type": "object", "additionalProperties": values or True}
        if issubclass(origin, collections.abc.Iterable):
            items = [argument for argument in arguments if argument is not Ellipsis]
            return {"type": "array", "items": self.of(items[0]) if items else {}}
        return {}

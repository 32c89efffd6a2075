"""Whether a JSON schema that came with a request is one, and whether it keeps the rules of strict mode.

Strict: the root is an object; every object names all its properties as required and sets additionalProperties to false.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from .problem import Problem
from .shape import is_array, is_object

TYPES: Final = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
_OBJECTS: Final = ("properties", "$defs", "definitions", "patternProperties")
_ARRAYS: Final = ("anyOf", "oneOf", "allOf", "prefixItems")
_INNER: Final = ("items", "additionalProperties", "not", "contains")
_COUNTS: Final = ("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties")
_NUMBERS: Final = ("minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum")
MOST_DEPTH: Final = 100
MOST_WANTED: Final = 100_000


def check(schema: Any, *, name: str, param: str, code: str, strict: bool) -> None:
    """Raise 400 for the first thing that is wrong; `name` is how the message calls the schema."""
    wrong = next(_faults(schema, (), 0), None) or (_unstrict(schema) if strict else None)
    if wrong is not None:
        raise Problem(400, f"Invalid schema for {name}: {wrong}", param=param, code=code)


def _at(path: tuple[str, ...]) -> str:
    return "/".join(path) or "the root"


def _faults(schema: Any, path: tuple[str, ...], depth: int) -> Iterator[str]:
    """What makes it no schema at all."""
    if isinstance(schema, bool) and path:
        return
    if not is_object(schema):
        yield f"{_at(path)} is not an object."
        return
    if depth > MOST_DEPTH:
        yield f"{_at(path[:3])} nests too deep."
        return
    yield from _own_faults(schema, path)
    for step, inner in _children(schema):
        yield from _faults(inner, (*path, *step), depth + 1)


def _own_faults(schema: dict[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    where = _at(path)
    types = schema.get("type", "object")
    listed = types if is_array(types) else [types]
    if not listed or any(name not in TYPES for name in listed):
        yield f"{where} has the type {types!r}, which is none."
    for key in _OBJECTS:
        if not is_object(schema.get(key, {})):
            yield f"'{key}' of {where} is not an object."
    for key in (*_ARRAYS, "enum", "required"):
        if key in schema and (not is_array(schema[key]) or (not schema[key] and key in ("anyOf", "oneOf", "enum"))):
            yield f"'{key}' of {where} is not a list with members."
    if any(not isinstance(name, str) for name in schema.get("required") or ()):
        yield f"'required' of {where} holds something that is no name."
    yield from _value_faults(schema, where)


def _value_faults(schema: dict[str, Any], where: str) -> Iterator[str]:
    for key in _COUNTS:
        if key in schema and (not isinstance(schema[key], int) or isinstance(schema[key], bool) or schema[key] < 0):
            yield f"'{key}' of {where} is not a whole number of zero or more."
    for key in ("minItems", "minLength", "minProperties"):
        if isinstance(wanted := schema.get(key), int) and wanted > MOST_WANTED:
            yield f"'{key}' of {where} is more than {MOST_WANTED}."
    for key in _NUMBERS:
        if key in schema and (not isinstance(schema[key], int | float) or (key == "multipleOf" and schema[key] <= 0)):
            yield f"'{key}' of {where} is not a number that can be used."
    if "$ref" in schema and not (isinstance(schema["$ref"], str) and schema["$ref"].startswith("#")):
        yield f"'$ref' of {where} does not point into the schema."
    if "pattern" in schema:
        try:
            re.compile(schema["pattern"])
        except (re.error, TypeError):
            yield f"'pattern' of {where} is not a regular expression."


def _children(schema: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key in _OBJECTS:
        found = schema.get(key)
        if is_object(found):
            yield from (((key, name), inner) for name, inner in found.items())
    for key in _ARRAYS:
        found = schema.get(key)
        if is_array(found):
            yield from (((key, str(index)), inner) for index, inner in enumerate(found))
    yield from (((key,), schema[key]) for key in _INNER if key in schema)


def _unstrict(schema: dict[str, Any]) -> str | None:
    if schema.get("type") != "object":
        return "the root must have the type 'object'."
    return next(_loose(schema, ()), None)


def _loose(schema: Any, path: tuple[str, ...]) -> Iterator[str]:
    """Objects that leave something open."""
    if not is_object(schema):
        return
    properties = schema.get("properties")
    if schema.get("type") == "object" or properties is not None:
        if schema.get("additionalProperties") is not False:
            yield f"'additionalProperties' of {_at(path)} must be given, and false."
        left_out = [name for name in properties or () if name not in schema.get("required", ())]
        if left_out:
            yield f"'required' of {_at(path)} must name every property; it lacks '{left_out[0]}'."
    for step, inner in _children(schema):
        yield from _loose(inner, (*path, *step))

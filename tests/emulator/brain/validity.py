"""Whether a value is valid for a JSON schema: a small reading of its own, so that it keeps the filler honest."""

from __future__ import annotations

import math
import re
from typing import Any

TYPES: dict[str, Any] = {
    "null": lambda v: v is None,
    "boolean": lambda v: isinstance(v, bool),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
    "string": lambda v: isinstance(v, str),
    "array": lambda v: isinstance(v, list),
    "object": lambda v: isinstance(v, dict),
}
SHAPES = {
    "date": r"\d{4}-\d\d-\d\d",
    "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)",
    "time": r"\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)",
    "duration": r"P.+",
    "email": r"\S+@\S+\.\S+",
    "hostname": r"[a-z.-]+",
    "ipv4": r"\d+\.\d+\.\d+\.\d+",
    "ipv6": r"[0-9a-f:]+",
    "uri": r"\w+:\S+",
    "uuid": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
}


def same(left: Any, right: Any) -> bool:
    """Equality that tells true from 1."""
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def valid(value: Any, schema: Any, root: Any) -> bool:
    """Whether the value satisfies the schema."""
    if schema is True or schema == {}:
        return True
    if "$ref" in schema:
        target = root
        for step in schema["$ref"].removeprefix("#").strip("/").split("/"):
            target = target[step] if step else target
        if not valid(value, target, root):
            return False
    if "const" in schema and not same(value, schema["const"]):
        return False
    if "enum" in schema and not any(same(value, option) for option in schema["enum"]):
        return False
    if "anyOf" in schema and not any(valid(value, option, root) for option in schema["anyOf"]):
        return False
    if "allOf" in schema and not all(valid(value, option, root) for option in schema["allOf"]):
        return False
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(TYPES[name](value) for name in types):
        return False
    match value:
        case bool() | None:
            return True
        case int() | float():
            return numeric(value, schema)
        case str():
            return textual(value, schema)
        case list():
            return listed(value, schema, root)
        case _:
            return keyed(value, schema, root)


def numeric(value: float, schema: dict[str, Any]) -> bool:
    step = schema.get("multipleOf")
    return (
        schema.get("minimum", -math.inf) <= value <= schema.get("maximum", math.inf)
        and schema.get("exclusiveMinimum", -math.inf) < value < schema.get("exclusiveMaximum", math.inf)
        and (step is None or abs(value / step - round(value / step)) < 1e-9)
    )


def textual(value: str, schema: dict[str, Any]) -> bool:
    return (
        schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", math.inf)
        and ("pattern" not in schema or re.search(schema["pattern"], value) is not None)
        and ("format" not in schema or re.fullmatch(SHAPES[schema["format"]], value) is not None)
    )


def listed(value: list[Any], schema: dict[str, Any], root: Any) -> bool:
    first = schema.get("prefixItems", [])
    rest = value[len(first) :]
    unique = not schema.get("uniqueItems") or all(a not in value[:i] for i, a in enumerate(value))
    return (
        schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", math.inf)
        and all(valid(item, inner, root) for item, inner in zip(value, first, strict=False))
        and all(valid(item, schema.get("items", True), root) for item in rest)
        and unique
    )


def keyed(value: dict[str, Any], schema: dict[str, Any], root: Any) -> bool:
    properties = schema.get("properties", {})
    extra = schema.get("additionalProperties", True)
    for key, item in value.items():
        inner = properties.get(key, extra)
        if inner is False or not valid(item, inner, root):
            return False
    return all(key in value for key in schema.get("required", [])) and len(value) >= schema.get("minProperties", 0)

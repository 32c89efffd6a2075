"""The least object a description allows, around what is known of it: required fields that nobody gave get a plain value.

So an answer has every field its type promises, whatever family made it, and new fields appear with a new description.
"""

from __future__ import annotations

from typing import Any, Final

from .schema import Schema

_PLAIN: Final[dict[str, Any]] = {"str": "", "int": 0, "float": 0.0, "bool": False, "null": None, "any": None}
_TIMES: Final = ("created_at", "created", "updated_at")


def fields_of(schema: Schema, node: Any) -> dict[str, Any]:
    """The fields of an object's node; of several kinds of objects, the first one's."""
    for option in schema.members(node):
        found = schema.resolved(option)
        if found[0] == "object":
            fields: dict[str, Any] = found[1]
            return fields
    return {}


def filled(schema: Schema, node: Any, known: dict[str, Any], now: int) -> dict[str, Any]:
    """`known` and, in the description's order, every required field it lacks; `now` is when it was made, in seconds."""
    made: dict[str, Any] = {}
    for name, (inner, needed) in fields_of(schema, node).items():
        if name in known:
            made[name] = known[name]
        elif name in _TIMES and needed:
            made[name] = _time(schema, inner, now)
        elif needed:
            made[name] = least(schema, inner, now)
    return made | known


def least(schema: Schema, node: Any, now: int = 0) -> Any:
    """The plainest value of a node."""
    match node:
        case str():
            return _PLAIN.get(node, "")
        case ["enum", [first, *_]]:
            return first
        case ["list", _]:
            return []
        case ["dict", _]:
            return {}
        case ["union", members]:
            return None if "null" in members else least(schema, members[0], now)
        case ["ref", _]:
            return least(schema, schema.resolved(node), now)
        case _:
            return filled(schema, node, {}, now)


def _time(schema: Schema, node: Any, now: int) -> int | str:
    if "str" in schema.members(node):
        from datetime import UTC, datetime

        return datetime.fromtimestamp(now, UTC).isoformat().replace("+00:00", "Z")
    return now

"""Decoded JSON seen with types: is it an object or an array, and the part under a name, empty when there is none."""

from __future__ import annotations

from typing import Any, TypeGuard

Object = dict[str, Any]


def is_object(value: Any) -> TypeGuard[Object]:
    """Whether this is a JSON object."""
    return type(value) is dict


def is_array(value: Any) -> TypeGuard[list[Any]]:
    """Whether this is a JSON array."""
    return type(value) is list


def part(body: Object, name: str) -> Object:
    """The object under a name; empty when it is null or absent."""
    found: Object | None = body.get(name)
    return found or {}


def rows(body: Object, name: str) -> list[Any]:
    """The array under a name; empty when it is null or absent."""
    found: list[Any] | None = body.get(name)
    return found or []

"""Which container a value of unknown type is, said so that type checkers understand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeGuard, cast


def is_dict(value: object) -> TypeGuard[dict[Any, Any]]:
    """Whether it is a dict."""
    return isinstance(value, dict)


def is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    """Whether it is any mapping."""
    return isinstance(value, Mapping)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether it is a list."""
    return isinstance(value, list)


def is_sequence(value: object) -> TypeGuard[Sequence[Any]]:
    """Whether it is a list or a tuple; text is none."""
    return isinstance(value, (list, tuple))


def is_iterable(value: object) -> TypeGuard[Iterable[Any]]:
    """Whether it can be iterated."""
    return isinstance(value, Iterable)


def is_class(value: object) -> TypeGuard[type[Any]]:
    """Whether it is a class rather than a form of the typing module."""
    return isinstance(value, type)


def parts_of(value: object) -> dict[str, Any] | None:
    """The fields of a dataclass or a msgspec struct under the names they are written with; `None` for anything else."""
    kind = value.__class__
    if hasattr(kind, "__dataclass_fields__"):
        # Loaded already by whoever made the class.
        from dataclasses import fields

        return {field.name: getattr(value, field.name) for field in fields(cast("Any", value))}
    if hasattr(kind, "__struct_fields__"):
        struct = cast("Any", kind)
        names = zip(struct.__struct_encode_fields__, struct.__struct_fields__, strict=True)
        tag = struct.__struct_config__.tag
        own = {} if tag is None else {struct.__struct_config__.tag_field: tag}
        return {**own, **{written: getattr(value, name) for written, name in names}}
    return None

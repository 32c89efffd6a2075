"""What a model's class can tell about its fields, and the fields of one model in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .view import MISSING, View, plan_of


class FieldInfo:
    """One field of a model class, for those who look.

    Attributes:
        annotation: its evaluated type.
        default: what it reads as when absent; `None` for a required one.
        alias: its API name where that differs, else `None`.
    """

    __slots__ = ("alias", "annotation", "default", "required")

    def __init__(self, annotation: Any, default: Any, alias: str | None, *, required: bool) -> None:
        self.annotation = annotation
        self.default = default
        self.alias = alias
        self.required = required

    def is_required(self) -> bool:
        """Whether the API promises the field."""
        return self.required

    def __repr__(self) -> str:
        facts = [f"annotation={self.annotation!r}", f"required={self.required}"]
        facts += [] if self.required else [f"default={self.default!r}"]
        facts += [f"alias={self.alias!r}"] if self.alias else []
        return f"FieldInfo({', '.join(facts)})"


def field_infos(cls: type[View]) -> dict[str, FieldInfo]:
    """The declared fields by Python name."""
    return {
        name: FieldInfo(
            field.type,
            None if field.default is MISSING else field.default,
            field.key if field.key != name else None,
            required=field.required,
        )
        for name, field in plan_of(cls).fields.items()
    }


def extra_of(view: View) -> dict[str, Any]:
    """What the data holds beyond the declared fields."""
    by_key = plan_of(type(view)).by_key
    return {key: value for key, value in view.__dict__.items() if key not in by_key}


def pairs(view: View) -> Iterator[tuple[str, Any]]:
    """The declared fields in order, absent ones with their defaults, then the others: names and values."""
    plan = plan_of(type(view))
    for name, field in plan.fields.items():
        yield name, getattr(view, name) if field.key in view.__dict__ else field.absent()
    for key, value in list(view.__dict__.items()):
        if key not in plan.by_key:
            yield key, value

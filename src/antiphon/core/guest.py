"""What makes a model at home in pydantic and FastAPI: the class attributes those look for, answered when they ask.

It knows whom the questions come from; how a model is described and written is `pydantic_bridge`'s knowledge, loaded with the
first answer. Without pydantic nobody asks.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

from .shape import is_class
from .view import View, plan_of

_LIBRARIES = frozenset({"pydantic", "pydantic_core", "annotated_types"})
_TOLD = ("title", "description", "examples", "json_schema_extra", "discriminator", "deprecated")


class Serializer:
    """`__pydantic_serializer__`: how pydantic writes a model it meets where anything may stand, as in a field of type `Any`."""

    __slots__ = ()

    def __get__(self, view: Any, owner: type | None = None) -> Any:
        try:
            from .pydantic_bridge import serializer
        except ImportError:
            raise AttributeError("__pydantic_serializer__ needs pydantic to be installed") from None
        return serializer()

    def __set__(self, view: Any, value: Any) -> None:
        # A server's key of this name is data, and hides nothing.
        view.__dict__["__pydantic_serializer__"] = value


class BodyMark:
    """`__dataclass_fields__`, there for FastAPI alone: a parameter of a model's class is the request's body.

    FastAPI takes for a body what derives from pydantic's model or from Mapping, or is a dataclass, and offers no other way to
    be one. For everybody else a model is none of these.
    """

    __slots__ = ()

    def __get__(self, view: Any, owner: type | None = None) -> Any:
        if view is not None:
            raise AttributeError  # At once: encoders ask every model.
        # The frame that asked is `dataclasses.is_dataclass`; the one before it, who wants to know.
        asker = sys._getframe(1)
        if asker.f_globals.get("__name__") == "dataclasses" and asker.f_back is not None:
            asker = asker.f_back
            if asker.f_globals.get("__name__", "").startswith("fastapi._compat"):
                return {}
        raise AttributeError("__dataclass_fields__")

    def __set__(self, view: Any, value: Any) -> None:
        view.__dict__["__dataclass_fields__"] = value


def check_class(cls: type[View]) -> None:
    """Give a class that asks pydantic for more than a view does what it asks for.

    Raises:
        TypeError: it asks for what cannot be done for a view of data.
    """
    if "pydantic_core" in sys.modules:  # its first version has none, and none of all that
        from .adoption import adopt

        adopt(cls)


def lodger_check(cls: type[View]) -> Any:
    """The check of a class that pydantic has a part in, as `check(value, lax)`; `None` for all others."""
    lodging: Any = sys.modules.get(f"{__package__}.lodger")
    if lodging is None or not issubclass(cls, lodging.Lodger):
        return None

    def check(value: Any, lax: bool) -> Any:
        # Strictly, it is the data of a model that is looked at; else a model is taken as it is.
        return lodging.check(cls, value.__dict__ if not lax and isinstance(value, cls) else value)

    return check


def marks_of(info: Any) -> tuple[Any, ...]:
    """What a `pydantic.Field` says about a field's values; its name and default are the view's own business."""
    told = {name: value for name in _TOLD if (value := getattr(info, name, None)) is not None}
    return (*info.metadata, type(info)(**told))


def is_constrained(expression: Any) -> bool:
    """Whether a type is annotated with what only pydantic can check: bounds, patterns, validators."""
    if get_origin(expression) is not Annotated:
        return False
    marks = get_args(expression)[1:]
    return any(
        type(mark).__module__.partition(".")[0] in _LIBRARIES and bool(getattr(mark, "metadata", True))
        for mark in marks
    )


def describes(cls: type[View]) -> bool:
    """Whether a user's class, or one it holds, says something with `pydantic.Field` that its JSON schema has to tell."""
    return "pydantic" in sys.modules and not cls.__module__.startswith("antiphon.") and _describes(cls, set())


def _describes(cls: type[View], seen: set[type]) -> bool:
    seen.add(cls)
    fields = plan_of(cls).fields.values()
    parts = [part for field in fields for part in _parts(field.marked)]
    if any(type(part).__name__ == "FieldInfo" for part in parts):
        return True
    return any(
        _describes(part, seen) for part in parts if is_class(part) and issubclass(part, View) and part not in seen
    )


def _parts(expression: Any) -> Iterator[Any]:
    """A type and everything its arguments are made of."""
    yield expression
    for argument in get_args(expression):
        yield from _parts(argument)

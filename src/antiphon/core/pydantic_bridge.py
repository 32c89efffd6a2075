"""Our models inside pydantic's: as field types, and as what a FastAPI route returns. Loaded only when pydantic asks.

A model class is described to pydantic as an open typed dict, so that pydantic checks it and writes its JSON schema as it
does its own; what it checked is then seen through our class.
"""

# pyright: reportPrivateUsage=false
from __future__ import annotations

import inspect
from contextvars import ContextVar
from functools import cache
from typing import Any

from pydantic_core import SchemaSerializer, core_schema

from .dump import Form, dump
from .scalar import own
from .view import View, plan_of

# Older versions of pydantic have no name for the shape of a dict.
_TAKES_NAMES = "cls_name" in inspect.signature(core_schema.typed_dict_schema).parameters
_in_progress: ContextVar[frozenset[type]] = ContextVar("_in_progress", default=frozenset())


def core_schema_of(cls: type[View], handler: Any) -> Any:
    """The pydantic core schema of a model class; a class that contains itself is referred to."""
    reference = f"{cls.__module__}.{cls.__qualname__}:{id(cls)}"
    active = _in_progress.get()
    if cls in active:
        return core_schema.definition_reference_schema(reference)
    token = _in_progress.set(active | {cls})
    try:
        fields = {
            field.key: core_schema.typed_dict_field(handler.generate_schema(field.marked), required=field.required)
            for field in plan_of(cls).fields.values()
        }
    finally:
        _in_progress.reset(token)
    told = {"title": cls.__name__}
    if doc := cls.__dict__.get("__doc__"):
        told["description"] = inspect.cleandoc(doc)
    shape = core_schema.typed_dict_schema(
        fields,
        extra_behavior="allow",
        total=False,
        metadata={"pydantic_js_updates": told},
    )

    if _TAKES_NAMES:
        shape["cls_name"] = cls.__name__

    def see(value: Any, check: Any) -> Any:
        return value if isinstance(value, cls) else cls._view(own(check(value)))

    # Errors of unions name the member by this.
    see.__name__ = see.__qualname__ = cls.__name__
    return core_schema.no_info_wrap_validator_function(see, shape, ref=reference, serialization=_serialization())


@cache
def serializer() -> SchemaSerializer:
    """What writes a model of any class where pydantic was told no class."""
    return SchemaSerializer(core_schema.any_schema(serialization=_serialization()))


def json_schema_of(cls: type[View], by_alias: bool, ref_template: str) -> dict[str, Any]:
    """The JSON schema of a class, as pydantic writes it."""
    from pydantic import TypeAdapter

    return TypeAdapter(cls).json_schema(by_alias=by_alias, ref_template=ref_template)


def _serialization() -> Any:
    return core_schema.plain_serializer_function_ser_schema(_written, info_arg=True)


def _written(model: Any, info: Any) -> Any:
    if not isinstance(model, View):
        return model
    form = Form(
        info.mode,
        by_alias=bool(info.by_alias),
        exclude_unset=bool(info.exclude_unset),
        exclude_defaults=bool(info.exclude_defaults),
        exclude_none=bool(info.exclude_none),
    )
    return dump(model, form, info.include, info.exclude)

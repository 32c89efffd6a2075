"""The types a user may describe structured output with: how each is described as JSON schema, and read from JSON text.

Known are pydantic models, pydantic dataclasses and `TypeAdapter`s, and, without pydantic, dataclasses, TypedDicts, msgspec
Structs and classes derived from antiphon's `BaseModel`. pydantic is never imported here before the user has: a type of it cannot exist earlier. What is learnt about a type is
kept, weakly or in bounded number, and no class is ever made.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import sys
from collections.abc import Callable
from typing import Any, cast, is_typeddict

import msgspec

from ..core.model import BaseModel
from ..core.shape import is_class, is_dict, is_list

_UNFIT = re.compile(r"[^A-Za-z0-9_-]")

Reader = Callable[[str], Any]


def is_model(kind: Any) -> bool:
    """Whether `kind` is a class derived from `pydantic.BaseModel`, or from antiphon's, which describes and reads alike."""
    if not isinstance(kind, type):
        return False
    pydantic = sys.modules.get("pydantic")
    return issubclass(kind, BaseModel) or (pydantic is not None and issubclass(kind, pydantic.BaseModel))


def is_type_adapter(kind: Any) -> bool:
    """Whether `kind` is an instance of `pydantic.TypeAdapter`."""
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and isinstance(kind, pydantic.TypeAdapter)


def _is_pydantic_like(kind: Any) -> bool:
    # pydantic's own mark on its dataclasses, and on TypedDicts and dataclasses that are configured for it.
    return isinstance(kind, type) and hasattr(kind, "__pydantic_config__")


def _is_plain(kind: Any) -> bool:
    return is_class(kind) and (dataclasses.is_dataclass(kind) or is_typeddict(kind) or issubclass(kind, msgspec.Struct))


def is_structure(kind: Any) -> bool:
    """Whether text can be described by and read into this type."""
    return is_model(kind) or is_type_adapter(kind) or _is_pydantic_like(kind) or _is_plain(kind)


def name_of(kind: Any) -> str:
    """The type's name in the alphabet and length the API allows."""
    return _UNFIT.sub("_", getattr(kind, "__name__", "structure"))[:64]


def describe(kind: Any) -> dict[str, Any]:
    """The JSON schema of the type, as its own library tells it.

    Raises:
        TypeError: it is none of the known kinds.
    """
    if is_model(kind):
        schema = kind.model_json_schema()
        return cast("dict[str, Any]", _closed(schema) if issubclass(kind, BaseModel) else schema)
    if is_type_adapter(kind):
        return cast("dict[str, Any]", kind.json_schema())
    if _is_pydantic_like(kind):
        return cast("dict[str, Any]", _adapter(kind).json_schema())
    if not _is_plain(kind):
        raise TypeError(_refusal(kind))
    schema = _plain_schema(kind)
    return cast("dict[str, Any]", _tidied(schema) if schema is not None else _adapter(kind).json_schema())


def _closed(node: Any) -> Any:
    """antiphon's models let unknown fields through; as a description of output they mean their own fields only."""
    if is_list(node):
        return [_closed(entry) for entry in node]
    if not is_dict(node):
        return node
    return {key: _closed(value) for key, value in node.items() if (key, value) != ("additionalProperties", True)}


def _plain_schema(kind: Any) -> dict[str, Any] | None:
    """msgspec's schema; `None` for a type whose fields are pydantic's, which msgspec cannot describe."""
    try:
        return msgspec.json.schema(kind)
    except TypeError:
        if sys.modules.get("pydantic") is None:
            raise
        return None


def _refusal(kind: Any) -> str:
    return (
        f"{kind!r} cannot describe structured output; pass a pydantic model or dataclass, a dataclass, a TypedDict or a"
        " msgspec Struct"
    )


@functools.lru_cache(maxsize=256)
def reader_of(kind: Any) -> Reader:
    """How to read JSON text into the type; the reader raises its library's `ValidationError`.

    Raises:
        TypeError: it is none of the known kinds.
    """
    if is_model(kind):
        return cast("Reader", kind.model_validate_json)
    if is_type_adapter(kind):
        return cast("Reader", kind.validate_json)
    if _is_pydantic_like(kind):
        return cast("Reader", _adapter(kind).validate_json)
    if not _is_plain(kind):
        raise TypeError(_refusal(kind))
    if _plain_schema(kind) is None:
        return cast("Reader", _adapter(kind).validate_json)
    return cast("Reader", msgspec.json.Decoder(kind).decode)


@functools.lru_cache(maxsize=256)
def _adapter(kind: Any) -> Any:
    return sys.modules["pydantic"].TypeAdapter(kind)


def _tidied(node: Any) -> Any:
    """msgspec's schema in the words strict mode knows: enums with their type, no defaults, no discriminators."""
    if is_list(node):
        return [_tidied(entry) for entry in node]
    if not is_dict(node):
        return node
    members: dict[str, Any] = node
    if "properties" in members or "$defs" in members:
        members = dict(members)
        for table in ("properties", "$defs"):
            if table in members:
                members[table] = {name: _tidied(schema) for name, schema in members[table].items()}
        return {key: value for key, value in members.items() if key != "default"}
    tidy = {key: _tidied(value) for key, value in members.items() if key not in {"default", "discriminator"}}
    if "enum" in tidy and "type" not in tidy:
        kinds = {_JSON_TYPES.get(value.__class__) for value in tidy["enum"]}
        if len(kinds) == 1 and None not in kinds:
            tidy = {"type": kinds.pop(), **tidy}
    return tidy


_JSON_TYPES: dict[type, str] = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}

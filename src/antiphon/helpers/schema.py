"""Strict JSON schemas: what the API takes for structured outputs and strict functions, built from a user's type.

Strict mode wants closed objects with every property required, and knows only a part of JSON schema. This module rewrites what
can be said in that part (references with siblings, single `allOf`, `oneOf`, `null` defaults). The rest it leaves as it is, since
other servers take more; `check` refuses it, with the place and the reason, for those that would answer 400. It knows schemas;
`structure` knows types, and `parsing` knows which server is asked.
"""

from __future__ import annotations

import copy
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from ..core.omit import NotGiven, Omit, is_given, omit
from ..core.shape import is_dict, is_list
from ..errors import InvalidBody
from .structure import describe, is_structure, name_of

if TYPE_CHECKING:
    from ..types.chat import ChatCompletionFunctionToolParam
    from ..types.responses import FunctionToolParam

Schema = dict[str, Any]

MAX_PROPERTIES = 5_000
MAX_DEPTH = 10
MAX_ENUM_VALUES = 1_000
MAX_TEXT = 120_000

_REFUSED = {
    "allOf": "types cannot be intersected",
    "not": "a type cannot be excluded",
    "if": "conditions are not known",
    "then": "conditions are not known",
    "else": "conditions are not known",
    "dependentRequired": "fields cannot depend on each other",
    "dependentSchemas": "fields cannot depend on each other",
    "patternProperties": "an object needs fixed keys",
    "propertyNames": "an object needs fixed keys; use a list of key and value pairs",
    "unevaluatedProperties": "an object needs fixed keys",
    "prefixItems": "a tuple of different types is not known; use an object with named fields",
    "uniqueItems": "a set is not known; use a list",
}


def to_strict_json_schema(model: Any) -> Schema:
    """The strict JSON schema of a type.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass
        ... class Step:
        ...     text: str
        >>> to_strict_json_schema(Step)["required"]
        ['text']

    Args:
        model: a pydantic model, dataclass or TypeAdapter, a dataclass, a TypedDict or a msgspec Struct.

    Raises:
        TypeError: `model` is none of these.
    """
    return strict(describe(model))


_known: weakref.WeakKeyDictionary[type, Schema] = weakref.WeakKeyDictionary()
_fitting: weakref.WeakSet[type] = weakref.WeakSet()


def schema_of(model: Any) -> Schema:
    """As `to_strict_json_schema`, made once per type and shared: do not change it."""
    if not isinstance(model, type):
        return to_strict_json_schema(model)
    schema = _known.get(model)
    if schema is None:
        schema = _known[model] = to_strict_json_schema(model)
    return schema


def check_type(model: Any) -> None:
    """Refuse a type that the API would refuse; asked once per type.

    Raises:
        InvalidBody: the error names the place and the reason.
        TypeError: `model` is none of the known kinds.
    """
    if isinstance(model, type) and model in _fitting:
        return
    check(schema_of(model), name_of(model))
    if isinstance(model, type):
        _fitting.add(model)


# Rewriting


def strict(schema: Schema) -> Schema:
    """A copy of the schema in strict form."""
    made = cast("Schema", _strict(schema, schema, frozenset()))
    return _without_itself(made, schema["$ref"]) if "$ref" in schema and "$ref" not in made else made


def _without_itself(made: Schema, ref: Any) -> Schema:
    """A schema that was a reference to one of its own definitions, without that definition, unless others refer to it."""
    table, _, name = str(ref).removeprefix("#/").partition("/")
    others = {key: value for key, value in made.get(table, {}).items() if key != name}
    if ref in _references([{**made, table: {}}, others]):
        return made
    rest = {key: value for key, value in made.items() if key != table}
    return {**rest, table: others} if others else rest


def _references(node: Any) -> Iterator[Any]:
    if is_dict(node):
        if "$ref" in node:
            yield node["$ref"]
        for entry in node.values():
            yield from _references(entry)
    elif is_list(node):
        for entry in node:
            yield from _references(entry)


def _strict(node: Any, root: Schema, inside: frozenset[str]) -> Any:
    if not isinstance(node, dict):
        return node
    found = dict(cast("Schema", node))
    if found.get("default", omit) is None:
        # The type says already that the field may be null.
        del found["default"]
    if "$ref" in found and len(found) > 1:
        return _inlined(found, root, inside)
    for table in ("$defs", "definitions"):
        if isinstance(found.get(table), dict):
            found[table] = {
                name: _strict(entry, root, inside | {f"#/{table}/{name}"}) for name, entry in found[table].items()
            }
    if found.get("type") == "object":
        found.setdefault("additionalProperties", False)
    if isinstance(found.get("properties"), dict):
        found["required"] = list(found["properties"])
        found["properties"] = {name: _strict(entry, root, inside) for name, entry in found["properties"].items()}
    if "items" in found:
        found["items"] = _strict(found["items"], root, inside)
    return _strict_variants(found, root, inside)


def _strict_variants(found: Schema, root: Schema, inside: frozenset[str]) -> Schema:
    if "oneOf" in found and "anyOf" not in found:
        # A tagged union: its variants exclude each other by their tag already.
        found["anyOf"] = found.pop("oneOf")
        found.pop("discriminator", None)
    if isinstance(found.get("anyOf"), list):
        found["anyOf"] = [_strict(entry, root, inside) for entry in found["anyOf"]]
    parts = found.get("allOf")
    if is_list(parts):
        entries = [_strict(entry, root, inside) for entry in parts]
        found["allOf"] = entries
        if len(entries) == 1:
            del found["allOf"]
            merged = {**found, **entries[0]}
            return cast("Schema", _strict(merged, root, inside)) if "$ref" in merged else merged
    return found


def _inlined(node: Schema, root: Schema, inside: frozenset[str]) -> Schema:
    """What a reference points to, with the reference's siblings laid over it; a reference may have none in strict mode."""
    ref = node["$ref"]
    if ref in inside:
        # A type within itself cannot be inlined; its siblings (a description, say) are given up.
        return {"$ref": ref}
    siblings = {key: value for key, value in node.items() if key != "$ref"}
    return cast("Schema", _strict({**_resolved(ref, root), **siblings}, root, inside | {ref}))


def _resolved(ref: Any, root: Schema) -> Schema:
    found: Any = root
    steps = ref[2:].split("/") if isinstance(ref, str) and ref.startswith("#/") else None
    for step in steps or ():
        found = cast("Schema", found).get(step) if isinstance(found, dict) else None
    if steps is None or not isinstance(found, dict):
        raise ValueError(f"the schema refers to {ref!r}, which is not in it")
    return cast("Schema", found)


# Refusing


def check(schema: Schema, name: str = "schema") -> None:
    """Refuse a strict schema that the API would refuse.

    Raises:
        InvalidBody: with the place and the reason.
    """
    if schema.get("type") != "object":
        raise _refused(name, "the outermost type must be an object; wrap it in one")
    total = _Total()
    for place, node, depth in _nodes(schema, name, 1):
        _check_node(place, node, depth)
        total.count(node)
    total.check(name)


def _nodes(node: Any, place: str, depth: int) -> Iterator[tuple[str, Any, int]]:
    """Every schema below and including `node`, with its place and how many objects it lies in."""
    yield place, node, depth
    if not isinstance(node, dict):
        return
    members = cast("Schema", node)
    for table in ("$defs", "definitions"):
        for name, entry in members.get(table, {}).items():
            yield from _nodes(entry, name, 1)
    for name, entry in members.get("properties", {}).items():
        yield from _nodes(entry, f"{place}.{name}", depth + (members.get("type") == "object"))
    if "items" in members:
        yield from _nodes(members["items"], f"{place}[]", depth)
    for entry in members.get("anyOf", ()):
        yield from _nodes(entry, place, depth)


def _check_node(place: str, node: Any, depth: int) -> None:
    if not isinstance(node, dict):
        raise _refused(place, "it must say what it allows")
    members = cast("Schema", node)
    for word, reason in _REFUSED.items():
        if word in members:
            raise _refused(place, reason)
    if "additionalProperties" in members and members["additionalProperties"] is not False:
        raise _refused(place, "an object needs fixed keys; use a list of key and value pairs")
    if members.get("type") == "array" and not isinstance(members.get("items"), dict):
        raise _refused(place, "a list must say what it holds")
    if not members.keys() & {"type", "anyOf", "$ref", "enum", "const"}:
        raise _refused(place, "it must say its type; anything at all is not allowed")
    if members.get("type") == "object" and depth > MAX_DEPTH:
        raise _refused(place, f"objects nest deeper than {MAX_DEPTH} levels")


class _Total:
    """What is bounded over the whole schema."""

    def __init__(self) -> None:
        self.properties = self.values = self.text = 0

    def count(self, node: Schema) -> None:
        names = node.get("properties", {})
        values = [value for value in (*node.get("enum", ()), node.get("const")) if value is not None]
        self.properties += len(names)
        self.values += len(node.get("enum", ()))
        self.text += sum(map(len, names)) + sum(map(len, node.get("$defs", {})))
        self.text += sum(len(value) for value in values if isinstance(value, str))

    def check(self, name: str) -> None:
        if self.properties > MAX_PROPERTIES:
            raise _refused(name, f"it has more than {MAX_PROPERTIES} properties")
        if self.values > MAX_ENUM_VALUES:
            raise _refused(name, f"it has more than {MAX_ENUM_VALUES} enum values")
        if self.text > MAX_TEXT:
            raise _refused(name, f"its names and enum values are longer than {MAX_TEXT} characters together")


def _refused(place: str, reason: str) -> InvalidBody:
    return InvalidBody(f"{place} does not fit a strict JSON schema: {reason}", place)


# What goes into requests


def response_format_of(kind: Any) -> dict[str, Any]:
    """The `response_format` of Chat Completions that asks for a type.

    Raises:
        TypeError: `kind` cannot describe structured output.
    """
    if not is_structure(kind):
        raise TypeError(
            f"response_format cannot be {kind!r}; pass a type that describes an object, or a response format"
        )
    described = {"schema": schema_of(kind), "name": name_of(kind), "strict": True}
    return {"type": "json_schema", "json_schema": described}


def type_to_response_format_param(response_format: Any) -> Any:
    """What to send as `response_format`: sentinels and ready dicts as they are, types as their strict schema."""
    if not is_given(response_format):
        return omit
    return response_format if is_dict(response_format) else response_format_of(response_format)


def text_format_of(kind: Any) -> dict[str, Any]:
    """The `text.format` of Responses that asks for a type."""
    described = response_format_of(kind)["json_schema"]
    return {"type": "json_schema", "strict": True, "name": described["name"], "schema": described["schema"]}


class PydanticFunctionTool(dict[str, Any]):
    """A function definition for Chat Completions that remembers the type its arguments are read into."""

    model: Any

    def __init__(self, definition: dict[str, Any], model: Any) -> None:
        super().__init__(definition)
        self.model = model


class ResponsesPydanticFunctionTool(dict[str, Any]):
    """A function tool for Responses that remembers the type its arguments are read into."""

    model: Any

    def __init__(self, tool: dict[str, Any], model: Any) -> None:
        super().__init__(tool)
        self.model = model


def _definition(model: Any, name: str | None, description: str | None) -> dict[str, Any]:
    if description is None:
        description = model.__doc__
        if description is not None and description.startswith(f"{model.__name__}("):
            # dataclasses write their signature there when the user wrote nothing.
            description = None
    parameters = copy.deepcopy(schema_of(model))
    definition = {"name": name or name_of(model), "strict": True, "parameters": parameters}
    return definition if description is None else {**definition, "description": description}


def pydantic_function_tool(
    model: Any, *, name: str | None = None, description: str | None = None
) -> ChatCompletionFunctionToolParam:
    """A strict function tool for Chat Completions whose arguments are an object of this type.

    Args:
        model: a type as for `to_strict_json_schema`.
        name: the function's name; the type's own when left out.
        description: what the function does; the type's docstring when left out.

    Raises:
        TypeError: `model` cannot describe a function's arguments.
    """
    function = PydanticFunctionTool(_definition(model, name, description), model)
    return cast("ChatCompletionFunctionToolParam", {"type": "function", "function": function})


def pydantic_responses_function_tool(
    model: Any,
    *,
    name: str | None = None,
    description: str | None = None,
    defer_loading: bool | Omit | NotGiven = omit,
) -> FunctionToolParam:
    """A strict function tool for Responses whose arguments are an object of this type.

    Args:
        model: a type as for `to_strict_json_schema`.
        name: the function's name; the type's own when left out.
        description: what the function does; the type's docstring when left out.
        defer_loading: whether the model finds it through tool search only.

    Raises:
        TypeError: `model` cannot describe a function's arguments.
    """
    tool = ResponsesPydanticFunctionTool({"type": "function", **_definition(model, name, description)}, model)
    if is_given(defer_loading):
        tool["defer_loading"] = defer_loading
    return cast("FunctionToolParam", tool)

"""Arguments for any operation, made from the API description: each value tells its place, so that a misplaced one is seen."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from codegen.description import Description, Operation, Type, load
from codegen.expression import Arguments, Expression, Generic, Literal, Name, Reference, Union

API = Path(__file__).parent.parent.parent / "api"
DEPTH = 4

_PLAIN: dict[str, Any] = {
    "str": "téxt & more",
    "int": 7,
    "float": 0.5,
    "bool": True,
    "object": {"any": ["thing", 1, None]},
    "Any": {"any": "thing"},
    "bytes": b"raw",
    "StrictStr": "strict",
    "StrictInt": 3,
    "StrictFloat": 1.5,
    "StrictBool": False,
    "None": None,
}


@cache
def description() -> Description:
    """The project's own description of the API."""
    return load(API)


@cache
def types() -> dict[str, Type]:
    """Every described type by its reference."""
    return {str(reference): kind for reference, kind in description().types.items()}


@cache
def operations() -> dict[str, Operation]:
    """The REST operations by name."""
    return {operation.name: operation for operation in description().operations if operation.verb}


def sample(expression: Expression | None, depth: int = DEPTH) -> Any:
    """A value of a type: of a union the richest member that is not None, of a record its required and first optional fields."""
    if isinstance(expression, Literal):
        return expression.values[0]
    if isinstance(expression, Union):
        members = [member for member in expression.members if member != Name("None")]
        return sample(_richest(members), depth)
    if isinstance(expression, Reference):
        return _described(expression, depth)
    if isinstance(expression, Generic):
        return _generic(expression, depth)
    if isinstance(expression, Name):
        if expression.id == "FileTypes":
            return ("näme.txt", b"file content", "text/plain")
        return _PLAIN.get(expression.id, "something")
    raise TypeError(f"no sample for {expression!r}")


def _richest(members: list[Expression]) -> Expression:
    if Name("FileTypes") in members:
        return Name("FileTypes")
    return next((member for member in members if not isinstance(member, (Name, Literal))), members[0])


def _generic(expression: Generic, depth: int) -> Any:
    head = expression.head.id if isinstance(expression.head, Name) else expression.head.name
    if head in {"list", "Iterable", "Sequence", "List", "SequenceNotStr", "tuple"}:
        inner = [argument for argument in expression.arguments if not isinstance(argument, Arguments)]
        return [sample(inner[0], depth - 1), sample(inner[0], depth - 1)]
    if head in {"dict", "Dict", "Mapping"}:
        return {"käy": sample(expression.arguments[1], depth - 1)}
    return sample(expression.arguments[0], depth)


def _described(reference: Reference, depth: int) -> Any:
    kind = types().get(str(reference))
    if kind is None:
        return "something"
    if kind.alias is not None:
        return sample(kind.alias, depth)
    fields = kind.fields if depth > 0 else [field for field in kind.fields if field.required]
    record: dict[str, Any] = {}
    for base in kind.bases:
        if isinstance(base, Reference) and str(base) in types():
            record |= _described(base, depth)
    for field in fields:
        if depth < -3:
            break
        record[field.name] = sample(field.type, depth - 1)
    return record


def arguments(operation: Operation, *, full: bool) -> tuple[list[Any], dict[str, Any]]:
    """Positional and keyword arguments: only what is required, or everything."""
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    needed = operation.variants[0].required if operation.variants else frozenset[str]()
    for parameter in operation.parameters:
        local = operation.hook.arguments if operation.hook else ()
        if parameter.type is None or parameter.name in {"stream", *local}:
            continue
        if not (full or parameter.required or parameter.name in needed):
            continue
        if parameter.name in operation.path_names:
            value: Any = f"{parameter.name}/ä 1"
        elif parameter.name in operation.header_fields:
            value = [_ascii(parameter.type)] if parameter.name == "betas" else _ascii(parameter.type)
        else:
            value = sample(parameter.type)
        if parameter.positional:
            positional.append(value)
        else:
            keywords[parameter.name] = value
    return positional, keywords


def _ascii(expression: Expression) -> str:
    """A value that a header field can carry."""
    value = sample(expression)
    value = value[0] if isinstance(value, list) else value
    return value if value.isascii() else "plain"

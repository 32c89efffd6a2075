"""Keys of arguments that Python cannot spell: `async_` in a TypedDict is `async` in the API.

Top-level arguments are named by the method's own body; this finds the renamed keys below them.
"""

from __future__ import annotations

from collections.abc import Mapping

from .description import Type
from .expression import Expression, Reference, references

Path = tuple[str, ...]


def renames(types: Mapping[Reference, Type], expression: Expression) -> dict[Path, str]:
    """Paths of renamed keys below a value of this type, with the API's names. Lists are looked through."""
    return dict(_below(types, expression, (), frozenset()))


def _below(
    types: Mapping[Reference, Type], expression: Expression, path: Path, seen: frozenset[Reference]
) -> list[tuple[Path, str]]:
    found: list[tuple[Path, str]] = []
    for reference in references(expression):
        type_ = types.get(reference)
        if type_ is None or reference in seen or type_.kind == "model":
            continue
        inside = seen | {reference}
        for inner in ([type_.alias] if type_.alias else []) + list(type_.bases):
            found += _below(types, inner, path, inside)
        for field in type_.fields:
            found += [((*path, field.name), field.alias)] if field.alias else []
            found += _below(types, field.type, (*path, field.name), inside)
    return found

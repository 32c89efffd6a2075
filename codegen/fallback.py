"""Lists of objects, said a second way.

A list that was built from plain dicts has the type `list[dict[str, str]]`, and no checker takes that for a list of the API's
typed dicts, though it is what most programs have at hand. So where an argument is a list of objects, any mappings will do.
Literals keep their completions; what their keys must be is then for the API to say.
"""

from __future__ import annotations

from collections.abc import Mapping

from .description import Type
from .expression import Expression, Generic, Name, Reference, Union, leaves, union

MAPPINGS = Generic(Name("Iterable"), (Generic(Name("Mapping"), (Name("str"), Name("object"))),))
_LISTS = frozenset({Name("Iterable"), Name("Sequence"), Name("list")})


def forgiving(types: Mapping[Reference, Type], expression: Expression) -> Expression:
    """The type of an argument, with plain mappings allowed where it is a list of objects."""
    return union(expression, MAPPINGS) if _lists_objects(types, expression) else expression


def _lists_objects(types: Mapping[Reference, Type], expression: Expression) -> bool:
    """Whether a value may be a list of typed dicts."""
    match expression:
        case Union(members):
            return any(_lists_objects(types, member) for member in members)
        case Reference():
            alias = _alias(types, expression)
            return alias is not None and _lists_objects(types, alias)
        case Generic(head, (item,)) if head in _LISTS:
            return any(_is_object(types, leaf) for leaf in leaves(item) if isinstance(leaf, Reference))
        case _:
            return False


def _is_object(types: Mapping[Reference, Type], reference: Reference) -> bool:
    type_ = types.get(reference)
    if type_ is None or type_.alias is None:
        return type_ is not None and type_.kind == "params"
    return any(_is_object(types, leaf) for leaf in leaves(type_.alias) if isinstance(leaf, Reference))


def _alias(types: Mapping[Reference, Type], reference: Reference) -> Expression | None:
    type_ = types.get(reference)
    return None if type_ is None else type_.alias

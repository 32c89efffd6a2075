"""How a class says what its fields are: annotations as text, and the objects they stand for.

Model classes are made by the thousand, so their annotations stay text until a field is wrapped or validated. This module
tells from the text alone what needs no wrapping and which literals a field allows, and evaluates the rest in the namespace
of the module that wrote it. It knows types, not data.
"""

from __future__ import annotations

import re
import sys
import types
import typing
from collections import abc
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any, ForwardRef, Literal, Union, get_args, get_origin

# Compiled on first use, by re itself.
_QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_NAME = r"[A-Za-z_][\w.]*"
_LITERAL = r"(?:typing\.|typing_extensions\.|t\.)?Literal\[([^\[\]]*)\]"
_PLAIN_NAMES = frozenset(
    {
        *("str", "int", "float", "bool", "bytes", "None", "object", "Any", "Literal", "Optional", "Union"),
        *("List", "list", "Dict", "dict", "Tuple", "tuple", "Set", "set", "FrozenSet", "frozenset"),
        *("Sequence", "Iterable", "Mapping", "Required", "NotRequired"),
    }
)
SEQUENCES: frozenset[Any] = frozenset({list, abc.Sequence, abc.MutableSequence, abc.Iterable, abc.Collection})
SETS: frozenset[Any] = frozenset({set, frozenset, abc.Set, abc.MutableSet})
MAPPINGS: frozenset[Any] = frozenset({dict, abc.Mapping, abc.MutableMapping})
_LOCAL_NAMESPACE = "__local_namespace__"


class Discriminator:
    """Which field tells the variants of a union apart, as in `Annotated[A | B, Discriminator("type")]`.

    Args:
        field: the Python name of the field, whose annotation is a `Literal` in each variant.
    """

    __slots__ = ("field",)
    field: str

    def __init__(self, field: str) -> None:
        self.field = field

    def __repr__(self) -> str:
        return f"Discriminator({self.field!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Discriminator) and other.field == self.field

    def __hash__(self) -> int:
        return hash(self.field)


class Unresolved:
    """An annotation that names what cannot be found; wrapping leaves its values alone, validation refuses it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"<unresolved {self.text}>"


_plain: dict[str, bool] = {}


def is_plain(annotation: object) -> bool:
    """Whether values of this annotation are read as they are, judged from its text without evaluating it."""
    if not isinstance(annotation, str):
        return False
    known = _plain.get(annotation)
    if known is None:
        names = re.findall(_NAME, re.sub(_QUOTED, "", annotation))
        known = all(name.rpartition(".")[2] in _PLAIN_NAMES for name in names)
        if len(_plain) < 10_000:
            _plain[annotation] = known
    return known


def is_class_variable(annotation: object) -> bool:
    """Whether the annotation marks an attribute of the class rather than a field."""
    if isinstance(annotation, str):
        return annotation.startswith(("ClassVar", "typing.ClassVar", "t.ClassVar"))
    return annotation is typing.ClassVar or get_origin(annotation) is typing.ClassVar


def literals_of(annotation: object) -> tuple[object, ...] | None:
    """The values of an annotation that is nothing but a `Literal` (or an optional one), else `None`.

    >>> literals_of("Literal['a', 'b'] | None")
    ('a', 'b')
    """
    if isinstance(annotation, str):
        return _literals_of_text(annotation)
    members, _ = union_members(annotation)
    members = [member for member in members if member is not type(None)]
    if len(members) == 1 and get_origin(members[0]) is Literal:
        return get_args(members[0])
    return None


@lru_cache(maxsize=4096)
def _literals_of_text(text: str) -> tuple[object, ...] | None:
    match = re.match(_LITERAL, text)
    if match is None or text[match.end() :].replace(" ", "") not in {"", "|None"}:
        return None
    inside = match[1].strip()
    quote = inside[:1]
    if quote in {"'", '"'} and inside.endswith(quote) and "\\" not in inside:
        # Nearly always plain strings, and a stream of sixty kinds of events should not compile sixty expressions.
        values = inside[1:-1].split(f"{quote}, {quote}")
        if not any("'" in value or '"' in value for value in values):
            return tuple(values)
    from ast import literal_eval

    try:
        return typing.cast("tuple[object, ...]", literal_eval(f"({inside},)"))
    except (ValueError, SyntaxError):
        return None  # Members of an enum, which only evaluation can tell.


def resolve(annotation: object, owner: type) -> Any:
    """The object an annotation of `owner` stands for; `Unresolved` where a name cannot be found."""
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    if not isinstance(annotation, str):
        return annotation
    module = sys.modules.get(owner.__module__)
    try:
        # The text comes from source code that is already running, never from data.
        return eval(annotation, {"__builtins__": _builtins()}, _Names(module, owner))  # noqa: S307
    except (NameError, AttributeError):
        return Unresolved(annotation)


def _builtins() -> dict[str, Any]:
    return vars(sys.modules["builtins"])


class _Names(dict[str, Any]):
    """The names an annotation may use: the module's, lazily served ones too, and those of the function around its class."""

    def __init__(self, module: types.ModuleType | None, owner: type) -> None:
        super().__init__()
        self._module = module
        self._owner = owner

    def __missing__(self, name: str) -> Any:
        local: Mapping[str, Any] = self._owner.__dict__.get(_LOCAL_NAMESPACE) or {}
        if name in local:
            return local[name]
        if name == self._owner.__name__:
            return self._owner
        try:
            found = getattr(self._module, name)
        except AttributeError:
            raise KeyError(name) from None
        return resolve(found, self._owner) if isinstance(found, str) else found


def remember_locals(cls: type, frame: types.FrameType | None) -> None:
    """Keep the names that annotations of a class made inside a function use from that function."""
    texts = [text for text in cls.__annotations__.values() if isinstance(text, str)]
    if texts and frame is not None:
        wanted = {name.partition(".")[0] for text in texts for name in re.findall(_NAME, text)}
        found = {name: value for name, value in frame.f_locals.items() if name in wanted}
        if found:
            setattr(cls, _LOCAL_NAMESPACE, found)


def unwrap(expression: Any) -> tuple[Any, Discriminator | None]:
    """An expression without `Annotated`, alias and qualifier layers, and the discriminator found on the way."""
    discriminator: Discriminator | None = None
    while True:
        origin = get_origin(expression)
        if origin is Annotated:
            for mark in expression.__metadata__:
                if discriminator is None and (field := _discriminator_field(mark)):
                    discriminator = Discriminator(field)
            expression = expression.__origin__
        elif isinstance(expression, Discriminator):  # pragma: no cover - defensive, an alias of a mark is no type
            return Any, discriminator
        elif origin is not None and getattr(origin, "_name", None) in {"Required", "NotRequired", "ReadOnly", "Final"}:
            expression = get_args(expression)[0]
        elif type(expression).__name__ == "TypeAliasType":
            expression = expression.__value__
        elif hasattr(expression, "__supertype__"):
            expression = expression.__supertype__
        else:
            return expression, discriminator


def _discriminator_field(mark: object) -> str | None:
    if isinstance(mark, Discriminator):
        return mark.field
    # pydantic's Field(discriminator=…), as users write it in their own classes.
    field = getattr(mark, "discriminator", None)
    return field if isinstance(field, str) else None


def union_members(expression: Any) -> tuple[list[Any], Discriminator | None]:
    """The members of a union, nested unions flattened, and its discriminator; a single type is a union of one."""
    expression, discriminator = unwrap(expression)
    if get_origin(expression) not in {Union, types.UnionType}:
        return [type(None) if expression is None else expression], discriminator
    members: list[Any] = []
    for member in get_args(expression):
        inner, found = union_members(member)
        members += [one for one in inner if one not in members]
        discriminator = discriminator or found
    return members, discriminator


def spelled(expression: Any) -> str:
    """How an error names a type."""
    expression, _ = unwrap(expression)
    if expression is None or expression is type(None):
        return "None"
    if get_origin(expression) in {Union, types.UnionType}:
        return " | ".join(spelled(member) for member in union_members(expression)[0])
    if isinstance(expression, type) and not get_args(expression):
        return expression.__name__
    return str(expression).replace("typing.", "").replace("collections.abc.", "")


def own_annotations(cls: type) -> Iterator[tuple[str, Any]]:
    """The fields a class itself declares, with their annotations; private names and class variables are none."""
    written: dict[str, Any] = cls.__annotations__
    for name in written:  # as it is written there, not what it means
        annotation = written[name]
        if not name.startswith("_") and not is_class_variable(annotation):
            yield name, annotation

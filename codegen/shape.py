"""A common form of two ways to describe JSON, so that they can be compared: records, constant values, inner nodes.

A `Shape` says what a value may be. Nodes make theirs on demand, because both descriptions are full of cycles.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from .description import Description
from .expression import Arguments, Expression, Generic, Literal, Name, Reference, Union

TAGS = ("type", "event", "object", "role", "kind")
"""Fields whose constants tell the variants of a union apart, most telling first."""


class Node(Protocol):
    """A place in a description."""

    @property
    def key(self) -> Hashable:
        """What makes it the same place."""
        ...

    def shape(self) -> Shape:
        """What may stand there."""
        ...


@dataclass
class Record:
    """An object with named fields."""

    fields: Mapping[str, Node]

    def tag(self) -> frozenset[str]:
        """The constants that tell it from its siblings; empty when none do."""
        for name in TAGS:
            if name in self.fields:
                values = self.fields[name].shape().values
                if values:
                    return frozenset(values)
        return frozenset()


@dataclass
class Shape:
    """What a value may be: one of `records`, one of `values`, or a container of `inner`."""

    records: list[Record] = field(default_factory=list[Record])
    values: set[str] = field(default_factory=set[str])
    inner: list[Node] = field(default_factory=list[Node])

    @classmethod
    def either(cls, shapes: Iterable[Shape]) -> Shape:
        """The shape of a union."""
        whole = cls()
        for shape in shapes:
            whole.records += shape.records
            whole.values |= shape.values
            whole.inner += shape.inner
        return whole

    @classmethod
    def all(cls, shapes: Iterable[Shape]) -> Shape:
        """The shape of what fits them all: records joined field by field."""
        whole = cls()
        for shape in shapes:
            whole.values |= shape.values
            whole.inner += shape.inner
            if shape.records:
                pairs = [(old, new) for old in whole.records or [Record({})] for new in shape.records]
                whole.records = [Record({**old.fields, **new.fields}) for old, new in pairs]
        return whole


@dataclass(frozen=True)
class DescribedNode:
    """A type expression of `api/`."""

    description: Description
    expression: Expression

    @property
    def key(self) -> Hashable:
        """The expression."""
        return self.expression

    def _at(self, expression: Expression) -> DescribedNode:
        return DescribedNode(self.description, expression)

    def shape(self) -> Shape:
        """What may stand there."""
        match self.expression:
            case Union(members):
                return Shape.either(self._at(member).shape() for member in members)
            case Literal(values):
                return Shape(values={value for value in values if isinstance(value, str)})
            case Generic(Reference() as head, _):
                return self._at(head).shape()
            case Generic(_, arguments):
                return Shape(inner=[self._at(arguments[-1])])
            case Reference():
                return self._of_type(self.expression)
            case Name() | Arguments():
                return Shape()

    def _of_type(self, reference: Reference) -> Shape:
        type_ = self.description.types.get(reference)
        if type_ is None:
            return Shape()
        if type_.alias is not None:
            return self._at(type_.alias).shape()
        own = Record({f.alias or f.name: self._at(f.type) for f in type_.fields})
        return Shape.all([*(self._at(base).shape() for base in type_.bases), Shape(records=[own])])


@dataclass(frozen=True)
class SchemaNode:
    """A schema of an OpenAPI document."""

    document: Mapping[str, Any]
    schema: Mapping[str, Any]

    @property
    def key(self) -> Hashable:
        """The schema's identity."""
        return self.schema.get("$ref") or id(self.schema)

    def _at(self, schema: Mapping[str, Any]) -> SchemaNode:
        return SchemaNode(self.document, schema)

    def shape(self) -> Shape:
        """What may stand there."""
        schema = self.schema
        if "$ref" in schema:
            return self._at(resolve(self.document, schema["$ref"])).shape()
        parts = [self._own()]
        parts += [self._at(part).shape() for part in schema.get("allOf", ())]
        for word in ("anyOf", "oneOf"):
            if word in schema:
                parts.append(Shape.either(self._at(part).shape() for part in schema[word]))
        return Shape.all(parts)

    def _own(self) -> Shape:
        schema = self.schema
        shape = Shape(values={value for value in schema.get("enum", ()) if isinstance(value, str)})
        if isinstance(schema.get("const"), str):
            shape.values.add(schema["const"])
        if "properties" in schema:
            shape.records.append(Record({name: self._at(inner) for name, inner in schema["properties"].items()}))
        for word in ("items", "additionalProperties"):
            if isinstance(schema.get(word), dict):
                shape.inner.append(self._at(schema[word]))
        return shape


def resolve(document: Mapping[str, Any], reference: str) -> Any:
    """What a local reference ("#/components/…") points to."""
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found

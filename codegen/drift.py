"""What `api/` and an OpenAPI document do not share: operations, arguments, fields, variants, constant values.

Both sides are walked together from each shared operation: its query, its body, its result, its events. Named places are
visited once. A line says where, and which side lacks what.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from .description import Description, Operation
from .expression import Expression, Reference, parse
from .shape import DescribedNode, Node, Record, SchemaNode, Shape, resolve

_VERBS = ("get", "post", "put", "patch", "delete")


def drift(description: Description, document: Mapping[str, Any]) -> list[str]:
    """The differences, one line each, in order."""
    ours: dict[tuple[str, str], Operation] = {}
    for operation in description.operations:
        if operation.verb and operation.path:
            ours.setdefault((operation.verb, template(operation.path)), operation)
    theirs = {
        (verb.upper(), template(path)): entry
        for path, entries in document["paths"].items()
        for verb, entry in entries.items()
        if verb in _VERBS
    }
    lines = [f"{verb} {path}: api lacks the operation" for verb, path in sorted(theirs.keys() - ours.keys())]
    lines += [f"{verb} {path}: document lacks the operation" for verb, path in sorted(ours.keys() - theirs.keys())]
    walk = _Walk()
    for key in sorted(ours.keys() & theirs.keys()):
        lines += _operation(description, document, ours[key], theirs[key], walk)
    return list(dict.fromkeys(lines))


def template(path: str) -> str:
    return re.sub(r"{\w+}", "{}", path.partition("?")[0])


def _operation(
    description: Description,
    document: Mapping[str, Any],
    operation: Operation,
    entry: Mapping[str, Any],
    walk: _Walk,
) -> Iterator[str]:
    types = {p.name: p.type for p in operation.parameters if p.type is not None}

    def ours(names: tuple[str, ...]) -> Record:
        return Record({name: DescribedNode(description, types[name]) for name in names if name in types})

    query = [_resolved(document, p) for p in entry.get("parameters", ())]
    given = {
        p["name"].removesuffix("[]"): SchemaNode(document, p.get("schema", {})) for p in query if p["in"] == "query"
    }
    yield from walk.records(f"{operation.name} query", ours(operation.query), Record(given))
    schema = content(_resolved(document, entry.get("requestBody", {})))
    if schema is not None:
        theirs = Record({n: f for r in SchemaNode(document, schema).shape().records for n, f in r.fields.items()})
        yield from walk.records(f"{operation.name} body", ours(operation.body_fields), theirs)
    for medium, expression in _results(operation):
        schema = content(_success(document, entry), medium)
        if schema is not None:
            place = f"{operation.name} {'event' if medium == 'text/event-stream' else 'result'}"
            yield from walk.nodes(place, DescribedNode(description, expression), SchemaNode(document, schema))


def _results(operation: Operation) -> Iterator[tuple[str, Expression]]:
    if operation.result not in (None, "none", "bytes", "str"):
        yield "application/json", parse(str(operation.result))
    if operation.event:
        yield "text/event-stream", parse(operation.event)


def _resolved(document: Mapping[str, Any], entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return resolve(document, entry["$ref"]) if "$ref" in entry else entry


def _success(document: Mapping[str, Any], entry: Mapping[str, Any]) -> Mapping[str, Any]:
    answers = entry.get("responses", {})
    nothing: Mapping[str, Any] = {}
    return next((_resolved(document, answers[code]) for code in sorted(answers) if code.startswith("2")), nothing)


def content(entry: Mapping[str, Any], medium: str | None = None) -> Mapping[str, Any] | None:
    content = entry.get("content", {})
    found = content.get(medium) if medium else next(iter(content.values()), None)
    return found.get("schema") if found else None


class _Walk:
    """Two descriptions, walked side by side; no pair of places twice."""

    def __init__(self) -> None:
        self._seen: set[tuple[Hashable, Hashable]] = set()

    def nodes(self, place: str, ours: Node, theirs: Node) -> Iterator[str]:
        """What two places do not share."""
        pair = (ours.key, theirs.key)
        if pair in self._seen:
            return
        self._seen.add(pair)
        name = str(ours.key) if isinstance(ours.key, Reference) else place
        mine, other = ours.shape(), theirs.shape()
        if mine.values and other.values:
            yield from _lacking(name, "value", mine.values, other.values)
        yield from self._variants(name, mine, other)
        if len(mine.inner) == len(other.inner) == 1:
            yield from self.nodes(f"{name}[]", mine.inner[0], other.inner[0])
        elif mine.inner and other.inner:
            whole = Shape.either(n.shape() for n in mine.inner), Shape.either(n.shape() for n in other.inner)
            yield from self._variants(f"{name}[]", *whole)

    def _variants(self, place: str, ours: Shape, theirs: Shape) -> Iterator[str]:
        if not ours.records or not theirs.records:
            return
        if len(ours.records) == len(theirs.records) == 1:
            yield from self.records(place, ours.records[0], theirs.records[0])
            return
        mine, other = _by_tag(ours.records), _by_tag(theirs.records)
        yield from _lacking(place, "variant", set(mine), set(other))
        for tag in sorted(mine.keys() & other.keys()):
            yield from self.records(f"{place}<{tag}>" if tag else place, mine[tag], other[tag])

    def records(self, place: str, ours: Record, theirs: Record) -> Iterator[str]:
        """What two objects do not share."""
        yield from _lacking(place, "field", set(ours.fields), set(theirs.fields))
        for name in sorted(ours.fields.keys() & theirs.fields.keys()):
            yield from self.nodes(f"{place}.{name}", ours.fields[name], theirs.fields[name])


def _by_tag(records: list[Record]) -> dict[str, Record]:
    """Records of the same tag are seen as one, with the fields of all."""
    found: dict[str, Record] = {}
    for record in records:
        for tag in record.tag() or [""]:
            found[tag] = Record({**found[tag].fields, **record.fields}) if tag in found else record
    return found


def _lacking(place: str, what: str, ours: set[str], theirs: set[str]) -> Iterator[str]:
    for name in sorted(theirs - ours):
        yield f"{place}: api lacks the {what} {name!r}"
    for name in sorted(ours - theirs):
        yield f"{place}: document lacks the {what} {name!r}"

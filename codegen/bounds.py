"""`api/bounds.json`: what an OpenAPI document says of numbers, lengths and counts in requests; numbers only.

Each place is a path of names (`expires_after.seconds`, `[]` for every item of a list). Where a value may be of several
kinds, each kind's bounds stand beside each other, for they speak of different things; two of one kind give the wider.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from .description import Description
from .drift import content, template
from .shape import resolve

LOW: Final = ("minimum", "minLength", "minItems", "minProperties")
HIGH: Final = ("maximum", "maxLength", "maxItems", "maxProperties")
_DEPTH: Final = 4

Bounds = dict[str, dict[str, float]]


def bounds(description: Description, document: Mapping[str, Any]) -> dict[str, dict[str, Bounds]]:
    """By operation, of its query and its body."""
    entries = {
        (verb.upper(), template(path)): entry
        for path, verbs in document["paths"].items()
        for verb, entry in verbs.items()
        if isinstance(entry, Mapping)
    }
    found: dict[str, dict[str, Bounds]] = {}
    for operation in description.operations:
        entry = entries.get((operation.verb or "", template(operation.path or "")))
        if entry is not None:
            known = {"query": _query(document, entry), "body": _body(document, entry)}
            if any(known.values()):
                found[operation.name] = {part: places for part, places in known.items() if places}
    return dict(sorted(found.items()))


def _query(document: Mapping[str, Any], entry: Mapping[str, Any]) -> Bounds:
    given = [resolve(document, p["$ref"]) if "$ref" in p else p for p in entry.get("parameters", ())]
    return _gathered(
        place
        for p in given
        if p["in"] == "query"
        for place in _places(document, p.get("schema", {}), p["name"].removesuffix("[]"), 0)
    )


def _body(document: Mapping[str, Any], entry: Mapping[str, Any]) -> Bounds:
    body = entry.get("requestBody", {})
    schema = content(resolve(document, body["$ref"]) if "$ref" in body else body)
    return _gathered(_places(document, schema, "", 0)) if schema is not None else {}


def _places(document: Mapping[str, Any], schema: Any, path: str, depth: int) -> Iterator[tuple[str, str, float]]:
    """Every bound below a schema: its place, its name, its number."""
    alternatives = _alternatives(document, schema)
    # Which of several kinds of objects it is, only their discriminator tells: what they hold is left alone.
    one_kind = sum(any("properties" in part for part in parts) for parts in alternatives) == 1
    for part in (part for parts in alternatives for part in parts):
        if path:
            yield from ((path, name, part[name]) for name in (*LOW, *HIGH) if isinstance(part.get(name), int | float))
            if isinstance(low := part.get("exclusiveMinimum"), int | float) and part.get("type") == "integer":
                yield path, "minimum", low + 1
        if depth == _DEPTH:
            continue
        if isinstance(part.get("items"), Mapping):
            yield from _places(document, part["items"], f"{path}[]", depth + 1)
        for name, inner in part.get("properties", {}).items() if one_kind else ():
            yield from _places(document, inner, f"{path}.{name}" if path else name, depth + 1)


def _alternatives(document: Mapping[str, Any], schema: Any) -> list[list[Mapping[str, Any]]]:
    """What a value may be, each as the parts that hold of it together."""
    if "$ref" in schema:
        return _alternatives(document, resolve(document, schema["$ref"]))
    found: list[list[Mapping[str, Any]]] = [[schema]]
    for part in schema.get("allOf", ()):
        found = [[*known, *more] for known in found for more in _alternatives(document, part)]
    options = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    if options:
        found = [[*known, *more] for known in found for each in options for more in _alternatives(document, each)]
    return found


def _gathered(places: Iterator[tuple[str, str, float]]) -> Bounds:
    found: Bounds = {}
    for path, name, value in places:
        known = found.setdefault(path, {})
        widest = min if name in LOW else max
        known[name] = widest(known.get(name, value), value)
    return dict(sorted(found.items()))

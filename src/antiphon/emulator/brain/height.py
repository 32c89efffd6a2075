"""How deep a smallest value of a schema must be: what tells a filler which alternative ends.

Schemas may hold themselves. Heights of references start infinite and shrink until nothing changes, so no walk is endless.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from ..shape import Object, is_array, is_object, part, rows


class Heights:
    """The heights within one schema document; `target` finds what a reference names."""

    def __init__(self, root: Object, target: Callable[[str], Object]) -> None:
        self._known: dict[str, float] = dict.fromkeys(_references(root), math.inf)
        for _ in self._known:
            found = {reference: self.of(target(reference)) for reference in self._known}
            if found == self._known:
                break
            self._known = found

    def of(self, schema: Any) -> float:
        """The height of a schema; infinite when no value of it ever ends."""
        if not is_object(schema):
            return 0
        heights = [self._known.get(schema["$ref"], math.inf)] if "$ref" in schema else [0.0]
        choices = [rows(schema, "anyOf"), rows(schema, "oneOf")]
        heights += [min(self.of(option) for option in options) for options in choices if options]
        heights += [self.of(inner) for inner in rows(schema, "allOf")]
        properties = part(schema, "properties")
        heights += [1 + self.of(properties.get(key)) for key in rows(schema, "required")]
        if schema.get("minItems"):
            heights.append(1 + self.of(schema.get("items")))
        heights += [1 + self.of(item) for item in rows(schema, "prefixItems")]
        return max(heights)


def _references(value: Any) -> Iterator[str]:
    if is_object(value):
        if isinstance(reference := value.get("$ref"), str):
            yield reference
        for inner in value.values():
            yield from _references(inner)
    elif is_array(value):
        for inner in value:
            yield from _references(inner)

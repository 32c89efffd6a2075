"""A JSON value for a JSON schema, filled from a text where names and kinds match, valid in any case.

Reads: type, properties, required, items, prefixItems, enum, const, anyOf, oneOf, allOf, $ref with $defs, bounds of numbers,
lengths, patterns, formats. Schemas that hold themselves end by null, an empty list, or a property left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final
from zlib import crc32

from ..shape import is_array, is_object, part
from . import extraction
from .equation import Step
from .fact import Facts, words_of
from .height import Heights
from .pattern import example
from .summary import keywords

Schema = dict[str, Any]
DEEP: Final = 6
BOTTOM: Final = 40
MOST_WORK: Final = 2_000_000  # in signs of text; a value counts as some of them
VALUE_WORK: Final = 20
EXPLAINING: Final = frozenset({"explanation", "description", "text", "reason", "reasoning", "action", "thought"})
_PLAIN: Final = frozenset({"type", "title", "description", "minLength", "maxLength", "default", "examples"})
FORMATS: Final[dict[str, str]] = {
    "date": "2026-01-15",
    "date-time": "2026-01-15T09:30:00Z",
    "time": "09:30:00Z",
    "duration": "PT1H",
    "email": "someone@example.com",
    "idn-email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_FOUND: Final[dict[str, Callable[[str], list[str]]]] = {
    "date": lambda text: re.findall(r"\b\d{4}-\d{2}-\d{2}\b", text),
    "date-time": lambda text: re.findall(r"\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2})", text),
    "email": extraction.emails,
    "uri": extraction.urls,
}


def fill(schema: Schema, text: str, answer: Callable[[], str] = lambda: "") -> Any:
    """The value; `answer` gives a text answer to the prompt, for fields that ask for a result."""
    return Filler(schema, Facts(text, answer)).value(schema, "", 0)


class Filler:
    """One walk over one schema."""

    def __init__(self, root: Schema, facts: Facts) -> None:
        self._root = root
        self._facts = facts
        self._heights = Heights(root, self._target)
        self._left = MOST_WORK

    def value(self, schema: Any, name: str, depth: int, siblings: tuple[str, ...] = ()) -> Any:
        """A value valid for the schema; raises OverflowError when the schema asks for more than anyone would read."""
        schema = self._whole(schema)
        self._left -= VALUE_WORK + int(schema.get("minLength", 0))
        if self._left < 0:
            raise OverflowError("the schema asks for too much")
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._facts.chosen(self._typed_options(schema), name)
        if options := schema.get("anyOf") or schema.get("oneOf"):
            rest = {key: item for key, item in schema.items() if key not in ("anyOf", "oneOf")}
            return self.value(_merged(rest, self._whole(self._option(options, name, depth))), name, depth, siblings)
        match self._type(schema, depth):
            case "object":
                return self._object(schema, name, depth)
            case "array":
                return self._array(schema, name, depth)
            case "string":
                return self._string(schema, name, siblings)
            case "integer":
                return self._number(schema, name, whole=True)
            case "number":
                return self._number(schema, name, whole=False)
            case "boolean":
                return self._facts.boolean(name)
            case _:
                return None

    def _whole(self, schema: Any) -> Schema:
        """The schema with references and allOf looked through."""
        if not is_object(schema):
            return {}
        found = schema
        for _ in range(BOTTOM):
            if "$ref" in found:
                rest = {key: value for key, value in found.items() if key != "$ref"}
                found = _merged(rest, self._target(found["$ref"]))
            elif "allOf" in found:
                parts = found["allOf"]
                found = {key: value for key, value in found.items() if key != "allOf"}
                for part in parts:
                    found = _merged(found, self._whole(part))
            else:
                return found
        return {}

    def _target(self, reference: str) -> Schema:
        target: Any = self._root
        for step in reference.removeprefix("#").strip("/").split("/"):
            if step:
                step = step.replace("~1", "/").replace("~0", "~")
                target = target.get(step) if is_object(target) else None
        return target if is_object(target) else {}

    def _typed_options(self, schema: Schema) -> list[Any]:
        types = schema.get("type")
        wanted = [types] if isinstance(types, str) else types or []
        return [
            v
            for v in schema["enum"]
            if not wanted or _kind(v) in wanted or ("number" in wanted and _kind(v) == "integer")
        ] or schema["enum"]

    def _option(self, options: list[Any], name: str, depth: int) -> Any:
        """The alternative to take: near the bottom the one that ends, else the one the text speaks of."""
        if depth >= DEEP:
            return min(options, key=lambda option: self._heights.of(option))
        return max(options, key=lambda option: self._promise(option, name))

    def _promise(self, option: Any, name: str) -> float:
        schema = self._whole(option)
        text = self._facts.text.lower()
        if schema.get("type") == "null":
            return 0.25 if not words_of(name) or not any(word in text for word in words_of(name)) else 0.1
        properties = part(schema, "properties")
        hints = [str(schema.get("title", "")), str(schema.get("const", "")), *properties]
        hints += [str(inner.get("const", "")) for inner in properties.values() if is_object(inner)]
        named = sum(word in text for hint in hints for word in words_of(hint) if len(word) > 2)
        kind = schema.get("type")
        if kind in ("number", "integer"):
            return 1 + named + (0.5 if extraction.numbers(text) else -0.6)
        return 1 + named

    def _type(self, schema: Schema, depth: int) -> str:
        types = schema.get("type")
        if is_array(types):
            plain = [kind for kind in types if kind != "null"]
            if not plain or (depth >= DEEP and "null" in types):
                return "null"
            return str(plain[0])
        if isinstance(types, str):
            return types
        if "properties" in schema or "required" in schema or "additionalProperties" in schema:
            return "object"
        if "items" in schema or "prefixItems" in schema or "minItems" in schema:
            return "array"
        if schema.keys() & {"minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum"}:
            return "number"
        return "string"

    def _object(self, schema: Schema, name: str, depth: int) -> dict[str, Any]:
        properties = part(schema, "properties")
        required = list(dict.fromkeys(schema.get("required", ())))
        wanted = [
            key for key in properties if key in required or (depth < 2 and self._heights.of(properties[key]) < DEEP)
        ]
        siblings = tuple(properties)
        made = {key: self.value(properties[key], key, depth + 1, siblings) for key in wanted}
        extra = schema.get("additionalProperties", True)
        for key in required:
            if key not in made:
                made[key] = self.value(extra if isinstance(extra, dict) else {}, key, depth + 1)
        for number in range(schema.get("minProperties", 0) - len(made)):
            made[f"field{number + 1}"] = self.value(extra if isinstance(extra, dict) else {}, name, depth + 1)
        return made

    def _array(self, schema: Schema, name: str, depth: int) -> list[Any]:
        least: int = schema.get("minItems", 0)
        most: int = schema.get("maxItems", 20)
        made = [self.value(item, name, depth + 1) for item in schema.get("prefixItems", ())][:most]
        items = self._whole(schema.get("items", {}))
        if items.get("type") == "string" and not items.keys() & {"enum", "const", "pattern", "format"}:
            found = [_fitted(text, items) for text in self._facts.strings(name)]
            made += [text for text in found if _fits(text, items)][: max(0, most - len(made))]
        elif "properties" in items and "steps" in words_of(name):
            made += [self._step(schema["items"], items, step) for step in self._facts.steps[: max(0, most - len(made))]]
        elif items.get("type") in ("number", "integer") and not made:
            made += self._numbers(items, most)
        wanted = max(least, 1 if depth < DEEP and not made and most > 0 and self._heights.of(items) < DEEP else 0)
        while len(made) < wanted:
            made.append(self.value(schema.get("items", {}), name.removesuffix("s"), depth + 1))
        return self._unique(made, items, least) if schema.get("uniqueItems") else made

    def _step(self, spelled: Any, items: Schema, step: Step) -> Any:
        """One step of a solution: its explanation under the name that asks for one, its result under the other."""
        made = self.value(spelled, "step", DEEP)
        for key, inner in part(items, "properties").items():
            whole = self._whole(inner)
            if key in made and whole.keys() <= _PLAIN and whole.get("type") == "string":
                made[key] = _fitted(step.explanation if set(words_of(key)) & EXPLAINING else step.result, whole)
        return made

    def _numbers(self, items: Schema, most: int) -> list[Any]:
        found = [float(text) for text in extraction.numbers(self._facts.text)]
        whole = items["type"] == "integer"
        made = [_clamped(value, items, whole) for value in found if not whole or value.is_integer()]
        return made[:most]

    def _unique(self, made: list[Any], items: Schema, least: int) -> list[Any]:
        seen: list[Any] = []
        for value in made:
            if value not in seen:
                seen.append(value)
        for option in items.get("enum", ()):
            if len(seen) < least and option not in seen:
                seen.append(option)
        number = 0
        while len(seen) < least and number < 1000:
            number += 1
            other = _varied(items, number)
            if other not in seen:
                seen.append(other)
        return seen

    def _string(self, schema: Schema, name: str, siblings: tuple[str, ...]) -> str:
        text = self._facts.text
        if (shape := schema.get("format")) in FORMATS:
            found = _FOUND[shape](text) if shape in _FOUND else []
            return next((f for f in found if _fits(f, schema)), FORMATS[shape])
        if (pattern := schema.get("pattern")) is not None:
            return self._patterned(pattern, schema)
        found_text = self._facts.string(name, siblings)
        if found_text is None:
            found_text = " ".join(keywords(text, 3)) or (words_of(name) or ["text"])[-1]
        return _fitted(found_text, schema)

    def _patterned(self, pattern: str, schema: Schema) -> str:
        try:
            compiled = re.compile(pattern)
        except re.error:
            return _fitted(self._facts.text, schema)
        words = [word.strip(".,;:!?\"'") for word in self._facts.text.split()]
        fitting = (word for word in words if word and compiled.search(word) and _fits(word, schema))
        return next(fitting, None) or example(pattern, schema.get("minLength", 0)) or ""

    def _number(self, schema: Schema, name: str, *, whole: bool) -> int | float:
        found = self._facts.number(name)
        return _clamped(float(found) if found is not None else 0.0, schema, whole)


def _merged(left: Schema, right: Schema) -> Schema:
    merged = {**right, **left}
    for key in ("properties", "$defs"):
        if key in left and key in right:
            merged[key] = {**right[key], **left[key]}
    if "required" in left and "required" in right:
        merged["required"] = [*left["required"], *right["required"]]
    for key, pick in (
        ("minimum", max),
        ("minLength", max),
        ("minItems", max),
        ("maximum", min),
        ("maxLength", min),
        ("maxItems", min),
    ):
        if key in left and key in right:
            merged[key] = pick(left[key], right[key])
    return merged


def _kind(value: Any) -> str:
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return kinds.get(value.__class__, "null")


def _clamped(value: float, schema: Schema, whole: bool) -> int | float:
    """The allowed number nearest to the value: exact, so that large bounds and decimal steps hold."""
    step = _exact(schema["multipleOf"]) if schema.get("multipleOf") else Fraction(int(whole))
    low, high = _bounds(schema, step)
    found = _exact(value) if math.isfinite(value) else Fraction(0)
    found = max(found, low) if low is not None else found
    found = min(found, high) if high is not None else found
    if step:
        units = found // step
        found = (units + (low is not None and units * step < low)) * step
    return int(found) if found.denominator == 1 else float(found)


def _bounds(schema: Schema, step: Fraction) -> tuple[Fraction | None, Fraction | None]:
    """The closed range; exclusive bounds are moved inwards by a step, or by half of the range where there is none."""
    above, below = _bound(schema, "exclusiveMinimum"), _bound(schema, "exclusiveMaximum")
    low, high = _bound(schema, "minimum"), _bound(schema, "maximum")
    if above is not None:
        end = below if below is not None else high
        inside = above + (step or ((end - above) / 2 if end is not None else 1))
        low = inside if low is None else max(low, inside)
    if below is not None:
        start = above if above is not None else _bound(schema, "minimum")
        inside = below - (step or ((below - start) / 2 if start is not None else 1))
        high = inside if high is None else min(high, inside)
    return low, high


def _bound(schema: Schema, name: str) -> Fraction | None:
    found = schema.get(name)
    return None if found is None or isinstance(found, bool) else _exact(found)


def _exact(number: float) -> Fraction:
    """The decimal number that was written, not the binary one that it became."""
    return Fraction(number) if isinstance(number, int) else Fraction(repr(number))


def _fits(text: str, schema: Schema) -> bool:
    return int(schema.get("minLength", 0)) <= len(text) <= int(schema.get("maxLength", 1 << 30))


def _fitted(text: str, schema: Schema) -> str:
    least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", 1 << 30))
    if len(text) < least:
        text = (text or "text ") * (least // max(1, len(text or "text ")) + 1)
        text = text[:least]
    return text[:most]


def _varied(items: Schema, number: int) -> Any:
    match items.get("type"):
        case "integer" | "number":
            whole = items["type"] == "integer"
            low = items.get("minimum", 0)
            return _clamped(low + number * (items.get("multipleOf") or 1), items, whole)
        case "boolean":
            return number % 2 == 0
        case "null":
            return None
        case _:
            return _fitted(f"{number}-{crc32(str(number).encode()):08x}", items)

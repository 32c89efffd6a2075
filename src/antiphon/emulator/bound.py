"""Bounds the API description's types cannot say: ranges of numbers, lengths, metadata. A table, and the 400s it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from .problem import Problem
from .shape import is_array, is_object

Range = tuple[float | None, float | None]

MOST_TOKENS: Final = 10_000_000
DECIMAL: Final = frozenset({"temperature", "top_p", "frequency_penalty", "presence_penalty", "score_threshold"})
RANGES: Final[dict[str, dict[str, Range]]] = {
    "chat.completions.create": {"max_tokens": (1, MOST_TOKENS), "max_completion_tokens": (1, MOST_TOKENS)},
    "completions.create": {"best_of": (1, 20), "max_tokens": (0, MOST_TOKENS)},
    "responses.create": {"max_output_tokens": (16, MOST_TOKENS), "max_tool_calls": (1, None)},
    "embeddings.create": {},
}
"""What the description's own bounds leave open."""


def check(operation: str, body: dict[str, Any]) -> None:
    """Raise 400 for the first number out of its range."""
    for name, (low, high) in RANGES[operation].items():
        value = body.get(name)
        if value is not None:
            within(name, value, low, high, decimal=name in DECIMAL)


def keeper(bounds: Mapping[str, Mapping[str, float]]) -> Callable[[dict[str, Any]], None]:
    """What raises 400 for the first thing that is outside the bounds the description has for its place.

    A place is a path of names; `[]` stands for every item of a list.
    """
    places: dict[str, list[tuple[list[str], Mapping[str, float]]]] = {}
    for place, limits in bounds.items():
        first, *steps = place.replace("[]", ".[]").split(".")
        places.setdefault(first, []).append((steps, limits))

    def keep(body: dict[str, Any]) -> None:
        for first, value in body.items():
            for steps, limits in places.get(first, ()):
                for name, found in _at(value, first, steps):
                    _judge(name, found, limits)

    return keep


def _at(value: Any, name: str, steps: list[str]) -> Iterator[tuple[str, Any]]:
    """The values at a place, by their names."""
    if not steps:
        yield name, value
    elif steps[0] == "[]":
        for index, item in enumerate(value if is_array(value) else ()):
            yield from _at(item, f"{name}[{index}]", steps[1:])
    elif is_object(value) and (inner := value.get(steps[0])) is not None:
        yield from _at(inner, f"{name}.{steps[0]}", steps[1:])


def _judge(name: str, value: Any, limits: Mapping[str, float]) -> None:
    match value:
        case bool():
            pass
        case int() | float():
            decimal = type(value) is float or name.rpartition(".")[2] in DECIMAL
            within(name, value, limits.get("minimum"), limits.get("maximum"), decimal=decimal)
        case str():
            _sized(name, len(value), limits.get("minLength"), limits.get("maxLength"), "string", "length")
        case _ if is_array(value):
            _sized(name, len(value), limits.get("minItems"), limits.get("maxItems"), "array", "length")
        case _ if is_object(value):
            _sized(name, len(value), limits.get("minProperties"), limits.get("maxProperties"), "object", "properties")
        case _:
            pass


def _sized(name: str, size: int, low: float | None, high: float | None, kind: str, what: str) -> None:
    if low is not None and size < low:
        code = f"empty_{kind}" if size == 0 else f"{kind}_below_min_{what}"
        message = f"Invalid '{name}': the {kind} is too short. Expected {low:g} at least, but got {size}."
        raise Problem(400, message, param=name, code=code)
    if high is not None and size > high:
        message = f"Invalid '{name}': the {kind} is too long. Expected {high:g} at most, but got {size}."
        raise Problem(400, message, param=name, code=f"{kind}_above_max_{what}")


def within(name: str, value: float, low: float | None, high: float | None, *, decimal: bool = False) -> None:
    """Raise 400 when a number is outside its bounds."""
    kind = "decimal" if decimal else "integer"
    if high is not None and value > high:
        raise _outside(name, value, kind, "above maximum", f"<= {high:g}", "above_max_value")
    if low is not None and value < low:
        raise _outside(name, value, kind, "below minimum", f">= {low:g}", "below_min_value")


def _outside(name: str, value: float, kind: str, side: str, wanted: str, code: str) -> Problem:
    message = f"Invalid '{name}': {kind} {side} value. Expected a value {wanted}, but got {_shown(value)} instead."
    return Problem(400, message, param=name, code=f"{kind}_{code}")


def _shown(value: float) -> str:
    """The number; of one that no float can hold, that it is large."""
    try:
        return f"{value:g}"
    except OverflowError:
        return "a number of more than 300 digits"


def metadata(pairs: dict[str, str] | None) -> None:
    """Sixteen pairs, keys of 64 characters, values of 512."""
    if pairs is None:
        return
    if len(pairs) > 16:
        message = f"Invalid 'metadata': too many properties. Expected at most 16, but got {len(pairs)} instead."
        raise Problem(400, message, param="metadata", code="object_above_max_properties")
    for key, value in pairs.items():
        if len(key) > 64 or len(value) > 512:
            message = f"Invalid 'metadata': '{key[:64]}' is too long. Keys take 64 characters, values 512."
            raise Problem(400, message, param=f"metadata.{key[:64]}", code="string_above_max_length")

"""Bounds the API description's types cannot say: ranges of numbers, lengths, metadata. A table, and the 400s it makes."""

from __future__ import annotations

from typing import Any, Final

from .problem import Problem

Range = tuple[float | None, float | None]

MOST_TOKENS: Final = 10_000_000
_SAMPLING: Final[dict[str, Range]] = {"temperature": (0, 2), "top_p": (0, 1), "top_logprobs": (0, 20)}
_PENALTIES: Final[dict[str, Range]] = {"frequency_penalty": (-2, 2), "presence_penalty": (-2, 2)}
DECIMAL: Final = frozenset({"temperature", "top_p", "frequency_penalty", "presence_penalty"})
RANGES: Final[dict[str, dict[str, Range]]] = {
    "chat.completions.create": {
        **_SAMPLING,
        **_PENALTIES,
        "n": (1, 128),
        "max_tokens": (1, MOST_TOKENS),
        "max_completion_tokens": (1, MOST_TOKENS),
    },
    "completions.create": {
        "temperature": (0, 2),
        "top_p": (0, 1),
        **_PENALTIES,
        "n": (1, 128),
        "best_of": (1, 20),
        "logprobs": (0, 5),
        "max_tokens": (0, MOST_TOKENS),
    },
    "responses.create": {**_SAMPLING, "max_output_tokens": (16, MOST_TOKENS), "max_tool_calls": (1, None)},
    "embeddings.create": {"dimensions": (1, None)},
}


def check(operation: str, body: dict[str, Any]) -> None:
    """Raise 400 for the first number out of its range, then for metadata that is too much."""
    for name, (low, high) in RANGES[operation].items():
        value = body.get(name)
        if value is not None:
            within(name, value, low, high, decimal=name in DECIMAL)
    if body.get("metadata") is not None:
        metadata(body["metadata"])


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

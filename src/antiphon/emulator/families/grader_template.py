"""Templates of graders and evals: `{{item.question}}`, `{{sample.output_text}}`, filled in from what is graded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

import msgspec

from ..shape import is_array, is_object

NAMESPACES: Final = ("item", "sample")
_PLACE: Final = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_STEP: Final = re.compile(r"[^.\[\]]+")
Context = dict[str, Any]
"""What may be named: the `item` and the `sample`."""


class UnknownVariable(Exception):
    """A template names what is not there."""


def rendered(template: str, context: Context) -> str:
    """The text with every variable filled in; raises `UnknownVariable`."""
    return _PLACE.sub(lambda match: _text(found(match[1], context)), template)


def variables(template: str) -> Iterator[str]:
    """What a template names."""
    for match in _PLACE.finditer(template):
        yield match[1]


def found(path: str, context: Context) -> Any:
    """The value a path such as `item.answers[0]` leads to; raises `UnknownVariable`."""
    value: Any = context
    for step in _STEP.findall(path):
        if is_object(value) and step in value:
            value = value[step]
        elif is_array(value) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            raise UnknownVariable(path)
    return value


def filled(value: Any, context: Context) -> Any:
    """The same JSON with the templates in all its texts filled in."""
    if isinstance(value, str):
        return rendered(value, context)
    if is_array(value):
        return [filled(each, context) for each in value]
    if is_object(value):
        return {name: filled(each, context) for name, each in value.items()}
    return value


def sample_of(text: str, **more: Any) -> dict[str, Any]:
    """What `sample` holds of an answer: its text, and its JSON where it is some."""
    sample: dict[str, Any] = {"output_text": text, **more}
    with suppress(ValueError, RecursionError):
        sample["output_json"] = msgspec.json.decode(text)
    return sample


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()

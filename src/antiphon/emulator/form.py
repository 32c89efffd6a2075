"""Names with brackets and texts (`metadata[k]=v`, `expires_after[seconds]=60`) put together as the values they mean.

Shared by query strings and multipart fields: both carry texts, and only the operation's fields know what types they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from .problem import Problem
from .schema import Schema
from .shape import is_array, is_object

_STEP: Final = re.compile(r"\[([^\]]*)\]")
_INTEGER: Final = re.compile(r"-?[0-9]{1,18}")
_DECIMAL: Final = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,30})?(?:[eE][-+]?[0-9]{1,2})?")
MOST_STEPS: Final = 8
Fields = Mapping[str, tuple[Any, bool]]


def assemble(schema: Schema, fields: Fields, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The values; raises 400 for a name the fields do not have."""
    values: dict[str, Any] = {}
    for name, text in pairs:
        base = name.partition("[")[0]
        if base not in fields:
            if not schema.strict:
                continue
            raise Problem(400, f"Unknown parameter: '{base}'.", param=base, code="unknown_parameter")
        steps = _STEP.findall(name[len(base) :])[:MOST_STEPS]
        options = _options(schema, fields[base][0])
        for step in steps:
            options = [leaf for option in options for leaf in _below(schema, option, step)]
        _put(values, [base, *steps], _typed(options, text))
    return values


def _options(schema: Schema, node: Any) -> list[Any]:
    return [schema.resolved(member) for member in schema.members(node)]


def _below(schema: Schema, node: Any, step: str) -> list[Any]:
    match node:
        case ["object", fields] if step in fields:
            return _options(schema, fields[step][0])
        case ["dict", item]:
            return _options(schema, item)
        case ["list", item] if not step or step.isdigit():
            return _options(schema, item)
        case _:
            return []


def _put(values: dict[str, Any], steps: list[str], value: Any) -> None:
    target: Any = values
    for here, following in zip(steps, [*steps[1:], None], strict=True):
        fresh: Any = value if following is None else [] if not following or following.isdigit() else {}
        if is_array(target):
            target.append(fresh)
            target = fresh
        else:
            known = target.get(here)
            if following is None or not (is_array(known) or is_object(known)):
                target[here] = known = fresh
            target = known


def _typed(options: list[Any], text: str) -> Any:
    """The text as the first type it can be; itself when it can be none, for the check to refuse."""
    for node in options:
        if (value := _as(node, text)) is not None:
            return value
    return text


def _as(node: Any, text: str) -> Any:
    match node:
        case "int" if _INTEGER.fullmatch(text):
            return int(text)
        case "float" if _DECIMAL.fullmatch(text):
            return float(text)
        case "bool":
            return {"true": True, "false": False}.get(text.lower())
        case ["enum", values]:
            return next((v for v in values if text == (str(v).lower() if isinstance(v, bool) else str(v))), None)
        case _:
            return None

"""Query strings with brackets (`include[]=a`, `metadata[k]=v`) read into the types an operation declares."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from .description import Operation
from .problem import Problem


def read(operation: Operation, raw: bytes) -> dict[str, Any]:
    """The query as typed values; raises 400 for what the operation does not know or cannot read."""
    values: dict[str, Any] = {}
    for name, text in parse_qsl(raw.decode("latin-1"), keep_blank_values=True):
        base, _, inner = name.partition("[")
        if base not in operation.query:
            raise Problem(400, f"Unknown parameter: '{base}'.", param=base, code="unknown_parameter")
        _put(values, base, inner.rstrip("]"), _typed(operation.alternatives(base), text), "[" in name)
    operation.check_query(values)
    return values


def _put(values: dict[str, Any], base: str, inner: str, value: Any, bracketed: bool) -> None:
    if not bracketed:
        values[base] = value
    elif inner.isdigit() or not inner:
        values.setdefault(base, []).append(value)
    else:
        values.setdefault(base, {})[inner] = value


def _typed(alternatives: list[Any], text: str) -> Any:
    for node in alternatives:
        value = _as(node, text)
        if value is not None:
            return value
    return text


def _as(node: Any, text: str) -> Any:
    match node:
        case "int" if text.lstrip("-").isdigit():
            return int(text)
        case "float":
            try:
                return float(text)
            except ValueError:
                return None
        case "bool":
            return {"true": True, "false": False}.get(text.lower())
        case ["enum", values]:
            return next((v for v in values if text == (str(v).lower() if isinstance(v, bool) else str(v))), None)
        case _:
            return None

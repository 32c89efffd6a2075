"""Query strings read into the types an operation declares."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from . import form
from .description import Operation


def read(operation: Operation, raw: bytes) -> dict[str, Any]:
    """The query as typed values; raises 400 for what the operation does not know or cannot read."""
    pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True) if raw else ()
    values = form.assemble(operation.schema, operation.query, pairs)
    operation.check_query(values)
    return values

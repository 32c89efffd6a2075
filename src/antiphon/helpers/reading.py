"""What the parsers of both APIs share: plain data below views, and readers for the types a caller gave."""

# `_view` is how this package makes views; users do not.
# pyright: reportPrivateUsage=false

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..core.omit import is_given
from ..core.shape import is_dict, is_list
from ..core.view import View
from .structure import Reader, reader_of

if TYPE_CHECKING:
    from ..core.reply import Reply


def data_of(value: Any) -> Any:
    """The plain data below a view; anything else as it is."""
    return value.__dict__ if isinstance(value, View) else value


def entries_of(value: Any) -> list[dict[str, Any]]:
    """The plain data of each entry of a list, or of none."""
    return [data_of(entry) for entry in value or ()]


def reader_for(kind: Any) -> Reader | None:
    """How to read text into a given type; `None` where none was given, or a ready format."""
    return None if kind is None or not is_given(kind) or isinstance(kind, dict) else reader_of(kind)


def arguments_of(model: Any, strict: Any, text: str) -> Any:
    """A call's arguments, read into the tool's type, or as plain JSON where the tool is strict."""
    if model is not None:
        return reader_of(model)(text)
    return json.loads(text) if strict else None


def of_reply(value: Any, reply: Reply) -> Any:
    """The value, knowing the reply it came in (its request id)."""
    value._reply_headers = reply.headers
    return value


def copied(value: Any) -> Any:
    """A copy of JSON data, views made dicts."""
    value = data_of(value)
    if is_dict(value):
        return {key: copied(entry) for key, entry in value.items()}
    return [copied(entry) for entry in value] if is_list(value) else value

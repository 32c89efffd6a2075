"""What the parsers of both APIs share: plain data below views, and readers for the types a caller gave."""

# `_view` is how this package makes views; users do not.
# pyright: reportPrivateUsage=false

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..core.omit import is_given
from ..core.shape import is_dict, is_list
from ..core.view import View
from .flaw import MISREAD, refuse_reply
from .structure import Reader, reader_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..core.reply import Reply


def data_of(value: Any) -> Any:
    """The plain data below a view; anything else as it is."""
    return value.__dict__ if isinstance(value, View) else value


def object_of(value: Any) -> dict[str, Any]:
    """The plain data of an object; null is an empty one.

    Raises:
        TypeError: it is something else.
    """
    data = data_of(value)
    if data is None:
        return {}
    if not is_dict(data):
        raise TypeError(f"{type(data).__name__} is no object")
    return data


def entries_of(value: Any) -> list[dict[str, Any]]:
    """The plain data of each entry of a list of objects; null is an empty one.

    Raises:
        TypeError: it is something else.
    """
    if not value:
        return []
    if not is_list(value):
        raise TypeError(f"{type(value).__name__} is no list")
    entries = [data_of(entry) for entry in value]
    for entry in entries:
        if entry.__class__ is not dict:
            raise TypeError(f"{type(entry).__name__} is no object")
    return entries


def text_of(value: Any) -> str:
    """A text; null is an empty one.

    Raises:
        TypeError: it is something else.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} is no text")
    return value


def reader_for(kind: Any) -> Reader | None:
    """How to read text into a given type; `None` where none was given, or a ready format."""
    return None if kind is None or not is_given(kind) or isinstance(kind, dict) else reader_of(kind)


def arguments_of(model: Any, strict: Any, text: str) -> Any:
    """A call's arguments, read into the tool's type, or as plain JSON where the tool is strict."""
    if model is not None:
        return reader_of(model)(text)
    return json.loads(text) if strict else None


def built(parse: Callable[[dict[str, Any]], Any], reply: Reply, data: Any, promised: Any) -> Any:
    """What a parser makes of a reply's data, knowing the reply it came in (its request id).

    Args:
        parse: the parser.
        reply: the reply.
        data: its body.
        promised: the model the data is promised to be.

    Raises:
        MalformedResponse: it is something else, so that the parser fails.
    """
    try:
        value = parse(data)
    except MISREAD as failure:
        refuse_reply(reply, data, promised, failure)
    value._reply_headers = reply.headers
    if reply.trace is not None:
        value._reply_trace = reply.trace
    return value


def copied(value: Any) -> Any:
    """A copy of JSON data, views made dicts."""
    value = data_of(value)
    if is_dict(value):
        return {key: copied(entry) for key, entry in value.items()}
    return [copied(entry) for entry in value] if is_list(value) else value

"""Query strings in the API's dialect: `a[]=1&a[]=2` for lists, `a[b]=c` for mappings. It refuses to know any parameter by name."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, cast

from ..errors import InvalidBody
from .later import Later
from .omit import SENTINELS, given
from .shape import is_mapping

if TYPE_CHECKING:
    import datetime
else:
    datetime = Later("datetime")

_DROPPED = SENTINELS | {type(None)}
_REFUSED = (bytes, bytearray, memoryview, set, frozenset)


def encode_query(params: Mapping[str, Any]) -> str:
    """The query string for `params`, without its question mark.

    `None` and the sentinels are dropped, at any depth; booleans are lower case; dates are ISO 8601; an enum stands for its value.

    >>> encode_query({"limit": 2, "include": ["a b", "c"], "metadata": {"k": None, "on": True}})
    'limit=2&include%5B%5D=a+b&include%5B%5D=c&metadata%5Bon%5D=true'

    Raises:
        InvalidBody: a value has no text form, such as bytes or a set; `path` names it.
    """
    pairs: list[str] = []
    for name, value in params.items():
        kind = value.__class__
        if kind is str:
            pairs.append(f"{_quoted(name)}={_quoted(value)}")
        elif kind is int:
            pairs.append(f"{_quoted(name)}={value}")
        elif kind not in _DROPPED:
            pairs += [f"{_quoted(key)}={_quoted(text)}" for key, text in flatten(str(name), value)]
    return "&".join(pairs)


def flatten(name: str, value: Any) -> list[tuple[str, str]]:
    """The fields that one value makes, named with brackets; multipart forms use the same names.

    >>> flatten("tool", {"ids": [1, 2]})
    [('tool[ids][]', '1'), ('tool[ids][]', '2')]
    """
    fields: list[tuple[str, str]] = []
    _flatten(name, value, fields)
    return fields


def _flatten(name: str, value: Any, fields: list[tuple[str, str]]) -> None:
    if value.__class__ in _DROPPED:
        return
    if hasattr(value, "model_dump"):
        value = value.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if is_mapping(value):
        for key, part in value.items():
            _flatten(f"{name}[{key}]", part, fields)
    elif isinstance(value, (list, tuple)):
        for part in cast("list[Any]", value):
            _flatten(f"{name}[]", part, fields)
    else:
        fields.append((name, text_of(name, value)))


def text_of(name: str, value: Any) -> str:
    """The text of one plain value.

    Raises:
        InvalidBody: it has none.
    """
    if isinstance(value, Enum):
        value = value.value
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, _REFUSED):
        value = cast("object", value)
        raise InvalidBody(
            f"{name} is of type {type(value).__name__}, which has no text form; pass str or a list of str", name
        )
    return str(value)


def merge_query(
    default: Mapping[str, Any] | None, operation: Mapping[str, Any] | None, extra: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The parameters of one call: the client's defaults, under the operation's own, under the caller's `extra_query`.

    An argument that was not given leaves a default alone; `None`, and a sentinel in `extra`, take it away.

    >>> from antiphon.core.omit import omit
    >>> merge_query({"a": 1, "b": 1, "c": 1}, {"a": omit, "b": 2}, {"c": omit})
    {'a': 1, 'b': 2}
    """
    merged = {**(default or {}), **given(dict(operation or {})), **(extra or {})}
    return {name: value for name, value in merged.items() if value.__class__ not in _DROPPED}


def _quoted(text: Any) -> str:
    # An ASCII letter-or-digit word, by far the commonest, needs no quoting; `quote_plus` costs ten times these two checks.
    if text.__class__ is str and text.isalnum() and text.isascii():
        return str(text)
    # Loaded with the first text that needs it.
    from urllib.parse import quote_plus

    try:
        return quote_plus(str(text))
    except UnicodeEncodeError:
        raise InvalidBody("a query parameter holds half a surrogate pair, which no URL can carry", str(text)) from None

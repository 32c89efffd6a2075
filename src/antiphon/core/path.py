"""Paths: templates, whose every value becomes exactly one percent-encoded segment, so that no id can climb out of its place;
and raw paths, as a user writes them, made fit for a request line.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from ..errors import InvalidBody
from .omit import SENTINELS

_SAFE = "!$&'()*+,;=:@"
_DOTS = frozenset({".", ".."})
# What may stand as it is, by the URL standard; "%" is left alone, since it begins what is encoded already.
_QUERY_SAFE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"#<>')
_PATH_SAFE = "".join(char for char in _QUERY_SAFE if char not in "?`{}")
_RAW = frozenset(_PATH_SAFE + "?")
_parsed: dict[str, tuple[str, ...]] = {}


def expand(template: str, values: Mapping[str, Any] | None) -> str:
    """The path for `template` with `values` in place of its `{names}`.

    >>> expand("/threads/{thread_id}/messages", {"thread_id": "a/../b?c"})
    '/threads/a%2F..%2Fb%3Fc/messages'

    Raises:
        InvalidBody: a value is missing, empty, `None` or a sentinel, or would be the segment "." or "..".
    """
    parts = _parsed.get(template)
    if parts is None:
        parts = _parsed[template] = _parse(template)
    if len(parts) == 1:
        return template
    if values is None:
        values = {}
    whole = list(parts)
    dotted = False
    for position in range(1, len(parts), 2):
        name = parts[position]
        text = _segment(name, values.get(name))
        whole[position] = text
        dotted = dotted or "." in text
    path = "".join(whole)
    if dotted and not _DOTS.isdisjoint(path.split("/")):
        raise InvalidBody(
            f"the path {path!r} would hold a dot segment, which servers resolve to another path", template
        )
    return path


def _segment(name: str, value: Any) -> str:
    text: str | None = value if value.__class__ is str else _text(value)
    if not text:
        raise InvalidBody(f"Expected a non-empty value for `{name}` but received {value!r}", name)
    # Ids of letters, digits, "_" and "-" are themselves; `quote` costs several times this check.
    if text.isascii() and f"_{text}".replace("-", "_").isidentifier():
        return text
    # Loaded with the first id that needs it.
    from urllib.parse import quote

    try:
        return quote(text, safe=_SAFE)
    except UnicodeEncodeError:
        raise InvalidBody(f"`{name}` holds half a surrogate pair, which no URL can carry", name) from None


def _text(value: Any) -> str | None:
    if isinstance(value, Enum):
        value = value.value
    if value is None or value is False or value.__class__ in SENTINELS:
        return None
    return "true" if value is True else str(value)


def _parse(template: str) -> tuple[str, ...]:
    """Literal and name by turns: "/a/{b}/c" is ("/a/", "b", "/c")."""
    parts: list[str] = []
    rest = template
    while "{" in rest:
        literal, _, rest = rest.partition("{")
        name, _, rest = rest.partition("}")
        parts += (literal, name)
    return (*parts, rest)


def fit(path: str) -> str:
    """A raw path (with its query, or a whole URL) as it can go on a request line; a fragment stays behind.

    >>> fit("/files/a b?name=\u00e4#top")
    '/files/a%20b?name=%C3%A4'

    Raises:
        InvalidBody: it holds a control character, or half a surrogate pair.
    """
    if _RAW.issuperset(path):
        return path
    if not path.isprintable() and any(char < " " or char == "\x7f" for char in path):
        raise InvalidBody("the path holds a control character, which no request can carry; encode or remove it", "path")
    from urllib.parse import quote

    where, mark, query = path.partition("#")[0].partition("?")
    try:
        return quote(where, safe=_PATH_SAFE) + mark + quote(query, safe=_QUERY_SAFE)
    except UnicodeEncodeError:
        raise InvalidBody("the path holds half a surrogate pair, which no URL can carry", "path") from None


def has_dots(path: str) -> bool:
    """Whether a path has segments that lead elsewhere: "." or ".."."""
    return "." in path and not _DOTS.isdisjoint(path.partition("?")[0].split("/"))


def resolved(path: str) -> str:
    """An absolute path without its dot segments, as every URL parser reads it.

    >>> resolved("/v1/files/../models/./m")
    '/v1/models/m'
    """
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    whole = "/".join(kept)
    return whole if whole.startswith("/") else f"/{whole}"

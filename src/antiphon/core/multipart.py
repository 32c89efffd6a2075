"""Multipart forms: fields and files as one body that is made while it is sent.

The fields come first, named with brackets as in queries, then the files. When every part knows its length so does the body;
otherwise it goes out chunked. A small form whose files are in memory becomes plain bytes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..errors import InvalidBody
from .encode import encode_json
from .files import PIECE, FilePart, InvalidFile, Memory, Source, extract_files
from .omit import given
from .query import flatten
from .request import Content

SMALL = 1024 * 1024

# As HTML forms do: quotes and control characters are percent-encoded, all else is UTF-8.
_ESCAPES = {code: f"%{code:02X}" for code in range(0x20) if code != 0x1B} | {ord('"'): "%22", ord("\\"): "\\\\"}
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class Special(NamedTuple):
    """How a form differs from all others.

    Attributes:
        optional: without a file it is no form but JSON.
        encodings: the content type of fields that are parts of their own; JSON where it says so, else text as it is.
        alone: the field that, when it is the only one, is the whole body.
    """

    optional: bool = False
    encodings: Mapping[str, str] | None = None
    alone: str | None = None


SPECIALS = {
    "skills.create": Special(optional=True),
    "skills.versions.create": Special(optional=True),
    "containers.files.create": Special(optional=True),
    "realtime.calls.create": Special(encodings={"sdp": "application/sdp", "session": "application/json"}, alone="sdp"),
}
_PLAIN = Special()


class MultipartBody:
    """A form as a `BodyStream`.

    Args:
        parts: the head and the bytes of each part.
        boundary: what stands between them.

    Attributes:
        length: in bytes, or `None`.
    """

    __slots__ = ("_end", "_parts", "length")

    def __init__(self, parts: Iterable[tuple[bytes, Source]], boundary: str) -> None:
        mark = f"--{boundary}".encode("ascii")
        self._parts = [(mark + b"\r\n" + head, source) for head, source in parts]
        self._end = mark + b"--\r\n"
        self.length = self._measure()

    def _measure(self) -> int | None:
        length = len(self._end)
        for head, source in self._parts:
            if source.length is None:
                return None
            length += len(head) + source.length + 2
        return length

    @property
    def in_memory(self) -> bool:
        """Whether no part has to be read from elsewhere."""
        return all(isinstance(source, Memory) for _, source in self._parts)

    def __iter__(self) -> Iterator[bytes]:
        pending = bytearray()
        for head, source in self._parts:
            pending += head
            for piece in source.pieces():
                if len(pending) + len(piece) < PIECE:
                    pending += piece
                else:
                    if pending:
                        yield bytes(pending)
                        pending.clear()
                    yield piece
            pending += b"\r\n"
        yield bytes(pending + self._end)

    def rewind(self) -> bool:
        """Make every part ready to be sent (again)."""
        return all(source.rewind() for _, source in self._parts)


def multipart(
    body: Mapping[str, Any],
    files: Mapping[str, Any] | Sequence[tuple[str, Any]] | None,
    paths: Sequence[Sequence[str]] = (),
    *,
    operation: str = "",
    boundary: str | None = None,
) -> tuple[Content, str | None]:
    """A form's content and its content type (`None` where it turned out to be plain JSON).

    >>> content, kind = multipart({"purpose": "batch"}, [("file", ("a.txt", b"hi"))], boundary="b")
    >>> kind
    'multipart/form-data; boundary=b'

    Args:
        body: the arguments; sentinels, and `None` at any depth, are dropped.
        files: file parts by name, or (name, file) pairs.
        paths: where in `body` files stand, see `extract_files`.
        operation: the operation's name; a few have forms of their own kind.
        boundary: the mark between parts instead of a random one.

    Raises:
        InvalidFile: a file is none.
        InvalidBody: a field has no text form.
        OSError: a file's path cannot be looked at.
    """
    special = SPECIALS.get(operation, _PLAIN)
    fields, found = extract_files(given(dict(body)), paths)
    found += files.items() if isinstance(files, Mapping) else files or ()
    if special.optional and not found:
        return encode_json(fields), None
    if special.alone and not found and set(fields) == {special.alone}:
        return _text(special.alone, fields[special.alone]), (special.encodings or {})[special.alone]
    own = [
        _own_part(name, fields.pop(name), kind) for name, kind in (special.encodings or {}).items() if name in fields
    ]
    made = [*_field_parts(fields), *own, *(_file_part(FilePart(name, value)) for name, value in found)]
    boundary = boundary or os.urandom(16).hex()
    form = MultipartBody(made, boundary)
    content_type = f"multipart/form-data; boundary={boundary}"
    if form.length is not None and form.length <= SMALL and form.in_memory:
        return b"".join(form), content_type
    return form, content_type


def _own_part(name: str, value: Any, kind: str) -> tuple[bytes, Source]:
    data = encode_json(value) if kind == "application/json" else _text(name, value)
    return _file_part(FilePart(name, (None, data, kind)))


def _text(name: str, value: Any) -> bytes:
    if not isinstance(value, str):
        raise InvalidBody(f"`{name}` must be a str; got {type(value).__name__}", name)
    return value.encode()


def _field_parts(fields: Mapping[str, Any]) -> Iterator[tuple[bytes, Source]]:
    grouped: dict[str, list[str]] = {}
    for name, value in fields.items():
        for key, text in flatten(str(name), value):
            # As the official package does: a name stands where it first came, with all its values.
            grouped.setdefault(key, []).append(text)
    for key, texts in grouped.items():
        head = b'Content-Disposition: form-data; name="' + _escaped(key) + b'"\r\n\r\n'
        for text in texts:
            yield head, Memory(_utf8(key, text))


def _file_part(part: FilePart) -> tuple[bytes, Source]:
    head = b'Content-Disposition: form-data; name="' + _escaped(part.key) + b'"'
    if part.filename:
        head += b'; filename="' + _escaped(part.filename) + b'"'
    for name, value in part.headers.items():
        if not _NAME.fullmatch(name) or _FORBIDDEN.search(value):
            raise InvalidFile(f"`{part.key}` has a header field {name!r} that no form can carry", part.key)
        head += f"\r\n{name}: {value}".encode()
    return head + b"\r\n\r\n", part.source


def _escaped(name: str) -> bytes:
    return _utf8(name, name.translate(_ESCAPES))


def _utf8(name: str, text: str) -> bytes:
    try:
        # A file name that is not UTF-8 on disk goes out as the bytes it has there.
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise InvalidBody(f"{name!r} holds half a surrogate pair, which no form can carry", name) from None

"""An answer that is kept: what of a reply can be given again, and its form in a store, which is JSON and proves itself.

A row holds what it answers and a checksum over all of it. One that was changed, cut off, moved to another key, or written by
another version is no entry; reading one never raises, and runs nothing that was stored.
"""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

import msgspec

from ...core.headers import Headers, is_sensitive
from .cache_key import Question

LARGEST = 8 * 1024 * 1024
"""Bytes of the largest body that is kept."""
_VERSION = 1
_OVERHEAD = 512
_KEPT = frozenset(
    {
        *("content-type", "date", "x-request-id", "openai-model", "openai-version", "openai-processing-ms"),
        *("apim-request-id", "x-ms-region", "x-ms-client-request-id", "server"),
    }
)
"""Header fields that still say something true about a kept answer. Limits, cookies and the connection's own do not."""


class Entry(NamedTuple):
    """A kept answer.

    Attributes:
        digest: of the question's body.
        fields: header fields.
        content: the whole body.
        stored: when it was kept, in seconds on the clock of who keeps it.
    """

    digest: bytes
    fields: tuple[tuple[str, str], ...]
    content: bytes
    stored: float

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return len(self.content) + _OVERHEAD


class _Row(msgspec.Struct, forbid_unknown_fields=True):
    v: int
    key: str
    digest: str
    fields: list[tuple[str, str]]
    content: str
    stored: float
    check: str


def kept_fields(headers: Headers) -> tuple[tuple[str, str], ...]:
    """What of a reply's header fields a hit shows."""
    return tuple(
        (name.lower(), str(value)) for name, value in headers.fields if name.lower() in _KEPT and not is_sensitive(name)
    )


def pack(question: Question, entry: Entry) -> bytes | None:
    """An entry's row; `None` where the body is not text."""
    try:
        content = entry.content.decode()
    except UnicodeDecodeError:
        return None
    row = _Row(_VERSION, question.key, entry.digest.hex(), list(entry.fields), content, entry.stored, "")
    row.check = _checksum(row)
    return msgspec.json.encode(row)


def unpack(question: Question, row: bytes) -> Entry | None:
    """The entry in a row, if it answers this question and nothing about it was changed."""
    try:
        found = msgspec.json.decode(row, type=_Row)
        content = found.content.encode()
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    answers = (found.v, found.key, found.digest) == (_VERSION, question.key, question.digest.hex())
    if not answers or found.check != _checksum(found):
        return None
    return Entry(question.digest, tuple(found.fields), content, found.stored)


def _checksum(row: _Row) -> str:
    facts = (row.v, row.key, row.digest, row.fields, row.content, row.stored)
    return sha256(msgspec.json.encode(facts)).hexdigest()

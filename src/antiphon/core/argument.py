"""What callers may pass: the names that generated signatures use for arguments every operation knows.

Only type checkers and askers need this module; nothing loads it on the way of a call.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Any, Protocol, TypeVar

from .omit import Omit

Headers = Mapping[str, str | Omit]
"""Header fields; `omit` removes a default."""

Query = Mapping[str, object]
"""Query entries, merged over the method's own."""

Body = object
"""JSON properties, merged over the method's own."""

FileContent = IO[bytes] | bytes | os.PathLike[str]
"""The content of a file part. A path is streamed from disk, never read whole."""

FileTypes = (
    FileContent
    | tuple[str | None, FileContent]
    | tuple[str | None, FileContent, str | None]
    | tuple[str | None, FileContent, str | None, Mapping[str, str]]
)
"""A file part: its content, or `(name, content[, content type[, header fields]])`."""

if TYPE_CHECKING:
    # Where nothing is parsed, a checker reads `None`. Defaults came to the standard library with 3.13.
    from typing_extensions import TypeVar as _TypeVar

    TextFormatT = _TypeVar("TextFormatT", default=None)
    ResponseFormatT = _TypeVar("ResponseFormatT", default=None)
else:
    TextFormatT = TypeVar("TextFormatT")
    """The caller's class that the text of a response is parsed to."""

    ResponseFormatT = TypeVar("ResponseFormatT")
    """The caller's class that the content of a completion is parsed to."""

ContentType = TypeVar("ContentType")
"""What a parsed model's content was parsed to."""


class _HeaderLookup(Protocol):
    """Header fields of any web framework: something with `get`."""

    def get(self, key: str, /) -> str | None: ...


HeadersLike = Mapping[str, str] | _HeaderLookup
"""Received header fields."""


class Blocking(Protocol):
    """A client that answers at once."""

    def __enter__(self) -> Any: ...


class Awaiting(Protocol):
    """A client whose answers are awaited."""

    async def __aenter__(self) -> Any: ...

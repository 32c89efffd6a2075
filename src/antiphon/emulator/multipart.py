"""Multipart bodies, read as they arrive: part by part, file bytes passed on in pieces. Pure; no files, no sockets.

Feed it bytes; it gives back what they complete: the head of a part, a piece of its data, the end of the part. A delimiter
can be split over two feeds, so the last bytes that could begin one are held back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .problem import Problem

MOST_HEAD: Final = 16 * 1024
_PARAMETER: Final = re.compile(r';\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))')


@dataclass(slots=True, frozen=True)
class PartHead:
    """A part begins: the field's name, and for files their name and type."""

    name: str
    filename: str | None
    content_type: str


@dataclass(slots=True, frozen=True)
class PartData:
    """A piece of the part's bytes."""

    data: bytes


class PartEnd:
    """The part is complete."""


Piece = PartHead | PartData | PartEnd


def boundary(content_type: bytes) -> bytes:
    """The boundary a content type names; raises 400 or 415."""
    text = content_type.decode("latin-1")
    kind = text.partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        message = f"Unsupported content type: '{kind or 'none'}'. Send 'multipart/form-data'."
        raise Problem(415, message, code="unsupported_content_type")
    found = _parameters(text).get("boundary", "")
    if not 0 < len(found) <= 200:
        raise _broken("it names no boundary")
    return found.encode("latin-1")


class MultipartReader:
    """Reads one body."""

    def __init__(self, boundary: bytes) -> None:
        self._delimiter = b"\r\n--" + boundary
        self._buffer = bytearray(b"\r\n")
        self._inside = False
        self.done = False

    def feed(self, data: bytes) -> Iterator[Piece]:
        """What these bytes complete; raises 400 when they are no multipart."""
        self._buffer += data
        while not self.done:
            if self._inside:
                at = self._buffer.find(self._delimiter)
                if at < 0:
                    yield from self._release()
                    return
                if at:
                    yield PartData(bytes(self._buffer[:at]))
                del self._buffer[:at]
                self._inside = False
                yield PartEnd()
            head = self._next_head()
            if head is None:
                return
            self._inside = True
            yield head

    def finish(self) -> None:
        """Raise 400 unless the last delimiter was read."""
        if not self.done:
            raise _broken("it ends too early")

    def _release(self) -> Iterator[Piece]:
        ready = len(self._buffer) - len(self._delimiter)
        if ready > 0:
            yield PartData(bytes(self._buffer[:ready]))
            del self._buffer[:ready]

    def _next_head(self) -> PartHead | None:
        """The head behind the delimiter at the buffer's beginning, once it is all there."""
        start = len(self._delimiter)
        if len(self._buffer) < start + 2:
            self._expect(self._delimiter.startswith(bytes(self._buffer[:start])))
            return None
        self._expect(self._buffer.startswith(self._delimiter))
        if self._buffer.startswith(b"--", start):
            self.done = True
            return None
        end = self._buffer.find(b"\r\n\r\n", start)
        if end < 0:
            self._expect(len(self._buffer) < MOST_HEAD)
            return None
        head = _head(self._buffer[start + 2 : end].decode("utf-8", "replace"))
        del self._buffer[: end + 4]
        return head

    @staticmethod
    def _expect(fine: bool) -> None:
        if not fine:
            raise _broken("its delimiters are not where they should be")


def _head(text: str) -> PartHead:
    fields = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in text.split("\r\n"))
    }
    found = _parameters(fields.get("content-disposition", ""))
    if "name" not in found:
        raise _broken("a part has no name")
    return PartHead(found["name"], found.get("filename"), fields.get("content-type", "text/plain"))


def _parameters(text: str) -> dict[str, str]:
    return {
        name.lower(): re.sub(r"\\(.)", r"\1", quoted) if quoted else plain
        for name, quoted, plain in _PARAMETER.findall(text)
    }


def _broken(why: str) -> Problem:
    return Problem(400, f"The multipart body cannot be read: {why}.", code="invalid_multipart")

"""Large files, uploaded in parts: created, sent part by part, completed. Memory stays constant whatever the size.

A part of a file on disk is a `Window` on it, read while it is sent and again from its start when it has to be sent again.
"""

from __future__ import annotations

import io
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ..core.call import Call
from ..core.effects import Perform
from ..core.omit import Omit, omit
from ..operations import uploads

if TYPE_CHECKING:
    import builtins

    from ..types import Upload

DEFAULT_PART_SIZE = 64 * 1024 * 1024
"""Bytes; also the most the API takes for one part."""

log = logging.getLogger("antiphon.uploads")


class Window(io.RawIOBase):
    """A stretch of a file as a file of its own, opened on the first read.

    Args:
        path: the file.
        start: where the stretch begins, in bytes.
        size: how long it is, in bytes.
    """

    def __init__(self, path: str, start: int, size: int) -> None:
        super().__init__()
        self._path = path
        self._start = start
        self._size = size
        self._at = 0
        self._file: io.FileIO | None = None

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is, so that a part can be sent again."""
        return True

    def tell(self) -> int:
        """The position within the stretch."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move within the stretch."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        """Read on, up to the end of the stretch."""
        left = self._size - self._at
        if left <= 0:
            return 0
        if self._file is None:
            self._file = io.FileIO(self._path)
        self._file.seek(self._start + self._at)
        count = self._file.readinto(memoryview(buffer)[:left])
        self._at += count
        return count

    def close(self) -> None:
        """Close the file below."""
        if self._file is not None:
            self._file.close()
        super().close()


class _Memory:
    """A file in memory, in parts."""

    name = None

    def __init__(self, content: builtins.bytes | bytearray | memoryview) -> None:
        self._content = memoryview(content)
        self.size = len(self._content)

    def part(self, start: int, size: int) -> io.BytesIO:
        return io.BytesIO(self._content[start : start + size])


class _Disk:
    """A file on disk, in parts."""

    def __init__(self, path: os.PathLike[str] | str) -> None:
        self._path = Path(path)
        self.name = self._path.name
        self.size = self._path.stat().st_size

    def part(self, start: int, size: int) -> Window:
        return Window(str(self._path), start, size)


def _source(file: Any, filename: str | None, size: int | None) -> _Memory | _Disk:
    if not isinstance(file, (bytes, bytearray, memoryview)):
        return _Disk(file)
    if filename is None or size is None:
        raise TypeError(f"an upload from memory needs the argument {'filename' if filename is None else 'bytes'}")
    return _Memory(cast("memoryview", file))


async def upload_file_chunked(
    client: Any,
    *,
    file: os.PathLike[str] | str | builtins.bytes,
    mime_type: str,
    purpose: Any,
    filename: str | None = None,
    bytes: int | None = None,
    part_size: int | None = None,
    md5: str | Omit = omit,
) -> Upload:
    """Upload a file in parts, one after another.

    Args:
        client: whose call this is.
        file: a path, or bytes in memory, which need `filename` and `bytes`.
        mime_type: what the file is, e.g. "application/pdf".
        purpose: what it is for, e.g. "assistants".
        filename: its name; the path's last part when left out.
        bytes: its size; the file's own when left out.
        part_size: the size of a part in bytes, from 1; 64 MiB when left out.
        md5: the checksum of the whole, which the server then checks.

    Raises:
        TypeError: bytes in memory came without `filename` or `bytes`.
        ValueError: `part_size` is below 1.
        OSError: the file cannot be read.
    """
    del client
    step = DEFAULT_PART_SIZE if part_size is None else part_size
    if step < 1:
        raise ValueError(f"part_size must be at least 1 byte, not {part_size}")
    source = _source(file, filename, bytes)
    facts = {
        "bytes": source.size if bytes is None else bytes,
        "filename": filename or source.name,
        "mime_type": mime_type,
        "purpose": purpose,
    }
    upload = await Perform(Call(uploads.CREATE, body=facts))
    parts: list[str] = []
    for start in range(0, source.size, step):
        with source.part(start, min(step, source.size - start)) as part:
            sent = await Perform(Call(uploads.PARTS_CREATE, path={"upload_id": upload.id}, body={"data": part}))
        log.info("sent part %s of upload %s", sent.id, upload.id)
        parts.append(sent.id)
    body = {"part_ids": parts, "md5": md5}
    return cast("Upload", await Perform(Call(uploads.COMPLETE, path={"upload_id": upload.id}, body=body)))

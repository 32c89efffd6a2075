"""Large files, uploaded in parts: created, sent part by part, completed. Memory stays constant whatever the size.

The official way: one part after another, nothing kept when one fails. `chunked_upload` sends several at once and can go on later.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any, cast

from ..core.call import Call
from ..core.effects import Perform
from ..core.omit import Omit, omit
from ..operations import uploads
from .flaw import id_of
from .upload_source import Disk, Memory

if TYPE_CHECKING:
    import builtins

    from ..types import Upload

DEFAULT_PART_SIZE = 64 * 1024 * 1024
"""Bytes; also the most the API takes for one part."""

log = logging.getLogger("antiphon.uploads")


def _source(file: Any, filename: str | None, size: int | None) -> Memory | Disk:
    if not isinstance(file, (bytes, bytearray, memoryview)):
        return Disk(file)
    if filename is None or size is None:
        raise TypeError(f"an upload from memory needs the argument {'filename' if filename is None else 'bytes'}")
    return Memory(cast("memoryview", file))


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
    upload_id = id_of(await Perform(Call(uploads.CREATE, body=facts)))
    parts: list[str] = []
    for start in range(0, source.size, step):
        with source.part(start, min(step, source.size - start)) as part:
            sent = await Perform(Call(uploads.PARTS_CREATE, path={"upload_id": upload_id}, body={"data": part}))
        parts.append(id_of(sent))
        log.info("sent part %s of upload %s", sent.id, upload_id)
    body = {"part_ids": parts, "md5": md5}
    return cast("Upload", await Perform(Call(uploads.COMPLETE, path={"upload_id": upload_id}, body=body)))

"""Small pictures to send, and the size of those that come back: PNG alone, by the standard library."""

from __future__ import annotations

import struct
import zlib

RED = b"\xff\x00\x00\xff"
CLEAR = bytes(4)


def png(wide: int, high: int, colour: bytes = RED) -> bytes:
    """A picture of one colour."""
    rows = (b"\x00" + colour * wide) * high
    head = struct.pack(">IIBBBBB", wide, high, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(_chunk, (b"IHDR", b"IDAT", b"IEND"), (head, zlib.compress(rows), b"")))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def size(data: bytes) -> tuple[int, int]:
    """Width and height of a PNG."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n"), data[:16]
    wide, high = struct.unpack(">II", data[16:24])
    return wide, high


KINDS = {"png": b"\x89PNG", "jpeg": b"\xff\xd8\xff", "webp": b"RIFF", "gif": b"GIF8"}
"""How files of a format begin."""

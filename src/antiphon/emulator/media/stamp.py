"""The mark that the emulator's pictures carry: who made them, when, and a digest of their pixels' data.

It stands in for the signed manifests of real models, which only their makers can sign. PNG has it in a chunk `anTp`,
WebP in a chunk `ANTP`, JPEG in an APP11 segment. A mark whose digest is wrong was taken from another picture.
"""

from __future__ import annotations

import json
import struct
from hashlib import sha256
from typing import Any, Final

from ..shape import is_object
from . import jpeg, png, webp
from .probe import image_kind, image_size

_NAME: Final = b"antiphon\0"


def stamped(data: bytes, claim: dict[str, Any]) -> bytes:
    """The file with a mark; a format that has no place for one stays as it is."""
    text = json.dumps(claim | {"digest": digest(data)}, separators=(",", ":")).encode()
    match image_kind(data):
        case "png":
            return data[:33] + png.chunk(b"anTp", text) + data[33:]
        case "jpeg":
            return data[:2] + jpeg.segment(0xEB, _NAME + text) + data[2:]
        case "webp":
            return _stamped_webp(data, text)
        case _:
            return data


def _stamped_webp(data: bytes, text: bytes) -> bytes:
    wide, high = (struct.pack("<I", side - 1)[:3] for side in image_size(data))
    alpha = int.from_bytes(data[21:25], "little") >> 28 & 1
    head = webp.chunk(b"VP8X", bytes((alpha << 4, 0, 0, 0)) + wide + high)
    body = b"WEBP" + head + data[12:] + webp.chunk(b"ANTP", text)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def claim(data: bytes) -> dict[str, Any] | None:
    """What the mark of a file says, or None when it has none that can be read."""
    found = next((body for name, body in _parts(data) if name in (b"anTp", b"ANTP", b"\xeb")), None)
    try:
        read: Any = json.loads(found.removeprefix(_NAME)) if found else None
    except ValueError:
        return None
    return read if is_object(read) else None


def digest(data: bytes) -> str:
    """What identifies the pixels as they are packed, whatever lies around them."""
    pixels = (body for name, body in _parts(data) if name in (b"IDAT", b"VP8L", b"VP8 ", b"\xda"))
    return sha256(b"".join(pixels)).hexdigest()


def _parts(data: bytes) -> list[tuple[bytes, bytes]]:
    match image_kind(data):
        case "png":
            try:
                return list(png.chunks(data))
            except png.UnreadableImage:
                return []
        case "webp":
            return _riff(data)
        case "jpeg":
            return _segments(data)
        case _:
            return []


def _riff(data: bytes) -> list[tuple[bytes, bytes]]:
    made, at = list[tuple[bytes, bytes]](), 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        made.append((data[at : at + 4], data[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    return made


def _segments(data: bytes) -> list[tuple[bytes, bytes]]:
    """The segments before the scan, and the scan to the end of the file."""
    made, at = list[tuple[bytes, bytes]](), 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        kind, size = data[at + 1 : at + 2], int.from_bytes(data[at + 2 : at + 4], "big")
        if kind == b"\xda":
            return [*made, (kind, data[at:])]
        made.append((kind, data[at + 4 : at + 2 + size]))
        at += 2 + size
    return made

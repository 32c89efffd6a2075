"""What a file is and how large its picture, by its first bytes. Trusts no name and no declared type."""

from __future__ import annotations

import struct
from importlib import import_module
from typing import Any

from .picture import Picture
from .png import UnreadableImage, decode


def image_kind(data: bytes) -> str | None:
    """png, jpeg, webp or gif; None when it is no picture."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "webp"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    return None


def image_size(data: bytes) -> tuple[int, int]:
    """Width and height; raises UnreadableImage."""
    try:
        size = _SIZES[image_kind(data) or ""](data)
    except (KeyError, struct.error, IndexError) as error:
        raise UnreadableImage("it is not a picture") from error
    if min(size) < 1:
        raise UnreadableImage("the picture has no size")
    return size


def _png_size(data: bytes) -> tuple[int, int]:
    wide, high = struct.unpack(">II", data[16:24])
    return wide, high


def _gif_size(data: bytes) -> tuple[int, int]:
    wide, high = struct.unpack("<HH", data[6:10])
    return wide, high


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while True:
        while data[at + 1] == 0xFF:
            at += 1
        kind, size = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            high, wide = struct.unpack(">HH", data[at + 5 : at + 9])
            return wide, high
        if size < 2:
            raise IndexError
        at += 2 + size


def _webp_size(data: bytes) -> tuple[int, int]:
    match data[12:16]:
        case b"VP8X":
            return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case _:
            wide, high = struct.unpack("<HH", data[26:30])
            return wide & 0x3FFF, high & 0x3FFF


_SIZES = {"png": _png_size, "jpeg": _jpeg_size, "webp": _webp_size, "gif": _gif_size}


def picture_of(data: bytes) -> Picture:
    """The pixels of a file. PNG is read here; the others by Pillow where it is installed.

    Without Pillow they are an impression: a picture of the right size, the same for the same bytes.
    """
    if image_kind(data) == "png":
        return decode(data)
    wide, high = image_size(data)
    try:
        image: Any = import_module("PIL.Image")
    except ImportError:
        return _impression(data, wide, high)
    from io import BytesIO

    try:
        pixels: bytes = image.open(BytesIO(data)).convert("RGBA").tobytes()
    except (OSError, ValueError, SyntaxError) as error:
        raise UnreadableImage(f"the picture cannot be read: {error}") from error
    return Picture(wide, high, [pixels[n : n + wide * 4] for n in range(0, len(pixels), wide * 4)])


def _impression(data: bytes, wide: int, high: int) -> Picture:
    from hashlib import sha256

    from .painting import Style, paint

    return paint("", wide, high, Style(variant=int.from_bytes(sha256(data).digest()[:6], "big")))

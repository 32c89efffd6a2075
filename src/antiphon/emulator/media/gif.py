"""GIF: one picture or several, of up to 255 colours and a clear one; frames after the first hold only the lines that changed."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

from .picture import Picture

_CLEAR: Final = 255


def encode(frames: Sequence[Picture], milliseconds: int = 200) -> bytes:
    """The frames as a file that plays for ever; they are all of one size."""
    first = frames[0]
    colours = {bytes(pixel) for frame in frames for pixel in _colours(frame)}
    exact = len(colours) <= _CLEAR
    table = sorted(colours) if exact else [_rough(n) for n in range(6 * 7 * 6)]
    index = {colour: n for n, colour in enumerate(table)}
    palette = b"".join(table).ljust(768, b"\0")
    head = b"GIF89a" + struct.pack("<HHBBB", first.width, first.height, 0xF7, 0, 0) + palette
    repeat = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0" if len(frames) > 1 else b""
    made, before = [head, repeat], list[bytes]()
    for frame in frames:
        made.append(_frame(frame, before, index, exact, min(65535, round(milliseconds / 10))))
        before = frame.rows
    return b"".join((*made, b";"))


def _colours(frame: Picture) -> set[bytes]:
    found: set[bytes] = set()
    for row in set(frame.rows):
        found.update(row[n : n + 3] for n in range(0, len(row), 4) if row[n + 3] >= 128)
    return found


def _rough(n: int) -> bytes:
    """One of six by seven by six levels of red, green and blue."""
    return bytes((n // 42 * 51, n // 6 % 7 * 42, n % 6 * 51))


def _frame(frame: Picture, before: list[bytes], index: dict[bytes, int], exact: bool, delay: int) -> bytes:
    changed = [n for n, row in enumerate(frame.rows) if not before or row != before[n]] or [0]
    top, bottom = changed[0], changed[-1] + 1
    known: dict[bytes, bytes] = {}
    pixels: list[bytes] = []
    for row in frame.rows[top:bottom]:
        if row not in known:
            known[row] = _indexed(row, index, exact)
        pixels.append(known[row])
    opaque = all(_CLEAR not in line for line in known.values())
    control = b"\x21\xf9\x04" + struct.pack("<BHB", 4 if opaque else 9, delay, _CLEAR) + b"\0"
    place = b"," + struct.pack("<HHHHB", 0, top, frame.width, bottom - top, 0)
    data = _compressed(b"".join(pixels))
    blocks = b"".join(bytes((len(data[n : n + 255]),)) + data[n : n + 255] for n in range(0, len(data), 255))
    return control + place + b"\x08" + blocks + b"\0"


def _indexed(row: bytes, index: dict[bytes, int], exact: bool) -> bytes:
    if exact:
        return bytes(index[row[n : n + 3]] if row[n + 3] >= 128 else _CLEAR for n in range(0, len(row), 4))
    return bytes(
        row[n] // 51 * 42 + row[n + 1] // 42 * 6 + row[n + 2] // 51 if row[n + 3] >= 128 else _CLEAR
        for n in range(0, len(row), 4)
    )


def _compressed(pixels: bytes) -> bytes:
    """Lempel, Ziv and Welch, with codes from nine to twelve bits, the lowest bit first."""
    table, size, following, held, filled = dict[int, int](), 9, 258, 256, 9
    made, code = bytearray(), pixels[0]
    for pixel in memoryview(pixels)[1:]:
        longer = code << 8 | pixel
        if longer in table:
            code = table[longer]
            continue
        held |= code << filled
        filled += size
        if following < 4096:
            table[longer] = following
            if following == 1 << size:
                size += 1
            following += 1
        else:
            held |= 256 << filled
            filled += size
            table, size, following = {}, 9, 258
        while filled >= 8:
            made.append(held & 255)
            held >>= 8
            filled -= 8
        code = pixel
    held |= code << filled
    filled += size
    if following == 1 << size and size < 12:
        size += 1
    held |= 257 << filled
    filled += size
    return bytes(made) + held.to_bytes(-(-filled // 8), "little")

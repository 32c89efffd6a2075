"""PNG: written with true colour; read in every colour type, depth, filter and interlacing that the format has."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from itertools import chain
from typing import Final

from .picture import Picture

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
MOST_PIXELS: Final = 25_000_000
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS: Final = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_PASSES: Final = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


class UnreadableImage(ValueError):
    """The bytes are not the picture they should be."""


def encode(picture: Picture, *extra: bytes) -> bytes:
    """The picture as a file, with further chunks before its data."""
    opaque = picture.is_opaque
    head = struct.pack(">IIBBBBB", picture.width, picture.height, 8, 2 if opaque else 6, 0, 0, 0)
    packer = zlib.compressobj(4)
    packed: list[bytes] = []
    before: bytes | None = None
    same = b"\2" + bytes(picture.width * (3 if opaque else 4))
    for row in picture.rows:
        line = same if row is before else b"\0" + (_without_alpha(row) if opaque else row)
        packed.append(packer.compress(line))
        before = row
    body = b"".join(packed) + packer.flush()
    return b"".join((SIGNATURE, chunk(b"IHDR", head), *extra, chunk(b"IDAT", body), chunk(b"IEND", b"")))


def chunk(name: bytes, data: bytes) -> bytes:
    """One chunk with its length and checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a file; raises where it is not one."""
    if not data.startswith(SIGNATURE):
        raise UnreadableImage("it is not a PNG")
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        body = data[at + 8 : at + 8 + size]
        checksum = int.from_bytes(data[at + 8 + size : at + 12 + size], "big")
        if len(body) < size or zlib.crc32(data[at + 4 : at + 8 + size]) != checksum:
            raise UnreadableImage("a chunk of the PNG is damaged")
        yield data[at + 4 : at + 8], body
        at += size + 12


def _without_alpha(row: bytes) -> bytes:
    made = bytearray(len(row) // 4 * 3)
    made[0::3], made[1::3], made[2::3] = row[0::4], row[1::4], row[2::4]
    return bytes(made)


def decode(data: bytes) -> Picture:
    """The picture of a file; raises UnreadableImage."""
    found: dict[bytes, bytes] = {}
    for name, body in chunks(data):
        found[name] = found.get(name, b"") + body
    try:
        reader = _Reader(found)
        return reader.picture()
    except (KeyError, IndexError, struct.error, zlib.error, ValueError) as error:
        raise UnreadableImage(f"the PNG cannot be read: {error}") from error


class _Reader:
    """What the chunks of one file say."""

    def __init__(self, found: dict[bytes, bytes]) -> None:
        head = struct.unpack(">IIBBBBB", found[b"IHDR"])
        self.width, self.height, self.depth, self.kind, _, _, self.interlaced = head
        if not 0 < self.width * self.height <= MOST_PIXELS or self.depth not in _DEPTHS.get(self.kind, ()):
            raise UnreadableImage("the PNG has a size or colour type that no PNG has")
        self.palette, self.clear = found.get(b"PLTE", b""), found.get(b"tRNS", b"")
        self.bits = _CHANNELS[self.kind] * self.depth
        unpacker = zlib.decompressobj()
        self.data = unpacker.decompress(found[b"IDAT"], (self.width * self.bits // 8 + 2) * self.height * 2 + 1024)

    def picture(self) -> Picture:
        if not self.interlaced:
            rows, _ = self._rows(0, self.width, self.height)
            return Picture(self.width, self.height, rows)
        whole, at = [bytearray(self.width * 4) for _ in range(self.height)], 0
        for x, y, right, down in _PASSES:
            wide, high = -(-(self.width - x) // right), -(-(self.height - y) // down)
            if wide <= 0 or high <= 0:
                continue
            rows, at = self._rows(at, wide, high)
            for number, row in enumerate(rows):
                for channel in range(4):
                    whole[y + number * down][x * 4 + channel :: right * 4] = row[channel::4]
        return Picture(self.width, self.height, [bytes(row) for row in whole])

    def _rows(self, at: int, wide: int, high: int) -> tuple[list[bytes], int]:
        """The rows of one pass, from this place of the data on."""
        size, step = -(-wide * self.bits // 8), max(1, self.bits // 8)
        before, rows = bytes(size), list[bytes]()
        for _ in range(high):
            line = self.data[at + 1 : at + 1 + size]
            if len(line) < size:
                raise UnreadableImage("the PNG ends too soon")
            before = _unfiltered(self.data[at], line, before, step)
            rows.append(self._coloured(before, wide))
            at += size + 1
        return rows, at

    def _coloured(self, line: bytes, wide: int) -> bytes:
        """A line of samples as red, green, blue and alpha."""
        samples = self._samples(line, wide)
        match self.kind:
            case 3:
                return self._by_palette(samples)
            case 0:
                grey = samples if self.depth >= 8 else bytes(s * 255 // ((1 << self.depth) - 1) for s in samples)
                alpha = self._keyed(line, samples, 1)
                return _woven(grey, grey, grey, alpha)
            case 4:
                return _woven(samples[0::2], samples[0::2], samples[0::2], samples[1::2])
            case 2:
                return _woven(samples[0::3], samples[1::3], samples[2::3], self._keyed(line, samples, 3))
            case _:
                return samples

    def _samples(self, line: bytes, wide: int) -> bytes:
        if self.depth == 8:
            return line
        if self.depth == 16:
            return line[0::2]
        each, mask = 8 // self.depth, (1 << self.depth) - 1
        spread = ((byte >> (8 - self.depth * (n + 1))) & mask for byte in line for n in range(each))
        return bytes(spread)[:wide]

    def _by_palette(self, samples: bytes) -> bytes:
        colours = [self.palette[n : n + 3] for n in range(0, len(self.palette), 3)]
        alphas = self.clear + b"\xff" * (len(colours) - len(self.clear))
        table = [colour + alphas[n : n + 1] for n, colour in enumerate(colours)]
        return b"".join(table[sample] for sample in samples)

    def _keyed(self, line: bytes, samples: bytes, channels: int) -> bytes:
        """Alpha where one colour means nothing: clear there, opaque elsewhere."""
        wide = len(samples) // channels
        if len(self.clear) < channels * 2:
            return b"\xff" * wide
        step = channels * (2 if self.depth == 16 else 1)
        key = self.clear[: channels * 2] if self.depth == 16 else self.clear[1 : channels * 2 : 2]
        source = line if self.depth == 16 else samples
        return bytes(0 if source[n : n + step] == key else 255 for n in range(0, wide * step, step))


def _woven(red: bytes, green: bytes, blue: bytes, alpha: bytes) -> bytes:
    return bytes(chain.from_iterable(zip(red, green, blue, alpha, strict=True)))


def _unfiltered(kind: int, line: bytes, above: bytes, step: int) -> bytes:
    match kind:
        case 0:
            return line
        case 2:
            return bytes((a + b) & 255 for a, b in zip(line, above, strict=True))
        case 1 | 3 | 4:
            return _from_left(kind, line, above, step)
        case _:
            raise UnreadableImage(f"the PNG has a filter {kind}")


def _from_left(kind: int, line: bytes, above: bytes, step: int) -> bytes:
    made = bytearray(step) + line
    corners = bytes(step) + above
    for n, up in enumerate(above, step):
        left = made[n - step]
        if kind == 1:
            guess = left
        elif kind == 3:
            guess = (left + up) >> 1
        else:
            corner = corners[n - step]
            by_left, by_up, by_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
            guess = left if by_left <= by_up and by_left <= by_corner else up if by_up <= by_corner else corner
        made[n] = (made[n] + guess) & 255
    return bytes(made[step:])

"""Small decoders of what the emulator writes, made from the formats' specifications, so that tests need no other package."""

from __future__ import annotations

import struct
from math import cos, pi, sqrt


class Bits:
    """A run of bits, the lowest of each byte first, or the highest."""

    def __init__(self, data: bytes, *, lowest: bool) -> None:
        form = "".join(f"{byte:08b}"[:: -1 if lowest else 1] for byte in data)
        self.text, self.at, self.lowest = form, 0, lowest

    def take(self, size: int) -> int:
        part = self.text[self.at : self.at + size]
        self.at += size
        return int(part[:: -1 if self.lowest else 1] or "0", 2)

    def symbol(self, table: dict[str, int]) -> int:
        if "" in table:
            return table[""]
        end = self.at + 1
        while self.text[self.at : end] not in table:
            end += 1
            assert end - self.at < 20
        found = table[self.text[self.at : end]]
        self.at = end
        return found


def canonical(lengths: dict[int, int]) -> dict[str, int]:
    made, code, before = dict[str, int](), 0, 0
    for symbol, length in sorted(lengths.items(), key=lambda pair: (pair[1], pair[0])):
        code <<= length - before
        made[f"{code:0{length}b}"] = symbol
        code, before = code + 1, length
    return made


def read_webp(data: bytes) -> bytes:
    """The pixels of a file without transforms; asserts that all of it is as the specification says."""
    assert data[:4] == b"RIFF"
    assert int.from_bytes(data[4:8], "little") == len(data) - 8
    start = data.index(b"VP8L")
    size = int.from_bytes(data[start + 4 : start + 8], "little")
    bits = Bits(data[start + 8 : start + 8 + size], lowest=True)
    assert bits.take(8) == 0x2F
    wide, high = bits.take(14) + 1, bits.take(14) + 1
    bits.take(1)
    assert bits.take(6) == 0
    tables = [_webp_table(bits, alphabet) for alphabet in (280, 256, 256, 256, 40)]
    pixels: list[bytes] = []
    while len(pixels) < wide * high:
        green = bits.symbol(tables[0])
        if green < 256:
            red, blue, alpha = (bits.symbol(table) for table in tables[1:4])
            pixels.append(bytes((red, green, blue, alpha)))
            continue
        length = _webp_number(bits, green - 256)
        back = {1: wide, 2: 1}[_webp_number(bits, bits.symbol(tables[4]))]
        for _ in range(length):
            pixels.append(pixels[-back])
    assert len(pixels) == wide * high
    return b"".join(pixels)


def _webp_table(bits: Bits, size: int) -> dict[str, int]:
    if bits.take(1):
        assert bits.take(1) == 0
        return {"": bits.take(8 if bits.take(1) else 1)}
    order = (17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
    lengths = {symbol: bits.take(3) for symbol in order[: 4 + bits.take(4)]}
    table = canonical({symbol: length for symbol, length in lengths.items() if length})
    assert bits.take(1) == 0
    found = {symbol: bits.symbol(table) for symbol in range(size)}
    return canonical({symbol: length for symbol, length in found.items() if length})


def _webp_number(bits: Bits, symbol: int) -> int:
    if symbol < 4:
        return symbol + 1
    extra = (symbol - 2) >> 1
    return ((2 + (symbol & 1)) << extra) + bits.take(extra) + 1


def read_gif(data: bytes) -> list[bytes]:
    """The pixels of each frame, laid on the one before."""
    wide, high = struct.unpack("<HH", data[6:10])
    palette, at = data[13:781], 781
    canvas = bytearray(wide * high * 4)
    frames: list[bytes] = []
    clear = -1
    while data[at] != 0x3B:
        if data[at] == 0x21:
            if data[at + 1] == 0xF9:
                clear = data[at + 6] if data[at + 3] & 1 else -1
            at += 2
            while data[at]:
                at += data[at] + 1
            at += 1
            continue
        left, top, across, down = struct.unpack("<HHHH", data[at + 1 : at + 9])
        at, packed = at + 11, b""
        while data[at]:
            packed += data[at + 1 : at + 1 + data[at]]
            at += data[at] + 1
        at += 1
        indices = _unpacked(packed)
        assert len(indices) == across * down
        for n, index in enumerate(indices):
            place = ((top + n // across) * wide + left + n % across) * 4
            canvas[place : place + 4] = bytes(4) if index == clear else palette[index * 3 : index * 3 + 3] + b"\xff"
        frames.append(bytes(canvas))
    return frames


def _unpacked(packed: bytes) -> bytes:
    bits = Bits(packed, lowest=True)
    table, size, made = [bytes((n,)) for n in range(256)] + [b"", b""], 9, bytearray()
    before = b""
    while (code := bits.take(size)) != 257:
        if code == 256:
            table, size, before = table[:258], 9, b""
            continue
        entry = table[code] if code < len(table) else before + before[:1]
        made += entry
        if before and len(table) < 4096:
            table.append(before + entry[:1])
        if len(table) == 1 << size and size < 12:
            size += 1
        before = entry
    return bytes(made)


def read_jpeg(data: bytes) -> tuple[int, int, bytes]:
    """Width, height and pixels of a baseline file whose parts are all sampled alike."""
    at, steps, tables = 2, list[int](), dict[int, dict[str, int]]()
    wide = high = 0
    while data[at + 1] != 0xDA:
        kind, body = data[at + 1], data[at + 4 : at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")]
        if kind == 0xDB:
            steps = list(body[1:])
        elif kind == 0xC0:
            high, wide = struct.unpack(">HH", body[1:5])
        elif kind == 0xC4:
            tables[body[0]] = _jpeg_table(body[1:17], body[17:])
        at += 2 + len(body) + 2
    at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    assert data.endswith(b"\xff\xd9")
    bits = Bits(data[at:-2].replace(b"\xff\0", b"\xff"), lowest=False)
    return wide, high, _jpeg_pixels(bits, wide, high, steps, tables)


def _jpeg_table(counts: bytes, symbols: bytes) -> dict[str, int]:
    made, code, place = dict[str, int](), 0, 0
    for length, count in enumerate(counts, 1):
        for _ in range(count):
            made[f"{code:0{length}b}"] = symbols[place]
            code, place = code + 1, place + 1
        code <<= 1
    return made


def _jpeg_pixels(bits: Bits, wide: int, high: int, steps: list[int], tables: dict[int, dict[str, int]]) -> bytes:
    canvas, before = bytearray(b"\xff" * (wide * high * 4)), [0, 0, 0]
    for top in range(0, high, 8):
        for left in range(0, wide, 8):
            planes: list[list[float]] = []
            for part in range(3):
                levels = _jpeg_levels(bits, tables, before[part])
                before[part] = levels[0]
                planes.append(_jpeg_plane([level * step for level, step in zip(levels, steps, strict=True)]))
            for n, (y, cb, cr) in enumerate(zip(*planes, strict=True)):
                row, column = top + n // 8, left + n % 8
                if row < high and column < wide:
                    y += 128
                    colour = (y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb)
                    place = (row * wide + column) * 4
                    canvas[place : place + 3] = bytes(max(0, min(255, round(value))) for value in colour)
    return bytes(canvas)


def _jpeg_levels(bits: Bits, tables: dict[int, dict[str, int]], before: int) -> list[int]:
    levels = [0] * 64
    levels[0] = before + _jpeg_value(bits, bits.symbol(tables[0]))
    place = 1
    while place < 64:
        symbol = bits.symbol(tables[16])
        if symbol == 0:
            break
        place += symbol >> 4
        if symbol & 15:
            levels[place] = _jpeg_value(bits, symbol & 15)
        place += 1
    return levels


def _jpeg_value(bits: Bits, size: int) -> int:
    value = bits.take(size)
    return value if not size or value >> (size - 1) else value - (1 << size) + 1


_WAVES = [[(sqrt(0.125) if u == 0 else 0.5) * cos((2 * x + 1) * u * pi / 16) for u in range(8)] for x in range(8)]


def _jpeg_plane(levels: list[int]) -> list[float]:
    order = sorted(range(64), key=lambda n: (n // 8 + n % 8, n // 8 if (n // 8 + n % 8) % 2 else n % 8))
    square = [[0.0] * 8 for _ in range(8)]
    for level, place in zip(levels, order, strict=True):
        square[place // 8][place % 8] = level
    if not any(levels[1:]):
        return [levels[0] / 8] * 64
    half = [[sum(w[v] * square[u][v] for v in range(8)) for w in _WAVES] for u in range(8)]
    return [sum(w[u] * half[u][x] for u in range(8)) for w in _WAVES for x in range(8)]

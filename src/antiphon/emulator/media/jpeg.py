"""JPEG: a baseline writer, 4:4:4, with its own Huffman tables. Blocks that look the same are worked out once."""

from __future__ import annotations

import struct
from functools import cache
from math import cos, pi, sqrt
from typing import Final

from .picture import Picture

_DC_COUNTS: Final = (0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)
_AC_COUNTS: Final = (0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125)
_SCALE: Final = [1.0, *(cos(n * pi / 16) * sqrt(2) for n in range(1, 8))]
Coded = tuple[tuple[int, int, int], tuple[str, str, str]]
"""Three first values, and three texts of bits for the others."""


def _zigzag() -> list[int]:
    def key(place: int) -> tuple[int, int]:
        down, right = divmod(place, 8)
        return down + right, down if (down + right) % 2 else right

    return sorted(range(64), key=key)


_ZIGZAG: Final = _zigzag()
# Short codes for short runs and small values: the order is all that a table of ours needs to say.
_AC_SYMBOLS: Final = sorted(
    [0x00, 0xF0, *(run << 4 | size for run in range(16) for size in range(1, 11))],
    key=lambda s: ((s >> 4) + 2 * (s & 15) if s & 15 else -1 if s == 0 else 10, s),
)


def _codes(counts: tuple[int, ...], symbols: list[int]) -> dict[int, str]:
    """The canonical code of each symbol, as a text of bits."""
    made: dict[int, str] = {}
    code, rest = 0, iter(symbols)
    for length, count in enumerate(counts, 1):
        for _ in range(count):
            made[next(rest)] = f"{code:0{length}b}"
            code += 1
        code <<= 1
    return made


_DC: Final = _codes(_DC_COUNTS, list(range(12)))
_AC: Final = _codes(_AC_COUNTS, _AC_SYMBOLS)


def encode(picture: Picture, quality: int = 90, *extra: bytes) -> bytes:
    """The picture as a file, clear pixels on white, with further segments at its beginning.

    Args:
        quality: 0 to 100; 100 keeps the most.
    """
    steps = [max(1, min(255, round((3 + 2 * (place // 8 + place % 8)) * _coarseness(quality)))) for place in range(64)]
    size = struct.pack(">BHHB", 8, picture.height, picture.width, 3)
    parts = b"".join(bytes((n, 0x11, 0)) for n in (1, 2, 3))
    return b"".join(
        (
            b"\xff\xd8",
            segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"),
            *extra,
            segment(0xDB, b"\0" + bytes(steps[place] for place in _ZIGZAG)),
            segment(0xC0, size + parts),
            segment(0xC4, b"\0" + bytes(_DC_COUNTS) + bytes(range(12))),
            segment(0xC4, b"\x10" + bytes(_AC_COUNTS) + bytes(_AC_SYMBOLS)),
            segment(0xDA, b"\3" + b"".join(bytes((n, 0)) for n in (1, 2, 3)) + b"\0\x3f\0"),
            _packed(_Scan(picture, steps).bits()),
            b"\xff\xd9",
        )
    )


def segment(kind: int, data: bytes) -> bytes:
    """One marker segment."""
    return struct.pack(">BBH", 0xFF, kind, len(data) + 2) + data


def _coarseness(quality: int) -> float:
    return 0.3 + 9.7 * ((100 - max(0, min(100, quality))) / 100) ** 2


def _packed(bits: list[str]) -> bytes:
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    return int("1" + text, 2).to_bytes(len(text) // 8 + 1, "big")[1:].replace(b"\xff", b"\xff\0")


class _Scan:
    """The blocks of a picture from left to right and top to bottom."""

    def __init__(self, picture: Picture, steps: list[int]) -> None:
        self._picture = picture
        self._factors = [1 / (step * _SCALE[n // 8] * _SCALE[n % 8] * 8) for n, step in enumerate(steps)]
        self._known: dict[bytes, Coded] = {}

    def bits(self) -> list[str]:
        made: list[str] = []
        before = [0, 0, 0]
        rows = self._picture.rows
        for top in range(0, self._picture.height, 8):
            band = rows[top : top + 8]
            band += [band[-1]] * (8 - len(band))
            for firsts, others in self._band(band):
                for part in range(3):
                    made.append(_first(firsts[part] - before[part]))
                    made.append(others[part])
                before[:] = firsts
        return made

    def _band(self, band: list[bytes]) -> list[Coded]:
        wide = -(-self._picture.width // 8) * 32
        if len(band[0]) < wide:
            band = [row + row[-4:] * ((wide - len(row)) // 4) for row in band]
        known, made = self._known, list[Coded]()
        flat = all(row is band[0] or row == band[0] for row in band)
        for left in range(0, wide, 32):
            key = band[0][left : left + 32] if flat else b"".join([row[left : left + 32] for row in band])
            coded = known.get(key)
            if coded is None:
                coded = known[key] = self._block(key * 8 if flat else key)
            made.append(coded)
        return made

    def _block(self, pixels: bytes) -> Coded:
        planes = _planes(pixels)
        firsts, others = list[int](), list[str]()
        for plane in planes:
            if plane.count(plane[0]) == 64:
                firsts.append(round(plane[0] * 64 * self._factors[0]))
                others.append(_AC[0])
                continue
            waves = _transformed(plane)
            levels = [round(waves[place] * self._factors[place]) for place in _ZIGZAG]
            firsts.append(levels[0])
            others.append(_others(levels))
        return (firsts[0], firsts[1], firsts[2]), (others[0], others[1], others[2])


def _planes(pixels: bytes) -> tuple[list[float], list[float], list[float]]:
    """Brightness and two colour differences, each around zero."""
    light, blue, red = list[float](), list[float](), list[float]()
    for at in range(0, 256, 4):
        r, g, b, a = pixels[at : at + 4]
        if a < 255:
            r, g, b = ((v * a + 255 * (255 - a)) // 255 for v in (r, g, b))
        y = 0.299 * r + 0.587 * g + 0.114 * b
        light.append(y - 128)
        blue.append((b - y) * 0.564)
        red.append((r - y) * 0.713)
    return light, blue, red


def _transformed(plane: list[float]) -> list[float]:
    """The cosine transform of eight by eight values, times a factor for each place that quantising takes out."""
    rows = [_wave(*plane[n : n + 8]) for n in range(0, 64, 8)]
    columns = [_wave(*column) for column in zip(*rows, strict=True)]
    return [columns[n % 8][n // 8] for n in range(64)]


def _wave(
    a: float, b: float, c: float, d: float, e: float, f: float, g: float, h: float
) -> tuple[float, float, float, float, float, float, float, float]:
    """Eight values by the way of Arai, Agui and Nakajima: five multiplications, the scale left for later."""
    ah, bg, cf, de = a + h, b + g, c + f, d + e
    p, q, r, s = a - h, b - g, c - f, d - e
    even, odd, low = ah + de, bg + cf, ah - de
    turn = (bg - cf + low) * 0.7071067811865476
    u, v, w = s + r, r + q, q + p
    z5 = (u - w) * 0.3826834323650898
    z2, z4, z3 = 0.5411961001461969 * u + z5, 1.3065629648763766 * w + z5, v * 0.7071067811865476
    z11, z13 = p + z3, p - z3
    return even + odd, z11 + z4, low + turn, z13 - z2, even - odd, z13 + z2, low - turn, z11 - z4


def _others(levels: list[int]) -> str:
    made, run = list[str](), 0
    last = max((n for n in range(1, 64) if levels[n]), default=0)
    for level in levels[1 : last + 1]:
        if not level:
            run += 1
            continue
        made.extend([_AC[0xF0]] * (run >> 4))
        level = max(-1023, min(1023, level))
        made.append(_AC[(run & 15) << 4 | abs(level).bit_length()] + _tail(level))
        run = 0
    if last < 63:
        made.append(_AC[0])
    return "".join(made)


@cache
def _first(difference: int) -> str:
    return _DC[abs(difference).bit_length()] + _tail(difference)


def _tail(level: int) -> str:
    """The bits after a size: negative values are counted from below."""
    size = abs(level).bit_length()
    if not size:
        return ""
    return f"{level if level > 0 else level + (1 << size) - 1:0{size}b}"

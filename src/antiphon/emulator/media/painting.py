"""Pictures made from words: seeded shapes and colours on a coarse grid, and the words themselves at the foot.

The grid makes the squares of a JPEG plain and the lines of every format repeat, so that large pictures are quick to make.
"""

from __future__ import annotations

from colorsys import hls_to_rgb
from dataclasses import dataclass
from math import cos, pi, sin, sqrt
from random import Random
from typing import Final

from . import glyph
from .picture import Picture

_SHADES: Final = 12
_INK: Final = 254
_PAPER: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How to paint.

    Args:
        variant: another number gives another picture of the same words.
        transparent: whether nothing lies behind the shapes.
        shapes: how many there are.
        phase: 0 to 1, where the shapes are on their ways; films move it.
        finish: 0 to 1, how much of the picture is there already.
    """

    variant: int = 0
    transparent: bool = False
    shapes: int = 12
    phase: float = 0.0
    finish: float = 1.0


def paint(words: str, width: int, height: int, style: Style = Style()) -> Picture:
    """The picture of these words in exactly this size."""
    cell = cell_of(width, height)
    canvas = _Canvas(-(-width // cell), -(-height // cell))
    chance = Random(f"{words}|{style.variant}")  # noqa: S311
    colours = _colours(chance, style.transparent)
    canvas.sky()
    for number in range(style.shapes):
        shape = _Shape.drawn(chance, number, style.phase)
        if number < round(style.shapes * style.finish):
            canvas.add(shape)
    if style.finish == 1.0:
        canvas.write(words)
    return canvas.picture(width, height, cell, colours)


def cell_of(width: int, height: int) -> int:
    """How many pixels wide and high a square of the grid is: a power of two, so that blocks of eight fit it."""
    return 1 << max(0, (min(width, height) // 90).bit_length() - 1)


def _colours(chance: Random, transparent: bool) -> list[bytes]:
    """The sky's shades, then the shapes' colours; the last two are paper and ink."""
    hue, table = chance.random(), list[bytes]()
    for n in range(_SHADES):
        table.append(bytes(4) if transparent else _colour(hue, 0.85 - 0.45 * n / _SHADES, 0.6))
    for n in range(_INK - _SHADES):
        table.append(_colour(hue + 0.31 + n * 0.618, 0.35 + 0.4 * chance.random(), 0.75))
    return [*table, b"\xff\xff\xff\xff", b"\x14\x16\x20\xff"]


def _colour(hue: float, light: float, strength: float) -> bytes:
    return bytes((*(round(255 * part) for part in hls_to_rgb(hue % 1, light, strength)), 255))


@dataclass(frozen=True, slots=True)
class _Shape:
    """A disc, box, triangle or ring; places and sizes are parts of the canvas."""

    kind: int
    colour: int
    x: float
    y: float
    size: float

    @classmethod
    def drawn(cls, chance: Random, number: int, phase: float) -> _Shape:
        kind, x, y, size = chance.randrange(4), chance.random(), chance.random(), 0.05 + 0.2 * chance.random()
        turn, way = 2 * pi * (phase + chance.random()), 0.12 * (chance.random() - 0.5) * 2
        return cls(kind, _SHADES + number % 200, x + way * (cos(turn) if phase else 0), y + way * sin(turn), size)

    def spans(self, wide: int, high: int) -> list[tuple[int, float, float]]:
        """Its lines: how far down, from where, to where."""
        x, y, size = self.x * wide, self.y * high, max(2.0, self.size * min(wide, high))
        found: list[tuple[int, float, float]] = []
        for line in range(max(0, round(y - size)), min(high, round(y + size) + 1)):
            away = line - y
            half = sqrt(max(0.0, size * size - away * away))
            if self.kind == 1:
                half = size
            elif self.kind == 2:
                half = (away + size) / 2
            found.append((line, x - half, x + half))
        return found


class _Canvas:
    """A grid of colours by number."""

    def __init__(self, wide: int, high: int) -> None:
        self.wide, self.high = wide, high
        self.lines = [bytearray(wide) for _ in range(high)]

    def sky(self) -> None:
        for n, line in enumerate(self.lines):
            line[:] = bytes((n * _SHADES // self.high,)) * self.wide

    def add(self, shape: _Shape) -> None:
        hole = shape.size * min(self.wide, self.high) * 0.55 if shape.kind == 3 else 0.0
        y = shape.y * self.high
        for number, left, right in shape.spans(self.wide, self.high):
            middle = (left + right) / 2
            inner = sqrt(max(0.0, hole * hole - (number - y) ** 2))
            if inner:
                self.span(number, left, middle - inner, shape.colour)
                self.span(number, middle + inner, right, shape.colour)
            else:
                self.span(number, left, right, shape.colour)

    def span(self, number: int, left: float, right: float, colour: int) -> None:
        start, end = max(0, round(left)), min(self.wide, round(right))
        if start < end and 0 <= number < self.high:
            self.lines[number][start:end] = bytes((colour,)) * (end - start)

    def write(self, words: str) -> None:
        """The words on a dark ground at the foot, as many as have room."""
        step = glyph.HIGH + 2
        texts = glyph.lines(words, (self.wide - 2) // (glyph.WIDE + 1), max(1, self.high // 2 // step))
        top = self.high - len(texts) * step - 2
        for number in range(max(0, top), self.high) if texts else ():
            self.span(number, 0, self.wide, _PAPER)
        for row, text in enumerate(texts):
            for column, sign in enumerate(text):
                self._sign(sign, 2 + column * (glyph.WIDE + 1), top + 2 + row * step)

    def _sign(self, sign: str, x: int, y: int) -> None:
        for down, dots in enumerate(glyph.dots(sign)):
            for right in range(glyph.WIDE):
                if dots >> (glyph.WIDE - 1 - right) & 1:
                    self.span(y + down, x + right, x + right + 1, _INK)

    def picture(self, width: int, height: int, cell: int, colours: list[bytes]) -> Picture:
        table = [colour * cell for colour in colours]
        known: dict[bytes, bytes] = {}
        rows: list[bytes] = []
        for line in map(bytes, self.lines):
            if line not in known:
                known[line] = b"".join([table[number] for number in line])[: width * 4]
            rows.extend([known[line]] * cell)
        return Picture(width, height, rows[:height])

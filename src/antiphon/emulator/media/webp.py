"""WebP without loss (VP8L): literals, runs of a colour, and lines that repeat the one above. It reads none but its own frame."""

from __future__ import annotations

import struct
import sys
from collections import Counter
from itertools import groupby
from typing import Final

from .huffman import codes, lengths
from .picture import Picture

Token = tuple[int, int]
"""A colour and 0, or how far to copy and from where: 1 is the line above, 2 the pixel before."""
_ALPHABETS: Final = (280, 256, 256, 256, 40)
_MOST: Final = 4096


def encode(picture: Picture, *extra: bytes) -> bytes:
    """The picture as a file; further chunks come after it."""
    head = "".join(_bits(*pair) for pair in ((0x2F, 8), (picture.width - 1, 14), (picture.height - 1, 14)))
    head += _bits(0 if picture.is_opaque else 1, 1) + "000" + "000"  # version; no transform, cache, or groups
    text = head + _body(_tokens(picture))
    text += "0" * (-len(text) % 8)
    data = int(text[::-1], 2).to_bytes(len(text) // 8, "little")
    if not extra:
        return _file(chunk(b"VP8L", data))
    wide, high = (struct.pack("<I", side - 1)[:3] for side in (picture.width, picture.height))
    flags = bytes((0 if picture.is_opaque else 0x10, 0, 0, 0))
    return _file(chunk(b"VP8X", flags + wide + high), chunk(b"VP8L", data), *extra)


def chunk(name: bytes, data: bytes) -> bytes:
    """One chunk, made even."""
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _file(*parts: bytes) -> bytes:
    body = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _bits(value: int, size: int) -> str:
    """The lowest bit first."""
    return f"{value:0{size}b}"[::-1] if size else ""


def _tokens(picture: Picture) -> list[Token]:
    made: list[Token] = []
    before, same = None, 0
    for row in picture.rows:
        if before is not None and (row is before or row == before):
            same += picture.width
            continue
        _copy(made, same, 1)
        same, before = 0, row
        for colour, run in groupby(memoryview(row).cast("I")):
            made.append((colour, 0))
            _copy(made, sum(1 for _ in run) - 1, 2)
    _copy(made, same, 1)
    return made


def _copy(made: list[Token], size: int, source: int) -> None:
    while size > 0:
        made.append((min(size, _MOST), source))
        size -= _MOST


def _body(tokens: list[Token]) -> str:
    counts = [Counter[int]() for _ in _ALPHABETS]
    for (value, source), times in Counter(tokens).items():
        for place, symbol in enumerate(_symbols(value, source)):
            if symbol is not None:
                counts[place][symbol] += times
    heads, tables = list[str](), list[dict[int, str]]()
    for count, size in zip(counts, _ALPHABETS, strict=True):
        head, table = _table(count, size)
        heads.append(head)
        tables.append(table)
    known: dict[Token, str] = {}
    for token in set(tokens):
        value, source = token
        symbols = _symbols(value, source)
        parts = ["" if s is None else table[s] for s, table in zip(symbols, tables, strict=True)]
        parts.insert(1, _prefix(value)[1] if source else "")
        known[token] = "".join(parts)
    return "".join(heads) + "".join([known[token] for token in tokens])


def _symbols(value: int, source: int) -> tuple[int | None, ...]:
    """What stands for a token in green, red, blue, alpha and distance."""
    if source:
        return 256 + _prefix(value)[0], None, None, None, source - 1
    red, green, blue, alpha = value.to_bytes(4, sys.byteorder)
    return green, red, blue, alpha, None


def _prefix(value: int) -> tuple[int, str]:
    """A length as a symbol and the bits that follow it."""
    if value <= 4:
        return value - 1, ""
    rest = value - 1
    high = rest.bit_length() - 1
    return 2 * high + (rest >> (high - 1) & 1), _bits(rest & ((1 << (high - 1)) - 1), high - 1)


def _table(count: Counter[int], size: int) -> tuple[str, dict[int, str]]:
    """How a table is written, and its codes; one symbol, or none, takes a short form."""
    if len(count) <= 1:
        symbol = next(iter(count), 0)
        if symbol < 256:
            return "101" + _bits(symbol, 8), {symbol: ""}
        count = Counter({symbol: 1, 0: 1})
    found = lengths(count, 15)
    # Sixteen lengths, each four bits: in the order that the format wants, 17, 18 and 16 are never used.
    order = "".join("000" if n in (0, 1, 8) else "001" for n in range(19))
    return "0" + _bits(15, 4) + order + "0" + "".join(f"{found.get(n, 0):04b}" for n in range(size)), codes(found)

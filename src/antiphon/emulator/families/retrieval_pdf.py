"""The text of simple PDF files: streams that are plain or deflated, letters shown as plain strings.

Refuses to know fonts: where a file's strings are numbers of glyphs, or it is encrypted, it has no text here.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import Final

from .retrieval_text import Unreadable

MOST: Final = 32 * 1024 * 1024
"""Bytes that all streams may unpack to."""
_STREAM: Final = re.compile(rb">>\s*stream\r?\n")
_FILTER: Final = re.compile(rb"/Filter\s*(\[[^\]]*\]|/\w+)")
_BEGIN: Final = re.compile(rb"\bBT\b")
_END: Final = re.compile(rb"\bET\b")
_TOKEN: Final = re.compile(
    rb"\((?P<plain>(?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*)\)|<(?P<hex>[0-9A-Fa-f\s]*)>|(?P<open>\[)|(?P<close>\])"
    rb"|(?P<number>[+-]?\d*\.?\d+)|(?P<operator>[A-Za-z]+\*?|['\"])",
    re.DOTALL,
)
_ESCAPE: Final = re.compile(rb"\\(?:([0-7]{1,3})|(\r\n|[\r\n])|(.))", re.DOTALL)
_SIGNS: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
GAP: Final = 200
"""A step back within a line, in thousandths of a letter's size, that the eye reads as a space."""


def text_of(data: bytes) -> str:
    """What the pages say, in the order they were written down."""
    if b"/Encrypt" in data:
        raise Unreadable("unsupported_file", "The PDF is encrypted.")
    shown = ["".join(_shown(block)) for stream in _streams(data) for block in _blocks(stream)]
    text = "\n".join(line for piece in shown for line in piece.split("\n") if line.strip())
    printable = sum(sign.isprintable() or sign.isspace() for sign in text)
    if not text or printable < 0.9 * len(text):
        raise Unreadable("unsupported_file", "The PDF holds no text that can be read without its fonts.")
    return text


def _streams(data: bytes) -> Iterator[bytes]:
    """The streams that could hold a page's text, unpacked."""
    left, end = MOST, 0
    while (found := _STREAM.search(data, end)) is not None:
        head = data[max(end, data.rfind(b"obj", end, found.start())) : found.start()]
        end = data.find(b"endstream", found.end())
        if end < 0:
            return
        named = _FILTER.search(head)
        kinds = re.findall(rb"/(\w+)", named[1]) if named else []
        raw = data[found.end() : end]
        if kinds in ([b"FlateDecode"], [b"Fl"]):
            raw = _inflated(raw, left)
        elif kinds:
            continue
        left -= len(raw)
        if left <= 0:
            raise Unreadable("invalid_file", f"The PDF unpacks to more than {MOST} bytes.")
        yield raw


def _blocks(stream: bytes) -> Iterator[bytes]:
    """What stands between the marks that begin and end text."""
    for piece in _END.split(stream)[:-1]:
        if (begun := _BEGIN.search(piece)) is not None:
            yield piece[begun.end() :]


def _inflated(raw: bytes, most: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(raw, most)
    except zlib.error:
        return b""


def _shown(block: bytes) -> Iterator[str]:
    """The strings of one text object that are shown, with line breaks where the pen moves to another line."""
    row: list[str] = []
    numbers: list[float] = []
    inside = False
    for token in _TOKEN.finditer(block):
        kind = token.lastgroup
        if kind in ("plain", "hex"):
            row.append(_string(token["plain"]) if kind == "plain" else _hexadecimal(token["hex"]))
        elif kind in ("open", "close"):
            inside = kind == "open"
        elif kind == "number" and inside:
            row.append(" " if float(token["number"]) < -GAP else "")
        elif kind == "number":
            numbers.append(float(token["number"]))
        elif kind == "operator":
            yield from _done(token["operator"], row, numbers)
            row, numbers = [], []


def _done(operator: bytes, row: list[str], numbers: list[float]) -> Iterator[str]:
    match operator:
        case b"Tj" | b"TJ":
            yield "".join(row)
        case b"'" | b'"':
            yield "\n" + "".join(row)
        case b"Td" | b"TD":
            yield "\n" if numbers[-1:] != [0.0] else " "
        case b"T*" | b"Tm":
            yield "\n"
        case _:
            pass


def _string(raw: bytes) -> str:
    return _decoded(_ESCAPE.sub(_escaped, raw))


def _escaped(found: re.Match[bytes]) -> bytes:
    octal, line, sign = found.groups()
    if octal is not None:
        return bytes([int(octal, 8) & 255])
    return b"" if line is not None else _SIGNS.get(sign, sign)


def _hexadecimal(raw: bytes) -> str:
    digits = b"".join(raw.split()).decode()
    return _decoded(bytes.fromhex(digits + "0" * (len(digits) % 2)))


def _decoded(raw: bytes) -> str:
    if raw.startswith(b"\xfe\xff"):
        return raw[2:].decode("utf-16-be", "replace")
    return raw.decode("cp1252", "replace")

"""WAV and FLAC: written with 16 bits and one channel, and a comment; read as one channel of 16 bits."""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Final

_BLOCK: Final = 4096
COMMENT: Final = "ANTIPHON"


class UnreadableSound(ValueError):
    """The bytes are not the sound they should be."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound as it was read: its rate, the first channel (None where only its length is known), seconds and comment."""

    rate: int
    samples: array[int] | None
    seconds: float
    comment: str = ""


def pcm(samples: array[int]) -> bytes:
    """The samples as they are sent: the low byte first."""
    if sys.byteorder == "big":
        samples = samples[:]
        samples.byteswap()
    return samples.tobytes()


def wav(samples: array[int], rate: int, comment: str = "") -> bytes:
    """A WAV file."""
    data = pcm(samples)
    parts = [_part(b"fmt ", struct.pack("<HHIIHH", 1, 1, rate, rate * 2, 2, 16))]
    if comment:
        parts.append(_part(b"LIST", b"INFO" + _part(b"ICMT", comment.encode() + b"\0")))
    body = b"WAVE" + b"".join((*parts, _part(b"data", data)))
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _part(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def read_wav(data: bytes) -> Sound:
    """The sound of a WAV file; raises UnreadableSound."""
    shape, body, comment, at = (0, 0, 0, 0), b"", "", 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        part = data[at + 8 : at + 8 + size]
        if name == b"fmt " and len(part) >= 16:
            kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", part[:16])
            kind = int.from_bytes(part[24:26], "little") if kind == 0xFFFE else kind
            shape = kind, channels, rate, bits
        elif name == b"LIST" and part[4:8] == b"ICMT":
            comment = part[12 : 12 + int.from_bytes(part[8:12], "little")].rstrip(b"\0").decode("utf-8", "replace")
        elif name == b"data":
            body = part
        at += 8 + size + size % 2
    kind, channels, rate, bits = shape
    if not channels or not rate or (kind, bits) not in _READERS:
        raise UnreadableSound("the WAV file holds no sound that can be read")
    wide = channels * bits // 8
    samples = _READERS[kind, bits](body[: len(body) // wide * wide], channels)
    return Sound(rate, samples, len(samples) / rate, comment)


def _bytes(body: bytes, channels: int) -> array[int]:
    return array("h", ((byte - 128) << 8 for byte in body[::channels]))


def _tops(body: bytes, channels: int, wide: int) -> array[int]:
    """The two highest bytes of each sample."""
    step = channels * wide
    low, high = body[wide - 2 :: step], body[wide - 1 :: step]
    both = bytearray(2 * len(high))
    both[0::2], both[1::2] = low[: len(high)], high
    made = array("h", bytes(both))
    if sys.byteorder == "big":
        made.byteswap()
    return made


def _floats(body: bytes, channels: int, code: str) -> array[int]:
    values = struct.unpack(f"<{len(body) // struct.calcsize(code)}{code}", body)[::channels]
    return array("h", (round(32767 * max(-1.0, min(1.0, value))) if value == value else 0 for value in values))


_READERS: Final[dict[tuple[int, int], Callable[[bytes, int], array[int]]]] = {
    (1, 8): _bytes,
    (1, 16): partial(_tops, wide=2),
    (1, 24): partial(_tops, wide=3),
    (1, 32): partial(_tops, wide=4),
    (3, 32): partial(_floats, code="f"),
    (3, 64): partial(_floats, code="d"),
}


def flac(samples: array[int], rate: int, comment: str = "") -> bytes:
    """A FLAC file whose blocks are the samples as they are."""
    from hashlib import md5

    total = len(samples)
    last = max(16, total % _BLOCK) if total < _BLOCK else _BLOCK
    sizes = struct.pack(">HH", last, last) + bytes(6)
    shape = (rate << 44 | 15 << 36 | total).to_bytes(8, "big")
    head = sizes + shape + md5(pcm(samples), usedforsecurity=False).digest()
    note = f"{COMMENT}={comment}".encode()
    notes = struct.pack("<I", 8) + b"antiphon" + struct.pack("<II", 1, len(note)) + note
    blocks = b"\0" + len(head).to_bytes(3, "big") + head + b"\x84" + len(notes).to_bytes(3, "big") + notes
    frames = (_frame(samples[n : n + _BLOCK], n // _BLOCK) for n in range(0, total, _BLOCK))
    return b"fLaC" + blocks + b"".join(frames)


def _frame(part: array[int], number: int) -> bytes:
    head = b"\xff\xf8\x70\x08" + _numbered(number) + struct.pack(">H", len(part) - 1)
    big = part[:]
    if sys.byteorder == "little":
        big.byteswap()
    body = head + bytes((_checksum(head, 8, 0x07),)) + b"\x02" + big.tobytes()
    return body + struct.pack(">H", _checksum(body, 16, 0x8005))


def _numbered(number: int) -> bytes:
    """A number in the way UTF-8 writes letters."""
    return chr(number).encode("utf-8", "surrogatepass") if number < 0x110000 else b"\0"


@cache
def _table(bits: int, polynomial: int) -> list[int]:
    mask, made = (1 << bits) - 1, list[int]()
    for byte in range(256):
        value = byte << (bits - 8)
        for _ in range(8):
            value = (value << 1 & mask) ^ (polynomial if value >> (bits - 1) else 0)
        made.append(value)
    return made


def _checksum(data: bytes, bits: int, polynomial: int) -> int:
    table, value, shift, mask = _table(bits, polynomial), 0, bits - 8, (1 << bits) - 1
    for byte in data:
        value = (value << 8 & mask) ^ table[value >> shift ^ byte]
    return value


def read_flac(data: bytes) -> Sound:
    """The length and comment of a FLAC file, and its samples where its blocks are as `flac` writes them."""
    at, rate, total, comment, last = 4, 0, 0, "", False
    while not last and at + 4 <= len(data):
        kind, size = data[at] & 127, int.from_bytes(data[at + 1 : at + 4], "big")
        last, part = bool(data[at] & 128), data[at + 4 : at + 4 + size]
        if kind == 0 and len(part) >= 18:
            shape = int.from_bytes(part[10:18], "big")
            rate, total = shape >> 44, shape & (1 << 36) - 1
        elif kind == 4:
            comment = next((n[len(COMMENT) + 1 :] for n in _notes(part) if n.startswith(COMMENT + "=")), "")
        at += 4 + size
    if not rate:
        raise UnreadableSound("the FLAC file does not say its sample rate")
    samples = _plain_frames(data, at, total)
    return Sound(rate, samples, total / rate, comment)


def _notes(part: bytes) -> Iterator[str]:
    at = 4 + int.from_bytes(part[:4], "little")
    count = int.from_bytes(part[at : at + 4], "little")
    at += 4
    for _ in range(min(count, 1000)):
        size = int.from_bytes(part[at : at + 4], "little")
        yield part[at + 4 : at + 4 + size].decode("utf-8", "replace")
        at += 4 + size


def _plain_frames(data: bytes, at: int, total: int) -> array[int] | None:
    made = array("h")
    while len(made) < total:
        if data[at : at + 4] != b"\xff\xf8\x70\x08":
            return None
        lead = data[at + 4]
        after = at + 4 + (1 if lead < 0x80 else 8 - (lead ^ 0xFF).bit_length())
        size = int.from_bytes(data[after : after + 2], "big") + 1
        start = after + 4
        if data[start - 1 : start] != b"\x02" or len(data) < start + 2 * size + 2:
            return None
        part = array("h", data[start : start + 2 * size])
        if sys.byteorder == "little":
            part.byteswap()
        made.extend(part)
        at = start + 2 * size + 2
    return made

"""MP4: a film of JPEG pictures, each shown equally long, in a container that every player's parser knows."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Final

TICKS: Final = 1_000
_EVEN: Final = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def encode(pictures: Sequence[bytes], width: int, height: int, seconds: float) -> bytes:
    """The film as a file; the pictures are JPEG files of this size."""
    brand = box(b"ftyp", b"isom" + struct.pack(">I", 512) + b"isommp41")
    each = max(1, round(seconds * TICKS / len(pictures)))
    start = len(brand) + 8
    index = _index(pictures, width, height, each, start)
    # The index comes first, so that a player need not wait; how long it is does not hang on where the pictures are.
    return brand + _index(pictures, width, height, each, start + len(index)) + box(b"mdat", b"".join(pictures))


def box(name: bytes, *parts: bytes) -> bytes:
    """One box."""
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + name + body


def _full(name: bytes, flags: int, *parts: bytes) -> bytes:
    return box(name, struct.pack(">I", flags), *parts)


def _index(pictures: Sequence[bytes], width: int, height: int, each: int, start: int) -> bytes:
    length = each * len(pictures)
    movie = _full(
        b"mvhd", 0, struct.pack(">4IiH10x", 0, 0, TICKS, length, 0x10000, 0x100), _EVEN, bytes(24), _number(2)
    )
    size = struct.pack(">II", width << 16, height << 16)
    head = _full(b"tkhd", 3, struct.pack(">5I8x4H", 0, 0, 1, 0, length, 0, 0, 0, 0), _EVEN, size)
    media = box(
        b"mdia",
        _full(b"mdhd", 0, struct.pack(">4IHH", 0, 0, TICKS, length, 0x55C4, 0)),
        _full(b"hdlr", 0, bytes(4), b"vide", bytes(12), b"antiphon\0"),
        box(
            b"minf",
            _full(b"vmhd", 1, bytes(8)),
            box(b"dinf", _full(b"dref", 0, _number(1), _full(b"url ", 1))),
            _table(pictures, width, height, each, start),
        ),
    )
    return box(b"moov", movie, box(b"trak", head, media))


def _number(value: int) -> bytes:
    return struct.pack(">I", value)


def _table(pictures: Sequence[bytes], width: int, height: int, each: int, start: int) -> bytes:
    """What is shown, how long, and where it lies."""
    sizes = [len(picture) for picture in pictures]
    places = [start + sum(sizes[:n]) for n in range(len(sizes))]
    count = len(pictures)
    shape = bytes(6) + struct.pack(">H16xHHIIIH32sHh", 1, width, height, 0x480000, 0x480000, 0, 1, b"\4jpeg", 24, -1)
    return box(
        b"stbl",
        _full(b"stsd", 0, _number(1), box(b"mp4v", shape, _stream())),
        _full(b"stts", 0, struct.pack(">III", 1, count, each)),
        _full(b"stsc", 0, struct.pack(">4I", 1, 1, 1, 1)),
        _full(b"stsz", 0, struct.pack(f">II{count}I", 0, count, *sizes)),
        _full(b"stco", 0, struct.pack(f">I{count}I", count, *places)),
    )


def _stream() -> bytes:
    """That the pictures are JPEG, as MPEG-4 says it: object type 0x6C."""
    config = _descriptor(4, bytes((0x6C, 0x11)) + bytes(11))
    return _full(b"esds", 0, _descriptor(3, b"\0\1\0" + config + _descriptor(6, b"\2")))


def _descriptor(kind: int, body: bytes) -> bytes:
    return bytes((kind, len(body))) + body


def shape(data: bytes) -> tuple[int, int, float]:
    """Width, height and seconds of somebody's MP4; zeros for what it does not say."""
    wide = high = 0
    for body in _boxes(data, (b"moov", b"trak", b"tkhd")):
        wide, high = int.from_bytes(body[-8:-6], "big"), int.from_bytes(body[-4:-2], "big")
        if wide and high:
            break
    length = 0.0
    for body in _boxes(data, (b"moov", b"mvhd")):
        if len(body) < 32:
            continue
        at, wide_ticks = (20, 8) if body[0] == 1 else (12, 4)
        scale = int.from_bytes(body[at : at + 4], "big")
        ticks = int.from_bytes(body[at + 4 : at + 4 + wide_ticks], "big")
        length = ticks / scale if scale else 0.0
    return wide, high, length


def _boxes(data: bytes, path: Sequence[bytes]) -> Iterator[bytes]:
    """The bodies of all boxes at the end of a path."""
    at = 0
    while at + 8 <= len(data):
        size, head = int.from_bytes(data[at : at + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        size = size or len(data) - at
        if size < head:
            return
        if data[at + 4 : at + 8] == path[0]:
            body = data[at + head : at + size]
            if len(path) > 1:
                yield from _boxes(body, path[1:])
            else:
                yield body
        at += size


def samples(data: bytes) -> list[bytes]:
    """The pictures of a film that `encode` made."""
    way = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
    places, sizes = list[int](), list[int]()
    for body in _boxes(data, (*way, b"stco")):
        places = list(struct.unpack_from(f">{int.from_bytes(body[4:8], 'big')}I", body, 8))
    for body in _boxes(data, (*way, b"stsz")):
        sizes = list(struct.unpack_from(f">{int.from_bytes(body[8:12], 'big')}I", body, 12))
    return [data[place : place + size] for place, size in zip(places, sizes, strict=True)]

"""Picture files: what is written reads back, in every colour type and filter; damage is told."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from random import Random

import pytest

from antiphon.emulator.media import gif, glyph, jpeg, png, svg, webp
from antiphon.emulator.media.painting import Style, cell_of, paint
from antiphon.emulator.media.picture import Picture
from antiphon.emulator.media.probe import image_kind, image_size, picture_of
from antiphon.emulator.media.stamp import claim, digest, stamped
from tests.emulator.media.reading import read_gif, read_jpeg, read_webp

Encode = Callable[[Picture], bytes]
NOISE = [Random(7).randbytes(20 * 4) for _ in range(3)] + [bytes(80), b"\xff" * 80]


def flat(picture: Picture) -> bytes:
    return b"".join(picture.rows)


def moving(picture: Picture) -> bytes:
    return gif.encode([picture])


def noise() -> Picture:
    chance = Random(3)
    return Picture(19, 11, [chance.randbytes(19 * 4) for _ in range(11)])


def file(kind: int, depth: int, wide: int, lines: list[bytes], *more: bytes, interlaced: int = 0) -> bytes:
    head = struct.pack(">IIBBBBB", wide, len(lines), depth, kind, 0, 0, interlaced)
    packed = png.chunk(b"IDAT", zlib.compress(b"".join(lines)))
    return b"".join((png.SIGNATURE, png.chunk(b"IHDR", head), *more, packed, png.chunk(b"IEND", b"")))


@pytest.mark.parametrize(
    "picture", [noise(), paint("round trip", 200, 120), paint("x", 64, 64, Style(transparent=True))]
)
def test_without_loss(picture: Picture) -> None:
    assert flat(png.decode(png.encode(picture))) == flat(picture)
    assert read_webp(webp.encode(picture)) == flat(picture)


def test_jpeg_is_near() -> None:
    picture = paint("near enough", 250, 131)
    wide, high, pixels = read_jpeg(jpeg.encode(picture, 95))
    assert (wide, high) == (250, 131)
    worst = max(abs(a - b) for n, (a, b) in enumerate(zip(pixels, flat(picture), strict=True)) if n % 4 != 3)
    assert worst < 48
    assert len(jpeg.encode(picture, 10)) < len(jpeg.encode(picture, 95)) / 2


def test_gif_frames() -> None:
    frames = [paint("film", 120, 90, Style(finish=part)) for part in (0.25, 0.5, 1.0)]
    assert read_gif(gif.encode(frames, 70)) == [flat(frame) for frame in frames]
    assert b"\x07\x00" in gif.encode(frames, 70)
    rough = read_gif(gif.encode([noise()]))[0]
    assert len(rough) == 19 * 11 * 4


@pytest.mark.parametrize(
    ("kind", "depth", "line", "more", "first"),
    [
        (0, 1, b"\x80", (), (255, 255, 255, 255)),
        (0, 2, b"\x40", (), (85, 85, 85, 255)),
        (0, 4, b"\x50", (), (85, 85, 85, 255)),
        (0, 8, b"\x09\x00", (), (9, 9, 9, 255)),
        (0, 8, b"\x09\x00", (png.chunk(b"tRNS", b"\0\x09"),), (9, 9, 9, 0)),
        (0, 16, b"\x09\xff\0\0", (), (9, 9, 9, 255)),
        (2, 8, b"\1\2\3\0\0\0", (), (1, 2, 3, 255)),
        (2, 8, b"\1\2\3\0\0\0", (png.chunk(b"tRNS", b"\0\1\0\2\0\3"),), (1, 2, 3, 0)),
        (2, 16, b"\1\0\2\0\3\0" + bytes(6), (), (1, 2, 3, 255)),
        (3, 1, b"\x80", (png.chunk(b"PLTE", b"\0\0\0\7\x08\x09"), png.chunk(b"tRNS", b"\xff\x05")), (7, 8, 9, 5)),
        (3, 8, b"\1\0", (png.chunk(b"PLTE", b"\0\0\0\7\x08\x09"),), (7, 8, 9, 255)),
        (4, 8, b"\x09\x08\0\0", (), (9, 9, 9, 8)),
        (4, 16, b"\x09\0\x08\0" + bytes(4), (), (9, 9, 9, 8)),
        (6, 16, b"\1\0\2\0\3\0\4\0" + bytes(8), (), (1, 2, 3, 4)),
    ],
)
def test_colour_types(kind: int, depth: int, line: bytes, more: tuple[bytes, ...], first: tuple[int, ...]) -> None:
    assert tuple(png.decode(file(kind, depth, 2, [b"\0" + line], *more)).rows[0][:4]) == first


def test_filters() -> None:
    plain = [b"\0" + row for row in NOISE]
    wanted = flat(png.decode(file(6, 8, 20, plain)))
    for kind in range(1, 5):
        lines, above = list[bytes](), bytes(80)
        for row in NOISE:
            lines.append(bytes((kind, *filtered(kind, row, above))))
            above = row
        assert flat(png.decode(file(6, 8, 20, lines))) == wanted


def filtered(kind: int, row: bytes, above: bytes) -> list[int]:
    made = list[int]()
    for n, value in enumerate(row):
        left, up, corner = row[n - 4] if n > 3 else 0, above[n], above[n - 4] if n > 3 else 0
        near = min((abs(up - corner), 0, left), (abs(left - corner), 1, up), (abs(left + up - 2 * corner), 2, corner))
        made.append((value - (left, up, (left + up) // 2, near[2])[kind - 1]) & 255)
    return made


def test_interlaced() -> None:
    wide = high = 8
    pixel = {(x, y): bytes((x * 30, y * 30, 7, 255)) for x in range(wide) for y in range(high)}
    lines = list[bytes]()
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    for x, y, right, down in passes:
        lines += [b"\0" + b"".join(pixel[a, b] for a in range(x, wide, right)) for b in range(y, high, down)]
    data = file(6, 8, wide, lines, interlaced=1)
    data = data.replace(data[8:33], png.chunk(b"IHDR", struct.pack(">IIBBBBB", wide, high, 8, 6, 0, 0, 1)))
    assert flat(png.decode(data)) == b"".join(pixel[x, y] for y in range(high) for x in range(wide))


def test_damage_is_told() -> None:
    good = png.encode(noise())
    for bad in (b"", b"GIF", good[:-30], good[:50], good[:40] + b"\0" + good[41:], file(3, 8, 2, [b"\0\5\5"])):
        with pytest.raises(png.UnreadableImage):
            png.decode(bad)
    with pytest.raises(png.UnreadableImage, match="size"):
        png.decode(file(0, 8, 60_000_000, [b"\0"]))
    with pytest.raises(png.UnreadableImage):
        image_size(b"nothing")


@pytest.mark.parametrize("encode", [png.encode, jpeg.encode, webp.encode, moving])
def test_kind_and_size(encode: Encode) -> None:
    data = encode(paint("size", 123, 77))
    assert image_size(data) == (123, 77)
    assert image_size(stamped(data, {})) == (123, 77)
    assert (picture_of(data).width, picture_of(data).height) == (123, 77)
    assert image_kind(b"no") is None


@pytest.mark.parametrize("encode", [png.encode, jpeg.encode, webp.encode])
def test_stamp(encode: Encode) -> None:
    picture = paint("mark", 40, 40, Style(transparent=True))
    data = encode(picture)
    marked = stamped(data, {"model": "m"})
    assert claim(data) is None
    assert claim(marked) == {"model": "m", "digest": digest(data)}
    assert digest(marked) == digest(data)
    if image_kind(data) == "webp":
        assert read_webp(marked) == flat(picture)
    if image_kind(data) == "png":
        assert flat(png.decode(marked)) == flat(picture)


def test_painting() -> None:
    assert flat(paint("a", 64, 64)) == flat(paint("a", 64, 64))
    different = {flat(paint(words, 64, 64, Style(variant=n))) for words in ("a", "b") for n in range(3)}
    assert len(different) == 6
    assert [cell_of(*size) for size in ((1024, 1024), (720, 1280), (256, 256), (5, 9))] == [8, 8, 2, 1]
    clear = paint("", 64, 64, Style(transparent=True))
    assert not clear.is_opaque
    assert paint("", 64, 64).is_opaque


def test_words_can_be_read() -> None:
    """The signs of the first line are found again in the pixels, dot for dot."""
    picture = paint("Hi 5", 128, 128)
    rows = picture.rows
    ink = bytes((0x14, 0x16, 0x20, 0xFF))
    top = next(n for n, row in enumerate(rows) if row == ink * 128) + 2
    for place, sign in enumerate("HI 5"):
        left = 2 + place * (glyph.WIDE + 1)
        for down, dots in enumerate(glyph.dots(sign)):
            seen = [rows[top + down][(left + n) * 4 : (left + n) * 4 + 4] != ink for n in range(glyph.WIDE)]
            assert seen == [bool(dots >> (glyph.WIDE - 1 - n) & 1) for n in range(glyph.WIDE)]


def test_lines() -> None:
    assert glyph.lines("Grüß  dich\nwelt", 6, 3) == ["GRUSS", "DICH", "WELT"]
    assert glyph.lines("one two three four", 5, 2) == ["ONE", "TWO.."]
    assert glyph.lines("abcdefgh", 4, 3) == ["ABCD", "EFGH"]
    assert glyph.lines("", 4, 3) == []


def test_svg() -> None:
    import xml.etree.ElementTree as Tree

    root = Tree.fromstring(svg.encode(paint("a <b> & c", 64, 64), "a <b> & c\x01"))
    assert root.attrib["width"] == "64"
    assert root[0].text == "a <b> & c"
    area = sum(int(rect.attrib["width"]) * int(rect.attrib["height"]) for rect in root[1:])
    assert area == 64 * 64

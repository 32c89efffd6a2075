"""MP3 (MPEG-2 layer III, 24 kHz, one channel): tones written straight into the spectrum, and a tag with a comment.

A frame holds one line of the spectrum, so there is nothing to analyse and one code table is enough. Files of others are
only measured.
"""

from __future__ import annotations

from typing import Final

from .sound import COMMENT
from .tone import Plan

RATE: Final = 24_000
GRANULE: Final = 576
_FRAME: Final = 96  # 32 kbit/s
_HEAD: Final = b"\xff\xf3\x44\xc4"
_GAIN: Final = 203
_SAMPLE_RATES: Final = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_RATES_1: Final = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_RATES_2: Final = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


def encode(wanted: Plan, comment: str) -> bytes:
    """The plan played as a file, its comment in a tag before it."""
    frames, end, at = list[bytes](), 0.0, 0
    for frequency, seconds in wanted:
        end += seconds
        frame = _frame(frequency)
        while (at + 0.5) * GRANULE / RATE < end:
            frames.append(frame)
            at += 1
    return tag(comment) + b"".join(frames)


def _frame(frequency: float) -> bytes:
    bits = ""
    if frequency:
        line = round(frequency * 2 * GRANULE / RATE - 0.5)
        # Four lines have one code: the complement of which of them sound, then their signs.
        bits = "1111" * (line // 4) + f"{15 ^ (8 >> line % 4):04b}" + "0"
    side = "0" * 9 + f"{len(bits):012b}" + "0" * 9 + f"{_GAIN if bits else 0:08b}" + "0" * 9 + "0" * 23 + "01"
    text = (side + bits).ljust((_FRAME - 4) * 8, "0")
    return _HEAD + int(text, 2).to_bytes(_FRAME - 4, "big")


def tag(comment: str) -> bytes:
    """An ID3 tag with one text of ours."""
    text = b"\3" + COMMENT.encode() + b"\0" + comment.encode()
    frame = b"TXXX" + _safe(len(text)) + b"\0\0" + text
    return b"ID3\4\0\0" + _safe(len(frame)) + frame


def _safe(number: int) -> bytes:
    return bytes(number >> shift & 127 for shift in (21, 14, 7, 0))


def tag_size(data: bytes, at: int = 0) -> int:
    """How long the tag at this place is."""
    return 10 + _unsafe(data[at + 6 : at + 10])


def _unsafe(data: bytes) -> int:
    return sum(byte << shift for byte, shift in zip(data, (21, 14, 7, 0), strict=False))


def comments(data: bytes) -> list[tuple[int, str]]:
    """The comments of ours in a file, or in several put together, each with where it begins."""
    found, at = list[tuple[int, str]](), data.find(b"ID3\4")
    while at >= 0:
        size = tag_size(data, at)
        body = data[at + 10 : at + size]
        mark = b"\3" + COMMENT.encode() + b"\0"
        if (start := body.find(mark)) >= 10:
            length = _unsafe(body[start - 6 : start - 2])
            found.append((at, body[start + len(mark) : start + length].rstrip(b"\0").decode("utf-8", "replace")))
        at = data.find(b"ID3\4", at + size)
    return found


def seconds(data: bytes, start: int = 0, end: int | None = None) -> float:
    """How long the frames of a file sound; 0 when there are none."""
    at, total, last = start, 0.0, len(data) if end is None else end
    while at + 4 <= last:
        if data[at : at + 3] == b"ID3":
            at += tag_size(data, at)
            continue
        size, length = _measured(data[at : at + 4])
        if not size:
            at = data.find(b"\xff", at + 1)
            if at < 0:
                break
            continue
        total += length
        at += size
    return total


def _measured(head: bytes) -> tuple[int, float]:
    """The bytes and seconds of a frame of layer III with this head; zeros when it is none."""
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    rate_index, sample_index, padding = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if head[0] != 0xFF or head[1] < 0xE0 or version == 1 or layer != 1 or sample_index == 3 or rate_index in (0, 15):
        return 0, 0.0
    sample_rate = _SAMPLE_RATES[version][sample_index]
    samples = 1152 if version == 3 else 576
    bit_rate = (_RATES_1 if version == 3 else _RATES_2)[rate_index] * 1000
    return samples // 8 * bit_rate // sample_rate + padding, samples / sample_rate

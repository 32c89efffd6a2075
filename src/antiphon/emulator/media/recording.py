"""What kind of sound a file holds and how long it is, for formats that are only measured. Trusts no name."""

from __future__ import annotations

import struct
from typing import Final

from . import mp3
from .sound import UnreadableSound

_ADTS_RATES: Final = (
    96_000,
    88_200,
    64_000,
    48_000,
    44_100,
    32_000,
    24_000,
    22_050,
    16_000,
    12_000,
    11_025,
    8_000,
    7_350,
)


def audio_kind(data: bytes) -> str | None:
    """wav, flac, ogg, mp4, webm, aac or mp3; None when it is no sound."""
    if data.startswith(b"RIFF") and data[8:12] == b"WAVE":
        return "wav"
    if data.startswith(b"ID3"):
        return "aac" if _is_adts(data[mp3.tag_size(data) :]) else "mp3"
    for kind, start in (("flac", b"fLaC"), ("ogg", b"OggS"), ("webm", b"\x1aE\xdf\xa3")):
        if data.startswith(start):
            return kind
    if data[4:8] == b"ftyp":
        return "mp4"
    if _is_adts(data):
        return "aac"
    return "mp3" if len(data) > 3 and data[0] == 0xFF and data[1] & 0xE6 in (0xE2, 0xE4, 0xE6) else None


def _is_adts(data: bytes) -> bool:
    return len(data) > 6 and data[0] == 0xFF and data[1] & 0xF6 == 0xF0


def seconds(data: bytes, kind: str) -> float:
    """How long it sounds; raises UnreadableSound where the file does not say."""
    try:
        found = {"ogg": _ogg, "mp4": _mp4, "webm": _webm, "aac": _adts, "mp3": mp3.seconds}[kind](data)
    except (struct.error, IndexError) as error:
        raise UnreadableSound("the file ends too soon") from error
    if found <= 0:
        raise UnreadableSound(f"the {kind} file does not say how long it is")
    return found


def _ogg(data: bytes) -> float:
    last = data.rfind(b"OggS")
    position = struct.unpack("<q", data[last + 6 : last + 14])[0]
    if (head := data.find(b"OpusHead", 0, 4096)) >= 0:
        skipped = struct.unpack("<H", data[head + 10 : head + 12])[0]
        return float((position - skipped) / 48_000)
    if (head := data.find(b"\x01vorbis", 0, 4096)) >= 0:
        return float(position / max(1, struct.unpack("<I", data[head + 12 : head + 16])[0]))
    return 0.0


def _mp4(data: bytes) -> float:
    at = data.find(b"mvhd")
    if at < 0:
        return 0.0
    if data[at + 4] == 1:
        scale, length = struct.unpack(">IQ", data[at + 24 : at + 36])
    else:
        scale, length = struct.unpack(">II", data[at + 16 : at + 24])
    return float(length / max(1, scale))


def _webm(data: bytes) -> float:
    scale, found = 1_000_000, data.find(b"\x2a\xd7\xb1", 0, 65_536)
    if found >= 0:
        size = data[found + 3] & 0x7F
        scale = int.from_bytes(data[found + 4 : found + 4 + size], "big")
    at = data.find(b"\x44\x89", 0, 65_536)
    if at < 0:
        return 0.0
    code, size = (">d", 8) if data[at + 2] == 0x88 else (">f", 4)
    return float(struct.unpack(code, data[at + 3 : at + 3 + size])[0] * scale / 1_000_000_000)


def _adts(data: bytes) -> float:
    at, frames, rate = mp3.tag_size(data) if data.startswith(b"ID3") else 0, 0, 0
    while at + 7 <= len(data) and data[at] == 0xFF and data[at + 1] & 0xF0 == 0xF0:
        index = data[at + 2] >> 2 & 15
        size = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
        if index >= len(_ADTS_RATES) or size < 7:
            break
        rate, frames, at = _ADTS_RATES[index], frames + 1, at + size
    return frames * 1024 / rate if rate else 0.0

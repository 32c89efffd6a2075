"""Silence as a WAV file: 16 bits, one channel. The file has holes, so an hour of it takes no room."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

RATE: Final = 24_000
_WIDTH: Final = 2


def write_silence(path: Path, seconds: float) -> int:
    """Write so many seconds of it; gives the file's size."""
    length = round(seconds * RATE) * _WIDTH
    form = struct.pack("<HHIIHH", 1, 1, RATE, RATE * _WIDTH, _WIDTH, 8 * _WIDTH)
    head = b"RIFF" + struct.pack("<I", 36 + length) + b"WAVEfmt " + struct.pack("<I", 16) + form
    head += b"data" + struct.pack("<I", length)
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + length)
    return len(head) + length

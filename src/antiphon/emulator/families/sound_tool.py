"""The programs that may be on this machine: espeak-ng, which speaks, and ffmpeg, which knows every format. Both optional."""

from __future__ import annotations

import asyncio
import shutil
from array import array
from typing import Final

from ..media.sound import COMMENT, UnreadableSound, pcm, read_wav, wav
from ..media.tone import RATE

_PATIENCE: Final = 60.0
_CODECS: Final = {
    "mp3": ("-f", "mp3", "-b:a", "64k"),
    "opus": ("-c:a", "libopus", "-f", "ogg"),
    "aac": ("-c:a", "aac", "-f", "adts", "-write_id3v2", "1"),
}
VOICES: Final = (30, 38, 45, 52, 58, 65, 72, 80, 20, 25, 35, 42, 48, 55, 62, 70)
"""A pitch of espeak-ng for each of the sixteen voices."""


def ffmpeg() -> str | None:
    """Where it is."""
    return shutil.which("ffmpeg")


def espeak() -> str | None:
    """Where it is."""
    return shutil.which("espeak-ng")


async def spoken(text: str, voice: int, speed: float) -> array[int] | None:
    """The text in a voice, 16 bits at 24 kHz; None where espeak-ng is absent or fails."""
    program = espeak()
    if program is None:
        return None
    pace = str(round(max(80, min(450, 165 * speed))))
    made = await _run(program, "--stdout", "-p", str(VOICES[voice]), "-s", pace, given=text.encode())
    try:
        sound = read_wav(made or b"")
    except UnreadableSound:
        return None
    samples = sound.samples or array("h")
    if sound.rate == RATE or not samples:
        return samples
    step = sound.rate / RATE
    return array("h", (samples[int(n * step)] for n in range(int(len(samples) / step))))


async def packed(samples: array[int], format: str, comment: str) -> bytes | None:
    """The sound in a format that only ffmpeg writes; None where it cannot."""
    program = ffmpeg()
    if program is None:
        return None
    note = ("-metadata", f"{COMMENT}={comment}")
    way = ("-v", "error", "-i", "pipe:0", *note, *_CODECS[format], "pipe:1")
    return await _run(program, *way, given=wav(samples, RATE))


async def unpacked(data: bytes) -> tuple[array[int], int] | None:
    """Any sound as 16 bits and one channel, and its rate; None where ffmpeg is absent or cannot read it."""
    program = ffmpeg()
    if program is None:
        return None
    raw = await _run(
        program, "-v", "error", "-i", "pipe:0", "-ac", "1", "-ar", "8000", "-f", "s16le", "pipe:1", given=data
    )
    if not raw:
        return None
    made = array("h", raw[: len(raw) // 2 * 2])
    return array("h", pcm(made)), 8_000


async def _run(program: str, *arguments: str, given: bytes) -> bytes | None:
    """What a program answers on its output; None when it fails or takes too long."""
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(program, *arguments, stdin=pipe, stdout=pipe, stderr=pipe)
    except OSError:
        return None
    try:
        made, _ = await asyncio.wait_for(process.communicate(given), _PATIENCE)
    except TimeoutError:
        process.kill()
        await process.wait()
        return None
    return made if process.returncode == 0 and made else None

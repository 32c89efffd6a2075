"""What is said in a recording: by a fixture, by the comment of our own files, or by the tones in the sound.

The emulator understands no speech of people. A recording that it does not know is as long as it is and says so in brackets,
unless somebody put its text on the shelf `audio.recordings`, or into `recordings.json` beside the kept data, under the
SHA-256 of its bytes.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from ..incoming import Incoming
from ..media import mp3, recording, tone
from ..media.sound import COMMENT, Sound, UnreadableSound, read_flac, read_wav
from ..media.tone import Message
from ..problem import Problem, invalid
from ..shape import is_object
from ..world import World
from .sound_tool import unpacked

SHELF: Final = "audio.recordings"
MOST_BYTES: Final = 25 * 1024 * 1024
LEAST_SECONDS: Final = 0.1
KINDS: Final = ("flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm")


@dataclass(frozen=True, slots=True)
class Heard:
    """A recording: how long it is, what is said in it, one after the other, and whether the emulator spoke it."""

    seconds: float
    messages: list[Message]
    is_own: bool

    @property
    def text(self) -> str:
        """All of it."""
        return " ".join(message.text for message in self.messages)


def record(world: World, data: bytes, text: str) -> str:
    """Make the text what is heard in exactly these bytes; gives the name of the fixture."""
    name = sha256(data).hexdigest()
    world.shelf(SHELF).put(name, {"id": name, "text": text})
    return name


async def listen(world: World, file: Any, param: str = "file") -> Heard:
    """What is heard in an upload; raises what the API answers to what is no recording."""
    if not isinstance(file, Incoming):
        raise invalid(param, "Send the file as a part of a multipart body.", "invalid_type")
    if file.size > MOST_BYTES:
        message = f"Maximum content size limit ({MOST_BYTES}) exceeded ({file.size} bytes read)"
        raise Problem(413, message, type="server_error", param=param)
    return await hear(world, file.read(), param)


async def hear(world: World, data: bytes, param: str = "file") -> Heard:
    """What is heard in a file's bytes."""
    kind = recording.audio_kind(data)
    if kind is None:
        raise invalid(param, f"Unrecognized file format. Supported formats: {list(KINDS)}", "unsupported_format")
    try:
        sound = await asyncio.to_thread(_opened, data, kind)
    except UnreadableSound as error:
        raise invalid(param, f"Audio file might be corrupted or unsupported: {error}.", "invalid_audio") from error
    if sound.seconds < LEAST_SECONDS:
        message = f"Audio file is too short. Minimum audio length is {LEAST_SECONDS} seconds."
        raise invalid(param, message, "audio_too_short")
    if (text := _recorded(world, data)) is not None:
        return Heard(sound.seconds, [Message(text, 0, 0.0, sound.seconds)], is_own=False)
    found = await _said(data, kind, sound)
    nothing = [Message(_nothing(sound.seconds), 0, 0.0, sound.seconds)]
    return Heard(sound.seconds, found or nothing, is_own=bool(found))


def _opened(data: bytes, kind: str) -> Sound:
    match kind:
        case "wav":
            return read_wav(data)
        case "flac":
            return read_flac(data)
        case _:
            return Sound(0, None, recording.seconds(data, kind))


def _nothing(seconds: float) -> str:
    whole = max(1, round(seconds))
    return f"[{whole} second{'s' * (whole != 1)} of audio]"


def _recorded(world: World, data: bytes) -> str | None:
    name = sha256(data).hexdigest()
    if (known := world.shelf(SHELF).get(name)) is not None:
        return str(known["text"])
    folder = world.setting.data
    if folder is None or not (path := folder / "recordings.json").is_file():
        return None
    read: Any = json.loads(path.read_bytes())
    return str(read[name]) if is_object(read) and name in read else None


async def _said(data: bytes, kind: str, sound: Sound) -> list[Message]:
    if kind == "mp3" and (found := _tagged(data)):
        return found
    if sound.samples is not None and (found := await asyncio.to_thread(tone.messages, sound.samples, sound.rate)):
        return found
    note = sound.comment or _noted(data)
    if (said := _comment(note, 0.0, sound.seconds)) is not None:
        return [said]
    if sound.samples is None and (plain := await unpacked(data)) is not None:
        return await asyncio.to_thread(tone.messages, *plain)
    return []


def _tagged(data: bytes) -> list[Message]:
    """The comments of an MP3 file, or of several that were put together, each over its own frames."""
    notes, found, at = mp3.comments(data), list[Message](), 0.0
    for (start, note), following in zip(notes, [*notes[1:], (len(data), "")], strict=True):
        length = mp3.seconds(data, start, following[0])
        if (said := _comment(note, at, at + length)) is not None:
            found.append(said)
        at += length
    return found


def _noted(data: bytes) -> str:
    """The comment of a file that ffmpeg wrote: its name in the tag, a sign or three, and JSON."""
    at = data.find(COMMENT.encode())
    start = data.find(b'{"text":', at, at + 64) if at >= 0 else -1
    if start < 0:
        return ""
    text = data[start : start + 64 * 1024].decode("utf-8", "replace")
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except ValueError:
        return ""
    return text[:end]


def _comment(note: str, start: float, end: float) -> Message | None:
    try:
        read: Any = json.loads(note) if note else None
    except ValueError:
        return None
    if not is_object(read) or not isinstance(read.get("text"), str):
        return None
    voice = read.get("voice")
    return Message(read["text"], voice if isinstance(voice, int) else 0, start, end)

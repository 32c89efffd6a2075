"""Speech: a text as a sound in one of thirteen voices, or in one of the user's own; whole or as events.

Where espeak-ng is on the machine it speaks, and the text is in the file's comment too. Elsewhere the text is in the sound
itself, as tones (media/tone.py) whose pitch is the voice's. WAV, PCM, FLAC and MP3 need nothing; Opus and AAC need ffmpeg.
"""

from __future__ import annotations

import asyncio
import json
from array import array
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any, Final

from .. import event, token
from ..exchange import AnyReply, EventReply, Exchange, Handler, Reply
from ..media import mp3, sound, tone
from ..problem import Problem, invalid, missing, unknown_model
from ..shape import is_object
from .sound_tool import espeak, ffmpeg, packed, spoken

MODELS: Final = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15")
VOICES: Final = (
    "alloy",
    "ash",
    "ballad",
    "coral",
    "echo",
    "fable",
    "onyx",
    "nova",
    "sage",
    "shimmer",
    "verse",
    "marin",
    "cedar",
)
_NEW_VOICES: Final = frozenset({"ballad", "verse", "marin", "cedar"})
_OWN: Final = len(VOICES)
CONTENT_TYPES: Final = {
    "mp3": b"audio/mpeg",
    "opus": b"audio/opus",
    "aac": b"audio/aac",
    "flac": b"audio/flac",
    "wav": b"audio/wav",
    "pcm": b"audio/pcm",
}
_PIECE: Final = 24_000


async def _create(exchange: Exchange) -> AnyReply:
    """Speaks the text in the voice, pace and format asked for; a transcription of the sound gives the text again."""
    body, world = exchange.body, exchange.world
    model, text, speed = body["model"], body["input"], body.get("speed", 1.0)
    if model not in MODELS and model not in world.setting.models:
        raise unknown_model(model)
    if not text.strip():
        raise missing("input")
    if body.get("stream_format") == "sse" and model.startswith("tts-1"):
        raise invalid("stream_format", f"'sse' is not supported for {model}.", "unsupported_value")
    made = await speech(text, voice_number(exchange, body["voice"]), speed, body.get("response_format", "mp3"))
    given, taken = token.count(text), max(1, len(text) * 5 // 4)
    exchange.usage = {
        "kind": "audio_speeches",
        "model": model,
        "input_tokens": given,
        "output_tokens": taken,
        "characters": len(text),
    }
    if body.get("stream_format") == "sse":
        usage = {"input_tokens": given, "output_tokens": taken, "total_tokens": given + taken}
        return EventReply(_events(made, usage))
    return Reply(made, content_type=CONTENT_TYPES[body.get("response_format", "mp3")])


async def _events(made: bytes, usage: dict[str, int]) -> AsyncIterator[bytes]:
    for at in range(0, len(made), _PIECE):
        yield event.named({"type": "speech.audio.delta", "audio": b64encode(made[at : at + _PIECE]).decode()})
        await asyncio.sleep(0)
    yield event.named({"type": "speech.audio.done", "usage": usage})


def voice_number(exchange: Exchange, voice: Any) -> int:
    """Which of the sixteen voices a name or an own voice's id is; raises what the API answers to an unknown one."""
    name: str = voice["id"] if is_object(voice) else voice
    if name in VOICES:
        model = exchange.body["model"]
        if name in _NEW_VOICES and model.startswith("tts-1"):
            raise invalid("voice", f"Voice '{name}' is not supported for {model}.", "unsupported_value")
        return VOICES.index(name)
    if not name.startswith("voice_"):
        listed = ", ".join(f"'{known}'" for known in VOICES)
        raise invalid("voice", f"Invalid value: '{name}'. Supported values are: {listed}.")
    known: dict[str, Any] | None = exchange.world.shelf("audio.voices").get(name)
    if known is None:
        raise Problem(404, f"No voice found with id '{name}'.", param="voice", code="not_found")
    if known["type"] == "prompt":
        raise invalid("voice", "Voices made from a prompt are only for Live.", "unsupported_value")
    return _OWN + sum(name.encode()) % (tone.VOICES - _OWN)


async def speech(text: str, voice: int, speed: float, format: str) -> bytes:
    """A file of the spoken text; raises 400 where this machine cannot write the format."""
    comment = json.dumps({"text": text, "voice": voice}, ensure_ascii=False)
    speaks = espeak() is not None and (format in ("wav", "pcm", "flac") or ffmpeg() is not None)
    samples = await spoken(text, voice, speed) if speaks else None
    plan = tone.plan(text, voice, speed)
    if samples is None:
        if format == "mp3":
            return await asyncio.to_thread(mp3.encode, plan, comment)
        samples = await asyncio.to_thread(tone.samples, plan)
        by_tone = True
    else:
        by_tone = False
    return await _filed(samples, format, comment, by_tone)


async def _filed(samples: array[int], format: str, comment: str, by_tone: bool) -> bytes:
    match format:
        case "pcm":
            return sound.pcm(samples)
        case "wav":
            return await asyncio.to_thread(sound.wav, samples, tone.RATE, "" if by_tone else comment)
        case "flac":
            return await asyncio.to_thread(sound.flac, samples, tone.RATE, comment)
        case _:
            made = await packed(samples, format, comment)
    if made is None:
        message = (
            f"The emulator needs ffmpeg on its machine for '{format}'. It can write mp3, wav, flac and pcm itself."
        )
        raise invalid("response_format", message, "unsupported_value")
    return made


HANDLERS: dict[str, Handler] = {"audio.speech.create": _create}

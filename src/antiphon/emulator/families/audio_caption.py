"""What was heard, laid out in time: words, segments, subtitles and speakers. All times grow and none passes the end."""

from __future__ import annotations

import re
import zlib
from typing import Any, Final, NamedTuple

from .. import token
from ..media.tone import Message
from .audio_hearing import Heard

_SENTENCE: Final = re.compile(r"[^.!?…]*[.!?…]+[\"')\]]*\s*|[^.!?…]+")
_MOST_WORDS: Final = 14


class Part(NamedTuple):
    """Some words, who said them, and their seconds from and to."""

    text: str
    voice: int
    start: float
    end: float


def words(heard: Heard) -> list[Part]:
    """Each word, as long as its share of the letters."""
    return [word for message in heard.messages for word in _shared(message, message.text.split())]


def segments(heard: Heard) -> list[Part]:
    """Each sentence; long ones in pieces."""
    return [part for message in heard.messages for part in _shared(message, _sentences(message.text))]


def _sentences(text: str) -> list[str]:
    made: list[str] = []
    for sentence in _SENTENCE.findall(text):
        split = sentence.split()
        made += [" ".join(split[n : n + _MOST_WORDS]) for n in range(0, len(split), _MOST_WORDS)]
    return made


def _shared(message: Message, texts: list[str]) -> list[Part]:
    whole, said, made = sum(len(text) + 1 for text in texts), 0, list[Part]()
    for text in texts:
        start = _at(message, said / whole)
        said += len(text) + 1
        made.append(Part(text, message.voice, start, _at(message, said / whole)))
    return made


def _at(message: Message, share: float) -> float:
    return round(message.start + (message.end - message.start) * share, 3)


def shown_segment(number: int, part: Part, temperature: float) -> dict[str, Any]:
    """A segment as verbose JSON has it."""
    packed = zlib.compress(part.text.encode())
    return {
        "id": number,
        "seek": int(part.start * 100),
        "start": part.start,
        "end": part.end,
        "text": f" {part.text}",
        "tokens": [zlib.crc32(piece.encode()) % 50_257 for piece in token.pieces(part.text)],
        "temperature": temperature,
        "avg_logprob": -0.05,
        "compression_ratio": round(len(part.text.encode()) / len(packed), 3),
        "no_speech_prob": 0.9 if part.text.startswith("[") else 0.01,
    }


def srt(heard: Heard) -> str:
    """Subtitles with numbers."""
    blocks = (
        f"{n}\n{_clock(part.start, ',')} --> {_clock(part.end, ',')}\n{part.text}\n"
        for n, part in enumerate(segments(heard), 1)
    )
    return "\n".join(blocks) + "\n"


def vtt(heard: Heard) -> str:
    """Subtitles for the web."""
    blocks = (f"{_clock(part.start, '.')} --> {_clock(part.end, '.')}\n{part.text}\n" for part in segments(heard))
    return "WEBVTT\n\n" + "\n".join(blocks) + "\n"


def _clock(seconds: float, mark: str) -> str:
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}{mark}{rest % 1000:03d}"


def speakers(heard: Heard, known: dict[int, str]) -> list[dict[str, Any]]:
    """Segments with who says them: names of known voices, capitals in the order of appearance for the others."""
    labels = dict(known)
    made: list[dict[str, Any]] = []
    for number, part in enumerate(segments(heard)):
        if part.voice not in labels:
            labels[part.voice] = chr(ord("A") + sum(1 for voice in labels if voice not in known) % 26)
        made.append(
            {
                "type": "transcript.text.segment",
                "id": f"seg_{number:03d}",
                "start": part.start,
                "end": part.end,
                "text": part.text,
                "speaker": labels[part.voice],
            }
        )
    return made

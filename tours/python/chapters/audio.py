"""Audio: what is spoken is heard again, in every format and shape; captions, streams, speakers; voices of one's own."""

from __future__ import annotations

import io
import wave
from typing import Any

import openai

from ..tour import Tour

TEXT = "Hello there, this is a tour. Is 7 a number?"
HEADS = {"mp3": (b"ID3", b"\xff"), "wav": (b"RIFF",), "flac": (b"fLaC",)}


def walk(t: Tour) -> None:
    """The chapter."""
    _round_trips(t)
    _shapes(t)
    _streams(t)
    _voices(t)


def _spoken(t: Tour, text: str = TEXT, **more: Any) -> bytes:
    asked: dict[str, Any] = {"model": "tts-1", "voice": "alloy", "input": text, "response_format": "wav"} | more
    return bytes(t.client.audio.speech.create(**asked).content)


def _heard(t: Tour, data: bytes, name: str = "a.wav", **more: Any) -> Any:
    return t.client.audio.transcriptions.create(**{"model": "whisper-1", "file": (name, data)} | more)


def _seconds(data: bytes) -> float:
    with wave.open(io.BytesIO(data)) as read:
        return read.getnframes() / read.getframerate()


def _round_trips(t: Tour) -> None:
    for kind, heads in HEADS.items():
        data = _spoken(t, response_format=kind)
        t.true(data.startswith(heads))
        t.same(_heard(t, data, f"a.{kind}").text, TEXT)
    t.true(3 < _seconds(_spoken(t, speed=0.5)) / _seconds(_spoken(t, speed=2.0)) < 4.5)
    t.same(len({_spoken(t, voice=voice) for voice in ("alloy", "nova", "onyx")}), 3)
    t.same(t.refused(openai.BadRequestError, _spoken, t, voice="nobody").param, "voice")


def _shapes(t: Tour) -> None:
    data = _spoken(t, "One. Two.")
    verbose = _heard(t, data, response_format="verbose_json", timestamp_granularities=["word", "segment"])
    t.same([word.word for word in verbose.words], ["One.", "Two."])
    t.same([segment.text.strip() for segment in verbose.segments], ["One.", "Two."])
    t.true(0 <= verbose.words[0].start < verbose.words[1].end <= verbose.duration)
    srt = _heard(t, data, response_format="srt")
    t.true(srt.startswith("1\n00:00:0") and "\nOne.\n\n2\n" in srt)
    t.true(_heard(t, data, response_format="vtt").startswith("WEBVTT\n\n"))
    t.same(_heard(t, data, response_format="text").strip(), "One. Two.")
    t.same(t.client.audio.translations.create(model="whisper-1", file=("a.wav", data)).text, "One. Two.")
    both = _spoken(t, "Hi.", response_format="mp3") + _spoken(t, "Yes?", voice="nova", response_format="mp3")
    told = _heard(t, both, "a.mp3", model="gpt-4o-transcribe-diarize", response_format="diarized_json")
    t.same([(part.speaker, part.text) for part in told.segments], [("A", "Hi."), ("B", "Yes?")])
    t.refused(openai.BadRequestError, _heard, t, b"no sound")


def _streams(t: Tour) -> None:
    events = list(_heard(t, _spoken(t), model="gpt-4o-transcribe", stream=True, include=["logprobs"]))
    t.same(("".join(event.delta for event in events[:-1]), events[-1].text), (TEXT, TEXT))
    t.same("".join(entry.token for entry in events[-1].logprobs), TEXT)
    speech = t.client.audio.speech.with_streaming_response
    with speech.create(model="tts-1", voice="alloy", input=TEXT, response_format="wav") as reply:
        data = b"".join(reply.iter_bytes())
    t.same(data, _spoken(t))


def _voices(t: Tour) -> None:
    consents, voices, sample = t.client.audio.voice_consents, t.client.audio.voices, ("me.wav", _spoken(t, "I agree."))
    made = consents.create(name="me", language="en-US", recording=sample)
    t.same(consents.update(made.id, name="you").name, "you")
    t.same((consents.retrieve(made.id).name, [each.id for each in consents.list()]), ("you", [made.id]))
    voice = voices.create(name="mine", consent=made.id, audio_sample=sample, type="audio_sample")
    t.same(_heard(t, _spoken(t, "hi", voice={"id": voice.id})).text, "hi")
    t.same(voices.delete(voice.id).deleted, True)
    t.gone(_spoken, t, "hi", voice={"id": voice.id})
    t.same(consents.delete(made.id).deleted, True)
    t.gone(consents.retrieve, made.id)

"""Speech and what is heard in it: the text comes back from every format; voices, pace, captions, speakers, refusals."""

from __future__ import annotations

import base64
import io
import wave
from array import array
from pathlib import Path
from typing import Any

import openai
import pytest

from antiphon.emulator import Emulator, Setting
from antiphon.emulator.families.audio_hearing import record
from antiphon.emulator.families.sound_tool import espeak, ffmpeg
from antiphon.emulator.media import recording, sound, tone
from tests.emulator.asking import Asking

TEXT = "Hello there, this is “antiphon”. Grüße aus Köln! Is 7 a number?"
SSE = "gpt-4o-mini-tts"


def speak(client: Any, text: str = TEXT, **more: Any) -> bytes:
    asked: dict[str, Any] = {"model": "tts-1", "voice": "alloy", "input": text, "response_format": "wav"} | more
    return client.audio.speech.create(**asked).content


def hear(client: Any, data: bytes, name: str = "a.wav", **more: Any) -> Any:
    asked: dict[str, Any] = {"model": "whisper-1", "file": (name, data)} | more
    return client.audio.transcriptions.create(**asked)


def by_tone(text: str, rate: int, voice: int = 0) -> bytes:
    """Speech in tones as somebody else's tool would write it at another rate."""
    played = tone.samples(tone.plan(text, voice))
    made = io.BytesIO()
    with wave.open(made, "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(rate)
        size = len(played) * rate // 24_000
        both = array("h", (value for n in range(size) for value in (played[n * 24_000 // rate],) * 2))
        out.writeframes(sound.pcm(both))
    return made.getvalue()


@pytest.mark.operation("audio.speech.create", "audio.transcriptions.create")
@pytest.mark.parametrize("format", ["mp3", "wav", "flac"])
def test_round_trip(client: Any, format: str) -> None:
    data = speak(client, response_format=format)
    assert recording.audio_kind(data) == format
    heard = hear(client, data, f"a.{format}")
    assert heard.text == TEXT
    assert heard.usage.type == "duration"
    assert 2 < heard.usage.seconds < 10


@pytest.mark.operation("audio.speech.create")
def test_wav_is_one_that_others_read(client: Any) -> None:
    with wave.open(io.BytesIO(speak(client))) as read:
        assert (read.getnchannels(), read.getsampwidth(), read.getframerate()) == (1, 2, 24_000)
        frames = read.readframes(read.getnframes())
    assert frames == speak(client, response_format="pcm")


@pytest.mark.operation("audio.speech.create")
def test_voice_and_pace(client: Any) -> None:
    def seconds(speed: float) -> float:
        return sound.read_wav(speak(client, speed=speed)).seconds

    assert 3 < seconds(0.5) / seconds(2.0) < 4.5
    voices = {speak(client, model=SSE, voice=voice) for voice in ("alloy", "nova", "onyx", "cedar")}
    assert len(voices) == 4
    if espeak() is None:
        found = [tone.messages(sound.read_wav(data).samples or (), 24_000)[0] for data in voices]
        assert {message.text for message in found} == {TEXT}
        assert len({message.voice for message in found}) == 4


@pytest.mark.operation("audio.speech.create")
def test_events(client: Any, ask: Asking) -> None:
    body = {"model": SSE, "voice": "ash", "input": TEXT, "response_format": "wav", "stream_format": "sse"}
    events = ask("POST", "/v1/audio/speech", body).events
    assert [event["type"] for event in events[:-1]] == ["speech.audio.delta"] * (len(events) - 1)
    assert len(events) > 3
    assert b"".join(base64.b64decode(event["audio"]) for event in events[:-1]) == speak(client, model=SSE, voice="ash")
    usage = events[-1]["usage"]
    assert events[-1]["type"] == "speech.audio.done"
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


@pytest.mark.operation("audio.speech.create")
@pytest.mark.parametrize(
    ("more", "status", "param"),
    [
        ({"input": " "}, 400, "input"),
        ({"input": "x" * 4_097}, 400, "input"),
        ({"model": "gpt-4o"}, 404, "model"),
        ({"voice": "nobody"}, 400, "voice"),
        ({"voice": "cedar"}, 400, "voice"),
        ({"voice": {"id": "voice_none"}}, 404, "voice"),
        ({"speed": 4.5}, 400, "speed"),
        ({"speed": 0.2}, 400, "speed"),
        ({"response_format": "midi"}, 400, "response_format"),
        ({"stream_format": "sse"}, 400, "stream_format"),
    ],
)
def test_refused_speech(ask: Asking, more: dict[str, Any], status: int, param: str) -> None:
    heard = ask("POST", "/v1/audio/speech", {"model": "tts-1", "voice": "alloy", "input": "x"} | more)
    assert (heard.status, heard.error["param"]) == (status, param)


@pytest.mark.operation("audio.speech.create")
@pytest.mark.parametrize("format", ["opus", "aac"])
def test_formats_of_ffmpeg(client: Any, format: str) -> None:
    """With ffmpeg the text comes back from them too; without, the answer says what is missing."""
    if ffmpeg() is None:
        with pytest.raises(openai.BadRequestError, match="ffmpeg"):
            speak(client, response_format=format)
    else:
        assert hear(client, speak(client, response_format=format), f"a.{format}").text == TEXT


@pytest.mark.operation("audio.transcriptions.create")
@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_other_rates(client: Any, rate: int) -> None:
    assert hear(client, by_tone(TEXT, rate, 9)).text == TEXT


@pytest.mark.operation("audio.transcriptions.create")
def test_verbose(client: Any) -> None:
    granularities = ["word", "segment"]
    heard = hear(
        client,
        by_tone(TEXT, 24_000),
        response_format="verbose_json",
        timestamp_granularities=granularities,
        language="de",
    )
    assert (heard.text, heard.language) == (TEXT, "german")
    assert [word.word for word in heard.words] == TEXT.split()
    assert [segment.text.strip() for segment in heard.segments] == [
        "Hello there, this is “antiphon”.",
        "Grüße aus Köln!",
        "Is 7 a number?",
    ]
    for parts in (heard.words, heard.segments):
        times = [time for part in parts for time in (part.start, part.end)]
        assert times == sorted(times)
        assert 0 <= times[0] < times[-1] <= heard.duration
        assert all(part.start < part.end for part in parts)
    plain = hear(client, by_tone(TEXT, 24_000), response_format="verbose_json")
    assert (plain.words, len(plain.segments)) == (None, 3)


@pytest.mark.operation("audio.transcriptions.create")
def test_captions(client: Any) -> None:
    data = by_tone("One. Two.", 24_000)
    srt, vtt = (hear(client, data, response_format=shape) for shape in ("srt", "vtt"))
    assert srt.startswith("1\n00:00:00,0")
    assert "\nOne.\n\n2\n00:00:00," in srt
    assert vtt.startswith("WEBVTT\n\n00:00:00.0")
    assert " --> 00:00:01." in vtt
    assert hear(client, data, response_format="text").strip() == "One. Two."


@pytest.mark.operation("audio.transcriptions.create")
def test_speakers(client: Any) -> None:
    """Two voices put together are told apart, and one is known by its sample."""
    both = (
        tone.samples(tone.plan("Hi.", 3))
        + tone.samples(tone.plan("Hello to you.", 8))
        + tone.samples(tone.plan("Bye.", 3))
    )
    data = sound.wav(both, 24_000)
    model = "gpt-4o-transcribe-diarize"
    heard = hear(client, data, model=model, response_format="diarized_json")
    assert [(part.speaker, part.text) for part in heard.segments] == [
        ("A", "Hi."),
        ("B", "Hello to you."),
        ("A", "Bye."),
    ]
    assert heard.text == "Hi. Hello to you. Bye."
    assert heard.segments[0].end < heard.segments[1].start < heard.segments[2].start < heard.duration
    sample = "data:audio/wav;base64," + base64.b64encode(by_tone("sample", 16_000, 8)).decode()
    more: dict[str, Any] = {"known_speaker_names": ["Eve"], "known_speaker_references": [sample]}
    heard = hear(client, data, model=model, response_format="diarized_json", **more)
    assert [part.speaker for part in heard.segments] == ["A", "Eve", "A"]
    events = list(hear(client, data, model=model, response_format="diarized_json", stream=True))
    assert [event.speaker for event in events if event.type == "transcript.text.segment"] == ["A", "B", "A"]
    long = sound.wav(array("h", bytes(2 * 8_000 * 31)), 8_000)
    with pytest.raises(openai.BadRequestError) as caught:
        hear(client, long, model=model)
    assert caught.value.param == "chunking_strategy"
    assert hear(client, long, model=model, chunking_strategy="auto").text == "[31 seconds of audio]"


@pytest.mark.operation("audio.transcriptions.create", "audio.speech.create")
def test_speakers_of_mp3(client: Any) -> None:
    """Files put one after the other, as people do with MP3, are heard one after the other."""
    both = speak(client, "Hi.", response_format="mp3") + speak(client, "Yes?", voice="nova", response_format="mp3")
    heard = hear(client, both, "a.mp3", model="gpt-4o-transcribe-diarize", response_format="diarized_json")
    assert [(part.speaker, part.text) for part in heard.segments] == [("A", "Hi."), ("B", "Yes?")]
    assert 0 == heard.segments[0].start < heard.segments[0].end == heard.segments[1].start < heard.segments[1].end
    assert heard.segments[1].end == pytest.approx(heard.duration, abs=0.001)


@pytest.mark.operation("audio.transcriptions.create")
def test_stream_and_logprobs(client: Any) -> None:
    data, model = by_tone(TEXT, 24_000), "gpt-4o-transcribe"
    events = list(hear(client, data, model=model, stream=True, include=["logprobs"]))
    assert "".join(event.delta for event in events[:-1]) == events[-1].text == TEXT
    assert {event.type for event in events[:-1]} == {"transcript.text.delta"}
    assert "".join(entry.token for entry in events[-1].logprobs) == TEXT
    usage = events[-1].usage
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    whole = hear(client, data, model=model, include=["logprobs"], prompt="names")
    assert bytes(int(byte) for entry in whole.logprobs for byte in entry.bytes).decode() == TEXT
    assert whole.usage.input_token_details.text_tokens > 0
    assert hear(client, data, stream=True, extra_headers={"Accept": "application/json"}) is not None
    assert hear(client, data, model="gpt-transcribe", languages=["fr"]).languages[0].code == "fr"


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
@pytest.mark.operation("audio.translations.create")
def test_translation(client: Any) -> None:
    data = by_tone("Guten Tag.", 16_000)
    assert client.audio.translations.create(model="whisper-1", file=("a.wav", data)).text == "Guten Tag."
    verbose: Any = client.audio.translations.create(
        model="whisper-1", file=("a.wav", data), response_format="verbose_json"
    )
    assert (verbose.language, verbose.segments[0].text, verbose.task) == ("english", " Guten Tag.", "translate")
    with pytest.raises(openai.NotFoundError):
        client.audio.translations.create(model="gpt-4o-transcribe", file=("a.wav", data))
    with pytest.raises(openai.BadRequestError):
        client.audio.translations.create(model="whisper-1", file=("a.wav", b"no sound"))


@pytest.mark.operation("audio.transcriptions.create")
def test_foreign_and_recorded(tmp_path: Path) -> None:
    noise = sound.wav(array("h", [n * 7919 % 20_000 - 10_000 for n in range(24_000 * 3)]), 24_000)
    with Emulator(Setting(data=tmp_path)) as server, openai.OpenAI(base_url=server.base_url, api_key="k") as client:
        assert hear(client, noise).text == "[3 seconds of audio]"
        name = record(server.app.world, noise, "As it was said.")
        assert hear(client, noise).text == "As it was said."
        lines = [line.usage for line in server.app.world.journal if line.usage]
        assert lines[-1]["kind"] == "audio_transcriptions"
        assert lines[-1]["seconds"] == 3
    with Emulator(Setting(data=tmp_path)) as server, openai.OpenAI(base_url=server.base_url, api_key="k") as client:
        assert hear(client, noise).text == "As it was said."
        server.app.world.shelf("audio.recordings").pop(name)
        (tmp_path / "recordings.json").write_text(f'{{"{name}": "From the file."}}')
        assert hear(client, noise).text == "From the file."


@pytest.mark.operation("audio.transcriptions.create")
@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"file": ("a.wav", b"not a sound")}, "file"),
        ({"file": ("a.wav", b"RIFF\0\0\0\0WAVE")}, "file"),
        ({"file": ("a.wav", sound.wav(array("h", bytes(200)), 24_000))}, "file"),
        ({"temperature": 1.5}, "temperature"),
        ({"model": "gpt-4o-transcribe", "response_format": "srt"}, "response_format"),
        ({"response_format": "diarized_json"}, "response_format"),
        ({"timestamp_granularities": ["word"]}, "timestamp_granularities"),
        ({"include": ["logprobs"]}, "include"),
        ({"keywords": ["x"]}, "keywords"),
        ({"known_speaker_names": ["x"]}, "known_speaker_references"),
        (
            {"known_speaker_names": ["x"], "known_speaker_references": ["data:audio/wav;base64,AAAA"]},
            "known_speaker_references",
        ),
        ({"model": "gpt-4o-transcribe-diarize", "prompt": "x"}, "prompt"),
    ],
)
def test_refused_recordings(client: Any, more: dict[str, Any], param: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        hear(client, by_tone("x", 8_000), **more)
    assert caught.value.param == param

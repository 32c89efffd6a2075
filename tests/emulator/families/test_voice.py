"""Voices and consents: kept, listed, renamed, removed; speech takes a voice only while it is there."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from antiphon.emulator import Emulator
from antiphon.emulator.media import sound, tone

SAMPLE = sound.wav(array("h", bytes(16_000)), 8_000)


@pytest.fixture
def running() -> Iterator[Emulator]:
    with Emulator() as server:
        yield server


@pytest.fixture
def own(running: Emulator) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=running.base_url, api_key="k", max_retries=0) as client:
        yield client


def consent(client: Any, name: str = "me") -> Any:
    return client.audio.voice_consents.create(name=name, language="en-US", recording=("me.wav", SAMPLE))


def files(server: Emulator) -> int:
    return len(list(server.app.world.folder().iterdir()))


@pytest.mark.operation(
    "audio.voice_consents.create",
    "audio.voice_consents.retrieve",
    "audio.voice_consents.update",
    "audio.voice_consents.list",
    "audio.voice_consents.delete",
)
def test_consents(running: Emulator, own: Any) -> None:
    made = [consent(own, name) for name in ("a", "b", "c")]
    assert own.audio.voice_consents.retrieve(made[0].id) == made[0]
    assert (made[0].name, made[0].language, made[0].object) == ("a", "en-US", "audio.voice_consent")
    page = own.audio.voice_consents.list(limit=2)
    assert [item.id for item in page.data] == [made[2].id, made[1].id]
    assert [item.id for item in own.audio.voice_consents.list(after=made[1].id).data] == [made[0].id]
    assert own.audio.voice_consents.update(made[0].id, name="z").name == "z"
    assert own.audio.voice_consents.retrieve(made[0].id).name == "z"
    assert files(running) == 3
    gone = own.audio.voice_consents.delete(made[0].id)
    assert (gone.id, gone.deleted, gone.object) == (made[0].id, True, "audio.voice_consent")
    assert files(running) == 2
    for again in (own.audio.voice_consents.retrieve, own.audio.voice_consents.delete):
        with pytest.raises(openai.NotFoundError):
            again(made[0].id)
    with pytest.raises(openai.NotFoundError):
        own.audio.voice_consents.update("cons_none", name="x")


@pytest.mark.operation("audio.voices.create", "audio.voices.delete", "audio.speech.create")
def test_voice_speaks(running: Emulator, own: Any) -> None:
    agreed = consent(own)
    voices: Any = own.audio.voices
    voice = voices.create(name="mine", consent=agreed.id, audio_sample=("s.wav", SAMPLE), type="audio_sample")
    assert (voice.object, voice.type, voice.name) == ("audio.voice", "audio_sample", "mine")

    def speak() -> bytes:
        asked: Any = {"model": "tts-1", "voice": {"id": voice.id}, "input": "hi", "response_format": "wav"}
        return own.audio.speech.create(**asked).content

    read = sound.read_wav(speak())
    assert read.seconds > 0.1
    assert all(message.text == "hi" for message in tone.messages(read.samples or (), read.rate))
    gone = own.audio.voices.delete(voice.id)
    assert (gone.deleted, gone.object) == (True, "audio.voice.deleted")
    assert files(running) == 1
    with pytest.raises(openai.NotFoundError):
        speak()
    with pytest.raises(openai.NotFoundError):
        own.audio.voices.delete(voice.id)


@pytest.mark.operation("audio.voices.create")
def test_voice_of_a_prompt(own: Any) -> None:
    voices: Any = own.audio.voices
    made = voices.create(name="bard", prompt="an old bard", type="prompt")
    assert (made.type, made.prompt) == ("prompt", "an old bard")
    with pytest.raises(openai.BadRequestError, match="Live"):
        own.audio.speech.create(model="tts-1", voice={"id": made.id}, input="hi")


@pytest.mark.operation("audio.voices.create", "audio.voice_consents.create")
@pytest.mark.parametrize(
    ("path", "fields", "data", "status", "param"),
    [
        ("voices", {"name": "n", "consent": "cons_none"}, SAMPLE, 404, "consent"),
        ("voices", {"name": "n"}, SAMPLE, 400, "consent"),
        ("voices", {"name": "n", "consent": "c", "prompt": "p"}, SAMPLE, 400, "prompt"),
        ("voices", {"name": "n", "type": "prompt", "prompt": "p"}, SAMPLE, 400, "audio_sample"),
        ("voices", {"name": " ", "consent": "c"}, SAMPLE, 400, "name"),
        ("voices", {"name": "n", "consent": "c"}, b"text", 400, "audio_sample"),
        ("voice_consents", {"name": "n", "language": "??"}, SAMPLE, 400, "language"),
        ("voice_consents", {"name": "n", "language": "en"}, b"text", 400, "recording"),
        ("voice_consents", {"name": "n", "language": "en"}, SAMPLE + bytes(10 << 20), 400, "recording"),
        ("voice_consents", {"language": "en"}, SAMPLE, 400, "name"),
    ],
)
def test_refusals(running: Emulator, path: str, fields: dict[str, str], data: bytes, status: int, param: str) -> None:
    name = "audio_sample" if path == "voices" else "recording"
    sent = {"Authorization": "Bearer k"}
    heard = httpx.post(
        f"{running.base_url}/audio/{path}", data=fields, files={name: ("a.wav", data)}, headers=sent, timeout=30
    )
    assert (heard.status_code, heard.json()["error"]["param"]) == (status, param)
    assert files(running) == 0

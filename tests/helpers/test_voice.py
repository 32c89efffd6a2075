"""`Microphone` and `LocalAudioPlayer` over a stand-in for the sound card, beside the official package's over the same one."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
import wave
from collections.abc import AsyncIterator, Iterator
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy
import pytest

import antiphon
from antiphon.helpers import LocalAudioPlayer, Microphone
from antiphon.helpers.dependency import MissingDependencyError, needed
from tests.parity.official import openai
from tests.transports.rude import Rude, reply

from .sound_card import SoundCard

RAMP = numpy.arange(-3000, 3000, 5, dtype=numpy.int16).reshape(-1, 1)


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundCard]:
    """The sound card of a test."""
    card = SoundCard(RAMP)
    monkeypatch.setitem(sys.modules, "sounddevice", card)
    yield card
    assert card.open == 0


def houses() -> list[Any]:
    """Ours, and the official ones."""
    # By name: another test may have made the official package anew, which knows nothing of parts loaded before.
    return [antiphon.helpers, import_module("openai.helpers")]


def counted(most: int) -> Any:
    """A function that says yes some times."""
    left = iter(range(most))
    return lambda: next(left, None) is not None


def speech(kind: str, house: Any, url: str) -> Any:
    """A way to play what a server says, by the kind of client that asked."""
    options: dict[str, Any] = {"api_key": "sk-1", "base_url": url}
    arguments: dict[str, Any] = {"model": "tts-1", "voice": "alloy", "input": "hi", "response_format": "pcm"}

    async def played() -> None:
        player = import_module(f"{house.__name__}.helpers").LocalAudioPlayer()
        if kind.startswith("async"):
            async with house.AsyncOpenAI(**options) as client:
                if kind == "async whole":
                    return await player.play(await client.audio.speech.create(**arguments))
                async with client.audio.speech.with_streaming_response.create(**arguments) as response:
                    return await player.play(response)
        with house.OpenAI(**options) as client:
            if kind == "whole":
                return await player.play(client.audio.speech.create(**arguments))
            with client.audio.speech.with_streaming_response.create(**arguments) as response:
                return await player.play(response)

    return played


def test_recording_gives_the_same_file_and_samples(card: SoundCard) -> None:
    files, samples = [], []
    for house in houses():
        name, file, kind = asyncio.run(house.Microphone(should_record=counted(3)).record())
        assert (name, kind) == ("audio.wav", "audio/wav")
        files.append(file.read())
        samples.append(asyncio.run(house.Microphone(should_record=counted(3)).record(return_ndarray=True)))
    assert files[0] == files[1]
    assert (samples[0] == RAMP[:300]).all()
    assert (samples[0] == samples[1]).all()
    options = [{name: value for name, value in opened.items() if name != "callback"} for opened in card.opened]
    assert options == [{"dtype": numpy.int16, "samplerate": 24000, "channels": 1}] * 4


def test_the_file_says_what_it_holds(card: SoundCard) -> None:
    _, file, _ = asyncio.run(Microphone(should_record=counted(2)).record())
    with wave.open(file) as read:
        assert (read.getnchannels(), read.getsampwidth(), read.getframerate()) == (1, 2, 24000)
        assert read.readframes(1000) == RAMP[:200].tobytes()


@pytest.mark.parametrize("dtype", [numpy.float32, numpy.int8, numpy.int16, numpy.int32])
def test_other_samples_become_the_same_file(dtype: Any, card: SoundCard) -> None:
    card.heard = (RAMP / 40).astype(dtype)
    files = [
        asyncio.run(house.Microphone(dtype=dtype, should_record=counted(3)).record())[1].read() for house in houses()
    ]
    assert files[0] == files[1]


def test_a_timeout_ends_a_recording(card: SoundCard, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = itertools.count()
    monkeypatch.setattr("antiphon.helpers.microphone.time", SimpleNamespace(monotonic=lambda: next(seconds)))
    microphone = Microphone(timeout=2)
    samples = asyncio.run(microphone.record(return_ndarray=True))
    assert (samples == RAMP[:200]).all()
    assert len(microphone.buffer_chunks) == 2


def test_nothing_recorded_is_an_empty_file(card: SoundCard) -> None:
    files = [asyncio.run(house.Microphone(should_record=lambda: False).record())[1].read() for house in houses()]
    assert files[0] == files[1]


@pytest.mark.parametrize(
    "samples",
    [RAMP, RAMP.reshape(-1), (RAMP / 4000).astype(numpy.float32), RAMP[:0]],
    ids=["integers", "flat", "floats", "none"],
)
def test_samples_are_played_as_they_are_there(samples: Any, card: SoundCard) -> None:
    played = []
    for house in houses():
        card.blocks.clear()
        asyncio.run(house.LocalAudioPlayer().play(samples))
        played.append(card.played)
    assert (played[0] == played[1]).all()
    assert len(played[0]) == -(-len(samples) // card.block) * card.block


@pytest.mark.parametrize("kind", ["whole", "streaming", "async whole", "async streaming"])
def test_speech_is_played_as_it_is_there(kind: str, card: SoundCard) -> None:
    with Rude(reply(RAMP.tobytes(), 200, "Content-Type: audio/pcm")) as server:
        played = []
        for house in (antiphon, openai):
            card.blocks.clear()
            asyncio.run(speech(kind, house, server.url)())
            played.append(card.played)
    assert len(played[0]) == 1200
    assert numpy.abs(played[0] - RAMP / 32767.0).max() < 1e-6
    assert (played[0] == played[1]).all()


def test_half_a_sample_at_the_end_is_no_failure(card: SoundCard) -> None:
    with Rude(reply(RAMP.tobytes() + b"\x01", 200, "Content-Type: audio/pcm")) as server:
        with pytest.raises(ValueError, match="multiple of element size"):
            asyncio.run(speech("whole", openai, server.url)())
        asyncio.run(speech("whole", antiphon, server.url)())
    assert len(card.played) == 1200


def test_other_types_are_refused(card: SoundCard) -> None:
    for house in houses():
        with pytest.raises(ValueError, match="float64"):
            asyncio.run(house.LocalAudioPlayer().play(RAMP.astype(numpy.float64)))


def test_playing_stops_when_it_is_told(card: SoundCard) -> None:
    asyncio.run(LocalAudioPlayer(should_stop=counted(0)).play(RAMP))
    assert len(card.played) == len(RAMP)
    card.blocks.clear()
    stop = counted(3)
    asyncio.run(LocalAudioPlayer(should_stop=lambda: not stop()).play(RAMP))
    assert len(card.played) == 300


async def pieces(*, pause: float = 0, fail: bool = False, many: int = 12) -> AsyncIterator[Any]:
    """A stream of samples."""
    for number in range(many):
        await asyncio.sleep(pause)
        yield RAMP[number * 100 : (number + 1) * 100] if number % 2 else (RAMP[number * 100 : (number + 1) * 100] / 32767).astype(numpy.float32)  # fmt: skip
    if fail:
        raise RuntimeError("the line broke")
    yield None
    raise AssertionError("nobody asks after the end")


def test_a_stream_is_played_in_order(card: SoundCard) -> None:
    for house in houses():
        card.blocks.clear()
        asyncio.run(house.LocalAudioPlayer().play_stream(pieces()))
        heard = card.played[card.played != 0]
        expected = (RAMP / 32767.0)[RAMP != 0]
        assert numpy.abs(heard - expected).max() < 1e-6


def test_silence_is_played_while_a_stream_pauses(card: SoundCard) -> None:
    asyncio.run(LocalAudioPlayer().play_stream(pieces(pause=0.005)))
    heard = card.played[card.played != 0]
    assert len(card.played) > len(RAMP)
    assert len(heard) == (RAMP != 0).sum()


def test_a_stream_that_breaks_is_told_and_does_not_hang(card: SoundCard) -> None:
    with pytest.raises(RuntimeError, match="the line broke"):
        asyncio.run(asyncio.wait_for(LocalAudioPlayer().play_stream(pieces(fail=True)), 10))
    assert (card.played != 0).sum() == (RAMP != 0).sum()


def test_a_stream_stops_when_it_is_told_and_its_source_ends(card: SoundCard) -> None:
    closed: list[bool] = []

    async def forever() -> AsyncIterator[Any]:
        try:
            while True:
                yield RAMP[:100]
        finally:
            closed.append(True)

    async def play() -> None:
        stop = counted(5)
        await LocalAudioPlayer(should_stop=lambda: not stop()).play_stream(source := forever())
        await source.aclose()

    asyncio.run(asyncio.wait_for(play(), 10))
    assert closed == [True]
    assert len(card.played) == 500


def test_cancelling_closes_the_card(card: SoundCard) -> None:
    async def cancelled() -> None:
        task = asyncio.ensure_future(LocalAudioPlayer().play_stream(pieces(pause=3600)))
        while not card.open:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert [other for other in asyncio.all_tasks() if other is not asyncio.current_task()] == []

    asyncio.run(cancelled())


@pytest.mark.parametrize("missing", ["numpy", "sounddevice"])
def test_what_is_missing_is_named_with_its_extra(
    missing: str, card: SoundCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    wish = f"{missing} is not installed.*antiphon\\[voice_helpers\\]"
    with pytest.raises(MissingDependencyError, match=wish):
        asyncio.run(Microphone().record())
    with pytest.raises(MissingDependencyError, match=wish):
        asyncio.run(LocalAudioPlayer().play_stream(pieces()))
    assert issubclass(MissingDependencyError, antiphon.OpenAIError)


def test_a_system_without_portaudio_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_: str) -> None:
        raise OSError("PortAudio library not found")

    monkeypatch.setattr("antiphon.helpers.dependency.import_module", load)
    with pytest.raises(MissingDependencyError, match="PortAudio"):
        needed("sounddevice", "voice_helpers")


def test_helpers_are_loaded_when_asked_for() -> None:
    code = (
        "import sys, antiphon.helpers as h; print('numpy' in sys.modules); h.Microphone; print('numpy' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "False"]
    with pytest.raises(AttributeError, match="nonsense"):
        _ = antiphon.helpers.nonsense  # type: ignore[attr-defined]

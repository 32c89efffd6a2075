"""Recording from a microphone, in a form that can be uploaded for transcription.

Knows samples and WAV; the sound card is the `sounddevice` library's business (extra `voice_helpers`).
"""

from __future__ import annotations

import asyncio
import io
import time
import wave
from collections.abc import Callable
from typing import Any, Literal, overload

from .dependency import needed

EXTRA = "voice_helpers"
SAMPLE_RATE = 24_000
"""Samples a second, as the API's speech has them."""

WavFile = tuple[str, io.BytesIO, str]


class Microphone:
    """Records until it is told to stop.

    >>> mic = Microphone(timeout=5)  # doctest: +SKIP
    >>> client.audio.transcriptions.create(model="whisper-1", file=await mic.record())  # doctest: +SKIP

    Args:
        channels: 1 for mono, 2 for stereo.
        dtype: the samples' numpy type; 16-bit integers when left out.
        should_record: asked for each block of samples; recording ends when it says no.
        timeout: seconds after which recording ends; `None` for no bound.

    Raises:
        MissingDependencyError: numpy or sounddevice is missing.
    """

    def __init__(
        self,
        channels: int = 1,
        dtype: Any = None,
        should_record: Callable[[], bool] | None = None,
        timeout: float | None = None,
    ) -> None:
        self.channels = channels
        self.dtype = needed("numpy", EXTRA).int16 if dtype is None else dtype
        self.should_record = should_record
        self.has_record_function = callable(should_record)
        self.timeout = timeout
        self.buffer_chunks: list[Any] = []

    @overload
    async def record(self, return_ndarray: Literal[True]) -> Any: ...
    @overload
    async def record(self, return_ndarray: Literal[False] | None = ...) -> WavFile: ...
    async def record(self, return_ndarray: bool | None = False) -> Any:
        """Record; gives a WAV file for `file=` arguments, or with `return_ndarray` the samples.

        Raises:
            MissingDependencyError: numpy or sounddevice is missing.
        """
        numpy, sounddevice = needed("numpy", EXTRA), needed("sounddevice", EXTRA)
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        chunks = self.buffer_chunks = []
        end = None if self.timeout is None else time.monotonic() + self.timeout

        def take(samples: Any, _count: int, _time: object, _status: object) -> None:
            # Called by the sound card's own thread.
            if (end is not None and time.monotonic() > end) or (self.should_record and not self.should_record()):
                loop.call_soon_threadsafe(over.set)
                raise sounddevice.CallbackStop
            chunks.append(samples.copy())

        with sounddevice.InputStream(callback=take, dtype=self.dtype, samplerate=SAMPLE_RATE, channels=self.channels):
            await over.wait()
        samples = numpy.concatenate(chunks, axis=0) if chunks else numpy.array([], dtype=self.dtype)
        return samples if return_ndarray else self._ndarray_to_wav(samples)

    def _ndarray_to_wav(self, audio_data: Any) -> WavFile:
        """A WAV file of samples: floats become 16-bit integers, signed bytes the unsigned ones that WAV has."""
        numpy = needed("numpy", EXTRA)
        data = audio_data
        if data.dtype == numpy.float32:
            data = (numpy.clip(data, -1, 1) * numpy.iinfo(numpy.int16).max).astype(numpy.int16)
        elif data.dtype == numpy.int8:
            data = (data.astype(numpy.int16) + 128).astype(numpy.uint8)
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as file:
            file.setnchannels(self.channels)
            file.setsampwidth(data.dtype.itemsize)
            file.setframerate(SAMPLE_RATE)
            file.writeframes(data.tobytes())
        buffer.seek(0)
        return ("audio.wav", buffer, "audio/wav")

"""Playing speech on this machine's loudspeaker.

Knows samples and blocks of them; the sound card is the `sounddevice` library's business (extra `voice_helpers`).
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
from collections.abc import AsyncIterable, Callable
from typing import Any

from .dependency import needed
from .microphone import EXTRA, SAMPLE_RATE

_LOUDEST = 32767.0
_AHEAD = 50


class LocalAudioPlayer:
    """Plays raw 16-bit speech (`response_format="pcm"`) or numpy samples at 24 kHz, mono.

    >>> async with client.audio.speech.with_streaming_response.create(..., response_format="pcm") as speech:  # doctest: +SKIP
    ...     await LocalAudioPlayer().play(speech)

    Args:
        should_stop: asked for each block; playing ends when it says yes.

    Raises:
        MissingDependencyError: numpy or sounddevice is missing.
    """

    def __init__(self, should_stop: Callable[[], bool] | None = None) -> None:
        self.channels = 1
        self.dtype = needed("numpy", EXTRA).float32
        self.should_stop = should_stop

    async def play(self, input: Any) -> None:
        """Play to the end.

        Args:
            input: a speech response, whole or streaming, of either colour; or samples as 16-bit integers or floats.

        Raises:
            ValueError: samples of another type.
            MissingDependencyError: numpy or sounddevice is missing.
        """
        numpy, sounddevice = needed("numpy", EXTRA), needed("sounddevice", EXTRA)
        whole = isinstance(input, numpy.ndarray)
        samples = self._floats(input) if whole else await self._tts_response_to_buffer(input)
        loop, over, place = asyncio.get_running_loop(), asyncio.Event(), 0

        def give(block: Any, count: int, _time: object, _status: object) -> None:
            # Called by the sound card's own thread.
            nonlocal place
            piece = samples[place : place + count]
            if not len(piece) or self._stopped():
                loop.call_soon_threadsafe(over.set)
                raise sounddevice.CallbackStop
            block[: len(piece)] = piece
            block[len(piece) :] = 0
            place += len(piece)

        with sounddevice.OutputStream(
            samplerate=SAMPLE_RATE, callback=give, dtype=samples.dtype, channels=samples.shape[1]
        ):
            await over.wait()

    async def play_stream(self, buffer_stream: AsyncIterable[Any]) -> None:
        """Play samples while they come; `None` among them ends it.

        Raises:
            ValueError: samples of a type that cannot be played.
            MissingDependencyError: numpy or sounddevice is missing.
        """
        sounddevice = needed("sounddevice", EXTRA)
        feed = _Feed(asyncio.get_running_loop())

        def give(block: Any, count: int, _time: object, _status: object) -> None:
            # Called by the sound card's own thread.
            if self._stopped() or not feed.fill(block, count):
                feed.finish()
                raise sounddevice.CallbackStop

        filling = asyncio.ensure_future(self._fill(feed, buffer_stream))
        try:
            with sounddevice.OutputStream(
                samplerate=SAMPLE_RATE, channels=self.channels, dtype=self.dtype, callback=give
            ):
                await feed.over.wait()
            if filling.done():
                filling.result()  # what broke the source off is told
        finally:
            filling.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await filling

    async def _fill(self, feed: _Feed, source: AsyncIterable[Any]) -> None:
        try:
            async for samples in source:
                if samples is None:
                    break
                await feed.put(self._floats(samples))
        finally:
            feed.end()

    def _stopped(self) -> bool:
        return self.should_stop is not None and self.should_stop()

    def _floats(self, samples: Any) -> Any:
        numpy = needed("numpy", EXTRA)
        if samples.dtype == numpy.int16:
            return (samples.astype(numpy.float32) / _LOUDEST).reshape(-1, self.channels)
        if samples.dtype == numpy.float32:
            return samples if samples.ndim == 2 else samples.reshape(-1, self.channels)
        raise ValueError(f"samples of type {samples.dtype} cannot be played; give int16 or float32")

    async def _tts_response_to_buffer(self, response: Any) -> Any:
        numpy = needed("numpy", EXTRA)
        pieces = response.iter_bytes(chunk_size=4096)
        if hasattr(pieces, "__aiter__"):
            content = b"".join([piece async for piece in pieces])
        else:
            content = await asyncio.to_thread(b"".join, pieces)
        even = content[: len(content) // 2 * 2]
        return self._floats(numpy.frombuffer(even, dtype=numpy.int16))


class _Feed:
    """Blocks on their way from a task to the sound card's thread, a bounded number ahead."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._room = asyncio.Semaphore(_AHEAD)
        self._current: Any = None
        self._ended = False
        self.over = asyncio.Event()

    async def put(self, samples: Any) -> None:
        await self._room.acquire()
        self._queue.put(samples)

    def end(self) -> None:
        self._queue.put(None)

    def finish(self) -> None:
        self._call(self.over.set)

    def fill(self, block: Any, count: int) -> bool:
        """Fill a block, with silence where nothing has come yet; whether there was or may be anything."""
        written = 0
        while written < count and self._next():
            piece = self._current[: count - written]
            block[written : written + len(piece)] = piece
            self._current = self._current[len(piece) :]
            written += len(piece)
        block[written:] = 0
        return written > 0 or not self._ended

    def _next(self) -> bool:
        """Whether there are samples now."""
        while self._current is None or not len(self._current):
            try:
                self._current = self._queue.get_nowait()
            except queue.Empty:
                self._current = None
                return False
            if self._current is None:
                self._ended = True
                return False
            self._call(self._room.release)
        return True

    def _call(self, what: Callable[[], object]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed while the card still played
            self._loop.call_soon_threadsafe(what)

"""Downloads that were read whole: the bytes of an audio clip, a file, an image; with the reading methods of both colours."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar

from .core.decode import body_json
from .core.deprecation import deprecated
from .core.reply import Reply
from .core.segment import Sized, cut, line_cutter, text_cutter

S = TypeVar("S", bytes, str)
FilePath = str | os.PathLike[str]

_NOT_STREAMED = "the body is in memory by now; with_streaming_response.<method>() writes it as it comes"


class HttpxBinaryResponseContent:
    """The content of a download.

    >>> client.audio.speech.create(model="tts-1", voice="alloy", input="Hi").write_to_file("hi.mp3")  # doctest: +SKIP

    Attributes:
        response: the reply.
    """

    response: Reply

    def __init__(self, response: Reply) -> None:
        self.response = response

    @property
    def content(self) -> bytes:
        """The bytes."""
        return self.response.content

    @property
    def text(self) -> str:
        """The bytes as text."""
        return self.response.text

    @property
    def encoding(self) -> str:
        """The charset `text` uses."""
        return self.response.encoding

    @property
    def charset_encoding(self) -> str | None:
        """The charset the server declared."""
        return self.response.encoding if "charset=" in self.response.headers.get("content-type", "").lower() else None

    def json(self, **options: Any) -> Any:
        """The content parsed as JSON.

        Raises:
            MalformedResponse: it is none.
        """
        return body_json(self.response)

    def read(self) -> bytes:
        """The bytes."""
        return self.response.content

    def iter_bytes(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """The bytes in pieces of `chunk_size`, or whole."""
        return cut([self.response.content], Sized[bytes](chunk_size))

    iter_raw = iter_bytes

    def iter_text(self, chunk_size: int | None = None) -> Iterator[str]:
        """The text in pieces of `chunk_size` characters, or whole."""
        return cut([self.response.content], text_cutter(self.encoding, chunk_size))

    def iter_lines(self) -> Iterator[str]:
        """The text's lines, without their ends."""
        return cut([self.response.content], line_cutter(self.encoding))

    def write_to_file(self, file: FilePath) -> None:
        """Write the bytes to a file."""
        Path(file).write_bytes(self.response.content)

    @deprecated(_NOT_STREAMED)
    def stream_to_file(self, file: FilePath, *, chunk_size: int | None = None) -> None:
        """The older name of `write_to_file`."""
        self.write_to_file(file)

    def close(self) -> None:
        """Nothing to do: the connection was given back when the body had been read."""

    async def aread(self) -> bytes:
        """The bytes."""
        return self.response.content

    def aiter_bytes(self, chunk_size: int | None = None) -> AwaitableIterator[bytes]:
        """As `iter_bytes`, with `async for`; it may be awaited first, as the official package asks."""
        return AwaitableIterator(lambda: self.iter_bytes(chunk_size))

    aiter_raw = aiter_bytes

    def aiter_text(self, chunk_size: int | None = None) -> AwaitableIterator[str]:
        """As `iter_text`; see `aiter_bytes`."""
        return AwaitableIterator(lambda: self.iter_text(chunk_size))

    def aiter_lines(self) -> AwaitableIterator[str]:
        """As `iter_lines`; see `aiter_bytes`."""
        return AwaitableIterator(self.iter_lines)

    @deprecated(_NOT_STREAMED)
    async def astream_to_file(self, file: FilePath, *, chunk_size: int | None = None) -> None:
        """`write_to_file` in a thread."""
        await thread_runner()(self.write_to_file, file)

    async def aclose(self) -> None:
        """As `close`."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} [{self.response.status_code}] {len(self.content)} bytes>"


class AwaitableIterator(Generic[S]):
    """An async iterator over what is there already, which may also be awaited once before it is iterated."""

    def __init__(self, pieces: Callable[[], Iterator[S]]) -> None:
        self._pieces: Callable[[], Iterator[S]] = pieces

    def __await__(self) -> Generator[Any, None, AsyncIterator[S]]:
        return self._itself().__await__()

    async def _itself(self) -> AsyncIterator[S]:
        return self.__aiter__()

    async def __aiter__(self) -> AsyncIterator[S]:
        for piece in self._pieces():
            yield piece


def thread_runner() -> Callable[..., Awaitable[Any]]:
    """What runs a function in a thread and is awaited, on the loop of this moment: asyncio's, or trio's for a borrowed client.

    Neither is loaded before: who only blocks needs none.
    """
    trio = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_run():
        run: Callable[..., Awaitable[Any]] = trio.to_thread.run_sync
        return run
    import asyncio

    return asyncio.to_thread

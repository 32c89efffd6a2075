"""Large files, several parts at a time, and resumable: what stopped goes on from the parts the server has.

`ChunkedUpload` and `AsyncChunkedUpload` are two shells over one flow. Parts are read while they are sent, so memory stays
constant. `UploadState` is all that must be kept to go on later, in another process too. The official way, part after part, is
`uploads.upload_file_chunked`.
"""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from ..core.call import Call
from ..core.effects import Gather, Perform, Sleep
from ..core.omit import Omit, omit
from ..operations import uploads
from .flaw import id_of
from .upload import DEFAULT_PART_SIZE
from .upload_source import STEP, Once, Source, source_of
from .upload_state import ContentChanged, SentPart, UploadInterrupted, UploadState

if TYPE_CHECKING:
    from typing import Self

    from ..types import Upload

__all__ = ["AsyncChunkedUpload", "ChunkedUpload", "ContentChanged", "SentPart", "UploadInterrupted", "UploadState"]

DEFAULT_CONCURRENCY = 4


class _Stopped(Exception):
    """A part is given up because another one failed."""


class _Part(io.RawIOBase):
    """A part while it is sent: knows the checksum of what was read, and ends when the upload has stopped."""

    def __init__(self, file: Any, job: _Job) -> None:
        super().__init__()
        self._file = file
        self._job = job
        self._hash = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return int(self._file.tell())

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._hash = hashlib.sha256()
        return int(self._file.seek(offset, whence))

    def readinto(self, buffer: Any, /) -> int:
        if self._job.stopped:
            raise _Stopped
        count = int(self._file.readinto(buffer) or 0)
        self._hash.update(memoryview(buffer)[:count])
        return count

    def close(self) -> None:
        self._file.close()
        super().close()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


class _Job:
    """An upload while it runs: what is to be sent, what was, and whether to go on. Shared by all that send its parts."""

    def __init__(
        self,
        source: Source,
        facts: dict[str, Any],
        part_size: int,
        state: UploadState | None,
        md5: str | bool | Omit,
        concurrency: int,
        on_progress: Callable[[int, int], object] | None,
    ) -> None:
        if concurrency < 1:
            raise ValueError(f"concurrency must be at least 1, not {concurrency}")
        if part_size < 1:
            raise ValueError(f"part_size must be at least 1 byte, not {part_size}")
        self.source = source
        self.facts = facts
        self.part_size = part_size
        self.state = state
        self.md5 = md5
        self.concurrency = concurrency
        self.stopped = False
        self.result: Any = None
        self._on_progress = on_progress
        self._lock = threading.RLock()
        self._next = 0

    def begin(self, upload_id: str) -> UploadState:
        self.state = UploadState(upload_id, self.source.size, self.part_size)
        return self.state

    def record(self, part: SentPart) -> None:
        """Note a part the server has; progress is told one part after the other, by whoever sent it."""
        with self._lock:
            state = cast("UploadState", self.state)
            parts = tuple(sorted((*state.parts, part), key=lambda each: each.number))
            self.state = state = replace(state, parts=parts)
            if self._on_progress is not None:
                self._on_progress(state.done, state.size)

    def open(self, state: UploadState, number: int) -> tuple[int, _Part]:
        """A part to send. Content that is read once decides itself which part comes next."""
        if not isinstance(self.source, Once):
            file: Any = self.source.part(number * state.part_size, state.length(number))
            return number, _Part(file, self)
        with self._lock:
            sent = {part.number: part for part in state.parts}
            while (known := sent.get(self._next)) is not None:
                _compare(known, hashlib.sha256(self.source.take(state.length(self._next))).hexdigest())
                self._next += 1
            number, self._next = self._next, self._next + 1
            return number, _Part(io.BytesIO(self.source.take(state.length(number))), self)

    def finish_reading(self, state: UploadState) -> None:
        """Read on to the end, past parts that were sent before."""
        source = self.source
        if isinstance(source, Once):
            sent = {part.number: part for part in state.parts}
            for number in range(self._next, state.count):
                _compare(sent[number], hashlib.sha256(source.take(state.length(number))).hexdigest())
            self._next = state.count


def _compare(part: SentPart, sha256: str) -> None:
    if part.sha256 != sha256:
        raise ContentChanged(f"part {part.number} of the content is not what was sent before; begin a new upload")


async def sent(job: _Job) -> Any:
    """Send what is missing, and complete the upload."""
    if job.result is not None:
        return job.result
    job.stopped = False
    state = job.state
    if state is None:
        state = job.begin(id_of(await Perform(Call(uploads.CREATE, body=job.facts))))
    else:
        await _verify(job, state)
    try:
        have = {part.number for part in state.parts}
        missing = [number for number in range(state.count) if number not in have]
        await Gather([_send(job, state, number) for number in missing], job.concurrency)
        return await _complete(job, state)
    except ContentChanged:
        raise
    except Exception as problem:
        raise UploadInterrupted(cast("UploadState", job.state), problem) from problem
    finally:
        job.stopped = True


async def _send(job: _Job, state: UploadState, number: int) -> None:
    if job.stopped:
        return
    try:
        number, file = job.open(state, number)
        with file:
            call: Call[Any] = Call(uploads.PARTS_CREATE, path={"upload_id": state.upload_id}, body={"data": file})
            part = await Perform(call)
            checksum = file.sha256
        job.record(SentPart(number, id_of(part), checksum))
    except _Stopped:
        return
    except BaseException:
        job.stopped = True
        raise


async def _complete(job: _Job, state: UploadState) -> Any:
    job.finish_reading(state)
    parts = cast("UploadState", job.state).parts
    md5 = await _md5(job) if job.md5 is True else omit if job.md5 is False else job.md5
    body = {"part_ids": [part.id for part in parts], "md5": md5}
    job.result = await Perform(Call(uploads.COMPLETE, path={"upload_id": state.upload_id}, body=body))
    return job.result


async def _verify(job: _Job, state: UploadState) -> None:
    """Parts that were sent before must be the content's; what is read once is compared when it is read."""
    if isinstance(job.source, Once):
        if not job.source.fresh:
            raise ValueError("the content was read already; go on with resumed() and the same content from its start")
        return
    for part in state.parts:
        digest = hashlib.sha256()
        with job.source.part(part.number * state.part_size, state.length(part.number)) as file:
            await _hash(file, digest)
        _compare(part, digest.hexdigest())


async def _md5(job: _Job) -> str:
    if isinstance(job.source, Once):
        return job.source.md5.hexdigest()
    digest = hashlib.md5(usedforsecurity=False)
    with job.source.part(0, job.source.size) as file:
        await _hash(file, digest)
    return digest.hexdigest()


async def _hash(file: Any, digest: Any) -> None:
    while piece := file.read(STEP):
        digest.update(piece)
        await Sleep(0)  # others get their turn


class _Upload:
    """What both colours know.

    Attributes:
        state: how far it has come; `None` before it was begun.
    """

    def __init__(
        self,
        client: Any,
        *,
        file: Any,
        mime_type: str,
        purpose: Any,
        filename: str | None = None,
        bytes: int | None = None,
        part_size: int | None = None,
        md5: str | bool | Omit = omit,
        concurrency: int = DEFAULT_CONCURRENCY,
        on_progress: Callable[[int, int], object] | None = None,
    ) -> None:
        self._client = client
        source = source_of(file, bytes)
        name = filename or source.name
        if name is None:
            raise TypeError("content without a name of its own needs the argument filename")
        facts = {"bytes": source.size, "filename": name, "mime_type": mime_type, "purpose": purpose}
        step = DEFAULT_PART_SIZE if part_size is None else part_size
        self._job = _Job(source, facts, step, None, md5, concurrency, on_progress)

    @classmethod
    def resumed(
        cls,
        client: Any,
        state: UploadState,
        *,
        file: Any,
        md5: str | bool | Omit = omit,
        concurrency: int = DEFAULT_CONCURRENCY,
        on_progress: Callable[[int, int], object] | None = None,
    ) -> Self:
        """An upload that goes on from where another one stopped.

        Args:
            client: the client to ask with.
            state: that of the upload that stopped.
            file: the same content, from its start; it is compared with what was sent, by checksums.
            md5: as for a new one.
            concurrency: as for a new one.
            on_progress: as for a new one; it counts what was sent before.

        Raises:
            ValueError: the content has another size than before.
        """
        made = cls.__new__(cls)
        made._client = client
        made._job = _Job(source_of(file, state.size), {}, state.part_size, state, md5, concurrency, on_progress)
        return made

    @property
    def state(self) -> UploadState | None:
        """How far it has come, to be kept; `None` before it was begun."""
        return self._job.state


class ChunkedUpload(_Upload):
    """A large file, uploaded several parts at a time; one that stopped can go on.

    Example:
        upload = ChunkedUpload(client, file=Path("big.jsonl"), mime_type="text/jsonl", purpose="batch")
        try:
            file = upload.run().file
        except UploadInterrupted as stopped:
            Path("upload.json").write_text(stopped.state.to_json())

    Args:
        client: the client to ask with.
        file: a path, bytes, an open binary file, or an iterable of bytes. What cannot be read again (an iterator, a pipe)
            is held in memory while it is sent, a part for each that is sent at once.
        mime_type: what it is, e.g. "application/pdf".
        purpose: what it is for, e.g. "assistants".
        filename: its name; a file's own when left out.
        bytes: its size in bytes; needed for what is read once.
        part_size: the size of a part in bytes, from 1; 64 MiB, the most the API takes, when left out.
        md5: the checksum of the whole, which the server then checks; `True` to have it made, for which the content is read
            once more.
        concurrency: how many parts are sent at once, from 1.
        on_progress: called with the bytes the server has and all bytes after each part, by the thread that sent it, one call
            at a time; what it raises stops the upload.

    Raises:
        TypeError: the content is of no such kind, or its name or size is missing.
        ValueError: a number is out of range, or the content is not as large as was said.
        OSError: the path cannot be looked at.
    """

    def run(self) -> Upload:
        """Send what is missing and complete the upload; again after a failure, it goes on.

        Raises:
            UploadInterrupted: it stopped; `state` is what goes on. Ctrl-C leaves the state in `upload.state`.
            ContentChanged: what was sent before is not what the content has there now.
            APIError: it could not be begun.
        """
        return cast("Upload", self._client.run(sent(self._job)))


class AsyncChunkedUpload(_Upload):
    """As `ChunkedUpload`, with `await upload.run()`."""

    async def run(self) -> Upload:
        """As `ChunkedUpload.run`; a task that is cancelled leaves the state in `upload.state`."""
        return cast("Upload", await self._client.run(sent(self._job)))

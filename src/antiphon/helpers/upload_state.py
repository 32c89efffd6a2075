"""How far an upload has come, as a value that can be kept in a file; and the errors of one that stopped.

Knows the arithmetic of parts, and nothing of sending them.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from ..errors import OpenAIError

if TYPE_CHECKING:
    import builtins


@dataclass(frozen=True)
class SentPart:
    """A part the server has: its number from 0, its id, and the checksum of what was sent."""

    number: int
    id: str
    sha256: str


@dataclass(frozen=True)
class UploadState:
    """How far an upload has come; as JSON it can be kept in a file.

    Attributes:
        upload_id: the upload; it expires an hour after it was begun.
        size: of the whole, in bytes.
        part_size: of each part but the last, in bytes.
        parts: those the server has, by number.
    """

    upload_id: str
    size: int
    part_size: int
    parts: tuple[SentPart, ...] = ()

    @property
    def done(self) -> int:
        """How many bytes the server has."""
        return sum(self.length(part.number) for part in self.parts)

    def length(self, number: int) -> int:
        """The size of a part, in bytes."""
        return min(self.part_size, self.size - number * self.part_size)

    @property
    def count(self) -> int:
        """How many parts the whole has."""
        return -(-self.size // self.part_size)

    def to_json(self) -> str:
        """The state as JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | builtins.bytes) -> UploadState:
        """The state that `to_json` wrote.

        Raises:
            ValueError: it is no such state.
        """
        try:
            facts = json.loads(text)
            parts = tuple(sorted((SentPart(**part) for part in facts.pop("parts")), key=lambda part: part.number))
            state = cls(**facts, parts=parts)
            sound = state.part_size > 0 and all(0 <= part.number < state.count for part in parts)
        except (TypeError, KeyError, AttributeError) as problem:
            raise ValueError(f"this is no state of an upload: {problem}") from problem
        if not sound or len({part.number for part in parts}) != len(parts):
            raise ValueError("this is no state of an upload: its parts do not fit its size")
        return state


class UploadInterrupted(OpenAIError):
    """An upload stopped and can go on; the cause says why it stopped.

    Attributes:
        state: what to hand to `ChunkedUpload.resumed`.
    """

    state: UploadState

    def __init__(self, state: UploadState, problem: BaseException) -> None:
        super().__init__(
            f"upload {state.upload_id} stopped with {len(state.parts)} of {state.count} parts sent: {problem};"
            " go on with ChunkedUpload.resumed(client, error.state, file=…) within an hour of its beginning,"
            " or give it up with client.uploads.cancel(error.state.upload_id)"
        )
        self.state = state


class ContentChanged(OpenAIError, ValueError):
    """The content is not the one whose parts were sent before; begin a new upload."""

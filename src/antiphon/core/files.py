"""File inputs: every way of naming a file, as one kind of part whose bytes come when they are asked for.

A file may be `bytes`, a binary file object, a path, or a tuple `(name, content[, type[, headers]])`. Paths are opened when
their bytes are sent, and read in pieces, so that a file of any size takes constant memory. A file object is sent from its
beginning, wherever it stands. A file that changes while it is sent is an error: its length went ahead of it.
"""

from __future__ import annotations

import io
import mimetypes
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, TypeGuard, cast

from ..errors import BodyNotReplayable, InvalidBody
from .omit import SENTINELS
from .shape import is_list, is_mapping

FileContent = IO[bytes] | bytes | os.PathLike[str]
FileTypes = (
    FileContent
    | tuple[str | None, FileContent]
    | tuple[str | None, FileContent, str | None]
    | tuple[str | None, FileContent, str | None, Mapping[str, str]]
)

PIECE = 256 * 1024
_ARRAY = "<array>"


class InvalidFile(InvalidBody, RuntimeError, TypeError):
    """A value that cannot be sent as a file. (The official package raises RuntimeError or TypeError here; this is both.)"""


def file_from_path(path: str | os.PathLike[str]) -> FileTypes:
    """A file input for a path, under the file's own name. The file is read when it is sent, not now.

    >>> file_from_path("data/train.jsonl")[0]
    'train.jsonl'
    """
    return (os.path.basename(path), Path(path))  # noqa: PTH119 (a str's last part, also where it ends with "/")


class Source:
    """Where a part's bytes come from.

    Attributes:
        length: how many they are, or `None` when that is not known before they have been read.
    """

    __slots__ = ("length",)
    length: int | None

    def pieces(self) -> Iterator[bytes]:
        """The bytes."""
        return iter(())

    def rewind(self) -> bool:
        """Whether the bytes can be had (again)."""
        return True


class Memory(Source):
    """Bytes in memory, not copied."""

    __slots__ = ("data",)

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        self.data = memoryview(data).cast("B")
        self.length = self.data.nbytes

    def pieces(self) -> Iterator[bytes]:
        """The bytes, sliced."""
        return (bytes(self.data[start : start + PIECE]) for start in range(0, self.data.nbytes, PIECE))


class PathSource(Source):
    """A file by its path; open only while it is sent."""

    __slots__ = ("_key", "_path", "_used")

    def __init__(self, path: os.PathLike[str], key: str) -> None:
        self._path = Path(path)
        self._key = key
        self._used = False
        state = self._path.stat()
        if stat.S_ISDIR(state.st_mode):
            raise IsADirectoryError(f"{self._path} is a directory; pass the files in it, one by one")
        # What is no regular file, such as a pipe, tells no size and gives its bytes once.
        self.length = state.st_size if stat.S_ISREG(state.st_mode) else None

    def pieces(self) -> Iterator[bytes]:
        """The file's bytes."""
        self._used = True
        with self._path.open("rb", buffering=0) as file:
            yield from _pieces(file.read, self.length, self._key)

    def rewind(self) -> bool:
        """A regular file can be opened again."""
        return self.length is not None or not self._used


class Stream(Source):
    """An open file object of the user's; it is left open."""

    __slots__ = ("_file", "_key", "_used")

    def __init__(self, file: Any, key: str) -> None:
        if isinstance(file, io.TextIOBase):
            raise InvalidFile(
                f"the file at `{key}` gives text; open it in binary mode: open(path, 'rb'), io.BytesIO", key
            )
        if getattr(file, "closed", False):
            raise InvalidFile(f"the file at `{key}` is closed; keep it open until it has been sent", key)
        self._file = file
        self._key = key
        self._used = False
        self.length = file.seek(0, os.SEEK_END) if _is_seekable(file) else None

    def pieces(self) -> Iterator[bytes]:
        """The file's bytes from its beginning; of what cannot seek, from where it stands."""
        if not self.rewind():
            raise BodyNotReplayable(f"the file at `{self._key}` was read already and cannot be read again")
        self._used = True
        yield from _pieces(self._file.read, self.length, self._key)

    def rewind(self) -> bool:
        """Go back to the beginning."""
        if self.length is not None:
            self._file.seek(0)
            return True
        return not self._used


def _is_seekable(file: Any) -> bool:
    try:
        return bool(file.seekable())
    except AttributeError:
        return False


def _pieces(read: Callable[[int], bytes], length: int | None, key: str) -> Iterator[bytes]:
    """The pieces of a file that must give exactly `length` bytes; the last goes out only once the file is known to end."""
    left = length
    piece = _read(read, PIECE, key)
    while piece:
        if left is None:
            following = _read(read, PIECE, key)
        else:
            left -= len(piece)
            following = _read(read, min(left, PIECE) or 1, key)
            if (left <= 0 and following) or left < 0:
                raise InvalidBody(
                    f"the file at `{key}` grew while it was being sent; send a copy that no one writes to", key
                )
        if left and not following:
            break
        yield piece
        piece = following
    if left:
        raise InvalidBody(f"the file at `{key}` shrank while it was being sent; send a copy that no one writes to", key)


def _read(read: Callable[[int], Any], size: int, key: str) -> bytes:
    piece = read(size)
    if isinstance(piece, str):
        raise InvalidFile(f"the file at `{key}` gives text; open it in binary mode: open(path, 'rb'), io.BytesIO", key)
    return piece or b""


class FilePart:
    """One file of a form.

    Args:
        key: the field's name.
        value: a file input.

    Attributes:
        filename: as the server sees it; `None` or "" for none.
        headers: the part's fields beside its disposition, the content type among them.
        source: where the bytes come from.

    Raises:
        InvalidFile: `value` is no file input.
        OSError: its path cannot be looked at.
    """

    __slots__ = ("filename", "headers", "key", "source")

    def __init__(self, key: str, value: Any) -> None:
        self.key = key
        name: Any
        kind: str | None = None
        headers: Mapping[str, str] | None = None
        if _is_tuple(value):
            fields = value
            if not 2 <= len(fields) <= 4:
                raise InvalidFile(
                    f"`{key}` must be (name, content), (name, content, type) or (name, content, type, headers)", key
                )
            name, content, kind, headers = (*fields, None, None)[:4]
            if isinstance(content, str):
                content = content.encode()
        else:
            name, content = _name_of(value), value
        self.filename = None if name is None else os.fsdecode(name)
        self.source = _source(content, key)
        self.headers = dict(headers or {})
        if not any(field.lower() == "content-type" for field in self.headers):
            kind = kind or _guess(self.filename)
            if kind is not None:
                self.headers["Content-Type"] = kind


def _is_tuple(value: object) -> TypeGuard[tuple[Any, ...]]:
    return isinstance(value, tuple)


def _source(content: Any, key: str) -> Source:
    if isinstance(content, (bytes, bytearray, memoryview)):
        return Memory(cast("bytes", content))
    if isinstance(content, os.PathLike):
        return PathSource(cast("os.PathLike[str]", content), key)
    if hasattr(content, "read"):
        return Stream(content, key)
    hint = "; a text is not taken for a path: pass pathlib.Path(...)" if isinstance(content, str) else ""
    raise InvalidFile(
        f"Expected entry at `{key}` to be bytes, a binary file object, a PathLike or a tuple, "
        f"but received {type(content)} instead{hint}",
        key,
    )


def _name_of(value: Any) -> str:
    name: Any = os.fspath(cast("Path", value)) if isinstance(value, os.PathLike) else getattr(value, "name", None)
    # The name of a file made from a descriptor is the descriptor.
    return os.path.basename(os.fsdecode(name)) if isinstance(name, (str, bytes)) else "upload"  # noqa: PTH119


def _guess(filename: str | None) -> str | None:
    return (mimetypes.guess_type(filename)[0] or "application/octet-stream") if filename else None


def extract_files(
    body: Mapping[str, Any], paths: Sequence[Sequence[str]]
) -> tuple[dict[str, Any], list[tuple[str, Any]]]:
    """Part a form's arguments into fields and files; `body` stays as it is.

    >>> extract_files({"prompt": "p", "image": [b"1", b"2"]}, [("image",), ("image", "<array>")])
    ({'prompt': 'p'}, [('image[]', b'1'), ('image[]', b'2')])

    Args:
        body: the arguments.
        paths: where files stand; "<array>" stands for each element of a list.
    """
    rest = dict(body)
    files: list[tuple[str, Any]] = []
    for path in paths:
        rest = _without(rest, path, "", files)
    return rest, files


def _without(value: Any, path: Sequence[str], key: str, files: list[tuple[str, Any]]) -> Any:
    """`value` without the files at `path`, which join `files`; containers on the way are copied."""
    if not path:
        if is_list(value):
            files += [(f"{key}[]", item) for item in value]
        elif value.__class__ not in SENTINELS:
            files.append((key, value))
        return _GONE
    if path[0] == _ARRAY and is_list(value):
        items = [_without(item, path[1:], f"{key}[]", files) for item in value]
        kept = [item for item in items if item is not _GONE]
        return kept or _GONE
    if path[0] != _ARRAY and is_mapping(value) and path[0] in value:
        name = path[0]
        inner = _without(value[name], path[1:], f"{key}[{name}]" if key else name, files)
        rest = {other: item for other, item in value.items() if other != name}
        return rest if inner is _GONE else {**rest, name: inner}
    return value


_GONE: Any = object()

"""Local files chosen for an agent's environment: where each shall stand there, and that it stays the file that was chosen.

Nothing is followed that could lead elsewhere: no symbolic links, nothing outside the chosen directory, no file that was
swapped or grew after it was chosen.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from stat import S_ISREG
from typing import BinaryIO, NamedTuple

_RESERVED = (".codex", ".managed-agents")


class Selected(NamedTuple):
    """A local file for the environment.

    Attributes:
        destination: where it goes, an absolute path below /workspace.
        path: where it is.
        identity: device, inode and size when it was chosen.
    """

    destination: str
    path: Path
    identity: tuple[int, int, int]

    def open(self) -> BinaryIO:
        """The file, open to be read.

        Raises:
            ValueError: it is another file than was chosen.
        """
        handle = self.path.open("rb")
        if _identity(os.fstat(handle.fileno())) != self.identity or self.path.is_symlink():
            handle.close()
            raise ValueError(f"{self.path} changed after it was chosen; choose it again")
        return handle


def _identity(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_dev, status.st_ino, status.st_size


def checked_destination(value: str) -> str:
    """A path in the environment that a file may have.

    Raises:
        ValueError: it is not below /workspace, is not plain, or is reserved.
    """
    names = value.split("/")[2:]
    if not value.startswith("/workspace/") or "\0" in value or "\\" in value:
        raise ValueError(f"{value!r} is not an absolute path below /workspace with forward slashes")
    if any(name in ("", ".", "..") for name in names):
        raise ValueError(f"{value!r} holds an empty, '.' or '..' component")
    reserved = names[0] in _RESERVED or names[0].startswith(".managed-agents-") or value == "/workspace/outputs"
    if reserved:
        raise ValueError(f"{value!r} is reserved by the environment")
    return value


def select(destination: str, source: str | os.PathLike[str]) -> Selected:
    """Choose one file.

    Raises:
        ValueError: it is a symbolic link or no regular file, or the destination cannot be.
    """
    path = Path(source).absolute()
    try:
        status = path.lstat()
    except OSError:
        raise ValueError(f"{path} is not a regular file") from None
    if not S_ISREG(status.st_mode):
        raise ValueError(f"{path} is not a regular file; symbolic links are not followed")
    return Selected(checked_destination(destination), path, _identity(status))


def select_files(files: Mapping[str, str | os.PathLike[str]]) -> list[Selected]:
    """Choose files by destination.

    Raises:
        ValueError: one of them cannot be, or one destination would lie inside another.
    """
    for destination in files:
        checked_destination(destination)
        if any(str(parent) in files for parent in PurePosixPath(destination).parents):
            raise ValueError(f"{destination!r} lies inside another destination, which is a file")
    return [select(destination, source) for destination, source in files.items()]


def select_directory(root: str | os.PathLike[str], destination: str, include: Sequence[str]) -> list[Selected]:
    """Choose the files below a directory that match the patterns, to keep their places below `destination`.

    Raises:
        ValueError: the directory or a match is a symbolic link, a pattern leads outside, or nothing matches.
    """
    directory = Path(root).absolute()
    if isinstance(include, str) or not include:
        raise ValueError('include must be a list of patterns, e.g. ["**/*.py"]')
    if directory.is_symlink() or not directory.is_dir():
        raise ValueError(f"{directory} is not a directory; symbolic links are not followed")
    directory = directory.resolve()
    checked_destination(f"{destination}/a")
    for pattern in include:
        if not pattern or PurePosixPath(pattern).is_absolute() or ".." in PurePosixPath(pattern).parts:
            raise ValueError(f"the pattern {pattern!r} would lead outside the directory")
    found = {path for pattern in include for path in directory.glob(pattern) if _is_inside(path, directory)}
    if not found:
        raise ValueError("no file matches the patterns")
    places = {str(PurePosixPath(destination) / path.relative_to(directory).as_posix()): path for path in sorted(found)}
    return select_files(places)


def _is_inside(path: Path, directory: Path) -> bool:
    """Whether this is a file to take; a link on the way to it is refused."""
    below = [path, *(parent for parent in path.parents if parent.is_relative_to(directory) and parent != directory)]
    if any(place.is_symlink() for place in below):
        raise ValueError(f"{path} is or lies behind a symbolic link, which is not followed")
    return not path.is_dir()

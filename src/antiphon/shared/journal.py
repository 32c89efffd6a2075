"""A journal: lines that are only added, each linked to the one before, by several threads and processes into one file.

Knows files and locks, and how to go on after a crash; refuses to know what is written. A line is written in one go under a lock of
its own file, so lines are whole and in order whoever writes; where a crash left half a line, the next writer takes it away and says
so in a line. The lock goes with the process that held it.
"""

from __future__ import annotations

import atexit
import glob
import os
from collections import deque
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from threading import RLock
from typing import Any
from weakref import ref

from ..core.hash_chain import GENESIS, head_of, linked

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_TAIL = 64 * 1024
Record = Mapping[str, Any]


class _Home:
    """One process's files, and the lock its threads take turns by. A forked child makes its own."""

    def __init__(self) -> None:
        self.process = os.getpid()
        # One that tells whose it is: a signal handler may raise right after it was taken, and `with` cannot take it only if free.
        self.lock: Any = RLock()
        self.guard: int | None = None
        self.file: int | None = None
        self.size = 0
        self.head = GENESIS
        self.number = 0


class Journal:
    """Adds records to a file.

    >>> Journal("audit.jsonl").add({"event": "hello"})  # doctest: +SKIP

    Args:
        path: the file; it and its folder are made where they are missing, readable by this user alone.
        rotate: bytes after which the file is put aside as `<path>.<number>` and a new one begun that goes on from its last line;
            `None` for never.
        sync: whether each line is on the disk, and not only with the system, before it counts as written.
    """

    def __init__(self, path: str | os.PathLike[str], *, rotate: int | None = None, sync: bool = False) -> None:
        self.path = Path(path).expanduser()
        self.rotate = rotate
        self.sync = sync
        self._home = _Home()
        self._waiting = deque[Record]()
        atexit.register(_flush_at_exit, ref(self))

    def add(self, *records: Record) -> None:
        """Write records, and those that were put down before.

        Raises:
            OSError: they cannot be written; they are not kept.
        """
        home = self._here()
        with home.lock:
            before = [*self._waiting]
            self._write(home, [*before, *records], wait=True)
            self._written(before)
        if self._waiting:  # put down meanwhile by whom the lock kept out
            self.flush(wait=False)

    def put(self, record: Record) -> None:
        """Write a record now if nobody is at it, else leave it to the next who writes. Never waits, and never raises."""
        self._waiting.append(record)
        self.flush(wait=False)

    def flush(self, *, wait: bool = True) -> None:
        """Write what was put down. What cannot be written stays; what a signal handler breaks off may be written twice."""
        home = self._here()
        lock = home.lock
        if lock._is_owned():  # a finalizer, in the midst of a writing
            return
        try:
            while self._waiting and lock.acquire(blocking=wait):
                records = [*self._waiting]
                self._write(home, records, wait=wait)
                self._written(records)
                lock.release()
        except BaseException as failure:
            if lock._is_owned():
                lock.release()
            if not isinstance(failure, OSError):
                raise

    def close(self) -> None:
        """Write what was put down, and close the file; it is opened again where it is used again."""
        self.flush()
        home = self._here()
        with home.lock:
            for each in (home.file, home.guard):
                if each is not None:
                    os.close(each)
            home.file = home.guard = None

    def _here(self) -> _Home:
        if self._home.process != os.getpid():
            self._home = _Home()
            self._waiting.clear()  # the parent writes what is its own
        return self._home

    def _written(self, records: list[Record]) -> None:
        for _ in records:
            self._waiting.popleft()

    def _write(self, home: _Home, records: list[Record], *, wait: bool) -> None:
        if home.guard is None:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            home.guard = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | _CLOSED_ON_EXEC, 0o600)
        with _locked(home.guard, wait=wait):
            file = self._open(home)
            lines = b""
            head, number = home.head, home.number
            for record in records:
                number += 1
                line, head = linked(head, {"n": number, **record})
                lines += line
            _write_all(file, lines)
            if self.sync:
                os.fsync(file)
            home.head, home.number, home.size = head, number, home.size + len(lines)
            if self.rotate is not None and home.size >= self.rotate:
                self._put_aside(home)

    def _open(self, home: _Home) -> int:
        """The file, with `home` knowing its last line, whoever wrote since."""
        if home.file is not None:
            known = os.fstat(home.file)
            try:
                there = self.path.stat()
            except FileNotFoundError:
                there = None
            if there is not None and (there.st_ino, there.st_dev) == (known.st_ino, known.st_dev):
                if known.st_size != home.size:
                    self._catch_up(home, home.file)
                return home.file
            os.close(home.file)
        home.file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | _CLOSED_ON_EXEC, 0o600)
        self._catch_up(home, home.file)
        return home.file

    def _catch_up(self, home: _Home, file: int) -> None:
        size = os.fstat(file).st_size
        line, torn = _last_line(file, size)
        if torn:
            os.ftruncate(file, size - torn)
        if line is None:
            home.number, home.size = 0, size - torn
            self._begin_file(home, file)
        else:
            head = head_of(line)
            if head is None:
                raise OSError(
                    f"{self.path} is no journal: its last line does not end with a hash; nothing was added to it"
                )
            home.head, home.number, home.size = head, _number(line), size - torn
        if torn:
            self._begin(home, file, {"event": "torn", "bytes": torn})

    def _begin(self, home: _Home, file: int, record: Record) -> None:
        home.number += 1
        line, home.head = linked(home.head, {"n": home.number, **record})
        _write_all(file, line)
        home.size += len(line)

    def _begin_file(self, home: _Home, file: int) -> None:
        """Begin an empty file: with nothing before it, or after the last one that was put aside."""
        home.head, before = GENESIS, max(self.path.parent.glob(f"{glob.escape(self.path.name)}.[0-9]*"), default=None)
        record: dict[str, Any] = {"event": "begin"}
        if before is not None:
            with before.open("rb") as old:
                line, _ = _last_line(old.fileno(), os.fstat(old.fileno()).st_size)
            home.head = (head_of(line) if line else None) or GENESIS
            home.number = _number(line) if line else 0
            record["file"] = before.name
        self._begin(home, file, {**record, "after": home.head})

    def _put_aside(self, home: _Home) -> None:
        assert home.file is not None
        asides = self.path.parent.glob(f"{glob.escape(self.path.name)}.[0-9]*")
        number = 1 + max((int(s) for each in asides if (s := each.name.rpartition(".")[2]).isdecimal()), default=0)
        os.close(home.file)
        home.file = None
        # What was written is written, even if this fails; then it is tried again after the next line. Should the process end in
        # between, whoever opens the file next finds the one put aside, and goes on from it.
        with suppress(OSError):
            self.path.rename(self.path.with_name(f"{self.path.name}.{number:06}"))
            self._open(home)

    def __reduce__(self) -> tuple[Any, ...]:
        return (partial(Journal, self.path, rotate=self.rotate, sync=self.sync), ())

    def __repr__(self) -> str:
        return f"Journal({str(self.path)!r})"


_CLOSED_ON_EXEC = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


@contextmanager
def _locked(guard: int, *, wait: bool) -> Generator[None]:
    """Hold the lock that all who write to the file take.

    Raises:
        OSError: it is held, and nobody is to wait.
    """
    if fcntl is not None:
        fcntl.flock(guard, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        try:
            yield
        finally:
            fcntl.flock(guard, fcntl.LOCK_UN)
        return
    msvcrt: Any = import_module("msvcrt")  # pragma: no cover
    os.lseek(guard, 0, os.SEEK_SET)  # pragma: no cover
    msvcrt.locking(guard, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)  # pragma: no cover
    try:  # pragma: no cover
        yield
    finally:  # pragma: no cover
        os.lseek(guard, 0, os.SEEK_SET)
        msvcrt.locking(guard, msvcrt.LK_UNLCK, 1)


def _last_line(file: int, size: int) -> tuple[bytes | None, int]:
    """The last whole line, and how many bytes follow it that are none."""
    end, tail = size, b""
    while end > 0:
        begin = max(0, end - _TAIL)
        os.lseek(file, begin, os.SEEK_SET)
        tail = os.read(file, end - begin) + tail
        end = begin
        whole = tail.rfind(b"\n")
        if whole >= 0 and (before := tail.rfind(b"\n", 0, whole)) >= 0:
            return tail[before + 1 : whole + 1], len(tail) - whole - 1
    whole = tail.rfind(b"\n")
    return (tail[: whole + 1], len(tail) - whole - 1) if whole >= 0 else (None, len(tail))


def _number(line: bytes) -> int:
    digits = line.partition(b'{"n":')[2].partition(b",")[0]
    return int(digits) if digits.isdigit() else 0


def _write_all(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]


def _flush_at_exit(journal: ref[Journal]) -> None:
    known = journal()
    if known is not None:
        known.flush(wait=False)

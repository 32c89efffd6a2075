"""Where a world's objects and its journal outlive the process: one SQLite file in the folder the user named.

What changed during a request is written in one transaction before the answer goes out, so that nothing that was
acknowledged is lost when the process is killed. Knows rows; what they mean is the shelves' concern.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

VERSION: Final = 1
NAME: Final = "antiphon.sqlite3"
_TABLES: Final = """
CREATE TABLE objects (shelf TEXT, number INTEGER, id TEXT, value BLOB, PRIMARY KEY (shelf, number)) WITHOUT ROWID;
CREATE TABLE journal (number INTEGER PRIMARY KEY, entry BLOB);
CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID;
"""
_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder()


class Chest:
    """The file, open in this process alone; of the journal it keeps the newest lines.

    Raises:
        OSError: it is in use by another emulator, from a newer version, or no database.
    """

    def __init__(self, folder: Path, *, journal: int = 1_000) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / NAME
        self._most = journal
        self._changed: dict[tuple[str, int], tuple[str, object]] = {}
        self._entries: list[Any] = []
        # One thread uses it, but not always the one that made it.
        self._base = sqlite3.connect(self.path, timeout=0.5, isolation_level=None, check_same_thread=False)
        try:
            self._open()
        except sqlite3.Error as error:
            self._base.close()
            raise OSError(f"{self.path} cannot be used: {error}") from error
        except BaseException:
            self._base.close()
            raise

    def load(self, shelf: str) -> Iterator[tuple[int, str, Any]]:
        """What a shelf held: number, id and object, oldest first."""
        rows = self._base.execute("SELECT number, id, value FROM objects WHERE shelf = ? ORDER BY number", (shelf,))
        for number, name, value in rows:
            yield number, name, _DECODER.decode(value)

    def shelves(self) -> list[str]:
        """The names of all shelves that hold something."""
        return [name for (name,) in self._base.execute("SELECT DISTINCT shelf FROM objects")]

    def journal(self) -> list[Any]:
        """The entries of the journal, oldest first."""
        rows = self._base.execute("SELECT entry FROM journal ORDER BY number DESC LIMIT ?", (self._most,))
        return [_DECODER.decode(entry) for (entry,) in rows][::-1]

    def count(self, name: str) -> int:
        """Add one to a number that is kept, and give it."""
        (value,) = self._base.execute(
            "INSERT INTO facts VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
            (name,),
        ).fetchone()
        return int(value)

    def note(self, shelf: str, id: str, number: int, value: object) -> None:
        """An object changed, or left (None); written with the next `commit`."""
        self._changed[shelf, number] = (id, value)

    def enter(self, entry: object) -> None:
        """A line of the journal; written with the next `commit`."""
        self._entries.append(entry)

    def commit(self) -> None:
        """Write what changed; it is safe when this returns."""
        if not (self._changed or self._entries):
            return
        kept, gone = self._written()
        entries = [(_ENCODER.encode(entry),) for entry in self._entries]
        base = self._base
        with self._transaction():
            base.executemany("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?)", kept)
            base.executemany("DELETE FROM objects WHERE shelf = ? AND number = ?", gone)
            if entries:
                base.executemany("INSERT INTO journal (entry) VALUES (?)", entries)
                base.execute("DELETE FROM journal WHERE number <= (SELECT max(number) FROM journal) - ?", (self._most,))
        self._changed, self._entries = {}, []

    def erase(self) -> None:
        """Forget everything, as if the file were new."""
        self._changed, self._entries = {}, []
        with self._transaction():
            for statement in ("DELETE FROM objects", "DELETE FROM journal", "DELETE FROM facts"):
                self._base.execute(statement)

    def erase_journal(self) -> None:
        """Forget the journal alone."""
        self._entries = []
        self._base.execute("DELETE FROM journal")

    def close(self) -> None:
        """Write what changed and let the file go."""
        try:
            self.commit()
        finally:
            self._base.close()

    def _written(self) -> tuple[list[tuple[str, int, str, bytes]], list[tuple[str, int]]]:
        """What changed, as rows to put and as keys to delete.

        Raises:
            TypeError, OverflowError: an object cannot be written. It is given up, for it would keep all others out.
        """
        kept: list[tuple[str, int, str, bytes]] = []
        gone: list[tuple[str, int]] = []
        for key, (name, value) in tuple(self._changed.items()):
            if value is None:
                gone.append(key)
                continue
            try:
                kept.append((*key, name, _ENCODER.encode(value)))
            except BaseException:
                del self._changed[key]
                raise
        return kept, gone

    @contextmanager
    def _transaction(self) -> Generator[None, None, None]:
        """All or nothing; a disk that is full may have undone it already."""
        base = self._base
        base.execute("BEGIN IMMEDIATE")
        try:
            yield
            base.execute("COMMIT")
        except BaseException:
            if base.in_transaction:
                base.execute("ROLLBACK")
            raise

    def _open(self) -> None:
        base = self._base
        # Exclusive: two emulators on one folder would each believe in their own memory.
        base.execute("PRAGMA locking_mode = EXCLUSIVE")
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("PRAGMA synchronous = NORMAL")
        base.execute("BEGIN IMMEDIATE")
        (version,) = base.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise OSError(f"{self.path} was made by a newer version of antiphon")
        if version == 0:
            for statement in filter(str.strip, _TABLES.split(";")):
                base.execute(statement)
            base.execute(f"PRAGMA user_version = {VERSION}")
        base.execute("COMMIT")

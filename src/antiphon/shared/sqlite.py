"""A store in a SQLite file: shared by the processes of one machine.

Each operation is one short transaction. The write-ahead log with `synchronous=NORMAL` costs no wait for the disk; a power cut
may lose the last moments, which for limits and cached answers is harmless. Leases go by the machine's monotonic clock, which all
its processes read alike and nobody can set; what ends at a time of day goes by the wall clock.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import RLock
from typing import Any

from ..steady import monotonic
from . import quota
from .store import Change, Count, Lease, Quota, StoreError
from .terms import checked, seconds_left

_VERSION = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS quota (key TEXT PRIMARY KEY, state TEXT NOT NULL, until REAL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS value (key TEXT PRIMARY KEY, value BLOB NOT NULL, until REAL);
CREATE TABLE IF NOT EXISTS counter (key TEXT PRIMARY KEY, value INTEGER NOT NULL, until REAL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS value_until ON value (until) WHERE until IS NOT NULL;
"""
_ALIVE = "(until IS NULL OR until > ?)"
_SWEEP = 64
"""Every so many writes what has ended is removed."""


_DROP = """
DELETE FROM value WHERE key IN (
    SELECT key FROM value WHERE until IS NOT NULL ORDER BY until LIMIT (SELECT count(*) / 10 + 1 FROM value))
"""


class _Home:
    """One process's connection, and the lock its threads take turns by. A forked child makes its own."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.worker = f"{self.process}-{os.urandom(4).hex()}"
        # One that tells whose it is: a signal handler may raise right after it was taken.
        self.lock: Any = RLock()
        self.connection: sqlite3.Connection | None = None


class SQLiteStore:
    """What the processes of one machine share, in one file.

        client = Client(policies=[RateLimit(rpm=500, store=SQLiteStore("~/.cache/antiphon.db"))])

    The file and its folder are made where they are missing, readable by this user alone. A store may be made before a fork.

    Args:
        path: the file; not on a network share, where SQLite's locks do not hold.
        patience: seconds after which a file that others keep locked is a `StoreError`; more than 0.
        largest: bytes the file may grow to; past it the values that end soonest go first.

    Raises:
        ValueError, TypeError: an argument that cannot be right. Opening waits for the first use.
    """

    def __init__(self, path: str | os.PathLike[str], *, patience: float = 0.25, largest: int = 1024**3) -> None:
        if not str(path) or str(path) == ":memory:":
            raise ValueError(f"a shared store needs a file; got {str(path)!r} (MemoryStore() is for one process)")
        if not 0 < patience <= 60:
            raise ValueError(f"patience must be more than 0 and at most 60 seconds; got {patience}")
        if largest < 1024**2:
            raise ValueError(f"largest must be at least 1 MiB; got {largest}")
        self.path = Path(path).expanduser()
        self.patience = patience
        self.largest = largest
        self._home = _Home()
        self._left: list[_Home] = []
        self._writes = 0

    def lease(self, key: str, quotas: Sequence[Quota], patience: float, span: float = 1.0) -> Lease:
        """As `Store.lease`; each process is a worker."""
        with self._transaction() as run:
            now = monotonic()
            found = run("SELECT state FROM quota WHERE key = ?", (key,)).fetchone()
            state: quota.State = json.loads(found[0]) if found else quota.fresh(now)
            given = quota.lease(state, self._home.worker, quotas, patience, span, now)
            until = time.time() + quota.settled(state) + 60 + 2 * span
            run("INSERT OR REPLACE INTO quota VALUES (?, ?, ?)", (key, json.dumps(state), until))
            self._sweep(run)
            return given

    def get(self, key: str) -> bytes | None:
        """As `Store.get`."""
        with self._connection() as run:
            return self._value(run, key)

    def put(self, key: str, value: bytes, seconds: float | None = None) -> None:
        """As `Store.put`."""
        until = seconds_left(seconds, time.time())
        with self._transaction() as run:
            run("INSERT OR REPLACE INTO value VALUES (?, ?, ?)", (key, value, until))
            self._sweep(run, len(value))

    def swap(self, key: str, expected: bytes | None, value: bytes | None, seconds: float | None = None) -> bool:
        """As `Store.swap`."""
        until = seconds_left(seconds, time.time())
        with self._transaction() as run:
            if self._value(run, key) != expected:
                return False
            if value is None:
                run("DELETE FROM value WHERE key = ?", (key,))
            else:
                run("INSERT OR REPLACE INTO value VALUES (?, ?, ?)", (key, value, until))
            self._sweep(run, len(value or b""))
            return True

    def count(self, changes: Sequence[Change]) -> Count:
        """As `Store.count`."""
        checked(changes)
        now = time.time()
        with self._transaction() as run:
            found = {change.key: self._counter(run, change.key, now) for change in changes}
            sums = dict(found)
            done = True
            for key, amount, most, seconds in changes:
                value, until = sums[key] or (0, seconds_left(seconds, now))
                done = done and not (amount > 0 and most is not None and value + amount > most)
                sums[key] = (value + amount, until)
            if done:
                changed = {change.key for change in changes if change.amount}
                for key in changed:
                    run("INSERT OR REPLACE INTO counter VALUES (?, ?, ?)", (key, *(sums[key] or ())))
                found |= {key: sums[key] for key in changed}
                self._sweep(run)
            return Count(done, tuple((found[change.key] or (0,))[0] for change in changes))

    def now(self) -> float:
        """As `Store.now`."""
        return time.time()

    def close(self) -> None:
        """As `Store.close`."""
        home = self._here()
        with home.lock:
            if home.connection is not None:
                home.connection.close()
                home.connection = None

    def _here(self) -> _Home:
        if self._home.process != os.getpid():
            self._left.append(self._home)  # the parent's: closing it here would undo the parent's locks
            self._home = _Home()
        return self._home

    @contextmanager
    def _connection(self) -> Generator[Callable[..., sqlite3.Cursor]]:
        home = self._here()
        lock = home.lock
        if lock._is_owned():
            raise StoreError(f"{self.path} is busy in this very thread")
        try:
            if not lock.acquire(timeout=self.patience):
                raise StoreError(f"{self.path} was busy in this process for {self.patience} s")
            if home.connection is None:
                home.connection = self._open()
            yield home.connection.execute
        except BaseException as failure:
            if lock._is_owned():
                lock.release()
            if isinstance(failure, (sqlite3.Error, OSError, json.JSONDecodeError, KeyError)):
                raise StoreError(f"the shared store {self.path} cannot be used: {failure}") from failure
            raise
        lock.release()

    @contextmanager
    def _transaction(self) -> Generator[Callable[..., sqlite3.Cursor]]:
        with self._connection() as run:
            run("BEGIN IMMEDIATE")
            try:
                yield run
                run("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # it may have been undone already
                    run("ROLLBACK")
                raise

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(self.path, timeout=self.patience, isolation_level=None, check_same_thread=False)
        try:
            self._log_ahead(connection)
            connection.execute("PRAGMA synchronous = NORMAL")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > _VERSION:
                raise StoreError(f"{self.path} was made by a newer antiphon (layout {version}); use another file")
            if version < _VERSION:
                connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {_VERSION}; COMMIT;")
        except BaseException:
            connection.close()
            raise
        return connection

    def _log_ahead(self, connection: sqlite3.Connection) -> None:
        """Turn the write-ahead log on; where several processes do it at once, SQLite refuses some without a wait."""
        end = monotonic() + self.patience
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError:
                if monotonic() >= end:
                    raise
                time.sleep(0.005)

    def _value(self, run: Callable[..., sqlite3.Cursor], key: str) -> bytes | None:
        found = run(f"SELECT value FROM value WHERE key = ? AND {_ALIVE}", (key, time.time())).fetchone()  # noqa: S608
        return bytes(found[0]) if found else None

    def _counter(self, run: Callable[..., sqlite3.Cursor], key: str, now: float) -> tuple[int, float | None] | None:
        sql = f"SELECT value, until FROM counter WHERE key = ? AND {_ALIVE}"  # noqa: S608
        found: tuple[int, float | None] | None = run(sql, (key, now)).fetchone()
        return found

    def _sweep(self, run: Callable[..., sqlite3.Cursor], size: int = 0) -> None:
        """Now and then remove what has ended, and what is too much."""
        self._writes += 1 + size * _SWEEP * 16 // self.largest
        if self._writes < _SWEEP:
            return
        self._writes = 0
        for table in ("quota", "value", "counter"):
            run(f"DELETE FROM {table} WHERE until <= ?", (time.time(),))  # noqa: S608
        while _used(run) > self.largest and run(_DROP).rowcount > 0:
            pass

    def __reduce__(self) -> tuple[Any, ...]:
        return (partial(type(self), self.path, patience=self.patience, largest=self.largest), ())

    def __repr__(self) -> str:
        return f"SQLiteStore({str(self.path)!r})"


def _used(run: Callable[..., sqlite3.Cursor]) -> int:
    """Bytes in use in the file."""
    pages, free, size = (run(f"PRAGMA {what}").fetchone()[0] for what in ("page_count", "freelist_count", "page_size"))
    return int((pages - free) * size)

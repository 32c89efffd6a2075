"""The SQLite file: who may read it, what happens when it is locked, broken or newer, and forks."""

from __future__ import annotations

import os
import pickle
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from antiphon.shared import Change, Quota, SQLiteStore, StoreError

LIMIT = [Quota("requests", 10.0, 5.0, 1.0)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "shared.db"


def test_the_file_and_its_folder_are_made_for_this_user_alone(file: Path) -> None:
    store = SQLiteStore(file)
    assert not file.exists(), "not before it is used"
    store.put("k", b"v")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    store.close()


def test_it_does_not_wait_for_the_disk(file: Path) -> None:
    store = SQLiteStore(file)
    with store._connection() as run:
        assert run("PRAGMA journal_mode").fetchone() == ("wal",)
        assert run("PRAGMA synchronous").fetchone() == (1,)
    store.close()


def test_a_file_that_is_locked_is_an_error_soon(file: Path) -> None:
    store = SQLiteStore(file, patience=0.1)
    store.put("k", b"v")
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    for act in (
        lambda: store.lease("limit", LIMIT, 1.0),
        lambda: store.put("k", b"w"),
        lambda: store.swap("k", b"v", b"w"),
        lambda: store.count([Change("c", 1)]),
    ):
        with pytest.raises(StoreError, match="locked"):
            act()
    assert time.monotonic() - began < 10
    assert store.get("k") == b"v", "who only reads is not held up"
    other.execute("ROLLBACK")
    other.close()
    store.put("k", b"w")
    store.close()


def test_who_reads_in_order_to_write_has_the_file_alone_from_the_start(file: Path) -> None:
    store = SQLiteStore(file)
    store.put("k", b"v")
    other = sqlite3.connect(file, isolation_level=None, timeout=0)
    with store._transaction():
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    other.close()
    store.close()


def test_what_is_no_database_is_an_error(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"no database at all, though long enough to be looked at " * 100)
    with pytest.raises(StoreError, match="not a database"):
        SQLiteStore(file).get("k")


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        SQLiteStore(tmp_path / "file" / "shared.db").get("k")


def test_a_newer_layout_is_left_alone(file: Path) -> None:
    store = SQLiteStore(file)
    store.put("k", b"v")
    store.close()
    with sqlite3.connect(file) as other:
        other.execute("PRAGMA user_version = 99")
    other.close()
    with pytest.raises(StoreError, match="newer antiphon"):
        SQLiteStore(file).get("k")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"path": ":memory:"}, "needs a file"),
        ({"path": ""}, "needs a file"),
        ({"path": "x", "patience": 0}, "patience"),
        ({"path": "x", "largest": 5}, "1 MiB"),
    ],
)
def test_what_cannot_be_right_is_told_where_it_is_given(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SQLiteStore(**wrong)  # type: ignore[arg-type]


def test_values_that_end_soonest_go_when_it_grows_too_large(file: Path) -> None:
    store = SQLiteStore(file, largest=1024**2)
    store.put("for ever", b"x")
    for n in range(512):
        store.put(f"k{n}", os.urandom(8192), 1000.0 + n)
    assert store.get("k0") is None
    assert store.get("k511") is not None
    assert store.get("for ever") == b"x"
    with store._connection() as run:
        left = run("SELECT count(*) FROM value").fetchone()[0]
    assert 60 <= left <= 140, "a mebibyte, and a sixteenth of it until it is looked at"
    store.close()


def test_what_has_ended_is_removed(file: Path) -> None:
    store = SQLiteStore(file)
    for n in range(10):
        store.put(f"k{n}", b"v", 0.001)
    time.sleep(0.01)
    for _ in range(64):
        store.count([Change("c", 1)])
    with store._connection() as run:
        assert run("SELECT count(*) FROM value").fetchone() == (0,)
    store.close()


def test_a_store_travels_to_another_process(file: Path) -> None:
    store = SQLiteStore(file)
    store.put("k", b"v")
    copy = pickle.loads(pickle.dumps(store))
    assert copy.get("k") == b"v"
    assert copy._home.worker != store._home.worker
    store.close()
    copy.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_has_a_connection_and_a_name_of_its_own(file: Path) -> None:
    program = """
import os, sys
from antiphon.shared import Change, SQLiteStore
store = SQLiteStore(sys.argv[1], patience=5)
store.count([Change("c", 1)])
name = store._home.worker
store._home.lock.acquire()  # another thread holds it while this one forks
child = os.fork()
if not child:
    store.count([Change("c", 1)])
    os._exit(0 if store._here().worker != name else 1)
store._home.lock.release()
assert os.waitpid(child, 0)[1] == 0
assert store.count([Change("c", 1)]).values == (3,)
store.close()
"""
    subprocess.run([sys.executable, "-c", program, str(file)], check=True, timeout=30)


def test_processes_count_together(file: Path) -> None:
    program = """
import sys
from antiphon.shared import Change, SQLiteStore
store = SQLiteStore(sys.argv[1], patience=10)
print(sum(store.count([Change("c", 1, most=150)]).done for _ in range(100)))
"""
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(file)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert sum(int(process.communicate(timeout=60)[0]) for process in running) == 150

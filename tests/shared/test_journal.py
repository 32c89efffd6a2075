"""The journal: several threads and processes, crashes, files put aside, disks that are full."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from antiphon.core.hash_chain import GENESIS, check
from antiphon.shared import journal as journals
from antiphon.shared.journal import Journal

SOURCE = Path(__file__).parents[2] / "src"


def rows(path: Path) -> list[dict[str, Any]]:
    with path.open("rb") as file:
        found = check(file)
    assert found.flaw is None
    return [json.loads(line) for line in path.read_text("ascii").splitlines()]


def test_lines_are_numbered_linked_and_private(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.jsonl"
    journal = Journal(path)
    journal.add({"event": "one"}, {"event": "two"})
    journal.add({"event": "three"})
    written = rows(path)
    assert [row["event"] for row in written] == ["begin", "one", "two", "three"]
    assert [row["n"] for row in written] == [1, 2, 3, 4]
    assert written[0]["after"] == GENESIS
    if os.name == "posix":
        assert path.stat().st_mode & 0o077 == 0
        assert path.parent.stat().st_mode & 0o077 == 0


def test_another_goes_on_where_one_stopped(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    first, second = Journal(path), Journal(path)
    for journal in (first, second, first, first, second):
        journal.add({"event": "x"})
    assert len(rows(path)) == 6
    first.close()
    first.add({"event": "after closing"})
    assert rows(path)[-1]["event"] == "after closing"


@pytest.mark.parametrize("torn", [b"{", b'{"n":3,"event":"half', b"x" * 200_000])
def test_half_a_line_is_taken_away_and_told(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "a.jsonl"
    Journal(path).add({"event": "whole"})
    with path.open("ab") as file:
        file.write(torn)
    with path.open("rb") as file:
        assert "not whole" in str(check(file).flaw)
    Journal(path).add({"event": "next"})
    assert [(row["event"], row.get("bytes")) for row in rows(path)] == [
        ("begin", None),
        ("whole", None),
        ("torn", len(torn)),
        ("next", None),
    ]


def test_a_file_with_nothing_but_half_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"n":1')
    Journal(path).add({"event": "next"})
    assert [row["event"] for row in rows(path)] == ["begin", "torn", "next"]


def test_another_file_is_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"dear diary\n")
    with pytest.raises(OSError, match="is no journal"):
        Journal(path).add({"event": "x"})
    assert path.read_bytes() == b"dear diary\n"


def test_files_that_are_put_aside_are_linked(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    journal = Journal(path, rotate=1000)
    for n in range(30):
        journal.add({"event": "x", "text": "y" * 50, "which": n})
    asides = sorted(tmp_path.glob("a.jsonl.0*"))
    assert len(asides) > 3
    after, numbers, which = GENESIS, list[int](), list[int]()
    for each in [*asides, path]:
        with each.open("rb") as file:
            found = check(file)
        assert (found.flaw, found.first) == (None, after)
        after = found.head
        numbers += [row["n"] for row in rows(each)]
        which += [row["which"] for row in rows(each) if "which" in row]
    assert numbers == list(range(1, len(numbers) + 1))
    assert which == list(range(30))


def test_a_crash_between_putting_aside_and_beginning_breaks_no_link(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    Journal(path).add({"event": "x"})
    head = rows(path)[-1]["hash"]
    path.rename(tmp_path / "a.jsonl.000001")
    Journal(path).add({"event": "y"})
    first = rows(path)[0]
    assert (first["after"], first["file"], first["n"]) == (head, "a.jsonl.000001", 3)


def test_a_file_that_cannot_be_put_aside_yet_is_written_to_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.jsonl"
    journal = Journal(path, rotate=300)

    def held(*_: object) -> None:
        raise PermissionError(13, "another process has it open")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", held)
        for n in range(5):
            journal.add({"event": "x", "which": n})
    assert [row["which"] for row in rows(path) if "which" in row] == list(range(5))
    journal.add({"event": "x", "which": 5})
    assert [row["event"] for row in rows(path)] == ["begin"]
    assert len(rows(tmp_path / "a.jsonl.000001")) == 7


def test_a_file_that_is_put_aside_by_another_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    one, other = Journal(path, rotate=1000), Journal(path)
    for _ in range(12):
        one.add({"event": "x", "text": "y" * 100})
        other.add({"event": "z"})
    total = sum(len(rows(each)) for each in tmp_path.glob("a.jsonl*") if each.suffix != ".lock")
    assert total == 24 + len(list(tmp_path.glob("a.jsonl.0*"))) + 1


def test_threads_share_it(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    pair = [Journal(path), Journal(path)]

    def write(which: int) -> None:
        pair[which % 2].add({"event": "x", "which": which})

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(200)))
    assert sorted(row["which"] for row in rows(path) if "which" in row) == list(range(200))


WRITER = """
import os, sys
from antiphon.shared.journal import Journal
journal = Journal(sys.argv[1], rotate=200_000)
n = 0
while n < int(sys.argv[3]):
    journal.add({"event": "x", "who": sys.argv[2], "which": n, "text": "y" * 9000})
    n += 1
    print(n, flush=True)
"""


def test_row_64_processes_that_are_killed_leave_whole_lines_and_lose_none_that_was_said_written(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    said = dict[str, int]()
    for round_ in range(3):
        writers = {
            f"{round_}.{n}": subprocess.Popen(
                [sys.executable, "-c", WRITER, str(path), f"{round_}.{n}", "10000"],
                stdout=subprocess.PIPE,
                env=environment,
            )
            for n in range(2)
        }
        for who, writer in writers.items():
            assert writer.stdout is not None
            for _ in range(10 + 7 * round_):
                said[who] = int(writer.stdout.readline())
        for who, writer in writers.items():
            writer.kill()
            rest: list[bytes] = writer.stdout.read().split() if writer.stdout else []  # what it said before it died
            said[who] = int(rest[-1]) if rest and rest[-1].isdigit() else said[who]
            writer.wait()
            if writer.stdout:
                writer.stdout.close()
    Journal(path).add({"event": "last"})
    files = [each for each in sorted(tmp_path.glob("a.jsonl*")) if each.suffix != ".lock"]
    files.append(files.pop(0))
    found, after = dict[str, list[int]](), GENESIS
    for each in files:
        with each.open("rb") as file:
            looked = check(file)
        assert (looked.flaw, looked.first) == (None, after)
        after = looked.head
        for row in rows(each):
            if "who" in row:
                found.setdefault(row["who"], []).append(row["which"])
    for who, number in said.items():
        assert found[who] == list(range(len(found[who])))
        assert len(found[who]) >= number - 1  # the last number may have been cut in two when it was said


def test_what_was_put_down_is_written_at_exit(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    code = (
        "import sys; from antiphon.shared.journal import Journal; j = Journal(sys.argv[1]); j._home.lock.acquire(); "
        "j.put({'event': 'late'}); j._home.lock.release()"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, env={**os.environ, "PYTHONPATH": str(SOURCE)})
    assert [row["event"] for row in rows(path)] == ["begin", "late"]


def test_putting_down_never_waits(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    journal, other = Journal(path), Journal(path)
    journal.add({"event": "x"})
    with journal._home.lock:
        journal.put({"event": "y"})
    other.add({"event": "z"})
    assert other._home.guard is not None
    with journals._locked(other._home.guard, wait=True):
        journal.put({"event": "w"})
    journal.add({"event": "v"})
    assert [row["event"] for row in rows(path)] == ["begin", "x", "z", "y", "w", "v"]


class Stream:
    """Writes when the garbage collector finds it."""

    def __init__(self, journal: Journal) -> None:
        self.journal, self.itself = journal, self

    def __del__(self) -> None:
        self.journal.put({"event": "collected"})


def test_a_stream_that_is_collected_in_the_middle_of_writing_does_not_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.jsonl"
    journal = Journal(path)
    Stream(journal)
    plain = journal._open

    def collecting(home: Any) -> int:
        gc.collect()
        return plain(home)

    monkeypatch.setattr(journal, "_open", collecting)
    journal.add({"event": "x"})
    assert [row["event"] for row in rows(path)] == ["begin", "x", "collected"]


def test_a_disk_that_is_full_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    journal = Journal(path)
    journal.add({"event": "x"})
    plain = os.write

    def full(file: int, data: bytes) -> int:
        if len(data) < 20:
            raise OSError(28, "No space left on device")
        return plain(file, data[:20])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space"):
            journal.add({"event": "lost"})
        journal.put({"event": "kept"})
    journal.add({"event": "z"})
    assert [row["event"] for row in rows(path)] == ["begin", "x", "torn", "kept", "z"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_writes_with_locks_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    code = """
import os, sys
from antiphon.shared.journal import Journal
journal = Journal(sys.argv[1])
journal.add({"event": "x"})
children = []
for child in range(3):
    if (pid := os.fork()) == 0:
        for n in range(50):
            journal.add({"event": "child", "who": child, "which": n})
        os._exit(0)
    children.append(pid)
for n in range(50):
    journal.add({"event": "parent", "who": "p", "which": n})
assert all(os.waitpid(pid, 0)[1] == 0 for pid in children)
"""
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, env={**os.environ, "PYTHONPATH": str(SOURCE)})
    written = rows(path)
    assert len(written) == 2 + 4 * 50
    for who in (0, 1, 2, "p"):
        assert [row["which"] for row in written if row.get("who") == who] == list(range(50))

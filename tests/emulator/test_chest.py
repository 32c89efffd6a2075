"""What outlives the process: objects in their order, the journal, and nothing of another's."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from antiphon.emulator import Emulator, Setting
from antiphon.emulator.app import opened
from antiphon.emulator.chest import NAME, Chest

from .asking import Asking


def kept(folder: Path, shelf: str) -> list[Any]:
    chest = Chest(folder)
    try:
        return [(name, value) for _, name, value in chest.load(shelf)]
    finally:
        chest.close()


def test_only_what_was_committed_is_there(tmp_path: Path) -> None:
    chest = Chest(tmp_path)
    chest.note("a", "x", 0, {"n": 1})
    chest.note("a", "y", 1, {"n": 2})
    chest.commit()
    chest.note("a", "x", 0, None)
    chest.note("a", "y", 1, {"n": 3})
    chest.note("b/a", "z", 0, {"n": 4})
    assert chest.shelves() == ["a"]
    chest.commit()
    assert sorted(chest.shelves()) == ["a", "b/a"]
    chest.close()
    assert kept(tmp_path, "a") == [("y", {"n": 3})]
    assert kept(tmp_path, "nothing") == []


def test_the_last_state_of_many_changes_is_written(tmp_path: Path) -> None:
    world = opened(Setting(data=tmp_path, keep=3))
    shelf = world.shelf("s")
    for number in range(10):
        shelf.put(f"o{number}", {"id": f"o{number}"})
    shelf.put("o8", {"id": "o8", "changed": True})
    shelf.pop("o7")
    world.close()
    world = opened(Setting(data=tmp_path, keep=3))
    assert list(world.shelf("s")) == [{"id": "o8", "changed": True}, {"id": "o9"}]
    world.shelf("s").put("o10", {"id": "o10"})
    assert [o["id"] for o in world.shelf("s")] == ["o8", "o9", "o10"]
    world.close()


def test_a_second_emulator_is_refused(tmp_path: Path) -> None:
    chest = Chest(tmp_path)
    with pytest.raises(OSError, match="locked"):
        Chest(tmp_path)
    chest.close()
    Chest(tmp_path).close()


def test_a_newer_file_and_what_is_no_database_are_refused(tmp_path: Path) -> None:
    Chest(tmp_path).close()
    base = sqlite3.connect(tmp_path / NAME)
    base.execute("PRAGMA user_version = 99")
    base.close()
    with pytest.raises(OSError, match="newer version"):
        Chest(tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / NAME).write_bytes(b"not a database, but long enough to be looked at" * 50)
    with pytest.raises(OSError, match="not a database"):
        Chest(tmp_path / "other")


def test_an_emulator_goes_on_where_it_ended(tmp_path: Path) -> None:
    made: list[str] = []
    for turn in range(3):
        with Emulator(Setting(data=tmp_path, control_token="t")) as running:
            asking = Asking(running.base_url)
            made.append(asking("POST", "/v1/vaults", {"name": f"{turn}"}).json["id"])
            listed = asking("GET", "/v1/vaults?order=asc").json["data"]
            told = asking("GET", "/__antiphon/journal", key="t").json
            asking.close()
        assert [vault["id"] for vault in listed] == made
        assert told["count"] == 2 * (turn + 1)
    assert len(set(made)) == 3, "the same seed drew the same id again"


def test_erasing_forgets_everything(tmp_path: Path) -> None:
    world = opened(Setting(data=tmp_path))
    world.shelf("s").put("a", {"id": "a"})
    world.commit()
    (world.folder() / "bytes").write_bytes(b"x")
    world.reset()
    assert (world.shelves(), list(world.folder().iterdir())) == ([], [])
    world.close()
    assert kept(tmp_path, "s") == []


def test_a_reset_begins_as_a_new_folder_does(tmp_path: Path) -> None:
    world = opened(Setting(data=tmp_path, seed=5))
    first = world.identity.draw("x_")
    world.reset()
    assert world.identity.draw("x_") == first
    world.close()


def test_the_journal_on_disk_is_bounded_and_can_be_emptied(tmp_path: Path) -> None:
    chest = Chest(tmp_path, journal=3)
    for number in range(10):
        chest.enter({"n": number})
        chest.commit()
    assert chest._base.execute("SELECT count(*) FROM journal").fetchone() == (3,)
    assert [entry["n"] for entry in chest.journal()] == [7, 8, 9]
    chest.erase_journal()
    chest.close()
    chest = Chest(tmp_path)
    assert chest.journal() == []
    chest.close()


def test_what_cannot_be_written_keeps_nothing_else_out(tmp_path: Path) -> None:
    world = opened(Setting(data=tmp_path))
    world.shelf("s").put("bad", {"id": object()})
    world.shelf("s").put("good", {"id": "good"})
    assert isinstance(world.commit(), TypeError)
    assert world.commit() is None
    world.close()
    assert kept(tmp_path, "s") == [("good", {"id": "good"})]


def test_a_full_disk_is_no_end(tmp_path: Path) -> None:
    world = opened(Setting(data=tmp_path))
    base = world.chest._base if world.chest is not None else None
    assert base is not None
    base.execute("PRAGMA max_page_count = 8")
    world.shelf("s").put("a", {"id": "a", "text": "x" * 100_000})
    assert isinstance(world.commit(), sqlite3.Error)
    assert not base.in_transaction
    base.execute("PRAGMA max_page_count = 10000")
    assert world.commit() is None
    world.close()
    assert [name for name, _ in kept(tmp_path, "s")] == ["a"]

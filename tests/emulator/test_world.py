"""What a world owns and lets go of: owned shelves, bytes, its folder, its tasks and its alarm."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path
from typing import Any

import pytest

from antiphon.emulator import Setting
from antiphon.emulator.app import EmulatorApp, opened
from antiphon.emulator.world import World


def test_what_leaves_for_want_of_room_takes_its_own_along(tmp_path: Path) -> None:
    world = opened(Setting(keep=2, data=tmp_path))
    for name in ("a", "b"):
        world.shelf("threads").put(name, {"id": name})
        world.shelf(f"threads.messages/{name}").put("m", {"id": "m"})
        (world.folder() / name).write_bytes(b"x")
    world.shelf("threads.runs.steps/a/run").put("s", {"id": "s"})
    world.close()
    world = opened(Setting(keep=2, data=tmp_path))
    world.shelf("threads").put("c", {"id": "c"})
    world.commit()
    assert world.shelves() == ["threads", "threads.messages/b"]
    assert [path.name for path in world.folder().iterdir()] == ["b"]
    world.close()


def test_an_id_that_is_a_way_elsewhere_removes_nothing(tmp_path: Path) -> None:
    world = World(Setting(keep=1))
    (tmp_path / "bystander").write_bytes(b"x")
    way = "../" * len(world.folder().parts) + str(tmp_path / "bystander")[1:]
    assert (world.folder() / way).exists()
    for name in (way, "..", "other"):
        world.shelf("s").put(name, {})
    assert (tmp_path / "bystander").exists()
    assert world.folder().exists()
    world.close()


def test_what_is_to_happen_never_leaves_for_want_of_room() -> None:
    world = World(Setting(keep=1))
    for _ in range(3):
        world.later(60, "x.note")
    assert len(world.agenda) == 3


def test_the_temporary_folder_goes_with_a_world_nobody_closed() -> None:
    world = World(Setting())
    folder = world.folder()
    (folder / "x").write_bytes(b"x")
    del world
    gc.collect()
    assert not folder.exists()


def test_what_a_crash_broke_off_is_swept(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    for name in ("incoming-7", "file-1"):
        (tmp_path / "files" / name).write_bytes(b"x")
    world = opened(Setting(data=tmp_path))
    assert [path.name for path in world.folder().iterdir()] == ["file-1"]
    world.close()


@pytest.mark.parametrize("end", ["reset", "close"])
def test_nothing_goes_on_beside_a_world_that_ended(end: str) -> None:
    async def main() -> None:
        world, going = World(Setting()), asyncio.Event()

        async def endless() -> None:
            going.set()
            await asyncio.sleep(3600)
            world.shelf("ghosts").put("g", {"id": "g"})

        world.later(3600, "x.never")
        world.spawn(endless())
        await going.wait()
        task = next(iter(world._tasks))
        getattr(world, end)()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert world._alarm is None

    asyncio.run(main())


def test_a_reset_gives_no_upload_the_name_of_another() -> None:
    world = World(Setting())
    first = next(world.arrivals)
    world.reset()
    assert next(world.arrivals) != first


def test_who_comes_from_elsewhere_makes_no_world() -> None:
    app, sent = EmulatorApp(Setting()), list[dict[str, Any]]()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"origin", b"http://elsewhere.example"), (b"x-antiphon-scope", b"mine")]
    scope = {"type": "http", "method": "GET", "path": "/v1/models", "raw_path": b"/v1/models", "query_string": b""}
    asyncio.run(app(scope | {"headers": headers}, receive, send))
    assert (sent[0]["status"], len(app._scopes)) == (403, 0)
    app.close()

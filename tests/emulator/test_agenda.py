"""What is to happen later: in order, when it is due, once, and after a restart too."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from antiphon.emulator import Setting
from antiphon.emulator.agenda import Agenda
from antiphon.emulator.app import EmulatorApp, opened
from antiphon.emulator.identity import Identity
from antiphon.emulator.server import house_of, run
from antiphon.emulator.store import Shelf
from antiphon.emulator.world import World


def agenda() -> Agenda:
    return Agenda(Shelf(), Identity(0))


def test_the_soonest_first_and_equals_in_order() -> None:
    made = agenda()
    for due, job in ((3.0, "c"), (1.0, "a"), (1.0, "b")):
        made.add(due, job, {})
    assert made.due == 1.0
    assert made.take(0.9) is None
    taken = [entry.job for _ in range(3) if (entry := made.take(5.0)) is not None]
    assert taken == ["a", "b", "c"]
    assert (made.due, len(made)) == (float("inf"), 3)


def test_what_is_cancelled_does_not_happen() -> None:
    made = agenda()
    first = made.add(1.0, "a", {})
    made.add(2.0, "b", {"x": 1})
    made.cancel(first)
    made.cancel("nobody")
    assert made.due == 2.0
    entry = made.take(9.0)
    assert entry is not None
    assert (entry.job, entry.arguments, entry.due) == ("b", {"x": 1}, 2.0)


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Jobs by name, in place of the families'."""
    found: dict[str, Any] = {}
    monkeypatch.setattr("antiphon.emulator.families.job", found.__getitem__)
    return found


def test_a_moved_clock_does_what_became_due_at_its_time(jobs: dict[str, Any]) -> None:
    world = World(Setting(), clock=lambda: 100.0)
    seen: list[tuple[str, float]] = []

    async def note(world: World, name: str) -> None:
        seen.append((name, world.clock()))
        if name == "first":
            world.later(5, "x.note", name="follows")

    jobs["x.note"] = note
    world.later(10, "x.note", name="first")
    world.later(12, "x.note", name="second")
    world.later(999, "x.note", name="never")
    assert not world.is_behind()
    world.skew = 60.0
    asyncio.run(world.catch_up())
    assert seen == [("first", 110.0), ("second", 112.0), ("follows", 115.0)]
    assert world.clock() == 160.0


def test_a_job_that_fails_is_logged_and_the_next_goes_on(
    jobs: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    world = World(Setting())
    seen: list[str] = []

    async def broken(world: World) -> None:
        raise ValueError("no")

    async def fine(world: World) -> None:
        seen.append("fine")

    jobs |= {"x.broken": broken, "x.fine": fine}
    world.later(0, "x.broken")
    world.later(0, "x.fine")
    asyncio.run(world.catch_up())
    assert seen == ["fine"]
    assert "the emulator failed at x.broken" in caplog.text


def test_an_event_loop_does_it_by_itself(jobs: dict[str, Any]) -> None:
    async def main() -> None:
        world, done = World(Setting()), asyncio.Event()

        async def ring(world: World) -> None:
            done.set()

        jobs["x.ring"] = ring
        world.later(60, "x.ring")
        world.later(0.01, "x.ring")
        await asyncio.wait_for(done.wait(), 10)

    asyncio.run(main())


def test_what_waits_survives_a_restart(tmp_path: Path, jobs: dict[str, Any]) -> None:
    seen: list[str] = []

    async def note(world: World, name: str) -> None:
        seen.append(name)

    jobs["x.note"] = note
    world = opened(Setting(data=tmp_path))
    world.later(-2, "x.note", name="late")
    world.later(-3, "x.note", name="later")
    world.close()
    world = opened(Setting(data=tmp_path))
    asyncio.run(world.catch_up())
    world.close()
    assert seen == ["later", "late"]
    world = opened(Setting(data=tmp_path))
    assert len(world.agenda) == 0
    world.close()


def test_many_jobs_leave_others_their_turn(jobs: dict[str, Any]) -> None:
    async def main() -> int:
        world, done = World(Setting()), list[int]()

        async def again(world: World) -> None:
            done.append(1)
            if len(done) < 10_000:
                world.later(0, "x.again")

        jobs["x.again"] = again
        world.later(0, "x.again")
        moving = asyncio.create_task(world.catch_up())
        for _ in range(3):
            await asyncio.sleep(0)
        seen = len(done)
        await moving
        assert len(done) == 10_000
        return seen

    assert asyncio.run(main()) < 10_000


def test_cancelled_entries_take_no_room() -> None:
    made = agenda()
    made.add(5.0, "stays", {})
    for _ in range(1000):
        made.cancel(made.add(1e9, "a", {}))
    assert len(made._heap) < 100
    assert made.due == 5.0


def test_a_job_that_is_broken_off_is_done_again(tmp_path: Path, jobs: dict[str, Any]) -> None:
    begun: list[int] = []

    async def slow(world: World) -> None:
        begun.append(1)
        world.commit()
        if len(begun) < 3:
            await asyncio.sleep(3600)

    jobs["x.slow"] = slow
    world = opened(Setting(data=tmp_path))
    world.later(-1, "x.slow")

    async def broken_off() -> None:
        task = asyncio.create_task(world.catch_up())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(broken_off())
    assert world.is_behind()
    asyncio.run(broken_off())
    world.close()
    world = opened(Setting(data=tmp_path))
    asyncio.run(world.catch_up())
    assert (len(begun), len(world.agenda)) == (3, 0)
    world.close()


def test_what_a_job_began_has_a_clock_that_goes_on(jobs: dict[str, Any]) -> None:
    world, seen = World(Setting(), clock=lambda: 100.0), list[float]()

    async def look() -> None:
        seen.append(world.clock())

    async def begin(world: World) -> None:
        world.spawn(look())

    jobs["x.begin"] = begin
    world.later(10, "x.begin")

    async def main() -> None:
        world.skew = 60.0
        await world.catch_up()
        await asyncio.sleep(0)

    asyncio.run(main())
    assert seen == [160.0]


def test_a_loop_that_ends_begins_nothing_more(jobs: dict[str, Any]) -> None:
    """What would begin while the loop cleans up would never end."""
    app, begun, alarms = EmulatorApp(Setting()), list[str](), list[object]()
    world = app.world

    async def slow(world: World, name: str) -> None:
        begun.append(name)
        await asyncio.sleep(3600)

    async def cleaned_up() -> AsyncIterator[None]:
        try:
            yield
        finally:
            alarms.append(world._alarm)
            world.later(0, "x.slow", name="too late")
            world.spawn(slow(world, "much too late"))
            await asyncio.sleep(0.05)

    jobs["x.slow"] = slow
    world.later(0, "x.slow", name="in time")
    world.later(999, "x.slow", name="never")
    house, left = house_of(app), cleaned_up()

    async def stop() -> None:
        await anext(left)
        while not begun:
            await asyncio.sleep(0.001)
        house.stop()

    def ready() -> None:
        world.set_alarm()
        world.spawn(stop())

    run(house, socket.create_server(("127.0.0.1", 0)), ready)
    assert (begun, alarms) == (["in time"], [None])
    assert world.is_behind()  # the next loop does it
    app.close()

"""Automations: due by the agenda, on the virtual clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openai
import pytest

from antiphon.emulator import Emulator, Setting
from antiphon.emulator.families.automation_schedule import following, parsed
from tests.emulator.families.test_agent_session import WEATHER, rested, until

SAY: Any = {"role": "user", "content": [{"type": "input_text", "text": "good morning"}]}
NEW: Any = {"type": "new_session", "agent": {"model": "gpt-4o"}, "environment": {"type": "none"}, "input": [SAY]}
HOURLY: Any = {"type": "periodic", "expression": "0 * * * *", "timezone": "UTC", "name": "hourly"}


@pytest.fixture
def house() -> Iterator[Emulator]:
    with Emulator(Setting(seed=13, background_seconds=0.01)) as running:
        yield running


@pytest.fixture
def user(house: Emulator) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=house.base_url, api_key="sk-test", max_retries=0, timeout=20) as made:
        yield made


def runs(user: openai.OpenAI, automation: str) -> list[Any]:
    return list(user.beta.agents.automations.invocations.list(automation, order="asc"))


def through(user: openai.OpenAI, automation: str, number: int) -> list[Any]:
    def done() -> list[Any]:
        found = runs(user, automation)
        return found if len(found) == number and all(run.status != "queued" for run in found) else []

    return list(until(done))


@pytest.mark.operation(
    "beta.agents.automations.create", "beta.agents.automations.retrieve", "beta.agents.automations.list",
    "beta.agents.automations.invocations.list", "beta.agents.automations.invocations.retrieve",
)  # fmt: skip
def test_a_periodic_one_makes_a_session_each_time(house: Emulator, user: openai.OpenAI) -> None:
    automations = user.beta.agents.automations
    made = automations.create(**HOURLY, target=NEW | {"metadata": {"by": "clock"}})
    assert (made.status, made.created_by.type) == ("active", "developer")
    assert automations.retrieve(made.id) == made
    assert automations.list().data == [made]
    assert runs(user, made.id) == []
    house.app.world.skew += 3_600
    (run,) = through(user, made.id, 1)
    assert run.scheduled_at % 3_600 == 0
    assert (run.status, run.source.type, run.source.automation.id) == ("completed", "automation", made.id)
    assert automations.invocations.retrieve(run.id, automation_id=made.id) == run
    session = rested(user, run.session_id)
    assert session.metadata == {"by": "clock"}
    items: Any = list(user.beta.agents.sessions.items.list(session.id, order="asc"))
    assert [item.role for item in items] == ["user", "assistant"]
    house.app.world.skew += 3_600
    second = through(user, made.id, 2)[1]
    assert second.session_id != run.session_id
    assert second.scheduled_at == run.scheduled_at + 3_600


@pytest.mark.operation("beta.agents.automations.create", "beta.agents.automations.resume")
def test_one_for_a_time_runs_once(house: Emulator, user: openai.OpenAI) -> None:
    automations, world = user.beta.agents.automations, house.app.world
    made: Any = automations.create(type="once", run_at=world.now() + 500, name="once", target=NEW)
    world.skew += 600
    through(user, made.id, 1)
    assert automations.retrieve(made.id).status == "completed"
    world.skew += 10_000
    assert len(runs(user, made.id)) == 1
    for act in (automations.resume, automations.pause):
        with pytest.raises(openai.BadRequestError):
            act(made.id)
    with pytest.raises(openai.BadRequestError):
        automations.update(made.id, run_at=world.now() + 100)


@pytest.mark.operation(
    "beta.agents.automations.pause", "beta.agents.automations.resume", "beta.agents.automations.delete"
)
def test_pause_and_resume(house: Emulator, user: openai.OpenAI) -> None:
    automations, world = user.beta.agents.automations, house.app.world
    made = automations.create(**HOURLY, target=NEW)
    assert automations.pause(made.id).status == "paused"
    world.skew += 10_000
    assert runs(user, made.id) == []
    assert automations.resume(made.id).status == "active"
    world.skew += 3_600
    through(user, made.id, 1)
    late: Any = automations.create(type="once", run_at=world.now() + 500, name="once", target=NEW)
    automations.pause(late.id)
    world.skew += 1_000
    with pytest.raises(openai.BadRequestError):
        automations.resume(late.id)
    automations.update(late.id, run_at=world.now() + 500)
    automations.resume(late.id)
    world.skew += 501
    through(user, late.id, 1)
    assert automations.delete(made.id).deleted
    world.skew += 10_000
    with pytest.raises(openai.NotFoundError):
        automations.invocations.list(made.id)


@pytest.mark.operation("beta.agents.automations.invocations.create", "beta.agents.automations.update")
def test_an_existing_session_gets_the_instructions(user: openai.OpenAI) -> None:
    automations = user.beta.agents.automations
    session = user.beta.agents.sessions.create(agent={"model": "gpt-4o"}, environment={"type": "none"}, input="hello")
    rested(user, session.id)
    target: Any = {"type": "existing_session", "session_id": session.id, "instructions": "what is 2 + 3?"}
    made = automations.create(**HOURLY, target=target)
    assert [known.id for known in automations.list(session_id=session.id)] == [made.id]
    assert not list(automations.list(session_id="sess_none"))
    changed: Any = automations.update(made.id, name="new", target=target | {"instructions": "what is 4 + 5?"})
    assert (changed.name, changed.target.instructions) == ("new", "what is 4 + 5?")
    with pytest.raises(openai.BadRequestError):
        automations.update(made.id, target=NEW)
    with pytest.raises(openai.BadRequestError):
        automations.update(made.id, run_at=99)
    run = automations.invocations.create(made.id)
    assert (run.status, run.scheduled_at, run.source.type) == ("queued", None, "manual")
    assert through(user, made.id, 1)[0].session_id == session.id
    rested(user, session.id)
    last: Any = user.beta.agents.sessions.items.list(session.id).data[0]
    assert "9" in last.content[0].text
    user.beta.agents.sessions.delete(session.id)
    automations.invocations.create(made.id)
    failed = through(user, made.id, 2)[1]
    assert (failed.status, failed.error.code) == ("failed", "session_not_found")


def test_a_changed_schedule_is_the_only_one(house: Emulator, user: openai.OpenAI) -> None:
    automations, world = user.beta.agents.automations, house.app.world
    made: Any = automations.create(type="once", run_at=world.now() + 500, name="once", target=NEW)
    automations.update(made.id, run_at=world.now() + 5_000)
    world.skew += 600
    assert runs(user, made.id) == []
    world.skew += 5_000
    assert through(user, made.id, 1)[0].scheduled_at == automations.retrieve(made.id).to_dict()["run_at"]


def test_what_is_due_while_another_waits_is_skipped(house: Emulator, user: openai.OpenAI) -> None:
    sessions, world = user.beta.agents.sessions, house.app.world
    asked = "What is the weather in Ghent? Use the weather tool."
    busy = sessions.create(agent={"model": "gpt-4o", "tools": [WEATHER]}, environment={"type": "none"}, input=asked)
    rested(user, busy.id, "requires_action")
    target: Any = {"type": "existing_session", "session_id": busy.id, "instructions": "hello"}
    made = user.beta.agents.automations.create(**HOURLY, target=target)
    world.skew += 7_200
    first, second = until(lambda: found if len(found := runs(user, made.id)) == 2 else None)
    assert (first.status, second.status, second.skip_reason) == ("queued", "skipped", "pending_delivery")
    sessions.events.create(busy.id, events=[{"type": "agent.session.input.cancel"}])

    def delivered_a_minute_later() -> bool:
        # Step by step: a leap could pass the delivery while the session still rests from being cancelled.
        world.skew += 60
        return runs(user, made.id)[0].status == "completed"

    until(delivered_a_minute_later)


def test_the_schedule_outlives_the_process(tmp_path: Path) -> None:
    setting = Setting(data=tmp_path, background_seconds=0.01)
    with Emulator(setting) as house, openai.OpenAI(base_url=house.base_url, api_key="k") as user:
        made = user.beta.agents.automations.create(**HOURLY, target=NEW)
    with Emulator(setting) as house, openai.OpenAI(base_url=house.base_url, api_key="k") as user:
        house.app.world.skew += 3_600
        through(user, made.id, 1)


@pytest.mark.parametrize(
    "given",
    [
        HOURLY | {"expression": "* * * *"},
        HOURLY | {"expression": "61 * * * *"},
        HOURLY | {"expression": "5-1 * * * *"},
        HOURLY | {"timezone": "Mars/Olympus"},
        HOURLY | {"timezone": "../etc"},
        {"type": "once", "run_at": 5, "name": "past"},
        {"type": "once", "name": "never"},
        {"type": "periodic", "name": "n", "expression": "* * * * *"},
    ],
)
def test_refusals(user: openai.OpenAI, given: Any) -> None:
    with pytest.raises(openai.BadRequestError):
        user.post("/agents/automations", cast_to=object, body=given | {"target": NEW})


def test_both_agents_or_none_are_refused(user: openai.OpenAI) -> None:
    for agents in ({"agent_id": "agent_1"}, {"agent": None}):
        with pytest.raises(openai.BadRequestError):
            user.beta.agents.automations.create(**HOURLY, target=NEW | agents)


def local(expression: str, timezone: str, *after: int) -> str:
    zone = ZoneInfo(timezone)
    found = following(expression, timezone, datetime(*after, tzinfo=zone).timestamp())  # type: ignore[arg-type]
    assert found is not None
    return datetime.fromtimestamp(found, zone).strftime("%Y-%m-%d %H:%M")


def test_cron() -> None:
    assert local("*/15 9-17 * * mon-fri", "Europe/Berlin", 2026, 7, 3, 17, 50) == "2026-07-06 09:00"
    assert local("0 0 29 2 *", "UTC", 2026, 1, 1) == "2028-02-29 00:00"
    assert local("0 12 1 * sun", "UTC", 2026, 7, 2) == "2026-07-05 12:00", "day or weekday"
    assert local("0 12 * * 7", "UTC", 2026, 7, 2) == "2026-07-05 12:00"
    assert local("30 2 * * *", "Europe/Berlin", 2026, 3, 28, 12) == "2026-03-30 02:30", "the clocks skip it"
    assert following("0 0 31 2 *", "UTC", datetime(2026, 1, 1, tzinfo=UTC).timestamp()) is None
    assert parsed("0 0 * JAN Sun").months == {1}

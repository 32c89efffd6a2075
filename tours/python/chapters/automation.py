"""Automations: sessions that the clock begins."""

from __future__ import annotations

from typing import Any

import openai

from ..tour import Tour, until

SAY: Any = {"role": "user", "content": [{"type": "input_text", "text": "good morning"}]}
NEW: Any = {"type": "new_session", "agent": {"model": "gpt-4o"}, "environment": {"type": "none"}, "input": [SAY]}
HOURLY: Any = {"type": "periodic", "expression": "0 * * * *", "timezone": "UTC", "name": "hourly"}


def walk(t: Tour) -> None:
    """The chapter."""
    automations = t.client.beta.agents.automations
    made = automations.create(**HOURLY, target=NEW | {"metadata": {"by": "clock"}})
    t.same((made.status, automations.retrieve(made.id)), ("active", made))
    t.same([known.id for known in automations.list()], [made.id])
    t.same(_runs(t, made.id), [])
    t.house.wait(3600)
    (run,) = _through(t, made.id, 1)
    t.same((run.status, run.scheduled_at % 3600, run.source.type), ("completed", 0, "automation"))
    t.same(automations.invocations.retrieve(run.id, automation_id=made.id), run)
    sessions = t.client.beta.agents.sessions
    t.same(sessions.retrieve(run.session_id).metadata, {"by": "clock"})
    t.settled(lambda: sessions.retrieve(run.session_id), "in_progress")
    items = list(sessions.items.list(run.session_id, order="asc"))
    t.same([item.role for item in items], ["user", "assistant"])
    t.same(automations.pause(made.id).status, "paused")
    t.house.wait(10_000)
    t.same(len(_runs(t, made.id)), 1)
    t.same(automations.resume(made.id).status, "active")
    by_hand = automations.invocations.create(made.id)
    t.same((by_hand.status, by_hand.source.type), ("queued", "manual"))
    t.same(_through(t, made.id, 2)[1].status, "completed")
    t.same(automations.update(made.id, name="new").name, "new")
    wrong: Any = HOURLY | {"expression": "61 * * * *"}
    t.refused(openai.BadRequestError, automations.create, **wrong, target=NEW)
    t.same(automations.delete(made.id).deleted, True)
    t.gone(automations.retrieve, made.id)


def _runs(t: Tour, automation: str) -> list[Any]:
    return list(t.client.beta.agents.automations.invocations.list(automation, order="asc"))


def _through(t: Tour, automation: str, number: int) -> list[Any]:
    def done() -> list[Any]:
        found = _runs(t, automation)
        return found if len(found) == number and all(run.status != "queued" for run in found) else []

    return list(until(done))
